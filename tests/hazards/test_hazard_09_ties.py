"""The loop's comparison decides whether the first or the last of equals wins."""

from __future__ import annotations

import torch

from .side_by_side import NAN, assert_agrees, integers, special, values


def first_largest(x):
    best = 0
    for i in range(1, len(x)):
        if x[i] > x[best]:
            best = i
    return best


def last_largest(x):
    best = 0
    for i in range(1, len(x)):
        if x[i] >= x[best]:
            best = i
    return best


def first_smallest(x):
    best, where = float("inf"), -1
    for i in range(len(x)):
        if x[i] < best:
            best, where = x[i], i
    return best, where


def last_smallest_of_each_row(x):
    where = torch.zeros(x.shape[0], dtype=torch.int64)
    for i in range(x.shape[0]):
        best = 0
        for j in range(x.shape[1]):
            if x[i, j] <= x[i, best]:
                best = j
        where[i] = best
    return where


def largest_value(x):
    best = torch.tensor(-float("inf"))
    for i in range(len(x)):
        if x[i] > best:
            best = x[i]
    return best


def last_index_above(x, threshold):
    where = -1
    for i in range(len(x)):
        if x[i] > threshold:
            where = i
    return where


TIED = (
    values(1, 3, 3, 2, 3),
    values(3, 3, 3),
    values(1, 2, 3),
    values(3, 2, 1),
    values(0.0, -0.0, 0.0),
    values(NAN, 1, 1),
    values(1, NAN, 2, 2),
    values(2),
    integers(9),
    special(),
)


def test_first_of_the_largest() -> None:
    for x in TIED:
        assert_agrees(first_largest, x)


def test_last_of_the_largest() -> None:
    for x in TIED:
        assert_agrees(last_largest, x)


def test_first_of_the_smallest_with_its_value() -> None:
    for x in TIED:
        assert_agrees(first_smallest, x)
    assert_agrees(first_smallest, values())


def test_last_of_the_smallest_of_each_row() -> None:
    for x in (integers(4, 5), values(1, 1, 1, 1).view(2, 2), torch.zeros(3, 1), torch.zeros(0, 2)):
        assert_agrees(last_smallest_of_each_row, x)


def test_largest_value_is_the_element_itself() -> None:
    for x in TIED[:-2]:
        assert_agrees(largest_value, x)
    assert_agrees(largest_value, values(1, 3, 3, 2, grad=True))


def test_last_index_that_satisfies_a_condition() -> None:
    for x in TIED:
        assert_agrees(last_index_above, x, 1.5)
    assert_agrees(last_index_above, values(), 0)
