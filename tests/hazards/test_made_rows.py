"""Tensors made inside of an iteration: their dtype, shape and memory are the loop's own."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, normal


def scaled_ones(x):
    out = torch.zeros(x.shape[0], 3, dtype=torch.float64)
    for i in range(x.shape[0]):
        ones = torch.ones(3)
        out[i] = ones * x[i, 0] * 1.1
    return out


def new_row_plus_row(x, m):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        zero = torch.zeros(m)
        out[i] = (zero + x[i]).sum()
    return out


def last_row_written_later(x):
    for i in range(x.shape[0]):
        row = torch.ones(x.shape[1])
        row = row * 2
    row[0] = 3.0
    return row


def same_number_added_then_written(x, m):
    total = torch.zeros(m)
    for i in range(x.shape[0]):
        total = total + x[i, 0]
    total[0] = 1.0
    return total


def two_names_of_one_row(x):
    out = torch.zeros(x.shape[0], x.shape[1])
    for i in range(x.shape[0]):
        row = torch.ones(x.shape[1])
        other = row
        row += x[i]
        out[i] = other
    return out


def too_short_a_row(x):
    out = torch.zeros(x.shape[0], 3)
    for i in range(x.shape[0]):
        out[i] = torch.zeros(2)
    return out


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.int64])
def test_made_row_decides_the_dtype_over_an_element(dtype):
    assert_vectorized(scaled_ones, normal(4, 2).to(dtype))


@pytest.mark.parametrize(("rows", "columns", "m"), [(4, 5, 5), (4, 5, 1), (4, 1, 5), (4, 0, 0)])
def test_made_row_broadcasts_or_not_as_in_the_loop(rows, columns, m):
    assert_agrees(new_row_plus_row, normal(rows, columns), m)


@pytest.mark.parametrize(("rows", "m"), [(4, 3), (4, -1), (0, -1)])
def test_made_row_of_a_wrong_size_raises_as_in_the_loop(rows, m):
    assert_agrees(new_row_plus_row, normal(rows, 5), m)


def test_row_left_behind_the_loop_is_memory_of_its_own():
    assert_vectorized(last_row_written_later, normal(3, 4))
    assert_agrees(last_row_written_later, normal(0, 4))


def test_sum_without_a_dimension_is_memory_of_its_own():
    assert_vectorized(same_number_added_then_written, normal(3, 4), 5)


def test_two_names_of_a_made_row_keep_the_loop():
    assert_agrees(two_names_of_one_row, normal(3, 4), status="kept")


def test_made_row_too_short_to_store_raises_as_in_the_loop():
    assert_agrees(too_short_a_row, normal(3, 4), status="kept")
