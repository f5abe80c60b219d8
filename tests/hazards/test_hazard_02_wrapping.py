"""`x[i - 1]` at 0 wraps, slices clamp, and steps may be negative in `range` only."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_serves, assert_vectorized, normal


def difference_to_the_previous(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] - x[i - 1]
    return out


def sum_with_the_one_before_the_previous(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + x[i - 2]
    return out


def previous_in_both_directions(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i - 1, j] + x[i, j - 1]
    return out


def next_element(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i + 1]
    return out


def last_elements_by_negative_index(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[-i - 1]
    return out


def negative_index_from_zero(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[-i] * 2
    return out


def store_at_negative_index(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i - 1] = x[i]
    return out


def falling_range_with_a_step(x):
    out = torch.zeros_like(x)
    for i in range(len(x) - 1, 0, -3):
        out[i] = x[i] + x[i - 1]
    return out


def range_below_zero(x):
    out = torch.zeros_like(x)
    for i in range(-len(x), 0):
        out[i] = x[i] * 2
    return out


def range_across_zero(x):
    n = len(x)
    out = torch.zeros(2 * n)
    for i in range(-n, n):
        out[i + n] = x[i]
    return out


def range_longer_than_the_tensor(x, n):
    out = torch.zeros(10)
    for i in range(n):
        out[i] = x[i]
    return out


def range_that_is_empty_backwards(x):
    out = torch.zeros_like(x)
    for i in range(len(x), 0):
        out[i] = x[i]
    return out


def window_of_three(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i - 1] + x[i] + x[(i + 1) % len(x)]
    return out


def offset_from_outside(x, k):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i - k]
    return out


SIZES = (6, 5, 3, 2, 1, 0)


def agree_for_every_size(loop) -> None:
    for n in SIZES:
        assert_agrees(loop, normal(n, seed=n))
    assert_serves(loop, *[(normal(n, seed=n),) for n in SIZES])


def test_previous_of_the_first_is_the_last() -> None:
    agree_for_every_size(difference_to_the_previous)


def test_two_before_wraps_twice_and_raises_for_one_element() -> None:
    agree_for_every_size(sum_with_the_one_before_the_previous)


def test_previous_wraps_in_each_direction() -> None:
    for shape in ((3, 4), (1, 1), (1, 3), (3, 1), (0, 2), (2, 0)):
        assert_agrees(previous_in_both_directions, normal(*shape))


def test_next_of_the_last_raises() -> None:
    agree_for_every_size(next_element)


def test_negative_indices_count_from_the_end() -> None:
    agree_for_every_size(last_elements_by_negative_index)


def test_minus_zero_is_the_first() -> None:
    agree_for_every_size(negative_index_from_zero)


def test_store_before_the_first_goes_to_the_last() -> None:
    agree_for_every_size(store_at_negative_index)


def test_falling_range_with_a_step() -> None:
    agree_for_every_size(falling_range_with_a_step)


def test_range_below_zero_counts_from_the_end() -> None:
    agree_for_every_size(range_below_zero)


def test_range_across_zero_reads_everything_twice() -> None:
    agree_for_every_size(range_across_zero)


def test_range_longer_than_the_tensor_raises_where_a_slice_would_clamp() -> None:
    for length, n in ((5, 5), (5, 3), (5, 0), (5, 7), (0, 0), (0, 1), (5, -2), (12, 12)):
        assert_agrees(range_longer_than_the_tensor, normal(length), n)
    calls = [(normal(length), n) for length, n in ((5, 3), (5, 7), (4, 4), (3, 4), (12, 11))]
    assert_serves(range_longer_than_the_tensor, *calls)


def test_backwards_range_without_a_step_is_empty() -> None:
    agree_for_every_size(range_that_is_empty_backwards)


def test_window_that_wraps_on_both_sides() -> None:
    agree_for_every_size(window_of_three)


def test_offset_from_outside_may_have_any_sign() -> None:
    calls = [(normal(5), k) for k in (0, 1, 2, 5, 6, -1, -4)]
    for arguments in calls:
        assert_agrees(offset_from_outside, *arguments)
    assert_serves(offset_from_outside, *calls)


def guarded_lookup(x, idx):
    out = torch.zeros(len(idx))
    for i in range(len(idx)):
        if idx[i] >= 0 and idx[i] < len(x):
            out[i] = x[idx[i]]
    return out


def lookup_in_the_condition(x, idx):
    out = torch.zeros(len(idx))
    for i in range(len(idx)):
        if idx[i] < len(x) and x[idx[i]] > 0:
            out[i] = 1
    return out


def test_lookup_out_of_bounds_where_the_loop_does_not_look() -> None:
    idx = torch.tensor([0, 7, -3, 4, 9])
    assert_vectorized(guarded_lookup, torch.arange(5.0), idx)
    assert_vectorized(lookup_in_the_condition, torch.arange(5.0), idx)
    assert_agrees(guarded_lookup, torch.zeros(0), idx)


def toeplitz(c, r):
    n = len(c)
    matrix = torch.zeros(n, n)
    for i in range(n):
        for j in range(n):
            if i >= j:
                matrix[i, j] = c[i - j]
            else:
                matrix[i, j] = r[j - i]
    return matrix


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_triangle_read_in_full_does_not_slice_from_below_zero(n):
    assert_vectorized(toeplitz, torch.randn(n), torch.randn(n))
    assert_vectorized(toeplitz, *2 * [torch.randn(n, requires_grad=True)])


def looked_up_in_a_part(x, index, k):
    out = torch.zeros(len(index))
    for i in range(len(index)):
        part = x[:k]
        out[i] = part[index[i]] * 2
    return out


def rows_looked_up_in_a_part(x, index, k):
    out = []
    for i in range(len(index)):
        out.append(x[i, :k][index[i]] * 2)
    return torch.stack(out)


def rows_looked_up_and_overwritten(x, index):
    out = torch.zeros(len(index))
    for i in range(len(index)):
        row = x[index[i]]
        x[i] = 0
        out[i] = row.sum()
    return out


def test_a_negative_index_counts_from_the_end_of_the_part_it_looks_into() -> None:
    for k in (4, 7):
        assert_agrees(looked_up_in_a_part, normal(7), torch.tensor([0, -1, 2]), k)
        rows = torch.tensor([[0, -1], [2, 2], [-3, 1]])
        assert_agrees(rows_looked_up_in_a_part, normal(3, 7), rows, k)


def test_rows_looked_up_are_copies_that_later_writes_do_not_reach() -> None:
    assert_agrees(rows_looked_up_and_overwritten, normal(4), torch.tensor([[0, 1], [1, 0], [0, 3]]))
