"""NaN in comparisons, maxima and minima; the sign of zero; infinities."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import (
    INFINITY,
    NAN,
    ROUNDING,
    assert_agrees,
    assert_vectorized,
    special,
    values,
)


def slow_conditional(tensor, threshold):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > threshold:
                result[i, j] = tensor[i, j] * 2
            else:
                result[i, j] = tensor[i, j] / 2
    return result


def not_at_most(x, threshold):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if not x[i] <= threshold:
            out[i] = 1
        else:
            out[i] = 2
    return out


def continue_where_small(x, threshold):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] <= threshold:
            continue
        out[i] = x[i]
    return out


def larger(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = max(a[i], b[i])
    return out


def smaller(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = min(a[i], b[i])
    return out


def larger_of_three(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = max(a[i], b[i], 0)
    return out


def at_least_zero(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = max(0, x[i])
    return out


def clipped(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = min(max(x[i], -1), 1)
    return out


def equal_or_not(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        if a[i] == b[i]:
            out[i] = 1
        if a[i] != b[i]:
            out[i] += 2
    return out


def not_a_number(x):
    out = torch.zeros(len(x), dtype=torch.bool)
    for i in range(len(x)):
        out[i] = x[i] != x[i]
    return out


def between(x, low, high):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if low <= x[i] <= high:
            out[i] = x[i]
        elif x[i] < low:
            out[i] = low
        else:
            out[i] = high
    return out


def truth_of_the_value(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i]:
            out[i] = 1
    return out


def neither(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        if not (a[i] > 0 or b[i] > 0):
            out[i] = 1
    return out


def value_of_and_and_or(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = a[i] and b[i]
        out[i] += a[i] or b[i]
    return out


def onto_zeros(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] += x[i]
    return out


def onto_minus_zeros(x):
    out = -torch.zeros_like(x)
    for i in range(len(x)):
        out[i] -= x[i]
    return out


def times_zero(x):
    out = torch.ones_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 0 + 0
    return out


def masked_by_multiplication(x, threshold):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = (x[i] > threshold) * x[i]
    return out


def signs(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = torch.sign(x[i]) + torch.copysign(torch.ones_like(x[i]), x[i])
    return out


def largest(x):
    best = x[0]
    for i in range(1, len(x)):
        if x[i] > best:
            best = x[i]
    return best


def largest_by_builtin(x):
    best = x[0]
    for i in range(len(x)):
        best = max(best, x[i])
    return best


@pytest.mark.parametrize("threshold", [0, 0.0, -0.0, 1.0, NAN, INFINITY, -INFINITY])
def test_comparison_with_nan_takes_the_else_branch(threshold) -> None:
    assert_vectorized(slow_conditional, special().view(3, 4), threshold)
    assert_agrees(not_at_most, special(), threshold)
    assert_agrees(continue_where_small, special(), threshold)


def test_max_keeps_the_first_unless_the_second_is_larger() -> None:
    x = special()
    for other in (x.flip(0), x.roll(1), x.roll(-1), -x):
        assert_vectorized(larger, x, other)
        assert_vectorized(smaller, x, other)
        assert_agrees(larger_of_three, x, other)


def test_max_of_zeros_keeps_the_first_ones_sign() -> None:
    assert_vectorized(larger, values(0.0, -0.0), values(-0.0, 0.0))
    assert_vectorized(smaller, values(0.0, -0.0), values(-0.0, 0.0))


def test_max_with_a_number() -> None:
    assert_vectorized(at_least_zero, special())
    assert_vectorized(clipped, special())


def test_nan_equals_nothing() -> None:
    assert_agrees(equal_or_not, special(), special())
    assert_vectorized(not_a_number, special())


def test_nan_is_not_between() -> None:
    assert_agrees(between, special(), -1.0, 1.0)
    assert_agrees(between, special(), NAN, 1.0)


def test_nan_is_true_and_minus_zero_is_false() -> None:
    assert_agrees(truth_of_the_value, special())


def test_negated_disjunction_of_comparisons() -> None:
    assert_agrees(neither, special(), special().flip(0))


def test_and_and_or_give_operands_not_truth_values() -> None:
    assert_agrees(value_of_and_and_or, special(), special().roll(3))


def test_sum_onto_zero_has_the_declared_exactness() -> None:
    assert_agrees(onto_zeros, special())
    assert_agrees(onto_minus_zeros, special())


def test_nothing_is_cancelled_that_nan_would_survive() -> None:
    assert_vectorized(times_zero, special())
    assert_vectorized(masked_by_multiplication, special(), 0.5)


def test_signs_of_zeros_survive() -> None:
    assert_agrees(signs, special())


def test_first_of_equals_is_the_largest() -> None:
    for x in (special(), special().flip(0), values(0.0, -0.0), values(-0.0, 0.0), values(NAN, 1.0)):
        assert_agrees(largest, x)
        assert_agrees(largest_by_builtin, x)


def test_transcendental_functions_of_special_values() -> None:
    def functions(x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = torch.exp(x[i]) + torch.tanh(x[i]) - torch.log1p(x[i]) * torch.sigmoid(x[i])
        return out

    assert_vectorized(functions, special(), exactness=ROUNDING)


def changed_before_the_search(x):
    x[1] = NAN
    best, where = x[0], 0
    for i in range(1, len(x)):
        if x[i] > best:
            best, where = x[i], i
    return where


def test_guard_is_not_asked_of_memory_that_changes_before_the_loop() -> None:
    assert_agrees(changed_before_the_search, torch.tensor([1.0, 2.0, 3.0]), status="kept")
