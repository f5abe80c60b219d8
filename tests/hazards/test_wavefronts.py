"""Recurrences in two dimensions, run over diagonals."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_serves, normal

SHAPES = ((4, 5), (5, 3), (2, 2), (1, 4), (4, 1), (1, 1), (0, 3), (3, 0), (0, 0))


def cheapest_alignment(c):
    n, m = c.shape
    D = torch.full((n + 1, m + 1), float("inf"))
    D[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            D[i, j] = c[i - 1, j - 1] + min(D[i - 1, j], D[i, j - 1], D[i - 1, j - 1])
    return D


def alignment_by_minimum(c):
    n, m = c.shape
    D = torch.zeros(n + 1, m + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            D[i, j] = c[i - 1, j - 1] + torch.minimum(D[i - 1, j], D[i, j - 1])
    return D


def best_local_score(c):
    n, m = c.shape
    H = torch.zeros(n + 1, m + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            H[i, j] = max(0, H[i - 1, j - 1] + c[i - 1, j - 1], H[i - 1, j] - 1, H[i, j - 1] - 1)
    return H.max()


def common_subsequence(a, b):
    L = torch.zeros(len(a) + 1, len(b) + 1, dtype=torch.int32)
    for i in range(len(a)):
        for j in range(len(b)):
            if a[i] == b[j]:
                L[i + 1, j + 1] = L[i, j] + 1
            else:
                L[i + 1, j + 1] = torch.max(L[i, j + 1], L[i + 1, j])
    return L


def backwards(c):
    n, m = c.shape
    D = torch.zeros(n + 1, m + 1)
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            D[i, j] = torch.tanh(c[i, j] + D[i + 1, j] * D[i, j + 1])
    return D


def one_way_down_the_other_up(c):
    n, m = c.shape
    D = torch.zeros(n + 1, m + 1)
    for i in range(n - 1, -1, -1):
        for j in range(1, m + 1):
            D[i, j] = torch.tanh(c[i, j - 1] + D[i + 1, j] * D[i, j - 1])
    return D


def diffused_error(c):
    n, m = c.shape
    x = c.clone()
    for i in range(1, n):
        for j in range(1, m - 1):
            x[i, j] = torch.tanh(x[i, j - 1] + x[i - 1, j - 1] + x[i - 1, j] + x[i - 1, j + 1])
    return x


def gauss_seidel(u):
    n, m = u.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            u[i, j] = torch.sin(u[i - 1, j] + u[i + 1, j] + u[i, j - 1] * u[i, j + 1])
    return u


def against_the_diagonal(c):
    n, m = c.shape
    x = c.clone()
    for i in range(1, n):
        for j in range(m - 5):
            x[i, j] = torch.tanh(x[i - 1, j + 4] + x[i, j - 1])
    return x


def wrapped_beside(c):
    n, m = c.shape
    x = c.clone()
    for i in range(n):
        for j in range(m):
            x[i, j] = torch.tanh(x[i - 1, j] + x[i, j - 1])
    return x


def two_tables(c):
    n, m = c.shape
    P = torch.zeros(n + 1, m + 1)
    Q = torch.zeros(n + 1, m + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            P[i, j] = torch.tanh(Q[i - 1, j] + c[i - 1, j - 1])
            Q[i, j] = torch.sin(P[i, j - 1] * Q[i, j - 1]) + P[i, j]
    return P, Q


def rows_of_a_batch(c):
    n, m, b = c.shape
    D = torch.zeros(n + 1, m + 1, b)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            D[i, j] = c[i - 1, j - 1] + torch.maximum(D[i - 1, j], D[i, j - 1])
    return D


def batch_outside(c):
    b, n, m = c.shape
    D = torch.zeros(b, n + 1, m + 1)
    for k in range(b):
        for i in range(1, n + 1):
            for j in range(1, m + 1):
                D[k, i, j] = torch.tanh(c[k, i - 1, j - 1] + D[k, i - 1, j] * D[k, i, j - 1])
    return D


def triangle(c):
    n = c.shape[0]
    D = torch.zeros(n + 1, n + 1)
    for i in range(1, n + 1):
        for j in range(1, i + 1):
            D[i, j] = torch.tanh(c[i - 1, 0] + D[i - 1, j] * D[i, j - 1])
    return D


def places_used_afterwards(c):
    n, m = c.shape
    D = torch.zeros(n + 1, m + 1)
    i = j = -1
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            D[i, j] = torch.tanh(c[i - 1, j - 1] + D[i - 1, j] * D[i, j - 1])
    return D, i, j


def whole_first_row_guarded(c):
    n, m = c.shape
    D = torch.zeros_like(c)
    for i in range(n):
        for j in range(m):
            if i == 0 and j == 0:
                D[i, j] = c[i, j]
            elif i == 0:
                D[i, j] = D[i, j - 1] + c[i, j]
            elif j == 0:
                D[i, j] = D[i - 1, j] + c[i, j]
            else:
                D[i, j] = c[i, j] + torch.min(D[i - 1, j], D[i, j - 1])
    return D


def infinity_beyond_the_border(c):
    n, m = c.shape
    D = torch.zeros_like(c)
    big = torch.tensor(1e9)
    for i in range(n):
        for j in range(m):
            up = D[i - 1, j] if i > 0 else big
            left = D[i, j - 1] if j > 0 else big
            D[i, j] = c[i, j] + torch.min(up, left)
    return D


def in_place_of_its_own_costs(D):
    for i in range(1, D.shape[0]):
        for j in range(1, D.shape[1]):
            D[i, j] += torch.minimum(D[i - 1, j], D[i, j - 1])
    return D


LOOPS = (
    cheapest_alignment, alignment_by_minimum, best_local_score, backwards,
    one_way_down_the_other_up, diffused_error, gauss_seidel, against_the_diagonal, wrapped_beside,
    two_tables, places_used_afterwards, whole_first_row_guarded, infinity_beyond_the_border,
    in_place_of_its_own_costs,
)  # fmt: skip
ON_DIAGONALS = (
    cheapest_alignment, alignment_by_minimum, best_local_score, backwards, diffused_error,
    gauss_seidel, wrapped_beside, two_tables, whole_first_row_guarded, in_place_of_its_own_costs,
)  # fmt: skip


@pytest.mark.parametrize("loop", LOOPS)
def test_diagonals_hold_what_the_loop_leaves(loop) -> None:
    for shape in SHAPES:
        assert_agrees(loop, normal(*shape, seed=sum(shape)))
    assert_serves(loop, *[(normal(*shape, seed=1),) for shape in SHAPES])


@pytest.mark.parametrize("loop", ON_DIAGONALS)
def test_one_loop_is_left(loop) -> None:
    report = assert_agrees(loop, normal(6, 7), status="partial")
    assert "arange(max(" in report.source


@pytest.mark.parametrize(
    "loop", (one_way_down_the_other_up, against_the_diagonal, triangle)
)
def test_what_waits_across_diagonals_stays(loop) -> None:
    report = assert_agrees(loop, normal(6, 7))
    assert "arange(max(" not in report.source


@pytest.mark.parametrize("loop", LOOPS)
def test_gradients_flow_as_in_the_loop(loop) -> None:
    for shape in ((4, 3), (1, 3), (1, 1)):
        assert_agrees(loop, normal(*shape, seed=5).requires_grad_())


@pytest.mark.parametrize("loop", (cheapest_alignment, alignment_by_minimum, best_local_score))
def test_values_that_do_not_compare(loop) -> None:
    nan, inf = float("nan"), float("inf")
    assert_agrees(loop, torch.tensor([[1.0, nan, 2.0], [inf, 1.0, -inf], [0.0, -0.0, 1.0]]))
    assert_agrees(loop, torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]))


def test_other_dtypes() -> None:
    c = (normal(4, 5) * 10).to(torch.int64)
    for dtype in (torch.int64, torch.float64, torch.float16, torch.int32):
        assert_agrees(cheapest_alignment, c.to(dtype))
        assert_agrees(in_place_of_its_own_costs, c.to(dtype))


def test_sequences_of_symbols() -> None:
    for n, m in ((5, 4), (1, 1), (0, 3), (3, 0)):
        a, b = torch.arange(n) % 3, torch.arange(m) * 2 % 3
        assert_agrees(common_subsequence, a, b)


def test_more_dimensions_come_along() -> None:
    for shape in ((3, 4, 2), (1, 1, 1), (2, 3, 0), (0, 2, 2)):
        assert_agrees(rows_of_a_batch, normal(*shape))
        assert_agrees(batch_outside, normal(*shape))
    assert_agrees(batch_outside, normal(2, 3, 3).requires_grad_(), second=True)


def test_a_table_that_overlaps_itself() -> None:
    assert_agrees(in_place_of_its_own_costs, normal(1, 5).expand(4, 5))
    assert_agrees(in_place_of_its_own_costs, normal(5, 4).T)
    assert_agrees(gauss_seidel, normal(8, 9)[1:7, ::2])
