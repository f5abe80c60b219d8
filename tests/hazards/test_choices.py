"""Conditions that decide one another: NaN, literals that round to one, and what may raise."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees

NAN, INF = float("nan"), float("inf")


def neither_above_nor_below(x):
    above = below = rest = 0
    for v in x:
        if v > 0:
            above += 1
        elif v <= 0:
            below += 1
        else:
            rest += 1
    return above, below, rest


def between(x):
    inside = 0
    for v in x:
        if v > 1:
            pass
        elif v != 0:
            inside += 1
    return inside


def outside(x):
    count = 0
    for v in x:
        if v < -1:
            count += 1
        elif not v > 1:
            pass
        else:
            count += 1
    return count


def equal_to_two_literals(x):
    first = second = 0
    for v in x:
        if v == 0.1:
            first += 1
        elif v == 0.1000000001:
            second += 1
    return first, second


def above_two_literals(x):
    first = second = 0
    for v in x:
        if v >= 0.1:
            first += 1
        elif v > 0.0999999999:
            second += 1
    return first, second


def either_way_round(x, y):
    less = greater = other = 0
    for a, b in zip(x, y):
        if a < b:
            less += 1
        elif b < a:
            greater += 1
        else:
            other += 1
    return less, greater, other


def literal_choices(x, y):
    total = 0.0
    for i in range(len(x)):
        sign = 1 if x[i] >= 0 else 0
        if sign == 0:
            total += y[i]
        elif sign != 1:
            total -= y[i]
    return total


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int64])
@pytest.mark.parametrize(
    "loop",
    [neither_above_nor_below, between, outside, equal_to_two_literals, above_two_literals],
)
def test_chains_of_conditions_count_what_the_loop_counts(loop, dtype) -> None:
    values = [NAN, 0.1, 0.1000000001, -0.0, 0.0, 1, 2, -3, INF, -INF, 0.0999999999]
    if dtype == torch.int64:
        values = [0, 1, 2, -1, -2, 2**60]
    assert_agrees(loop, torch.tensor(values, dtype=torch.float64 if dtype.is_floating_point
                                     else dtype).to(dtype))  # fmt: skip


@pytest.mark.parametrize("loop", [either_way_round, literal_choices])
def test_conditions_on_two_tensors_count_what_the_loop_counts(loop) -> None:
    x = torch.tensor([NAN, 1.0, 2.0, NAN, INF, -0.0])
    assert_agrees(loop, x, torch.tensor([1.0, NAN, 2.0, NAN, 1.0, 0.0]))


def second_condition_looks_up(x, index, table):
    taken = 0
    for i in range(len(x)):
        if index[i] < 0:
            pass
        elif table[index[i]] > 0:
            taken += 1
    return taken


def root_inside_of_two(x, y):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        if x[i] > 0:
            if y[i] > 0:
                out[i] = (x[i] * y[i]) ** 0.5
            else:
                out[i] = 0
        else:
            out[i] = 0
    return out


def test_a_lookup_of_the_second_condition_happens_where_the_first_lets_it() -> None:
    x, table = torch.ones(4), torch.tensor([1.0, -1.0])
    assert_agrees(second_condition_looks_up, x, torch.tensor([0, 1, -7, 0]), table)


def test_what_lies_inside_of_two_conditions_has_the_gradients_of_the_loop() -> None:
    x = torch.tensor([0.0, 1.0, -1.0, 4.0], requires_grad=True)
    y = torch.tensor([0.0, 0.0, 2.0, 1.0], requires_grad=True)
    assert_agrees(root_inside_of_two, x, y, second=True)
