"""Whole rows combined inside of an iteration: ties, NaN, nothing to combine, dtypes, views."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from .side_by_side import (
    NAN,
    assert_agrees,
    assert_serves,
    assert_vectorized,
    integers,
    normal,
    special,
    values,
)


def greatest(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i].max()
    return out


def greatest_along(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i].max(0).values
    return out


def sums(x):
    out = torch.zeros(len(x), dtype=torch.int64)
    for i in range(len(x)):
        out[i] = x[i].sum()
    return out


def means(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i].mean()
    return out


def ties(grad: bool = True) -> torch.Tensor:
    made = values(1.0, 2.0, 2.0, 0.0, 0.0, 0.0, -1.0, -1.0, -3.0).reshape(3, 3)
    return made.requires_grad_() if grad else made


def with_nan(grad: bool) -> torch.Tensor:
    made = torch.tensor([[1.0, NAN, 3.0], [2.0, 2.0, 1.0]])
    return made.requires_grad_() if grad else made


def test_ties_share_the_gradient_of_a_greatest_element() -> None:
    assert_vectorized(greatest, ties(), second=True)


def test_ties_give_their_gradient_to_the_first_along_a_dimension() -> None:
    assert_vectorized(greatest_along, ties(), second=True)


def test_greatest_of_rows_with_nan_is_nan() -> None:
    assert_vectorized(greatest, with_nan(grad=False))


def test_gradient_of_a_greatest_nan_keeps_the_loop() -> None:
    assert_agrees(greatest, with_nan(grad=True), status="kept")


def test_rows_without_elements_raise_as_in_the_loop() -> None:
    assert_agrees(greatest, torch.zeros(3, 0), status="kept")


def test_no_rows_of_no_elements_do_not_raise() -> None:
    assert_agrees(greatest, torch.zeros(0, 0), status="kept")


def test_one_specialisation_serves_other_sizes() -> None:
    assert_serves(greatest, (normal(3, 4),), (normal(3, 0),), (normal(0, 4),), (normal(1, 1),))


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int8, torch.int32, torch.int64])
def test_sums_of_narrow_integers_are_wide(dtype: torch.dtype) -> None:
    assert_vectorized(sums, integers(3, 40, dtype=torch.int64).to(dtype))


def test_mean_of_integers_raises_as_in_the_loop() -> None:
    assert_agrees(means, integers(3, 4), status="kept")


def test_infinities_and_huge_values_in_rows() -> None:
    rows = special().repeat(3, 1)
    assert_vectorized(greatest, rows)
    assert_vectorized(means, rows)


def test_rows_of_halves_are_added_in_halves() -> None:
    assert_agrees(means, normal(4, 9).half())


def dots(a, b):
    out = torch.zeros(len(a), dtype=a.dtype)
    for i in range(len(a)):
        out[i] = torch.dot(a[i], b[i])
    return out


def test_dot_of_integers_wraps_as_in_the_loop() -> None:
    big = torch.full((2, 3), 2**30, dtype=torch.int32)
    assert_vectorized(dots, big, big)


def test_dot_of_two_dtypes_raises() -> None:
    assert_agrees(dots, normal(2, 3), normal(2, 3).double(), status="kept")


def test_dot_of_other_lengths_raises() -> None:
    assert_agrees(dots, normal(2, 3), normal(2, 1), status="kept")


def test_dot_of_bool_raises() -> None:
    assert_agrees(dots, normal(2, 3) > 0, normal(2, 3) > 0, status="kept")


def test_dot_of_large_halves_overflows_only_in_the_sum() -> None:
    rows = torch.tensor([[300.0, 300.0], [300.0, 300.0]]).half()
    signs = torch.tensor([[300.0, -300.0], [1.0, 1.0]]).half()
    assert_agrees(dots, rows, signs)


def distances(x, y):
    out = torch.zeros(len(x), len(y))
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = torch.norm(x[i] - y[j])
    return out


def greatest_distances(x, y):
    out = torch.zeros(len(x), len(y))
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = torch.norm(x[i] - y[j], float("inf"))
    return out


def test_distances_with_nan_and_infinities() -> None:
    rows = special().reshape(4, 3)
    assert_vectorized(distances, rows, normal(2, 3))
    assert_vectorized(greatest_distances, rows, normal(2, 3))


def test_gradient_of_a_distance_of_zero() -> None:
    x = normal(3, 4).requires_grad_()
    assert_vectorized(distances, x, x, second=True)


def test_distances_of_rows_without_elements() -> None:
    assert_agrees(distances, torch.zeros(2, 0), torch.zeros(3, 0))


def near_ones_only(x, y):
    out = torch.zeros(len(x), len(y), dtype=torch.bool)
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = ((x[i] - y[j]) ** 2).sum() <= 2.0
    return out


def test_squared_distances_of_whole_numbers_stay_whole() -> None:
    grid = torch.cartesian_prod(torch.arange(4.0), torch.arange(4.0))
    assert_vectorized(near_ones_only, grid, grid)


def normalised_where_long(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        length = (x[i] ** 2).sum().sqrt()
        if length > 0:
            out[i] = x[i] / length
        else:
            out[i] = x[i] * 0
    return out


def test_gradient_of_a_branch_not_taken_for_a_row_of_zeros() -> None:
    x = torch.cat([normal(2, 3), torch.zeros(1, 3)]).requires_grad_()
    assert_vectorized(normalised_where_long, x)


def view_read_after_write(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        row = x[i]
        x[i] = x[i] * 2
        out[i] = row.sum()
    return out


def value_read_before_write(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        total = x[i].sum()
        x[i] = x[i] * 2
        out[i] = total
    return out


def transposed_view_read_after_write(x):
    out = torch.zeros(x.shape[0], x.shape[2])
    for i in range(len(x)):
        turned = x[i].T
        x[i] = x[i] * 2
        out[i] = turned.sum(1)
    return out


def test_row_taken_before_it_is_written() -> None:
    assert_vectorized(view_read_after_write, normal(3, 4))
    assert_vectorized(value_read_before_write, normal(3, 4))
    assert_agrees(transposed_view_read_after_write, normal(3, 2, 4))


def cumulative_of_the_row_before(x):
    for i in range(1, len(x)):
        x[i] = x[i] + x[i - 1].sum()
    return x


def with_mean_of_the_row_behind(x):
    for i in range(len(x) - 1):
        x[i] = x[i] + x[i + 1].mean()
    return x


def test_row_read_after_an_earlier_iteration_wrote_it_keeps_the_loop() -> None:
    assert_agrees(cumulative_of_the_row_before, normal(4, 3), status="kept")


def test_row_read_before_a_later_iteration_writes_it_is_lifted() -> None:
    assert_vectorized(with_mean_of_the_row_behind, normal(4, 3))


def entry_before(A, x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        y = A @ x[i]
        out[i] = y[i - 1]
    return out


def test_entry_of_a_computed_row_that_wraps_keeps_the_loop() -> None:
    assert_agrees(entry_before, normal(4, 3), normal(4, 3), status="kept")


def chunk_means(x, n):
    out = torch.zeros(n)
    for i, chunk in enumerate(torch.chunk(x, n)):
        out[i] = chunk.mean()
    return out


def test_pieces_of_unequal_length_keep_the_loop() -> None:
    assert_serves(chunk_means, (normal(6, 2), 3), (normal(7, 2), 3), (normal(2, 2), 3))


def row_plus(x, w):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = (x[i] * w).sum()
    return out


def test_row_of_one_element_is_repeated_as_in_the_loop() -> None:
    assert_serves(row_plus, (normal(3, 4), normal(4)), (normal(3, 4), normal(1)))
    assert_agrees(row_plus, normal(3, 4), normal(5), status="kept")


def first_of_softmax(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = F.softmax(x[i], dim=0)[0] + F.softmax(x[i], dim=0)[-1]
    return out


def test_softmax_of_rows_with_infinities() -> None:
    rows = torch.tensor([[1.0, -float("inf"), 2.0], [-float("inf")] * 3])
    assert_vectorized(first_of_softmax, rows)


@pytest.mark.parametrize("sizes", [(3, 3, 2), (2, 5, 1), (2, 5, 2), (2, 2, 2), (1, 1, 3)])
def test_diagonals_of_rows_keep_the_order_of_their_axes(sizes: tuple[int, ...]) -> None:
    def doubled(x):
        out = torch.zeros_like(x)
        for i in range(out.shape[0]):
            out[i, i] = x[i, i] * 2
        return out

    def chosen(x, c):
        out = x.clone()
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                if c[i] > 0 and i == j:
                    out[i, j] += x[i, j]
        return out

    assert_agrees(doubled, normal(*sizes))
    assert_agrees(chosen, normal(*sizes), normal(sizes[0]))
