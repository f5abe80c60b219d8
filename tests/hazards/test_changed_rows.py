"""Rows that an iteration makes and then changes in places: what is read is what the row holds."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, normal


def weight_without_itself(x, labels):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        same = (labels == labels[i]).float()
        same[i] = 0
        out[i] = (same * x[i]).sum()
    return out


def row_cleared_up_to_its_place(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        row = torch.exp(x[i])
        row[:i] = 0
        out[i] = row.sum()
    return out


def row_cleared_in_an_inner_loop(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        row = torch.exp(x[i])
        for j in range(i):
            row[j] = 0
        out[i] = row.sum()
    return out


def nearest_other(x):
    out = torch.zeros(x.shape[0], dtype=torch.int64)
    for i in range(x.shape[0]):
        distances = (x - x[i]).abs().sum(1)
        distances[i] = float("inf")
        out[i] = distances.argmin()
    return out


def place_of_data(x, places):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        row = x[i] * 2
        row[places[i]] = 5
        out[i] = row.max()
    return out


def last_place(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        row = x[i] * 2
        row[i - x.shape[1]] = 5
        out[i] = row.max()
    return out


def two_changes_in_order(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        row = x[i] * 2
        row[i] = 1
        row[x[i] > 0] = 3
        row[0] = x[i, 1]
        out[i] = (row * row).sum()
    return out


def cast_into_integers(x, counts):
    out = torch.zeros(x.shape[0], dtype=torch.int64)
    for i in range(x.shape[0]):
        row = counts[i] * 2
        row[i] = x[i, 0] * 10
        out[i] = row.sum()
    return out


def seen_before_the_change(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        row = x[i] * 2
        before = row
        row[i] = 0
        out[i] = before.sum()
    return out


def summed_before_and_after(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        row = x[i] * 2
        before = row.sum()
        row[i] = 0
        out[i] = before - row.sum()
    return out


def view_changed(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        row = x[i]
        row[i] = 0
        out[i] = row.sum()
    return out, x


def copy_changed(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        row = x[i].clone()
        row[i] = 0
        x[i, 0] = 7
        out[i] = row.sum()
    return out, x


def changed_under_a_condition(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        row = x[i] * 2
        if x[i, 0] > 0:
            row[i] = 0
        out[i] = row.sum()
    return out


def flags_without_itself(x):
    out = []
    for i in range(x.shape[0]):
        others = torch.ones(x.shape[0], dtype=torch.bool)
        others[i] = False
        out.append(x[i][others].mean())
    return torch.stack(out)


def kept_in_a_list(x):
    rows = []
    for i in range(x.shape[0]):
        row = torch.zeros(x.shape[1])
        row[i] = x[i, 0]
        rows.append(row)
    return torch.stack(rows)


def left_behind(x):
    for i in range(x.shape[0]):
        row = x[i] * 2
        row[i] = 0
    row[0] = 9.0
    return row


def rows_of_a_square(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        outer = torch.outer(x[i], x[i])
        outer[i] = 0
        outer[0, i] = 3
        out[i] = outer.sum()
    return out


SQUARE = [
    row_cleared_up_to_its_place,
    row_cleared_in_an_inner_loop,
    nearest_other,
    last_place,
    two_changes_in_order,
    seen_before_the_change,
    summed_before_and_after,
    view_changed,
    copy_changed,
    changed_under_a_condition,
    flags_without_itself,
    kept_in_a_list,
    left_behind,
    rows_of_a_square,
]


@pytest.mark.parametrize("loop", SQUARE)
@pytest.mark.parametrize("shape", [(5, 5), (3, 5), (2, 2), (5, 3), (0, 3)])
@pytest.mark.parametrize("grad", [False, True])
def test_changed_row_is_read_as_it_was_changed(loop, shape, grad):
    assert_agrees(loop, normal(*shape).requires_grad_(grad))


@pytest.mark.parametrize("loop", [nearest_other, kept_in_a_list, row_cleared_up_to_its_place])
def test_changed_row_needs_no_loop(loop):
    assert_vectorized(loop, normal(5, 5))


def test_diagonal_store_is_not_a_store_to_the_whole_row():
    assert_vectorized(weight_without_itself, normal(6, 6), torch.tensor([0, 0, 1, 1, 2, 2]))


@pytest.mark.parametrize("places", [[0, 2, 1, 2], [0, -1, 1, 2], [0, 3, 1, 2]])
def test_place_of_data_counts_and_raises_as_in_the_loop(places):
    assert_agrees(place_of_data, normal(4, 3), torch.tensor(places))


def test_float_stored_into_an_integer_row_is_cut():
    assert_agrees(cast_into_integers, normal(4, 4), torch.arange(16).reshape(4, 4))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0])
def test_what_was_overwritten_leaves_no_trace(value):
    x = normal(4, 4)
    x.fill_diagonal_(value)
    assert_agrees(nearest_other, x)
    assert_agrees(row_cleared_up_to_its_place, x)
