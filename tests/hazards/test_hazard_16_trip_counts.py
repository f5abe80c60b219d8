"""Trip counts from numbers, tensors and lists; steps of any sign; early exits on a value."""

from __future__ import annotations

import numpy as np
import torch

from .side_by_side import assert_agrees, assert_serves, integers, normal


def with_a_step(x, step):
    out = torch.zeros_like(x)
    for i in range(0, len(x), step):
        out[i] = x[i] * 2
    return out


def from_start_to_stop(x, start, stop):
    out = torch.zeros_like(x)
    for i in range(start, stop):
        out[i] = x[i] * 2
    return out


def from_start_to_stop_by_step(x, start, stop, step):
    out = torch.zeros_like(x)
    for i in range(start, stop, step):
        out[i] = x[i] * 2
    return out


def up_to_a_value(x, n):
    out = torch.zeros(8)
    for i in range(n):
        out[i] = x[i] * 2
    return out


def up_to_an_element(x, lengths):
    out = torch.zeros(len(lengths), len(x))
    for i in range(len(lengths)):
        for j in range(lengths[i]):
            out[i, j] = x[j]
    return out


def over_a_list(x, rows):
    out = torch.zeros_like(x)
    for i in rows:
        out[i] = x[i] * 2
    return out


def over_a_tuple_of_numbers(x):
    out = torch.zeros_like(x)
    for k, scale in enumerate((1.0, 2.0, 3.0)):
        out[k] = x[k] * scale
    return out


def over_a_list_of_tensors(tensors):
    out = torch.zeros(len(tensors), 3)
    for i, tensor in enumerate(tensors):
        out[i] = tensor * 2
    return out


def half_of_the_length(x):
    out = torch.zeros_like(x)
    for i in range(len(x) // 2):
        out[i] = x[i] * 2
    return out


def half_by_true_division(x):
    out = torch.zeros_like(x)
    for i in range(int(len(x) / 2)):
        out[i] = x[i] * 2
    return out


def smaller_of_two_lengths(x, y):
    out = torch.zeros_like(x)
    for i in range(min(len(x), len(y))):
        out[i] = x[i] * y[i]
    return out


def blocks(x, size):
    out = torch.zeros_like(x)
    for start in range(0, len(x), size):
        for k in range(size):
            out[start + k] = x[start + k] * 2
    return out


def triangle(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(i):
            out[i, j] = x[i, j]
    return out


def triangle_from_the_diagonal(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(i, x.shape[1]):
            out[i, j] = x[i, j] + x[j, i]
    return out


def band(x):
    n = x.shape[0]
    out = torch.zeros_like(x)
    for i in range(n):
        for j in range(max(0, i - 1), min(n, i + 2)):
            out[i, j] = x[i, j]
    return out


def both_triangles_at_once(x):
    n = x.shape[0]
    out = torch.zeros_like(x)
    for i in range(n):
        for j in range(i + 1, n):
            out[i, j] = x[i, j] * 2
            out[j, i] = x[i, j] * 3
    return out


def until_a_value(x):
    i = 0
    out = torch.zeros_like(x)
    while i < len(x):
        if x[i] < 0:
            break
        out[i] = x[i]
        i += 1
    return out, i


def counting_while(x):
    i = 0
    out = torch.zeros_like(x)
    while i < len(x):
        out[i] = x[i] * 2
        i += 1
    return out


def over_zero_dimensional(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i]
    return out


def over_elements_of_zero_dimensional(x):
    total = 0
    for value in x:
        total = value * 2
    return total


def repeated_without_the_iterator(x):
    out = torch.zeros_like(x)
    for _ in range(3):
        for i in range(len(x)):
            out[i] = x[i] * 2
    return out


def repeated_with_the_iterator(x):
    out = torch.zeros_like(x)
    for k in range(3):
        for i in range(len(x)):
            out[i] = x[i] * k
    return out


def accumulated_over_repetitions(x):
    out = torch.zeros_like(x)
    for _ in range(3):
        for i in range(len(x)):
            out[i] += x[i]
    return out


def test_step_of_any_sign_and_size() -> None:
    calls = [(normal(7), step) for step in (1, 2, 3, 7, 9, -1, -2)]
    for arguments in [*calls, (normal(7), 0), (normal(0), 2)]:
        assert_agrees(with_a_step, *arguments)
    assert_serves(with_a_step, *calls)


def test_start_and_stop_of_any_sign() -> None:
    bounds = [(0, 5), (1, 4), (2, 2), (4, 1), (-3, 0), (-5, 5), (0, 6), (-6, 1), (5, 5)]
    for start, stop in bounds:
        assert_agrees(from_start_to_stop, normal(5), start, stop)
    assert_serves(from_start_to_stop, *[(normal(5), *bound) for bound in bounds])


def test_start_stop_and_step_of_any_sign() -> None:
    ranges = [(0, 7, 2), (6, -1, -1), (6, 0, -3), (5, 6, 4), (6, -1, 2), (-1, -8, -2), (0, 7, -1)]
    for bounds in ranges:
        assert_agrees(from_start_to_stop_by_step, normal(7), *bounds)
    assert_serves(from_start_to_stop_by_step, *[(normal(7), *bounds) for bounds in ranges])


def test_count_of_another_type() -> None:
    for n in (True, False, torch.tensor(3), np.int64(4), torch.tensor([2]), 2.0, "2", None):
        assert_agrees(up_to_a_value, normal(5), n)


def test_count_of_another_type_at_a_later_call() -> None:
    counts = (3, torch.tensor(2), True, np.int64(4), 5, 2.0, 0)
    assert_serves(up_to_a_value, *[(normal(5), n) for n in counts])


def test_ragged_rows() -> None:
    assert_agrees(up_to_an_element, normal(5), torch.tensor([3, 0, 5, 1]))
    assert_agrees(up_to_an_element, normal(5), torch.tensor([3, 6]))
    assert_agrees(up_to_an_element, normal(5), [3, 0, 5, 1])


def test_rows_from_a_list() -> None:
    for rows in ([0, 2, 4], [4, 4, 0], [], [-1, 0], [5], (1, 3), range(3), {2, 3}):
        assert_agrees(over_a_list, normal(5), rows)


def test_lists_and_tuples_of_numbers_and_tensors() -> None:
    assert_agrees(over_a_tuple_of_numbers, normal(5))
    assert_agrees(over_a_tuple_of_numbers, normal(2))
    assert_agrees(over_a_list_of_tensors, [normal(3, seed=k) for k in range(4)])
    assert_agrees(over_a_list_of_tensors, [normal(3), normal(1), normal(3).double()])
    assert_agrees(over_a_list_of_tensors, [])


def test_lengths_computed_from_lengths() -> None:
    for n in (6, 5, 1, 0):
        assert_agrees(half_of_the_length, normal(n))
        assert_agrees(half_by_true_division, normal(n))
        for m in (6, 3, 0):
            assert_agrees(smaller_of_two_lengths, normal(n), normal(m, seed=1))
    assert_serves(smaller_of_two_lengths, *[(normal(n), normal(9 - n)) for n in range(10)])


def test_blocks_raise_where_the_last_is_incomplete() -> None:
    for n, size in ((6, 2), (6, 3), (6, 6), (6, 4), (0, 2), (6, 1), (5, 7)):
        assert_agrees(blocks, normal(n), size)


def test_triangles_and_bands() -> None:
    for loop in (triangle, triangle_from_the_diagonal, band, both_triangles_at_once):
        for n in (4, 2, 1, 0):
            assert_agrees(loop, normal(n, n))
    assert_agrees(triangle, normal(4, 3))
    assert_agrees(triangle, normal(3, 5))
    assert_agrees(triangle, normal(5, 3))
    assert_agrees(triangle_from_the_diagonal, normal(3, 5))


def test_while_loops() -> None:
    for x in (normal(5), normal(5).abs(), normal(0), integers(4)):
        assert_agrees(until_a_value, x)
        assert_agrees(counting_while, x)


def test_tensor_without_dimensions_has_no_length() -> None:
    assert_agrees(over_zero_dimensional, torch.tensor(1.0))
    assert_agrees(over_elements_of_zero_dimensional, torch.tensor(1.0))
    assert_serves(over_zero_dimensional, (normal(3),), (torch.tensor(1.0),), (normal(2, 2),))


def test_repetitions() -> None:
    for n in (4, 1, 0):
        assert_agrees(repeated_without_the_iterator, normal(n))
        assert_agrees(repeated_with_the_iterator, normal(n))
        assert_agrees(accumulated_over_repetitions, normal(n))


def sums_of_prefixes(x, lengths):
    out = torch.zeros(len(lengths))
    for i in range(len(lengths)):
        for t in range(lengths[i]):
            out[i] += x[i, t]
    return out


def filled_up_to(x, lengths):
    for i in range(len(lengths)):
        x[i, : lengths[i]] = 1
    return x


def filled_from(x, lengths):
    for i in range(len(lengths)):
        x[i, lengths[i] :] = 1
    return x


def copied_up_to(out, x, lengths):
    for i in range(len(lengths)):
        out[i, : lengths[i]] = x[i, : lengths[i]]
    return out


def filled_with_its_first(x, y, lengths):
    for i in range(len(lengths)):
        x[i, : lengths[i]] = x[i, 0] + 1
        y[i] = y[i] * 2
    return x, y


def shortened_on_the_way(lengths, y):
    for i in range(len(lengths)):
        row = lengths[i]
        for t in range(lengths[i][0]):
            row[t] = 0
        y[i] = y[i] * 2
    return lengths, y


def last_step_used(x, lengths):
    out = torch.zeros(len(lengths))
    for i in range(len(lengths)):
        t = 0
        for t in range(lengths[i]):
            out[i] += x[i, t]
        out[i] += t
    return out


def roots_up_to(x, lengths):
    out = torch.zeros_like(x)
    for i in range(len(lengths)):
        for t in range(lengths[i]):
            out[i, t] = torch.sqrt(x[i, t])
    return out


LENGTHS = (
    torch.tensor([2, 0, 4]), torch.tensor([2, 5, 1]), torch.tensor([2, -1, 1]),
    torch.tensor([0, 0, 0]), torch.tensor([2, 0, 4], dtype=torch.uint8),
    torch.tensor([2, 0, 4], dtype=torch.int16), torch.tensor([2.0, 0.0, 4.0]),
    torch.tensor([True, False, True]),
)  # fmt: skip


def test_lengths_that_are_data_end_each_row_by_itself() -> None:
    for loop in (sums_of_prefixes, filled_up_to, filled_from, roots_up_to, last_step_used):
        for lengths in LENGTHS:
            assert_agrees(loop, normal(3, 4), lengths)
        if loop is not filled_up_to and loop is not filled_from:
            assert_agrees(loop, normal(3, 4).abs().requires_grad_(), LENGTHS[0], second=True)
        assert_serves(loop, *((normal(3, 4), lengths) for lengths in LENGTHS))


def test_slices_of_data_lengths_are_as_long_as_both_tensors_allow() -> None:
    shapes = (((3, 4), (3, 4)), ((3, 4), (3, 3)), ((3, 3), (3, 4)), ((3, 4, 4), (3, 4)),
              ((3, 4, 2), (3, 4, 2)), ((3, 4, 2), (3, 4, 1)))  # fmt: skip
    for first, second in shapes:
        for lengths in LENGTHS:
            assert_agrees(copied_up_to, normal(*first), normal(*second), lengths)


def test_a_branch_not_reached_within_a_length_has_no_gradient() -> None:
    x = torch.tensor([[1.0, 4, 0, 0], [0, 0, 0, 0], [1, 1, 2, 2]]).requires_grad_()
    assert_agrees(roots_up_to, x, LENGTHS[0], second=True, status="vectorized")


def test_what_a_slice_or_a_range_reads_once_may_change_on_the_way() -> None:
    report = assert_agrees(
        filled_with_its_first, normal(3, 4), normal(3), LENGTHS[0], status="kept"
    )
    assert "is read once" in str(report.loops[0].refusal)
    assert_agrees(shortened_on_the_way, torch.tensor([[2, 1, 1], [3, 5, 5]]), normal(2))


def windows_by_step(x, width, step):
    means = []
    for i in range(0, len(x) - width + 1, step):
        means.append(x[i : i + width].sum())
    return torch.stack(means)


def step_that_changes(x, step):
    out = torch.zeros_like(x)
    for i in range(0, len(x), step):
        step = 3
        out[i] = x[i] * step
    return out


def step_of_an_outer_loop(x, step):
    out = torch.zeros_like(x)
    for step in range(1, 3):
        for i in range(0, len(x), step):
            out[i] += x[i]
    return out


def test_each_step_of_a_range_has_a_version_of_its_own() -> None:
    sizes = ((2, 1), (2, 2), (2, 3), (3, 2), (11, 4), (2, 1), (3, 20), (2, True))
    assert_serves(windows_by_step, *((normal(11), width, step) for width, step in sizes))
    for step in (0, -1, 2.0):
        assert_agrees(windows_by_step, normal(11), 2, step)


def test_a_step_that_the_loop_sets_is_that_of_the_range_when_it_began() -> None:
    assert_agrees(step_that_changes, normal(9), 2)
    assert_agrees(step_of_an_outer_loop, normal(9), 2)
