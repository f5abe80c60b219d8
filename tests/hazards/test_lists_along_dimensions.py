"""Lists of rows that are put together along another dimension than the first."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, normal


def products_of_pairs(x):
    feats = []
    for i in range(x.shape[1]):
        for j in range(i + 1, x.shape[1]):
            feats.append(x[:, i] * x[:, j])
    return torch.stack(feats, dim=1)


def inner_products_kept(emb):
    inner = []
    for i in range(emb.shape[1] - 1):
        for j in range(i + 1, emb.shape[1]):
            inner.append(torch.sum(emb[:, i] * emb[:, j], dim=1, keepdim=True))
    return torch.cat(inner, dim=1)


def all_products(x):
    feats = []
    for i in range(x.shape[1]):
        for j in range(x.shape[1]):
            feats.append(x[:, i : i + 1] * x[:, j : j + 1])
    return torch.cat(feats, dim=1)


def columns_that_are_wanted(x, keep):
    feats = []
    for i in range(x.shape[1]):
        if keep[i] > 0.5:
            feats.append(x[:, i] * 2)
    return torch.stack(feats, dim=1)


def columns_behind_others(x, keep):
    feats = [x[:, 0]]
    for i in range(x.shape[1]):
        if keep[i] > 0.5:
            feats.append(x[:, i] * 2)
    return torch.stack(feats, dim=1)


def roots_of_columns(x):
    feats = []
    for i in range(x.shape[1]):
        if x[0, i] > 0:
            feats.append(torch.log(x[:, i]))
    return torch.stack(feats, dim=1)


SHAPES = [(3, 4), (1, 3), (3, 2), (3, 1), (3, 0), (0, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("grad", [False, True])
def test_pairs_along_the_second_dimension(shape, grad):
    x = normal(*shape).requires_grad_(grad)
    assert_agrees(products_of_pairs, x)
    assert_agrees(all_products, x)
    assert_agrees(inner_products_kept, normal(*shape, 2).requires_grad_(grad))


def test_pairs_need_no_loop():
    assert_vectorized(products_of_pairs, normal(3, 4))
    assert_vectorized(all_products, normal(3, 4))
    assert_vectorized(inner_products_kept, normal(3, 4, 2))


@pytest.mark.parametrize("keep", [[1, 0, 1], [0, 0, 0], [1, 1, 1], [float("nan"), 0, 1]])
@pytest.mark.parametrize("grad", [False, True])
def test_columns_that_a_condition_chooses(keep, grad):
    keep = torch.tensor(keep, dtype=torch.float32)
    x = normal(4, 3).requires_grad_(grad)
    assert_agrees(columns_that_are_wanted, x, keep)
    assert_agrees(columns_behind_others, x, keep)
    assert_agrees(columns_that_are_wanted, x.detach().double(), keep)
    assert_agrees(roots_of_columns, x)
