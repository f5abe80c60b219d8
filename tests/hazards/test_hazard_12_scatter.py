"""Several iterations write one element: the last write wins, or each one adds."""

from __future__ import annotations

import torch

from .side_by_side import assert_agrees, assert_serves, assert_vectorized, integers, normal


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


def summed(x, index, n):
    out = torch.zeros(n)
    for i in range(len(index)):
        out[index[i]] += x[i]
    return out


def last_stored(x, index, n):
    out = torch.zeros(n)
    for i in range(len(index)):
        out[index[i]] = x[i]
    return out


def one_value_stored(w, index, n):
    out = torch.zeros(n)
    for i in range(len(index)):
        out[index[i]] = w
    return out


def stored_both_ways(src, dst, w, n):
    out = torch.zeros(n, n)
    for e in range(len(src)):
        out[src[e], dst[e]] = w[e]
        out[dst[e], src[e]] = w[e]
    return out


def moved_from_one_to_the_other(x, index, other, n):
    out = torch.zeros(n)
    for i in range(len(index)):
        out[index[i]] += x[i]
        out[other[i]] -= x[i]
    return out


def read_back(x, index, n):
    out = torch.zeros(n)
    seen = torch.zeros(len(index))
    for i in range(len(index)):
        out[index[i]] += x[i]
        seen[i] = out[index[i]]
    return out, seen


def read_elsewhere(x, index, n):
    out = torch.ones(n)
    for i in range(len(index)):
        out[index[i]] = out[0] + x[i]
    return out


def summed_where_it_lies_inside(x, index, n):
    out = torch.zeros(n)
    for i in range(len(index)):
        if 0 <= index[i] < n:
            out[index[i]] += x[i]
    return out


def kept_where_it_lies_inside(x, index, n):
    out = torch.zeros(len(index), n)
    for i in range(len(index)):
        if 0 <= index[i] < n:
            out[i, index[i]] = max(out[i, index[i]], x[i])
    return out


def looked_up_where_known(x, table, index, n):
    out = torch.zeros(n, n)
    for i in range(len(index)):
        if index[i] >= 0:
            out[table[index[i]], 0] += x[i]
    return out


def greatest(x, index, n):
    out = torch.full((n,), -1.0)
    for i in range(len(index)):
        out[index[i]] = max(out[index[i]], x[i])
    return out


def greatest_as_tensor(x, index, n):
    out = torch.full((n,), -1.0)
    for i in range(len(index)):
        out[index[i]] = torch.maximum(out[index[i]], x[i])
    return out


def counted_into(out, index):
    for i in range(len(index)):
        out[index[i]] += 1
    return out


def summed_into(out, x, index):
    for i in range(len(index)):
        out[index[i]] += x[i]
    return out


def into_itself(out):
    for i in range(len(out)):
        out[out[i]] += 1
    return out


def changed_first(x, index, n):
    view = index.view(-1)
    view -= 1
    out = torch.zeros(n)
    for i in range(len(index)):
        out[index[i]] += x[i]
    return out


def stepwise(x, index, n, steps):
    out = torch.zeros(n)
    for _ in range(steps):
        for i in range(len(index)):
            out[index[i]] += x[i] * out[0] + 1
    return out


REPEATED = torch.tensor([0, 2, 2, 1, 0])
NEGATIVE = torch.tensor([0, -1, 2, -1, 0])
BEYOND = torch.tensor([0, 2, 7, 1, 0])
BELOW = torch.tensor([0, -9, 1, -9, 2])
NOTHING = torch.tensor([], dtype=torch.int64)


def test_each_duplicate_counts_in_a_sum() -> None:
    assert_vectorized(summed, normal(5), REPEATED, 3, second=True)
    assert_vectorized(summed, normal(5).requires_grad_(), REPEATED, 3, second=True)
    assert_serves(
        summed,
        *((normal(5), index, 3) for index in (REPEATED, NEGATIVE, BEYOND, BELOW)),
        (normal(0), NOTHING, 3), (normal(0), NOTHING, 0),
    )  # fmt: skip


def test_the_last_of_several_stores_stays() -> None:
    distinct = torch.tensor([2, 0, 4, 1, 3])
    assert_vectorized(last_stored, normal(5).requires_grad_(), distinct, 5, second=True)
    assert_serves(
        last_stored,
        *((normal(5), index, 5) for index in (distinct, REPEATED, distinct - 5, BEYOND, BELOW)),
    )
    # Not negative, 3 and -2 are one element of five.
    assert_agrees(last_stored, normal(5), torch.tensor([3, -2, 0, 1, 4]), 5)


def test_one_value_stored_everywhere_has_one_gradient() -> None:
    assert_vectorized(one_value_stored, 0.5, REPEATED, 3)
    assert_vectorized(one_value_stored, torch.tensor(0.5), NEGATIVE, 3)
    assert_agrees(one_value_stored, torch.tensor(0.5, requires_grad=True), REPEATED, 3, second=True)


def test_stores_of_two_statements_to_one_element_keep_their_order() -> None:
    for index, other in ((REPEATED, REPEATED.flip(0)), (REPEATED, NEGATIVE)):
        assert_agrees(stored_both_ways, index, other, normal(5), 3)
        assert_agrees(moved_from_one_to_the_other, normal(5), index, other, 3)


def test_an_element_that_is_read_while_it_grows_keeps_the_loop() -> None:
    for loop in (read_back, read_elsewhere):
        report = assert_agrees(loop, normal(5), REPEATED, 3, status="kept")
        assert "flow dependence" in str(report.loops[0].refusal)
    assert_agrees(into_itself, torch.tensor([1, 1, 0]), status="kept")
    assert_agrees(stepwise, normal(5), REPEATED, 3, 2, status="kept")


def test_an_index_that_a_condition_passes_over_may_lie_anywhere() -> None:
    for index in (REPEATED, NEGATIVE, BEYOND, BELOW, BEYOND + 9):
        for x in (normal(5), normal(5).requires_grad_()):
            assert_agrees(summed_where_it_lies_inside, x, index, 3, second=True)
            assert_agrees(kept_where_it_lies_inside, x, index, 3)
            assert_agrees(looked_up_where_known, x, REPEATED, torch.tensor([0, -9, 4, -7, 2]), 3)


def test_extremes_pass_over_nan_as_the_loop_does() -> None:
    special = torch.tensor([float("nan"), 0.0, -0.0, float("inf"), -2.0])
    for loop in (greatest, greatest_as_tensor):
        for x in (normal(5), special, special.flip(0)):
            assert_agrees(loop, x, REPEATED, 3)
        assert_agrees(loop, normal(5).requires_grad_(), REPEATED, 3, second=True)


def test_sums_keep_the_dtype_of_what_they_go_into() -> None:
    dtypes = (
        torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32,
        torch.uint8, torch.bool, torch.complex64,
    )  # fmt: skip
    for dtype in dtypes:
        assert_agrees(counted_into, torch.ones(3, dtype=dtype), REPEATED)
        for other in dtypes:
            assert_agrees(
                summed_into, torch.ones(3, dtype=dtype), torch.ones(5, dtype=other), REPEATED
            )
    for dtype in (torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool, torch.float32):
        assert_agrees(counted_into, torch.ones(3), REPEATED.to(dtype))
        assert_agrees(summed_into, torch.ones(3), normal(5), REPEATED.to(dtype))
        assert_agrees(last_stored, normal(2), torch.tensor([1, 0]).to(dtype), 3)


def test_counts_in_narrow_floats_stop_where_the_loop_stops() -> None:
    index = torch.zeros(300, dtype=torch.int64)
    for dtype in (torch.bfloat16, torch.float16):
        assert_agrees(counted_into, torch.full((2,), 200.0, dtype=dtype), index)


def test_indices_that_changed_before_the_loop_are_not_judged_at_the_entry() -> None:
    assert_agrees(changed_first, normal(5), torch.tensor([1, 2, 2, 1, 1]), 2)
    assert_agrees(changed_first, normal(5), torch.tensor([0, 2, 2, 1, 1]), 2)


def test_targets_that_are_views_or_share_memory() -> None:
    assert_agrees(summed_into, normal(2, 3).T, normal(5, 2), REPEATED)
    assert_agrees(summed_into, normal(3)[:, None].expand(3, 2), normal(5, 2), REPEATED)
    shared = normal(5)
    assert_agrees(summed_into, shared[:3], shared, REPEATED)
    assert_agrees(summed_into, (normal(3).requires_grad_() * 1), normal(5), REPEATED, second=True)
    assert_agrees(summed_into, normal(3).requires_grad_(), normal(5), REPEATED)
