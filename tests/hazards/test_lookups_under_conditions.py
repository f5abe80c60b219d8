"""What a condition keeps from being looked up, or divided by zero, no rewrite looks up."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized


def root_of_positive(x: Any, idx: Any) -> Any:
    out = torch.zeros(len(idx))
    for i in range(len(idx)):
        if idx[i] >= 0 and idx[i] < len(x) and x[idx[i]] > 0:
            out[i] = torch.sqrt(x[idx[i]])
    return out


def nested_conditions(x: Any, idx: Any) -> Any:
    out = torch.zeros(len(idx))
    for i in range(len(idx)):
        if idx[i] >= 0 and idx[i] < len(x):
            if x[idx[i]] > 0:
                out[i] = x[idx[i]]
    return out


def two_lookups(x: Any, idx: Any) -> Any:
    out = torch.zeros(len(idx))
    for i in range(len(idx)):
        if 0 <= idx[i] < len(idx) and 0 <= idx[idx[i]] < len(x) and x[idx[idx[i]]] > 0:
            out[i] = x[idx[idx[i]]] * 2
    return out


def sum_of_chosen(x: Any, idx: Any) -> Any:
    total = 0.0
    for i in range(len(idx)):
        if idx[i] >= 0 and idx[i] < len(x) and x[idx[i]] > 0:
            total = total + x[idx[i]]
    return total


def listed_numbers(x: Any, idx: Any) -> Any:
    return [x[k].item() for k in idx if 0 <= k < len(x)]


def listed_twice_chosen(x: Any, idx: Any) -> Any:
    return [x[k].item() for k in idx if 0 <= k < len(x) and x[k] > 0]


def listed_elements(x: Any, idx: Any) -> Any:
    rows = []
    for k in idx:
        if 0 <= k < len(x):
            rows.append(x[k])
    return torch.stack(rows)


def listed_unless(x: Any, idx: Any) -> Any:
    rows = []
    for k in idx:
        if k < 0 or k >= len(x):
            continue
        rows.append(x[k] * 2)
    return torch.stack(rows)


X = torch.tensor([1.0, -2.0, 3.0, 0.5])
INDICES = (
    torch.tensor([0, 2, 1, 3]),
    torch.tensor([0, -1, 9, 2, 1]),
    torch.tensor([7, -3, 4]),
    torch.tensor([3, -4, -5, 4]),
)
FUNCTIONS = (
    root_of_positive, nested_conditions, two_lookups, sum_of_chosen, listed_numbers,
    listed_twice_chosen, listed_elements, listed_unless,
)  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("number", range(len(INDICES)))
def test_index_that_a_condition_rules_out_may_lie_anywhere(function: Any, number: int) -> None:
    assert_agrees(function, X, INDICES[number])
    assert_agrees(function, X.clone().requires_grad_(), INDICES[number])


@pytest.mark.parametrize("function", FUNCTIONS[:6], ids=lambda f: f.__name__)
def test_such_loops_are_rewritten(function: Any) -> None:
    assert_vectorized(function, X, INDICES[1])


def listed_rows(x: Any, idx: Any) -> Any:
    rows = []
    for i in range(len(idx)):
        if idx[i] >= 0 and idx[i] < x.shape[0]:
            rows.append(x[idx[i]] * 2)
    return torch.stack(rows)


def test_rows_that_are_appended_alone_are_looked_up() -> None:
    for indices in INDICES[:2]:
        assert_agrees(listed_rows, torch.rand(4, 3), indices)
        assert_agrees(listed_rows, torch.rand(4, 3, requires_grad=True), indices)


def listed_quotients(a: Any, b: Any) -> Any:
    rows = []
    for i in range(len(a)):
        if b[i] != 0:
            rows.append(a[i] // b[i])
    return torch.stack(rows)


def test_quotients_that_are_appended_alone_are_divided() -> None:
    assert_vectorized(listed_quotients, torch.tensor([5, -7, 0, 9]), torch.tensor([0, 2, 3, -10]))
    assert_agrees(listed_quotients, torch.tensor([5, -7]), torch.tensor([0, 0]))
