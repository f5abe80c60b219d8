"""Counters that run through nested loops: what they number is proved, else the loop stays."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_serves, assert_vectorized, normal

SIZES = ((4, 6), (1, 5), (5, 1), (1, 1))


def flattened(x):
    n, m = x.shape
    out = torch.zeros(n * m)
    k = 0
    for i in range(n):
        for j in range(m):
            out[k] = x[i, j] * 2
            k += 1
    return out


def flattened_from_one_on(x):
    n, m = x.shape
    out = torch.zeros(n * m + 1)
    k = 1
    for i in range(n):
        for j in range(m):
            out[k] = x[i, j]
            k = k + 1
    return out


def counted_first(x):
    n, m = x.shape
    out = torch.zeros(n * m)
    k = -1
    for i in range(n):
        for j in range(m):
            k += 1
            out[k] = x[i, j]
    return out


def differences_of_neighbours(x):
    n, m = x.shape
    out = torch.zeros(n * (m - 1))
    k = 0
    for i in range(n):
        for j in range(1, m):
            out[k] = x[i, j] - x[i, j - 1]
            k += 1
    return out


def three_deep(x):
    n, m = x.shape
    out = torch.zeros(n * m * 3)
    k = 0
    for i in range(n):
        for j in range(m):
            for c in range(3):
                out[k] = x[i, j] * c
                k += 1
    return out


def unpacked(v, n: int, m: int):
    out = torch.zeros(n, m)
    k = 0
    for i in range(n):
        for j in range(m):
            out[i, j] = v[k]
            k += 1
    return out


def lower_triangle(v, n: int):
    out = torch.zeros(n, n)
    k = 0
    for i in range(n):
        for j in range(i + 1):
            out[i, j] = v[k]
            k += 1
    return out


def pairs(x):
    n = len(x)
    out = torch.zeros(n * (n - 1) // 2)
    k = 0
    for i in range(n - 1):
        for j in range(i + 1, n):
            out[k] = x[i] * x[j]
            k += 1
    return out


def restarted(x):
    n, m = x.shape
    out = torch.zeros(3, n * m)
    for b in range(3):
        k = 0
        for i in range(n):
            for j in range(m):
                out[b, k] = x[i, j] * b
                k += 1
    return out


def used_behind_the_increment(x):
    n, m = x.shape
    out = torch.zeros(n * m + 1)
    k = 0
    for i in range(n):
        for j in range(m):
            k += 1
            out[k] = x[i, j] * k
    return out


def transposed(x):
    n, m = x.shape
    out = torch.zeros(n * m)
    k = 0
    for j in range(m):
        for i in range(n):
            out[k] = x[i, j]
            k += 1
    return out


def over_itself(x):
    n, m = x.shape
    out = torch.ones(n * m)
    k = 0
    for i in range(n):
        for j in range(m):
            out[k] += x[i, j]
            k += 1
    return out


def integers(x):
    n, m = x.shape
    out = torch.ones(n * m, dtype=torch.int64)
    k = 0
    for i in range(n):
        for j in range(m):
            out[k] = x[i, j] * 3
            k += 1
    return out


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "loop",
    [flattened, flattened_from_one_on, counted_first, three_deep, restarted,
     used_behind_the_increment, transposed, over_itself, integers],
)  # fmt: skip
def test_counter_of_a_nest_numbers_its_iterations(loop, size):
    x = normal(*size)
    assert_vectorized(loop, x)
    assert_agrees(loop, x.double().requires_grad_(), second=True)


def copied_and_changed(x):
    n, m = x.shape
    out = torch.zeros(n * m)
    k = 0
    for i in range(n):
        for j in range(m):
            out[k] = x[i, j]
            k += 1
    out[0] = 9.0
    return out, x


def test_a_vector_made_of_all_elements_shares_no_memory_with_them():
    assert_vectorized(copied_and_changed, normal(3, 4))


@pytest.mark.parametrize("size", [(0, 3), (3, 0), (0, 0), (4, 6), (2, 1)])
def test_sizes_without_iterations_agree(size):
    x = normal(*size)
    for loop in (flattened, flattened_from_one_on, differences_of_neighbours, transposed):
        assert_agrees(loop, x)


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_triangles_are_counted_row_by_row(n):
    assert_agrees(pairs, normal(n))
    assert_agrees(lower_triangle, normal(n * (n + 1) // 2), n)


def test_too_short_a_vector_raises_as_the_loop_does():
    assert_serves(unpacked, (normal(12), 3, 4), (normal(12), 3, 5), (normal(13), 3, 4))
    assert_serves(lower_triangle, (normal(10), 4), (normal(9), 4), (normal(10), -1))


def test_negative_sizes_run_no_iteration():
    assert_serves(unpacked, (normal(12), 3, 4), (normal(12), -3, -4))


# ---------------------------------------------------------------------- loops that stay
def sometimes(x):
    n, m = x.shape
    out = torch.zeros(n * m)
    k = 0
    for i in range(n):
        for j in range(m):
            if x[i, j] > 0:
                out[k] = x[i, j]
                k += 1
    return out


def left_early(x):
    n, m = x.shape
    out = torch.zeros(n * m)
    k = 0
    for i in range(n):
        for j in range(m):
            if x[i, j] > 1:
                break
            out[k] = x[i, j]
            k += 1
    return out


def also_in_the_outer_loop(x):
    n, m = x.shape
    out = torch.zeros(n * m + n)
    k = 0
    for i in range(n):
        for j in range(m):
            out[k] = x[i, j]
            k += 1
        out[k] = 7.0
        k += 1
    return out


def asked_behind(x):
    n, m = x.shape
    out = torch.zeros(n * m)
    k = 0
    for i in range(n):
        for j in range(m - 2):
            out[k] = x[i, j]
            k += 1
    return out, k


def size_that_changes(x):
    n, m = x.shape
    out = torch.zeros(n * m * 2)
    k = 0
    for i in range(n):
        for j in range(m):
            out[k] = x[i, j]
            k += 1
        m = m - 1
    return out


def shrinking_below_none(x):
    n = len(x)
    out = torch.zeros(n * n)
    k = 0
    for i in range(n):
        for j in range(i + 3, n):
            out[k] = x[i] * x[j]
            k += 1
    return out


def own_variable_bound_anew(x):
    n, m = x.shape
    out = torch.zeros(n * m * 3)
    k = 0
    for i in range(n):
        for j in range(m):
            i = i + 1
            out[k] = x[0, j] * i
            k += 1
    return out


@pytest.mark.parametrize("size", [*SIZES, (0, 3), (3, 0)])
@pytest.mark.parametrize(
    "loop",
    [sometimes, left_early, also_in_the_outer_loop, asked_behind, size_that_changes,
     own_variable_bound_anew],
)  # fmt: skip
def test_counter_that_does_not_number_all_iterations_agrees(loop, size):
    assert_agrees(loop, normal(*size))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 6])
def test_rows_that_would_have_fewer_than_no_elements_agree(n):
    assert_agrees(shrinking_below_none, normal(n))


def partly_under_a_condition(x):
    n, m = x.shape
    out = torch.full((n * m,), 5.0)
    for i in range(n):
        for j in range(m):
            if i + j < n:
                out[i * m + j] = x[i, j]
    return out


def backwards(x):
    n, m = x.shape
    out = torch.zeros(n * m)
    for i in reversed(range(n)):
        for j in range(m):
            out[i * m + j] = x[i, j]
    return out


def every_second(x):
    n, m = x.shape
    out = torch.zeros(n * m)
    for i in range(n):
        for j in range(0, m, 2):
            out[i * m + j] = x[i, j]
    return out


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("loop", [partly_under_a_condition, backwards, every_second])
def test_places_that_are_not_all_or_not_in_order_agree(loop, size):
    assert_agrees(loop, normal(*size))
