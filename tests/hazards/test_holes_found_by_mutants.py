"""Hazards that `make mutants` found no test for: each one here notices a fault that none did."""

from __future__ import annotations

import math
from typing import Any

import torch

from .side_by_side import assert_agrees, assert_vectorized

NAN = float("nan")


def running_largest(x: Any) -> Any:
    out = torch.zeros_like(x)
    best = x[0]
    for i in range(len(x)):
        if x[i] > best:
            best = x[i]
        out[i] = best
    return out


def largest_of_rows(x: Any) -> Any:
    out = torch.full((x.shape[0],), -math.inf)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i] = max(out[i], x[i, j])
    return out


def total(x: Any) -> Any:
    result = 0.0
    for i in range(len(x)):
        result = result + x[i]
    return result


def last_row(x: Any) -> Any:
    row = None
    for i in range(len(x)):
        row = x[i] * 2
    return row


def sum_of_ratios(x: Any, y: Any) -> Any:
    result = 0.0
    for i in range(len(x)):
        result = result + float(x[i]) / float(y[i])
    return result


def shares(x: Any, n: int) -> Any:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * (1.0 / n)
    return out


def count_in_half(x: Any) -> Any:
    result = torch.zeros(1, dtype=torch.float16)
    for i in range(len(x)):
        result[0] = result[0] + x[i]
    return result


def sum_of_ints(x: Any) -> Any:
    result = 0
    for i in range(len(x)):
        result += x[i].item()
    return result


def two_names_for_the_result(x: Any) -> Any:
    out = torch.zeros_like(x)
    other = out
    for i in range(len(x)):
        out[i] = x[i] * 2
    return other


def view_of_the_result(x: Any) -> Any:
    out = torch.zeros_like(x)
    first = out[:1]
    for i in range(len(x)):
        out[i] = x[i] * 2
    return first, out


def else_that_feeds_itself(x: Any) -> Any:
    kept = torch.zeros_like(x)
    shown = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            kept[i] = x[i]
            shown[i] = kept[i] * 2
        else:
            shown[i] = x[i] * 3
            kept[i] = shown[i] + 1
    return kept, shown


def apart_from_the_diagonal(x: Any) -> Any:
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if i == j:
                out[i, j] = 1.0
            else:
                out[i, j] = x[i, j] * 2
    return out


def largest_unless_less(x: Any) -> Any:
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i] = out[i] if x[i, j] <= out[i] else x[i, j]
    return out


def roots(x: Any) -> Any:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            out[i] = torch.sqrt(x[i])
    return out


def read_then_record(x: Any, factor: Any) -> Any:
    out = torch.ones_like(x)
    shown = torch.zeros_like(x)
    for i in range(len(x)):
        shown[i] = out[i] * 2
        out[i] = factor * x[i]
    return shown, out


def start_that_is_met_again(x: Any) -> Any:
    result = x[1]
    for i in range(1, len(x)):
        result = result + x[i]
    return result


def up_to_the_diagonal(x: Any) -> Any:
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if not j < i:
                break
            out[i, j] = x[i, j]
    return out


def until_unequal(x: Any) -> Any:
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if not i - j > 0:
                break
            out[i, j] = x[i, j] * 2
    return out


def test_running_extreme_passes_over_nan_as_the_comparison_does() -> None:
    assert_agrees(running_largest, torch.tensor([1.0, 3.0, 2.0]))
    for values in ([1.0, NAN, 2.0], [NAN, 1.0, 2.0], [3.0, 2.0, NAN]):
        assert_agrees(running_largest, torch.tensor(values))


def test_largest_of_a_row_passes_over_nan_as_max_does() -> None:
    rows = torch.tensor([[1.0, 3.0, 2.0], [0.0, -1.0, -2.0]])
    assert_vectorized(largest_of_rows, rows)
    for place in ((0, 0), (0, 1), (1, 2)):
        holed = rows.clone()
        holed[place] = NAN
        assert_agrees(largest_of_rows, holed)


def test_sum_of_nothing_is_the_number_that_it_began_with() -> None:
    assert_vectorized(total, torch.ones(3))
    assert_agrees(total, torch.ones(0))
    assert_agrees(last_row, torch.ones(0, 2))
    assert_agrees(last_row, torch.ones(3, 2))


def test_division_of_python_numbers_by_zero_raises() -> None:
    x = torch.tensor([1.0, 2.0, 3.0])
    assert_agrees(sum_of_ratios, x, torch.tensor([1.0, 2.0, 4.0]))
    assert_agrees(sum_of_ratios, x, torch.tensor([1.0, 0.0, 4.0]))
    assert_agrees(shares, x, 2)
    assert_agrees(shares, x, 0)


def test_sum_is_rounded_to_its_own_dtype_at_each_step() -> None:
    assert_agrees(count_in_half, torch.ones(5))
    many = torch.ones(2500)
    assert count_in_half(many).item() == 2048.0
    assert_agrees(count_in_half, many)


def test_sum_of_python_ints_has_no_bound() -> None:
    assert sum_of_ints(torch.tensor([2**62] * 4)) == 2**64
    assert_agrees(sum_of_ints, torch.tensor([1, 2, 3]))
    assert_agrees(sum_of_ints, torch.tensor([2**62] * 4))


def test_tensor_that_another_name_holds_is_filled_and_not_made_anew() -> None:
    assert_agrees(two_names_for_the_result, torch.ones(3))
    assert_agrees(view_of_the_result, torch.ones(3))


def test_else_of_stores_that_feed_each_other_is_taken_where_the_condition_fails() -> None:
    assert_agrees(else_that_feeds_itself, torch.tensor([1.0, -1.0, 2.0, 0.0, NAN]))


def test_both_sides_of_the_diagonal_are_beside_it() -> None:
    for shape in ((3, 3), (2, 4), (4, 2)):
        assert_agrees(apart_from_the_diagonal, torch.rand(shape))


def test_turned_comparison_lets_nan_in() -> None:
    assert_agrees(largest_unless_less, torch.tensor([[1.0, 3.0, 2.0]]))
    for row in ([1.0, NAN, 2.0], [NAN, 1.0, 2.0], [3.0, 2.0, NAN]):
        assert_agrees(largest_unless_less, torch.tensor([row]))


def test_derivative_of_a_branch_not_taken_stays_out() -> None:
    x = torch.tensor([1.0, 0.0, -2.0, 4.0], requires_grad=True)
    assert_agrees(roots, x, second=True)


def test_gradient_recorded_later_is_seen_by_the_next_iteration() -> None:
    factor = torch.tensor(2.0, requires_grad=True)
    for count in (1, 2, 4):
        assert_agrees(read_then_record, torch.ones(count), factor)


def test_element_that_a_sum_starts_from_is_added_again_where_the_loop_does() -> None:
    assert_agrees(start_that_is_met_again, torch.tensor([5.0, 2.0, 3.0]))


def test_loop_left_where_a_condition_fails_is_left_there() -> None:
    for loop in (up_to_the_diagonal, until_unequal):
        for shape in ((3, 3), (2, 5), (5, 2)):
            assert_agrees(loop, torch.rand(shape))


def halves_of_two_signs(x: Any) -> Any:
    out = torch.zeros(len(x), len(x))
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            difference = x[i] - x[j]
            out[i, j] = difference
            out[j, i] = difference
    return out


def test_halves_that_differ_stay_two() -> None:
    assert_vectorized(halves_of_two_signs, torch.tensor([1.0, 3.0, -2.0, 5.0]))
