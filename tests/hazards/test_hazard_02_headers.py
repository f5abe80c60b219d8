"""A header's own subscript raises once, also where nobody uses what it goes through."""

from __future__ import annotations

import torch

from .side_by_side import assert_agrees, assert_vectorized, normal


def row_of_data(data, scale, i):
    out = torch.zeros(data.shape[1])
    for j, _ in enumerate(scale[i]):
        out[j] = data[i, j]
    return out


def rows_of_data(data, scale):
    out = torch.zeros_like(data)
    for i in range(len(data)):
        for j, _ in enumerate(scale[i]):
            out[i, j] = data[i, j]
    return out


def test_row_that_is_not_there_raises_as_in_the_loop():
    data = normal(3, 4)
    assert_vectorized(row_of_data, data, normal(3, 4), 2)
    assert_agrees(row_of_data, data, normal(1, 4), 2)
    assert_vectorized(rows_of_data, data, normal(3, 4))
    assert_agrees(rows_of_data, data, normal(1, 4))
