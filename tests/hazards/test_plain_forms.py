"""The plain form is the loop's at the edges too: NaN, empty sizes, numbers that a dtype lacks."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import NAN, assert_agrees, assert_vectorized


def selected(x, mask):
    total = torch.tensor(0.0)
    for i in range(len(x)):
        if mask[i]:
            total = total + x[i]
    return total


def test_element_that_is_not_selected_may_be_nan() -> None:
    values = torch.tensor([1.0, NAN, float("inf"), 2.0])
    mask = torch.tensor([True, False, False, True])
    assert "x[mask].sum()" in assert_vectorized(selected, values, mask).source
    assert_vectorized(selected, values.requires_grad_(), mask, second=True)
    assert_vectorized(selected, torch.ones(3), torch.zeros(3, dtype=torch.bool))


def above_300(x):
    count = 0
    for i in range(len(x)):
        if x[i].item() > 300.0:
            count += 1
    return count


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64, torch.float16])
def test_number_is_compared_in_a_dtype_that_holds_it(dtype: torch.dtype) -> None:
    assert_vectorized(above_300, torch.tensor([0, 200, 299, 300, 301, 70000]).to(dtype))


def at_least_a_tenth(x):
    count = 0
    for i in range(len(x)):
        if float(x[i]) >= 0.1:
            count += 1
    return count


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_number_that_a_dtype_rounds_is_compared_in_double(dtype: torch.dtype) -> None:
    assert_vectorized(at_least_a_tenth, torch.tensor([0.1, 0.2, 0.05], dtype=dtype))


def mean_by_parts(x):
    mean = torch.zeros(x.shape[1])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            mean[j] += x[i, j] / x.shape[0]
    return mean


@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (0, 3), (3, 0)])
def test_mean_of_nothing_is_not_taken_where_the_loop_gives_zeros(shape: tuple[int, int]) -> None:
    assert_agrees(mean_by_parts, torch.ones(shape))


def flag_or_lookup(x, index):
    flags = torch.zeros(len(index), dtype=torch.bool)
    for i in range(len(index)):
        flags[i] = True if index[i] < 0 else x[index[i]] > 0
    return flags


def test_lookup_out_of_bounds_stays_where_it_is_not_taken() -> None:
    assert_agrees(flag_or_lookup, torch.randn(5), torch.tensor([1, -9, 2]))


def windows(x, k, w):
    out = torch.zeros(len(x) - k + 1, k)
    for i in range(len(x) - k + 1):
        for j in range(k):
            out[i, j] = x[i + j] * w[j]
    return out


@pytest.mark.parametrize(("n", "k"), [(5, 3), (3, 3), (2, 3), (4, 1), (4, 0)])
def test_windows_of_every_size(n: int, k: int) -> None:
    assert_agrees(windows, torch.randn(n), k, torch.randn(k))


def quotients_above_the_diagonal(a, b):
    n = a.shape[0]
    out = torch.zeros(n, dtype=torch.int64)
    for i in range(n):
        for j in range(n):
            if j > i:
                out[i] += a[j] // b[j]
    return out


def test_division_by_zero_outside_of_a_triangle_does_not_raise() -> None:
    assert_agrees(quotients_above_the_diagonal, torch.arange(4), torch.tensor([0, 2, 1, 3]))
    assert_agrees(quotients_above_the_diagonal, torch.arange(4), torch.tensor([1, 2, 0, 3]))


def lower_part_kept(x):
    n = x.shape[0]
    for i in range(n):
        for j in range(i + 1, n):
            x[i, j] = 0
    return x


def test_triangle_in_place_of_views_and_of_nan() -> None:
    assert "x.tril_()" in assert_vectorized(lower_part_kept, torch.randn(4, 4)).source
    assert_agrees(lower_part_kept, torch.randn(3, 3).t())
    assert_agrees(lower_part_kept, torch.full((3, 3), NAN))
    assert_agrees(lower_part_kept, torch.randn(1, 3).expand(3, 3))


def change_between_two_loops(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    x[0] = 5
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] - total
    return out


def first_kept_between_two_loops(x):
    kept = x[0]
    for i in range(1, len(x)):
        kept = kept + x[i]
    x[0] = 5
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] - kept
    return out


@pytest.mark.parametrize("size", [1, 2, 5])
def test_result_of_a_loop_is_what_it_was_when_its_source_changes(size: int) -> None:
    assert_agrees(change_between_two_loops, torch.randn(size))
    assert_agrees(first_kept_between_two_loops, torch.randn(size))


def one_total_under_two_names(x):
    total = torch.tensor(0.0)
    for i in range(len(x)):
        total += x[i]
    kept = total
    for i in range(len(x)):
        total += x[i] * 2
    return kept, total


@pytest.mark.parametrize("size", [0, 1, 4])
def test_total_that_two_names_hold_changes_under_both(size: int) -> None:
    assert_agrees(one_total_under_two_names, torch.randn(size))
