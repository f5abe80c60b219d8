"""Reads that are in bounds only where a condition on the iterator chooses them."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_serves, assert_vectorized, normal

SIZES = (6, 5, 3, 2, 1, 0)


def next_or_last(x, last):
    out = torch.zeros_like(x)
    for t in range(len(x)):
        following = x[t + 1] if t < len(x) - 1 else last
        out[t] = x[t] * 0.5 + following
    return out


def next_row_or_last(x, last):
    out = torch.zeros_like(x)
    T = x.shape[0]
    for t in range(T):
        if t == T - 1:
            following = last
        else:
            following = x[t + 1]
        out[t] = x[t] * 0.5 + following
    return out


def zero_before_the_first(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        before = x[i - 1] if i > 0 else 0.0
        out[i] = x[i] - before
    return out


def itself_before_the_first(x):
    return torch.stack([x[i] - (x[i - 1] if i > 0 else x[i]) for i in range(len(x))])


def neighbours_or_zero(x):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(n):
        before = x[i - 1] if i > 0 else 0.0
        after = x[i + 1] if i < n - 1 else 0.0
        out[i] = before + after
    return out


def neighbours_clamped(x):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(n):
        out[i] = x[min(i + 1, n - 1)] - x[max(i - 1, 0)]
    return out


def next_around(x):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(n):
        j = i + 1 if i + 1 < n else 0
        out[i] = x[j] * x[i]
    return out


def third_of_three_places(x):
    n = len(x)
    out = torch.empty_like(x)
    for i in range(n):
        if i == 0:
            out[i] = x[0]
        elif i == n - 1:
            out[i] = x[i] - x[i - 1]
        else:
            out[i] = (x[i + 1] - x[i - 1]) / 2
    return out


def logarithm_of_the_next(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = torch.log(x[i + 1]) if i + 1 < len(x) else torch.sqrt(x[i])
    return out


def border_kept(x):
    n, m = x.shape
    out = torch.zeros_like(x)
    for i in range(n):
        for j in range(m):
            if i == 0 or i == n - 1 or j == 0 or j == m - 1:
                out[i, j] = x[i, j]
            else:
                out[i, j] = (x[i - 1, j] + x[i + 1, j] + x[i, j - 1] + x[i, j + 1]) / 4
    return out


def laplacian(x):
    n, m = x.shape
    out = torch.zeros_like(x)
    for i in range(n):
        for j in range(m):
            up = x[i - 1, j] if i > 0 else 0.0
            down = x[i + 1, j] if i < n - 1 else 0.0
            left = x[i, j - 1] if j > 0 else 0.0
            right = x[i, j + 1] if j < m - 1 else 0.0
            out[i, j] = up + down + left + right - 4 * x[i, j]
    return out


def diagonal_neighbour(x):
    n, m = x.shape
    out = torch.zeros_like(x)
    for i in range(n):
        for j in range(m):
            corner = x[i - 1, j - 1] if i > 0 and j > 0 else x[i, j]
            out[i, j] = corner * 2
    return out


def anti_triangle(v):
    n = len(v)
    out = torch.zeros(n, n)
    for i in range(n):
        for j in range(n):
            out[i, j] = v[i + j] if i + j < n else -1.0
    return out


def place_and_data(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if i > 0 and x[i] > 0:
            before = x[i - 1]
        else:
            before = x[i]
        out[i] = before
    return out


def sum_of_guarded_reads(x, y):
    total = 0.0
    for i in range(len(x)):
        total += (x[i - 1] if i > 0 else y[0]) * y[i]
    return total


def row_sums_of_guarded_reads(x):
    n, m = x.shape
    out = torch.zeros(n)
    for i in range(n):
        s = 0.0
        for j in range(m):
            s += x[i, j + 1] if j + 1 < m else x[i, 0]
        out[i] = s
    return out


def lag_of_an_argument(x, k):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] - (x[i - k] if i >= k else x[0])
    return out


def advantages(rewards, values, last, gamma):
    T = len(rewards)
    out = torch.zeros_like(rewards)
    running = 0
    for t in reversed(range(T)):
        following = last if t == T - 1 else values[t + 1]
        delta = rewards[t] + gamma * following - values[t]
        running = delta + gamma * torch.tanh(running * torch.ones(()))
        out[t] = running
    return out


def read_too_far_on_the_chosen_side(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i + 2] if i < len(x) - 1 else x[i]
    return out


def element_used_in_both_branches(x):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(n):
        t = x[i] * 2 + 1
        out[i] = t * x[i + 1] if i < n - 1 else t * t
    return out


ONE = (
    zero_before_the_first, neighbours_or_zero, neighbours_clamped, next_around,
    third_of_three_places, place_and_data, element_used_in_both_branches,
)  # fmt: skip


@pytest.mark.parametrize("loop", ONE)
def test_each_side_is_read_where_it_is_chosen(loop) -> None:
    for n in SIZES:
        assert_agrees(loop, normal(n, seed=n))
        if n:
            assert_agrees(loop, normal(n, seed=n).requires_grad_(), second=True)
            assert_agrees(loop, normal(n, seed=n).double())
    assert_serves(loop, *[(normal(n, seed=n),) for n in SIZES])


@pytest.mark.parametrize("loop", ONE)
def test_a_nan_stays_where_it_is(loop) -> None:
    assert_agrees(loop, torch.tensor([1.0, float("nan"), -0.0, float("inf"), 2.0]))


def test_lists_of_such_values_agree() -> None:
    for n in (5, 2, 1):
        assert_vectorized(itself_before_the_first, normal(n, seed=n).requires_grad_(), second=True)


@pytest.mark.parametrize("loop", (neighbours_clamped, next_around, place_and_data))
def test_integers_stay_integers(loop) -> None:
    for n in (6, 2, 1):
        assert_agrees(loop, torch.arange(n) * 3 - 4)
        assert_agrees(loop, torch.arange(n, dtype=torch.int32) * 3 - 4)


def test_a_value_behind_the_last() -> None:
    for n in SIZES:
        assert_agrees(next_or_last, normal(n, seed=n), normal(seed=9))
        if n:
            grown = normal(n, seed=n).requires_grad_(), normal(seed=9).requires_grad_()
            assert_agrees(next_or_last, *grown, second=True)
            assert_agrees(next_or_last, normal(n, seed=n), normal(seed=9).requires_grad_())


def test_a_row_behind_the_last() -> None:
    for n, m in ((5, 3), (1, 2), (2, 1), (0, 3), (3, 0)):
        assert_agrees(next_row_or_last, normal(n, m), normal(m, seed=3))
        if n:
            assert_agrees(next_row_or_last, normal(n, m), normal(m, seed=3).requires_grad_())


def test_a_value_of_another_dtype_behind_the_last() -> None:
    assert_agrees(next_or_last, normal(5), torch.tensor(0.1, dtype=torch.float64))
    assert_agrees(next_row_or_last, normal(5, 2), normal(2).double())
    assert_agrees(next_row_or_last, normal(5, 2), torch.tensor([1, 2]))


def test_a_derivative_that_is_infinite_beside_the_border() -> None:
    x = torch.tensor([0.5, 0.0, 2.0, 3.0], requires_grad=True)
    assert_agrees(logarithm_of_the_next, x)
    assert_agrees(logarithm_of_the_next, torch.tensor([0.0], requires_grad=True))


@pytest.mark.parametrize(
    "loop", (border_kept, laplacian, diagonal_neighbour, row_sums_of_guarded_reads)
)
def test_two_dimensions(loop) -> None:
    shapes = ((4, 5), (3, 3), (2, 2), (1, 4), (4, 1), (1, 1), (0, 3), (3, 0))
    for shape in shapes:
        assert_agrees(loop, normal(*shape))
        if 0 not in shape:
            assert_agrees(loop, normal(*shape).requires_grad_(), second=True)
    assert_serves(loop, *[(normal(*shape),) for shape in shapes])


def test_a_condition_on_two_iterators() -> None:
    for n in SIZES:
        assert_agrees(anti_triangle, normal(n, seed=n))
        if n:
            assert_agrees(anti_triangle, normal(n, seed=n).requires_grad_())


def test_sums_of_such_reads() -> None:
    for n in SIZES:
        assert_agrees(sum_of_guarded_reads, normal(n, seed=n), normal(n, seed=1))


def test_the_place_of_the_cut_is_an_argument() -> None:
    calls = [(normal(n, seed=n), k) for n, k in ((6, 2), (6, 6), (6, 9), (3, 1), (1, 1), (4, 0))]
    for call in calls:
        assert_agrees(lag_of_an_argument, *call)
    assert_serves(lag_of_an_argument, *calls)


def test_a_serial_loop_reads_the_shifted_values() -> None:
    for n in (5, 2, 1):
        rewards, values, last = normal(n, seed=1), normal(n, seed=2), normal(seed=3)
        assert_agrees(advantages, rewards, values, last, 0.9)
        grown = [t.requires_grad_() for t in (rewards, values, last)]
        assert_agrees(advantages, *grown, 0.9)


def test_a_side_that_reaches_too_far_still_raises() -> None:
    for n in SIZES:
        assert_agrees(read_too_far_on_the_chosen_side, normal(n, seed=n))
