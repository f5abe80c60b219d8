"""Rows turned into columns: products of a column and a row, views of memory, made matrices."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, normal


def covariance(x):
    total = torch.zeros(x.shape[1], x.shape[1], dtype=x.dtype)
    for i in range(x.shape[0]):
        column = (x[i] - x.mean(0)).unsqueeze(1)
        total += column @ column.t()
    return total


def column_times_row(x, y):
    out = []
    for i in range(x.shape[0]):
        out.append(torch.mm(x[i].view(-1, 1), y[i].view(1, -1)))
    return torch.stack(out)


def quadratic_form(x, a):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        v = x[i].unsqueeze(1)
        out[i] = (v.t() @ a @ v).squeeze()
    return out


def turned_row_overwritten(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        v = x[i].unsqueeze(1).t()
        x[i, 0] = 5
        out[i] = v.sum()
    return out, x


def turned_row_changed(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        v = x[i].view(-1, 1).t()
        v += 1
        out[i] = x[i].sum()
    return out, x


def regularised(a, lam):
    out = torch.zeros_like(a)
    for i in range(a.shape[0]):
        out[i] = a[i] @ a[i].t() + lam * torch.eye(a.shape[1])
    return out


def changed_identity(a):
    out = torch.zeros_like(a)
    for i in range(a.shape[0]):
        one = torch.eye(a.shape[1])
        one[0, 0] = a[i, 0, 0]
        out[i] = one
    return out


def parts_of_a_computed_row(points, res):
    grid = torch.zeros(res, res)
    for p in points:
        i, j = (p * res).long()
        grid[i, j] += 1
    return grid


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_column_times_row_is_each_product(dtype):
    x, y = (normal(4, 3) * 5).to(dtype), (normal(4, 2) * 5).to(dtype)
    assert_vectorized(column_times_row, x, y)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, 0.0])
def test_column_times_row_of_special_values(value):
    x = normal(3, 3)
    x[1, 1] = value
    assert_agrees(column_times_row, x, -x)
    assert_agrees(covariance, x)


@pytest.mark.parametrize("shape", [(4, 3), (1, 3), (4, 1), (0, 3), (1, 1)])
@pytest.mark.parametrize("grad", [False, True])
def test_columns_of_any_length(shape, grad):
    x = normal(*shape).requires_grad_(grad)
    assert_agrees(covariance, x)
    assert_agrees(column_times_row, x, normal(shape[0], 2))
    assert_agrees(quadratic_form, x, normal(shape[1], shape[1]))


def test_turned_rows_are_memory_of_the_tensor():
    assert_agrees(turned_row_overwritten, normal(3, 4))
    assert_agrees(turned_row_changed, normal(3, 4))


def test_identity_in_each_iteration():
    assert_vectorized(regularised, normal(4, 3, 3), 0.5)
    assert_agrees(regularised, normal(4, 3, 3).double(), 0.5)
    assert_agrees(regularised, normal(4, 2, 3), 0.5)
    assert_agrees(regularised, normal(0, 3, 3), 0.5)
    assert_agrees(changed_identity, normal(4, 3, 3))


@pytest.mark.parametrize("shape", [(5, 2), (5, 3), (5, 1), (0, 2), (0, 3)])
def test_row_taken_apart_has_as_many_parts(shape):
    assert_agrees(parts_of_a_computed_row, normal(*shape).sigmoid(), 4)


def test_identity_has_the_default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        assert_agrees(regularised, normal(4, 3, 3).float(), 0.5)
    finally:
        torch.set_default_dtype(torch.float32)
