"""Sums of products beside infinities: what does not move with a sum stays inside of it."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees

INF = float("inf")


def weighted(x, w):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        for k in range(len(w)):
            out[i] += w[k] * x[i]
    return out


def every_pair(x, w):
    total = 0.0
    for i in range(len(x)):
        for k in range(len(w)):
            total += w[k] * x[i]
    return total


def matrix_and_rows(x, w):
    a = x[:, None] * torch.ones(2)
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += a[i, j] * w[i]
    return total


def scaled_sums(x, w):
    out = torch.zeros(len(x), 2)
    for i in range(len(x)):
        for k in range(len(w)):
            for j in range(2):
                out[i, j] += x[i] * w[k] * (j + 1)
    return out


@pytest.mark.parametrize("loop", [weighted, every_pair, matrix_and_rows, scaled_sums])
@pytest.mark.parametrize("w", [[0.0, 1.0, 2.0], [1.0, -1.0, 0.5], [INF, 0.0, 1.0]])
def test_zero_times_infinity_is_nan_in_every_sum_of_products(loop, w) -> None:
    assert_agrees(loop, torch.tensor([1.0, INF, 0.0]), torch.tensor(w))
