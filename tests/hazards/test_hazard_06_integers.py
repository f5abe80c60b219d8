"""Floor division, remainder, shifts and powers of negatives; overflow; sums that widen."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, integers, special, values

DTYPES = (torch.int64, torch.int32, torch.int8, torch.uint8)
dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype).split(".")[1])


def floor_divided(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = a[i] // b[i]
    return out


def remainder(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = a[i] % b[i]
    return out


def floor_divided_by_number(a, number):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = a[i] // number + a[i] % number
    return out


def number_divided(a, number):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = number // a[i] + number % a[i]
    return out


def shifted(a):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = (a[i] >> 1) + (a[i] << 3)
    return out


def powers(a, exponent):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = a[i] ** exponent
    return out


def power_of_two(a):
    out = torch.zeros(len(a))
    for i in range(len(a)):
        out[i] = 2 ** a[i]
    return out


def element_to_element(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = a[i] ** b[i]
    return out


def products_that_overflow(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = a[i] * b[i] + a[i]
    return out


def total(a):
    result = torch.zeros((), dtype=a.dtype)
    for i in range(len(a)):
        result = result + a[i]
    return result


def negated(a):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = -a[i] - 1
    return out


def absolute(a):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = abs(a[i])
    return out


def mask_arithmetic(a, b):
    out = torch.zeros(len(a), dtype=torch.int64)
    for i in range(len(a)):
        out[i] = a[i] + b[i]
    return out


def index_arithmetic(n):
    out = torch.zeros(n, dtype=torch.int64)
    for i in range(n):
        out[i] = (i - 5) // 3 * 100 + (i - 5) % 3
    return out


def index_powers(n):
    out = torch.zeros(n, dtype=torch.float64)
    for i in range(n):
        out[i] = i**15 + 2.0**i
    return out


def index_over_index(n):
    out = torch.zeros(n, n)
    for i in range(n):
        for j in range(n):
            out[i, j] = i / (j + 1)
    return out


@dtypes
def test_floor_division_of_negatives(dtype) -> None:
    divisor = integers(9, seed=1, dtype=dtype)
    divisor[divisor == 0] = 3
    assert_vectorized(floor_divided, integers(9, dtype=dtype), divisor)


@dtypes
def test_remainder_of_negatives(dtype) -> None:
    divisor = integers(9, seed=1, dtype=dtype)
    divisor[divisor == 0] = 3
    assert_vectorized(remainder, integers(9, dtype=dtype), divisor)


def test_division_of_integers_by_zero_raises() -> None:
    assert_agrees(floor_divided, integers(3), torch.tensor([1, 0, 2]))
    assert_agrees(remainder, integers(3), torch.tensor([1, 0, 2]))
    assert_agrees(floor_divided_by_number, integers(3), 0)
    assert_agrees(floor_divided_by_number, integers(0), 0)


def test_floor_division_and_remainder_of_floats() -> None:
    x = special()
    assert_agrees(floor_divided, x, x.flip(0))
    assert_agrees(remainder, x, x.flip(0))
    assert_agrees(floor_divided, values(7, -7, 7, -7), values(2, 2, -2, -2))
    assert_agrees(remainder, values(7, -7, 7, -7), values(2, 2, -2, -2))


@dtypes
@pytest.mark.parametrize("number", [3, -3, 2.5, 1])
def test_number_as_divisor(dtype, number) -> None:
    assert_agrees(floor_divided_by_number, integers(9, dtype=dtype), number)


@pytest.mark.parametrize("number", [30, -30])
def test_number_as_dividend(number) -> None:
    assert_agrees(number_divided, torch.tensor([7, -7, 1, -4]), number)


@dtypes
def test_shifts_of_negatives(dtype) -> None:
    assert_vectorized(shifted, integers(9, dtype=dtype))


@dtypes
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 9, 0.5, -1])
def test_powers_of_negatives(dtype, exponent) -> None:
    assert_agrees(powers, integers(9, dtype=dtype), exponent)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, -2, 0.5])
def test_powers_of_floats(exponent) -> None:
    assert_agrees(powers, special(), exponent)


def test_power_of_a_number() -> None:
    assert_agrees(power_of_two, torch.tensor([0, 1, 5]))
    assert_agrees(power_of_two, torch.tensor([0, -1, 5]))
    assert_agrees(power_of_two, values(0.5, -1.0))


def test_element_to_the_power_of_an_element() -> None:
    assert_agrees(element_to_element, torch.tensor([2, -3, 0, 1]), torch.tensor([3, 2, 0, 9]))
    assert_agrees(element_to_element, values(2, -3, 0, -8), values(0.5, 2, 0, 1 / 3))


@dtypes
def test_products_wrap_around(dtype) -> None:
    limits = torch.iinfo(dtype)
    edge = torch.tensor([limits.max, limits.min, limits.max, 3], dtype=dtype)
    assert_vectorized(products_that_overflow, edge, edge.flip(0))
    assert_vectorized(negated, edge)
    assert_vectorized(absolute, edge)


@pytest.mark.parametrize(
    "dtype", (*DTYPES, torch.bool), ids=lambda dtype: str(dtype).split(".")[1]
)
def test_sum_keeps_the_dtype_that_the_loop_has(dtype) -> None:
    for n in (9, 1, 0):
        assert_agrees(total, (integers(n) * 30).to(dtype))


def test_sum_of_two_masks_is_a_mask() -> None:
    one, other = torch.tensor([True, True, False]), torch.tensor([True, False, False])
    assert_vectorized(mask_arithmetic, one, other)


def test_negation_of_masks_raises() -> None:
    assert_agrees(negated, torch.tensor([True, False]))


def test_arithmetic_of_the_iterator_is_pythons() -> None:
    for n in (12, 1, 0):
        assert_agrees(index_arithmetic, n)
        assert_agrees(index_over_index, n)
    assert_agrees(index_powers, 6)
    assert_agrees(index_powers, 40)
