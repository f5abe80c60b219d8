"""`.item()`, `float()` and `int()` leave tensor arithmetic for double and unbounded integers."""

from __future__ import annotations

import math

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, integers, normal, special, values


def item_arithmetic(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i].item() * 0.1 + 0.3
    return out


def float_then_back(x):
    out = torch.zeros(len(x), dtype=torch.float64)
    for i in range(len(x)):
        out[i] = float(x[i]) * 0.1
    return out


def int_of_floats(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = int(x[i])
    return out


def large_integers(x):
    out = torch.zeros(len(x), dtype=torch.float64)
    for i in range(len(x)):
        out[i] = x[i].item() ** 12
    return out


def integer_overflow_in_a_store(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i].item() * 2**62
    return out


def floor_division_of_numbers(x):
    out = torch.zeros(len(x), dtype=torch.int64)
    for i in range(len(x)):
        out[i] = x[i].item() // 4
    return out


def division_by_a_number(x, y):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i].item() / y[i].item()
    return out


def square_root_of_numbers(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = math.sqrt(x[i])
    return out


def logarithm_of_numbers(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = math.log(x[i].item())
    return out


def rounded_numbers(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = round(x[i].item())
    return out


def rounded_tensor(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = round(x[i])
    return out


def comparison_of_numbers(x, threshold):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i].item() > threshold:
            out[i] = 1.0
    return out


def comparison_of_elements(x, threshold):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > threshold:
            out[i] = 1.0
    return out


def larger_of_numbers(x, y):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = max(x[i].item(), y[i].item())
    return out


def list_of_numbers(x):
    out = []
    for i in range(len(x)):
        out.append(x[i].item() * 2)
    return out


def sum_of_numbers(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i].item()
    return total


def gradient_lost_by_item(x, w):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i].item() * w[i]
    return out


def last_number(x):
    value = 0
    for i in range(len(x)):
        value = x[i].item()
    return value


def test_double_arithmetic_within_the_declared_exactness() -> None:
    for n in (7, 1, 0):
        assert_agrees(item_arithmetic, normal(n))
    assert_agrees(item_arithmetic, normal(7, dtype=torch.bfloat16))


def test_double_result_sees_double_arithmetic() -> None:
    assert_agrees(float_then_back, normal(7))
    assert_agrees(float_then_back, integers(7))


def test_int_cuts_and_raises_for_what_is_no_integer() -> None:
    assert_agrees(int_of_floats, values(2.9, -2.9, 0.0, 1e10))
    assert_agrees(int_of_floats, special())


def test_integers_without_bounds() -> None:
    assert_agrees(large_integers, integers(6) * 1000)


def test_integer_too_large_for_a_store_raises() -> None:
    assert_agrees(integer_overflow_in_a_store, integers(6))
    assert_agrees(integer_overflow_in_a_store, torch.zeros(2, dtype=torch.int64))


def test_python_floor_division() -> None:
    assert_agrees(floor_division_of_numbers, integers(9))
    assert_agrees(floor_division_of_numbers, normal(5) * 10)


def test_division_by_the_number_zero_raises() -> None:
    assert_agrees(division_by_a_number, normal(3), normal(3, seed=1))
    assert_agrees(division_by_a_number, normal(3), values(1.0, 0.0, 2.0))
    assert_agrees(division_by_a_number, normal(0), normal(0))


def test_math_functions_raise_outside_their_domain() -> None:
    assert_agrees(square_root_of_numbers, values(0.0, 2.0, 3.0))
    assert_agrees(square_root_of_numbers, values(1.0, -1.0))
    assert_agrees(square_root_of_numbers, special())
    assert_agrees(logarithm_of_numbers, values(1.0, 2.0))
    assert_agrees(logarithm_of_numbers, values(1.0, 0.0))


def test_round_of_numbers_goes_to_even() -> None:
    assert_agrees(rounded_numbers, values(0.5, 1.5, 2.5, -0.5, 2.6))
    assert_agrees(rounded_numbers, special())


def test_round_of_a_tensor_raises_as_python_does() -> None:
    assert_agrees(rounded_tensor, values(0.5, 1.5))
    assert_agrees(rounded_tensor, values())


def test_comparison_of_a_number_is_in_double() -> None:
    nearly = values(0.1, 0.2, 0.3)
    for threshold in (0.1, 0.2, 0.30000001192092896, 0):
        assert_agrees(comparison_of_numbers, nearly, threshold)


def test_comparison_of_an_element_is_in_its_own_dtype() -> None:
    nearly = values(0.1, 0.2, 0.3)
    for threshold in (0.1, 0.2, 0.30000001192092896, 0):
        assert_agrees(comparison_of_elements, nearly, threshold)
    assert_agrees(comparison_of_elements, integers(9), 2.5)
    assert_agrees(comparison_of_elements, integers(9), 2)


def test_larger_of_two_numbers() -> None:
    assert_agrees(larger_of_numbers, special(), special().flip(0))


def test_list_of_numbers_stays_a_list_of_numbers() -> None:
    assert_agrees(list_of_numbers, normal(4))
    assert_agrees(list_of_numbers, integers(4))


def test_sum_of_numbers_stays_a_number() -> None:
    assert_agrees(sum_of_numbers, normal(9))
    assert_agrees(sum_of_numbers, normal(0))
    assert_agrees(sum_of_numbers, integers(3))


def test_item_stops_the_gradient() -> None:
    x, w = normal(4).requires_grad_(), normal(4, seed=1).requires_grad_()
    assert_agrees(gradient_lost_by_item, x, w)


def test_number_left_over_is_a_number() -> None:
    assert_agrees(last_number, integers(4))
    assert_agrees(last_number, normal(4))
    assert_agrees(last_number, normal(0))


def intersection_over_union(a, b):
    out = torch.zeros(len(a), len(b))
    for i in range(len(a)):
        for j in range(len(b)):
            width = max(0, min(a[i, 1], b[j, 1]) - max(a[i, 0], b[j, 0]))
            height = max(0, min(a[i, 3], b[j, 3]) - max(a[i, 2], b[j, 2]))
            both = width * height
            first = (a[i, 1] - a[i, 0]) * (a[i, 3] - a[i, 2])
            second = (b[j, 1] - b[j, 0]) * (b[j, 3] - b[j, 2])
            out[i, j] = both / (first + second - both)
    return out


def test_numbers_in_place_of_elements_multiply_as_elements():
    boxes = torch.tensor([[0, 2, 0, 2], [1, 3, 1, 3], [5, 6, 0, 1], [0, 0, 4, 4]])
    for dtype in (torch.bfloat16, torch.int64):
        a, b = boxes.to(dtype), boxes.flip(0).to(dtype)
        assert_vectorized(intersection_over_union, a, b)
    special = boxes.float().clone()
    special[0, 0], special[1, 1] = float("nan"), float("inf")
    assert_vectorized(intersection_over_union, special, boxes.float())


def test_numbers_in_place_of_elements_have_the_loops_gradient():
    a, b = torch.rand(2, 3, 4, dtype=torch.float64) + torch.tensor([0.0, 1.0, 0.0, 1.0])
    arguments = a.requires_grad_(), b.requires_grad_()
    assert_vectorized(intersection_over_union, *arguments, second=True)


def signed(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = (a[i] if a[i] > 0 else 0) * (b[i] if b[i] > 0 else -1) + max(a[i], 300) * b[i]
    return out


def test_numbers_that_a_dtype_rounds_or_signs_stay_numbers():
    for dtype in (torch.float32, torch.bfloat16):
        a = torch.tensor([-1.0, 2.0, float("nan"), -0.0, 301.0], dtype=dtype)
        b = torch.tensor([-1.0, -3.0, 0.5, 0.0, -2.0], dtype=dtype)
        assert_agrees(signed, a, b)
        assert_agrees(signed, b, a)


def test_a_value_too_long_to_write_keeps_its_loop():
    a = torch.rand(3, 4, dtype=torch.float64)
    report = assert_agrees(intersection_over_union, a, a.float(), status="kept")
    assert "more than 2000 operations" in str(report.loops[0].refusal)


@pytest.mark.parametrize("count", [0, 1, 20, 200, 2000])
def test_powers_that_leave_the_range_raise_as_in_the_loop(count: int) -> None:
    def growing(n):
        out = torch.zeros(n)
        for i in range(n):
            out[i] = 2.0 ** i
        return out

    def shrinking(n):
        out = torch.zeros(n)
        for i in range(n):
            out[i] = 0.5 ** (-i)
        return out

    def rooted(n):
        out = torch.zeros(n, dtype=torch.float64)
        for i in range(n):
            out[i] = 10 ** (i / 2)
        return out

    for loop in (growing, shrinking, rooted):
        assert_agrees(loop, count)


@pytest.mark.parametrize("gamma", [0.99, 1.0, 0.0, -0.5, 2.0, 1e30, math.inf, math.nan])
def test_discounts_agree_for_any_factor(gamma: float) -> None:
    def loop(rewards, gamma):
        total = 0.0
        for t in range(len(rewards)):
            total += gamma ** t * rewards[t]
        return total

    assert_agrees(loop, normal(40), gamma)


def test_a_discount_below_one_needs_no_loop() -> None:
    def loop(rewards, gamma):
        total = 0.0
        for t in range(len(rewards)):
            total += gamma ** t * rewards[t]
        return total

    assert_vectorized(loop, normal(40), 0.99)


def test_angles_of_bounded_numbers_are_finite() -> None:
    def loop(x):
        n = len(x)
        real = torch.zeros(n)
        for k in range(n):
            for t in range(n):
                real[k] += x[t] * math.cos(2 * math.pi * k * t / n)
        return real

    assert_agrees(loop, normal(0))
    for count in (1, 6):
        assert_vectorized(loop, normal(count))


def test_python_ints_beside_what_keeps_the_loop_have_no_bound() -> None:
    def loop(x):
        s = 0
        y = torch.zeros(len(x))
        for i in range(len(x)):
            s -= abs(x[i].item())
            y[i] = torch.tanh(y[i - 1] + 1)
        return s, y

    extreme = torch.tensor([2**63 - 1, 2**62, -(2**63) + 1, 5])
    assert_agrees(loop, extreme)
    assert_agrees(loop, integers(4))


def test_extremes_of_a_literal_are_no_question_of_nan() -> None:
    def loop(x):
        out = torch.zeros(x.shape[0])
        for i in range(x.shape[0]):
            low = float("inf")
            for _ in range(x.shape[1]):
                low = min(low, 0.25)
            out[i] = low
        return out

    for sizes in ((3, 2), (3, 0), (0, 2)):
        assert_agrees(loop, normal(*sizes))
