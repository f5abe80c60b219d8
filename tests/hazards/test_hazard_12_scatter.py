"""Several iterations write one element: the last write wins, or each one adds."""

from __future__ import annotations

import torch

from .side_by_side import assert_agrees, integers, normal


def last_of_each_pair(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i // 2] = x[i]
    return out


def sum_of_each_pair(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i // 2] += x[i]
    return out


def around_a_ring(x):
    out = torch.zeros(3)
    for i in range(len(x)):
        out[i % 3] = x[i]
    return out


def sums_around_a_ring(x):
    out = torch.zeros(3)
    for i in range(len(x)):
        out[i % 3] += x[i]
    return out


def everything_into_one(x):
    out = torch.zeros(1)
    for i in range(len(x)):
        out[0] = x[i]
    return out


def row_sums(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i] += x[i, j]
    return out


def last_of_each_row(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i] = x[i, j]
    return out


def last_of_each_column(x):
    out = torch.zeros(x.shape[1])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j] = x[i, j] * 2
    return out


def along_diagonals(x):
    n, m = x.shape
    out = torch.zeros(max(n + m - 1, 0))
    for i in range(n):
        for j in range(m):
            out[i + j] = x[i, j]
    return out


def sums_along_diagonals(x):
    n, m = x.shape
    out = torch.zeros(max(n + m - 1, 0))
    for i in range(n):
        for j in range(m):
            out[i + j] += x[i, j]
    return out


def gathered(x, index):
    out = torch.zeros(len(index))
    for i in range(len(index)):
        out[i] = x[index[i]]
    return out


def scattered(x, index):
    out = torch.zeros(10)
    for i in range(len(index)):
        out[index[i]] = x[i]
    return out


def counted(x, index):
    out = torch.zeros(10)
    for i in range(len(index)):
        out[index[i]] += x[i]
    return out


def last_that_satisfies(x):
    out = torch.zeros(1)
    for i in range(len(x)):
        if x[i] > 0:
            out[0] = x[i]
    return out


def every_second_store_overwritten(x):
    out = torch.zeros(len(x) + 1)
    for i in range(len(x)):
        out[i] = x[i]
        out[i + 1] = x[i] * 2
    return out


def stride_over_a_stride(x):
    n = len(x)
    out = torch.zeros(2 * n + 3)
    for i in range(n):
        out[2 * i] = x[i]
        out[i + 3] = x[i] * 10
    return out


def read_far_and_write_near(x):
    n = len(x)
    for i in range(n // 2):
        x[i] = x[2 * i] + 1
    return x


def read_near_and_write_far(x):
    n = len(x)
    for i in range(n // 2):
        x[2 * i] = x[i] + 1
    return x


def mirrored_in_place(x):
    n = len(x)
    for i in range(n):
        x[i] = x[n - 1 - i] * 2
    return x


def transposed_in_place(x):
    n = x.shape[0]
    for i in range(n):
        for j in range(n):
            x[i, j] = x[j, i]
    return x


def skewed(x):
    n, m = x.shape
    for i in range(1, n):
        for j in range(m - 1):
            x[i, j] = x[i - 1, j + 1] + 1
    return x


def carried_by_the_inner_loop(x):
    for i in range(x.shape[0]):
        for j in range(1, x.shape[1]):
            x[i, j] = x[i, j - 1] * 0.5 + x[i, j]
    return x


def carried_by_the_outer_loop(x):
    for i in range(1, x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = x[i - 1, j] * 0.5 + x[i, j]
    return x


VECTORS = (7, 6, 2, 1, 0)
MATRICES = ((3, 4), (4, 3), (3, 3), (1, 1), (1, 4), (4, 1), (0, 3), (3, 0))


def test_vectors_written_more_than_once() -> None:
    loops = (
        last_of_each_pair, sum_of_each_pair, around_a_ring, sums_around_a_ring,
        everything_into_one, last_that_satisfies, every_second_store_overwritten,
        stride_over_a_stride, read_far_and_write_near, read_near_and_write_far, mirrored_in_place,
    )
    for loop in loops:
        for n in VECTORS:
            assert_agrees(loop, normal(n, seed=n))
        assert_agrees(loop, normal(7).requires_grad_() * 1)


def test_matrices_written_more_than_once() -> None:
    loops = (
        row_sums, last_of_each_row, last_of_each_column, along_diagonals, sums_along_diagonals,
        skewed, carried_by_the_inner_loop, carried_by_the_outer_loop,
    )
    for loop in loops:
        for shape in MATRICES:
            assert_agrees(loop, normal(*shape))


def test_transposition_in_place_reads_what_it_wrote() -> None:
    for n in (4, 2, 1, 0):
        assert_agrees(transposed_in_place, normal(n, n))


def test_indices_from_a_tensor_may_repeat() -> None:
    index = torch.tensor([3, 1, 3, 9, 0, 3, 1])
    for loop in (gathered, scattered, counted):
        assert_agrees(loop, normal(10), index)
        assert_agrees(loop, normal(10), -index - 1)
        assert_agrees(loop, normal(10), index[:0])
        assert_agrees(loop, normal(10), torch.tensor([3, 10]))
        assert_agrees(loop, normal(10), integers(7).abs())
