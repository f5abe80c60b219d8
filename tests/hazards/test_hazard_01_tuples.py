"""``x[i], y[i] = …``: every value is computed before a target is written; a view is no value."""

from __future__ import annotations

import pytest

from .side_by_side import assert_agrees, normal


def ends_swapped(x, y):
    n = len(x)
    for i in range(n // 2):
        x[i], x[n - 1 - i] = x[n - 1 - i].clone(), x[i].clone()
    return x


def ends_as_views(x, y):
    n = len(x)
    for i in range(n // 2):
        x[i], x[n - 1 - i] = x[n - 1 - i], x[i]
    return x


def ends_as_numbers(x, y):
    n = len(x)
    for i in range(n // 2):
        x[i], x[n - 1 - i] = x[n - 1 - i].item(), x[i].item()
    return x


def rotated(x, y):
    for i in range(len(x)):
        x[i], y[i] = x[i] * 0.6 - y[i] * 0.8, x[i] * 0.8 + y[i] * 0.6
    return x, y


def exchanged(x, y):
    for i in range(len(x)):
        x[i], y[i] = y[i].clone(), x[i].clone()
    return x, y


@pytest.mark.parametrize(
    "loop", (ends_swapped, ends_as_views, ends_as_numbers, rotated, exchanged)
)
def test_values_of_a_tuple_come_first(loop) -> None:
    for n in (7, 6, 2, 1, 0):
        assert_agrees(loop, normal(n, seed=n), normal(n, seed=n + 1))


def test_rows_swapped_by_a_tuple() -> None:
    for n in (5, 2, 1):
        assert_agrees(ends_swapped, normal(n, 3), normal(n, 3))
        assert_agrees(ends_as_views, normal(n, 3), normal(n, 3))
