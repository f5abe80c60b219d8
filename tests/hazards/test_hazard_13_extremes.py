"""An extreme that a variable holds is an element of the tensor, also to the next loop."""

from __future__ import annotations

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
