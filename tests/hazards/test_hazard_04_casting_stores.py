"""A store casts to the tensor's dtype; an augmented one may raise."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import (
    INFINITY,
    NAN,
    assert_agrees,
    assert_promotes,
    assert_vectorized,
    integers,
    normal,
    special,
    values,
)


def halves(x):
    result = torch.zeros_like(x)
    for i in range(len(x)):
        result[i] = x[i] / 2
    return result


def slow_conditional(tensor, threshold):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > threshold:
                result[i, j] = tensor[i, j] * 2
            else:
                result[i, j] = tensor[i, j] / 2
    return result


def slow_addition(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


def stored_twice(x):
    result = torch.zeros(len(x), dtype=torch.int64)
    for i in range(len(x)):
        result[i] = x[i] / 2
        result[i] = result[i] * 3
    return result


def augmented(result, x):
    for i in range(len(x)):
        result[i] += x[i]
    return result


def augmented_by_a_half(result):
    for i in range(len(result)):
        result[i] += 0.5
    return result


def divided_in_place(result):
    for i in range(len(result)):
        result[i] /= 2
    return result


def into_bool(x):
    mask = torch.zeros(len(x), dtype=torch.bool)
    for i in range(len(x)):
        mask[i] = x[i]
    return mask


def into_bytes(x):
    out = torch.zeros(len(x), dtype=torch.uint8)
    for i in range(len(x)):
        out[i] = x[i] * 100
    return out


def into_half(x):
    out = torch.zeros(len(x), dtype=torch.float16)
    for i in range(len(x)):
        out[i] = x[i] * 1000
    return out


def number_into_integers(x, number):
    out = torch.zeros(len(x), dtype=torch.int64)
    for i in range(len(x)):
        out[i] = number
    return out


def argument_overwritten(target, source):
    for i in range(len(target)):
        target[i] = source[i] * 1.5
    return target


INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
named = {"ids": lambda dtype: str(dtype).split(".")[1]}


@pytest.mark.parametrize("dtype", INTEGERS, **named)
def test_halves_of_integers_are_cut(dtype) -> None:
    for n in (6, 1, 0):
        assert_vectorized(halves, integers(n, dtype=dtype))


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS, **named)
@pytest.mark.parametrize("threshold", [0, 2.5, -1])
def test_articles_condition_keeps_the_loops_results_for_every_dtype(dtype, threshold) -> None:
    whole = integers(4, 3, dtype=dtype)
    assert_vectorized(slow_conditional, whole, threshold)


@pytest.mark.parametrize("one", INTEGERS[:3] + FLOATS, **named)
@pytest.mark.parametrize("other", INTEGERS[:3] + FLOATS, **named)
def test_articles_addition_has_the_first_tensors_dtype(one, other) -> None:
    assert_promotes(slow_addition, integers(3, 4).to(one), integers(3, 4, seed=1).to(other))


def test_second_store_reads_what_was_cut() -> None:
    assert_vectorized(stored_twice, values(3.0, 5.0, -3.0, -5.0, 1.0))


@pytest.mark.parametrize("target", (torch.int64, torch.float32, torch.uint8, torch.bool), **named)
@pytest.mark.parametrize("source", (torch.int64, torch.float32, torch.float64, torch.bool), **named)
def test_augmented_store_casts_or_raises_as_the_loop(target, source) -> None:
    for n in (4, 1, 0):
        assert_agrees(augmented, integers(n).to(target), integers(n, seed=1).to(source))


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS, **named)
def test_half_added_to_integers_raises(dtype) -> None:
    assert_agrees(augmented_by_a_half, integers(4, dtype=dtype))
    assert_agrees(augmented_by_a_half, integers(0, dtype=dtype))


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS, **named)
def test_integers_divided_in_place_raise(dtype) -> None:
    assert_agrees(divided_in_place, integers(4, dtype=dtype))


def test_everything_but_zero_is_true() -> None:
    assert_vectorized(into_bool, values(0.0, -0.0, 0.5, NAN, INFINITY, -1.0))


def test_bytes_wrap_around() -> None:
    assert_agrees(into_bytes, integers(6))
    assert_agrees(into_bytes, values(0.0, 1.0, 2.4, 2.55))


def test_halves_overflow_to_infinity() -> None:
    assert_vectorized(into_half, normal(6) * 100)
    assert_vectorized(into_half, special())


@pytest.mark.parametrize("number", [2, 2.9, -2.9, True])
def test_number_is_cut_too(number) -> None:
    assert_agrees(number_into_integers, normal(3), number)


@pytest.mark.parametrize("target", (torch.int64, torch.float32, torch.float64), **named)
def test_argument_keeps_its_dtype(target) -> None:
    assert_vectorized(argument_overwritten, integers(4).to(target), normal(4))
