"""``out[s[k]:e[k]] = v`` for each k: the same value wherever any iteration wants it."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, normal


def covered(starts, ends, n):
    mask = torch.zeros(n)
    for k in range(len(starts)):
        mask[starts[k] : ends[k]] = 1
    return mask


def blocks(boxes, x):
    for x1, y1, x2, y2 in boxes:
        x[y1:y2, x1:x2] = 7
    return x


def blocks_of_each(x, tops, lefts, size):
    for i in range(x.shape[0]):
        x[i, :, tops[i] : tops[i] + size, lefts[i] : lefts[i] + size] = 0
    return x


def value_of_the_iteration(boxes, n):
    out = torch.zeros(n, n)
    k = 0
    for x1, y1, x2, y2 in boxes:
        k += 1
        out[y1:y2, x1:x2] = k
    return out


def value_that_is_read(starts, ends, x):
    for k in range(len(starts)):
        x[starts[k] : ends[k]] = x[0]
    return x


def bounds_that_are_written(spans):
    for k in range(len(spans) - 1):
        spans[spans[k] : spans[k + 1]] = 1
    return spans


def where_any_is_near(x, y):
    near = torch.zeros(len(x))
    for j in range(len(y)):
        for i in range(len(x)):
            if (x[i] - y[j]).abs() < 0.5:
                near[i] = 2.5
    return near


def float_into_integers(counts, starts):
    for k in range(len(starts)):
        counts[starts[k] :] = 2.7
    return counts


def table_too_short(x, starts, n):
    for k in range(n):
        x[starts[k] :] = 3
    return x


BOXES = torch.tensor([[0, 0, 2, 3], [1, 1, 4, 4], [2, 2, 2, 5]])


ENDS = [[1, 4, 7], [0, 2, 5], [9, 9, 9], [1, 4, 12], [1, 1, 7], [1, 4, -2]]


@pytest.mark.parametrize("ends", ENDS)
def test_spans_that_clamp_wrap_or_are_empty(ends):
    assert_agrees(covered, torch.tensor([0, 2, 5]), torch.tensor(ends), 9)


def test_same_value_for_all_needs_no_loop():
    assert_vectorized(covered, torch.tensor([0, 2, 5]), torch.tensor([1, 4, 7]), 9)
    assert_vectorized(blocks, BOXES, normal(5, 6))
    assert_vectorized(where_any_is_near, normal(5), normal(3))
    x = normal(2, 3, 5, 6)
    assert_vectorized(blocks_of_each, x, torch.tensor([1, 3]), torch.tensor([4, 0]), 2)


@pytest.mark.parametrize("tops", [[1, 3], [-1, 3], [4, 3], [9, 0]])
def test_blocks_partly_outside(tops):
    x = normal(2, 3, 5, 6)
    assert_agrees(blocks_of_each, x, torch.tensor(tops), torch.tensor([4, 0]), 2)


def test_no_iterations_store_nothing():
    none = torch.tensor([], dtype=torch.int64)
    assert_agrees(covered, none, none, 9)
    assert_agrees(blocks, BOXES[:0], normal(5, 6))
    assert_agrees(where_any_is_near, normal(5), normal(0))
    assert_agrees(table_too_short, normal(5), torch.tensor([3, 1]), 0)


def test_gradient_passes_where_nothing_is_stored():
    x = normal(5, 6).requires_grad_()

    def of_a_copy(boxes, x):
        out = x * 2
        for x1, y1, x2, y2 in boxes:
            out[y1:y2, x1:x2] = 7
        return out

    assert_agrees(of_a_copy, BOXES, x)
    assert_agrees(blocks, BOXES, x)


def test_other_values_keep_their_order():
    assert_agrees(value_of_the_iteration, BOXES, 6)
    assert_agrees(value_that_is_read, torch.tensor([0, 2, 0]), torch.tensor([1, 4, 7]), normal(9))
    assert_agrees(bounds_that_are_written, torch.tensor([0, 2, 3, 5]))
    assert_agrees(float_into_integers, torch.arange(6), torch.tensor([4, 2]))
    assert_agrees(table_too_short, normal(5), torch.tensor([3, 1]), 3)
    assert_agrees(where_any_is_near, torch.tensor([float("nan"), 1.0]), torch.tensor([1.0]))
