"""Products that overflow by themselves need not where the loop begins with zero or infinity."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized


def product_from(p, x):
    for i in range(len(x)):
        p = p * x[i]
    return p


def product_of_numbers_from(p, x):
    for i in range(len(x)):
        p *= x[i].item()
    return p


def products_on_the_way(p, x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        p = p * x[i]
        out[i] = p
    return out


def product_from_one(x):
    p = torch.ones(())
    for i in range(len(x)):
        p = p * x[i]
    return p


def product_of_columns(x):
    out = torch.ones(x.shape[1])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j] *= x[i, j]
    return out


OVERFLOWING = torch.full((3,), 1e30)
UNDERFLOWING = torch.full((3,), 1e-30)


@pytest.mark.parametrize("loop", [product_from, products_on_the_way])
@pytest.mark.parametrize(
    ("start", "factors"),
    [(0.0, OVERFLOWING), (float("inf"), UNDERFLOWING), (-0.0, OVERFLOWING)],
)
def test_a_product_that_starts_anywhere_is_what_the_loop_makes_of_it(loop, start, factors):
    assert_agrees(loop, torch.tensor(start), factors)


def test_a_product_of_numbers_from_zero_is_zero_where_the_factors_overflow():
    assert_agrees(product_of_numbers_from, 0.0, torch.full((3,), 1e300, dtype=torch.float64))


def test_a_product_from_one_is_one_operation():
    assert "return x.prod()" in assert_vectorized(product_from_one, torch.randn(5)).source
    assert "return x.prod(0)" in assert_vectorized(product_of_columns, torch.randn(3, 4)).source
