"""Index tensors that the loop itself changes: what is looked up waits for them, or they for it."""

from __future__ import annotations

from typing import Any

import torch

from .side_by_side import assert_agrees, assert_vectorized


def look_up_ahead(idx: Any, keys: Any, x: Any) -> Any:
    out = torch.zeros(len(keys))
    for i in range(len(keys)):
        idx[i] = keys[i]
        out[i] = x[idx[i + 1]]
    return out


def look_up_behind(idx: Any, keys: Any, x: Any) -> Any:
    out = torch.zeros(len(keys))
    for i in range(1, len(keys)):
        out[i] = x[idx[i - 1]]
        idx[i] = keys[i]
    return out


def store_by_changed_index(idx: Any, x: Any) -> Any:
    out = torch.zeros(8)
    for i in range(len(x)):
        out[idx[i]] = out[idx[i]] + x[i]
        idx[i] = 0
    return out


def mark_ahead(idx: Any, keys: Any) -> Any:
    out = torch.zeros(8)
    for i in range(len(keys)):
        idx[i] = keys[i]
        out[idx[i + 1]] = 1.0
    return out


INDEX = torch.tensor([1, 2, 3, 4, 5, 6])
KEYS = torch.tensor([0, 0, 1, 1, 2])
X = torch.arange(8.0) + 1


def test_index_is_read_before_it_is_overwritten() -> None:
    assert_vectorized(look_up_ahead, INDEX, KEYS, X)


def test_index_is_overwritten_before_it_is_read() -> None:
    assert_agrees(look_up_behind, INDEX, KEYS, X)


def test_index_of_a_store_is_read_before_it_is_overwritten() -> None:
    assert_agrees(store_by_changed_index, INDEX, X[:6])


def test_index_of_a_mark_is_read_before_it_is_overwritten() -> None:
    assert_vectorized(mark_ahead, INDEX, KEYS)


def test_index_that_the_backward_pass_needs_is_not_overwritten() -> None:
    # A lookup of a whole tensor keeps its indices; one of an element keeps none.
    leaf = X.clone().requires_grad_()
    for loop in (look_up_ahead, look_up_behind):
        assert_agrees(loop, INDEX, KEYS, leaf)
    assert_agrees(store_by_changed_index, INDEX, leaf[:6])
