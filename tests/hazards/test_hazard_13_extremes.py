"""An extreme that a variable holds is an element of the tensor, also to the next loop."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, normal


def subtract_greatest_in_place(x):
    m = x[0]
    for i in range(1, len(x)):
        if x[i] > m:
            m = x[i]
    for i in range(len(x)):
        x[i] = x[i] - m
    return x


def subtract_greatest_of_another(x, y):
    m = x[0]
    for i in range(1, len(x)):
        if x[i] > m:
            m = x[i]
    for i in range(len(y)):
        y[i] = y[i] - m
    return y


def add_onto_the_last(x):
    last = x[0]
    for v in x:
        last = v
    for i in range(len(x)):
        last += x[i]
    return last


def normalised(x):
    low = x[0]
    high = x[0]
    for i in range(1, len(x)):
        if x[i] > high:
            high = x[i]
        if x[i] < low:
            low = x[i]
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = (x[i] - low) / (high - low)
    return out


def test_the_next_loop_may_read_an_extreme():
    source = assert_vectorized(normalised, normal(6)).source
    assert "return (x - low) / (high - low)" in source


def test_writing_the_tensor_whose_element_is_held_changes_what_is_held():
    assert_agrees(subtract_greatest_in_place, normal(6))
    assert_agrees(add_onto_the_last, normal(6))


def test_the_element_may_be_one_of_the_tensor_that_the_next_loop_writes():
    x = normal(6)
    assert_vectorized(subtract_greatest_of_another, x.clone(), x.clone())
    assert_agrees(subtract_greatest_of_another, x, x)
    assert_agrees(subtract_greatest_of_another, x[:4], x[2:])


def all_of_one(a):
    found = torch.tensor(True)
    for _ in range(len(a)):
        found = found * a[1]
    return found


def test_all_of_one_element_is_not_that_element():
    assert_agrees(all_of_one, torch.tensor([True, False, True]))
    assert_agrees(all_of_one, torch.tensor([False, True]))


def greatest_where(x, keep):
    best = torch.tensor(-3.5)
    for i in range(len(x)):
        if keep[i]:
            best = torch.maximum(best, x[i])
    return best


def least_in_rows(x, keep):
    out = torch.full((len(x),), 0.5, dtype=torch.float64)
    for i in range(len(x)):
        for j in range(len(x[i])):
            if j > i:
                break
            out[i] = torch.minimum(out[i], x[i, j] * x[i, j])
    return out


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float32])
@pytest.mark.parametrize("keep", [[False, False], [True, False], [True, True]])
def test_elements_left_out_of_a_wider_extreme_never_win(dtype, keep) -> None:
    x = torch.tensor([0, 1]).to(dtype)
    assert_vectorized(greatest_where, x, torch.tensor(keep))
    assert_vectorized(least_in_rows, torch.tensor([[1, 0], [1, 1]]).to(dtype), keep)
