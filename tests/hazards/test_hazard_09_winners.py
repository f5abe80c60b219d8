"""Variables that remember the best iteration: what they start from, whose memory they are."""

from __future__ import annotations

import math

import pytest
import torch

from .side_by_side import NAN, assert_agrees, assert_vectorized, integers, values


def best_and_index(x):
    best, where = x[0], 0
    for i in range(1, len(x)):
        if x[i] > best:
            best, where = x[i], i
    return best, where


def best_from_none(x):
    best = None
    where = None
    for i in range(len(x)):
        if best is None or x[i] > best:
            best = x[i]
            where = i
    return best, where


def best_from_zero(x):
    best, where = 0.0, -1
    for i in range(len(x)):
        if x[i] > best:
            best, where = x[i], i
    return best, where


def best_among(x, allowed):
    best, where = -math.inf, -1
    for i in range(len(x)):
        if allowed[i] and x[i] >= best:
            best, where = x[i].item(), i
    return best, where


def argument_changed_afterwards(x):
    best = x[0]
    for i in range(1, len(x)):
        if x[i] > best:
            best = x[i]
    x[0] = 7
    return best + 1


def best_changed_afterwards(x):
    best = x[0]
    for i in range(1, len(x)):
        if x[i] > best:
            best = x[i]
    best += 1
    return x


def copy_of_the_best_row(x, score):
    best = score[0]
    row = x[0].clone()
    for i in range(1, len(x)):
        if score[i] > best:
            best = score[i]
            row = x[i].clone()
    return row


def view_of_the_best_row(x, score):
    best = score[0]
    row = x[0]
    for i in range(1, len(x)):
        if score[i] > best:
            best = score[i]
            row = x[i]
    return row


def one_element_under_two_names(x):
    best = top = x[0]
    for i in range(1, len(x)):
        if x[i] > best:
            best = x[i]
            top = best
    return best, top


def first_that_is_set(x):
    first = None
    for i in range(len(x)):
        if first is None:
            first = x[i]
    return first


def total_from_none(x):
    total = None
    for i in range(len(x)):
        if total is None:
            total = x[i] * 2
        else:
            total = total + x[i] * 2
    return total


def nearest_other(x):
    nearest = torch.zeros(len(x), dtype=torch.int64)
    for i in range(len(x)):
        best = float("inf")
        for j in range(len(x)):
            if i == j:
                continue
            d = (x[i] - x[j]).abs()
            if d < best:
                best = d
                nearest[i] = j
    return nearest


def closest_pair(x):
    best, first, second = float("inf"), -1, -1
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            d = abs(x[i] - x[j]).item()
            if d < best:
                best, first, second = d, i, j
    return best, first, second


def last_of_all(x):
    best, row, column = x[0, 0].item(), 0, 0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j].item() >= best:
                best, row, column = x[i, j].item(), i, j
    return best, row, column


def among_integers(x):
    best, where = float("-inf"), -1
    for i in range(len(x)):
        if x[i] > best:
            best, where = x[i], i
    return best, where


def infinite_start_that_is_read(x):
    s = -math.inf
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = s
        s = x[i]
    return out


def greatest_of_each_row(x):
    out = torch.full((x.shape[0],), float("-inf"))
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > out[i]:
                out[i] = x[i, j]
    return out


def greatest_by_torch(x):
    m = x[0]
    for i in range(1, len(x)):
        m = torch.maximum(m, x[i])
    return m


TIED = (
    values(1, 3, 3, 2, 3),
    values(-1, -2, -1),
    values(0.0, -0.0, 0.0),
    values(-0.0, 0.0),
    values(NAN, 1, 1),
    values(1, NAN, 2, 2),
    values(-math.inf, -math.inf),
    values(math.inf, math.inf),
    values(2),
    values(),
    integers(9),
    integers(7).to(torch.uint8),
)


def test_value_and_index_are_those_of_one_iteration() -> None:
    for x in TIED:
        assert_agrees(best_and_index, x)
    report = assert_vectorized(best_and_index, values(1, 3, 3, 2, grad=True), second=True)
    assert "x.argmax()" in report.source


def test_first_iteration_wins_where_nothing_is_set() -> None:
    for x in TIED:
        assert_agrees(best_from_none, x)
    assert_vectorized(best_from_none, values(-math.inf, -math.inf))
    assert_vectorized(best_from_none, values(1, 3, 3, grad=True), second=True)


def test_start_stays_where_nothing_beats_it() -> None:
    for x in TIED:
        assert_agrees(best_from_zero, x)
    assert_vectorized(best_from_zero, values(1, 3, 3))
    assert_vectorized(best_from_zero, values(-1, -2))


def test_those_left_out_never_win() -> None:
    for x in TIED:
        for parity in (0, 1):
            allowed = torch.arange(len(x)) % 2 == parity
            assert_agrees(best_among, x, allowed)
    assert_vectorized(best_among, values(5, 1, 1), torch.tensor([False, True, True]))
    assert_agrees(best_among, values(5, 1), torch.tensor([False, False]), status="kept")
    left_out = values(-math.inf, -math.inf), torch.tensor([True, False])
    assert_agrees(best_among, *left_out, status="kept")  # equal to what is left out


def test_best_is_the_element_itself_where_somebody_can_tell() -> None:
    assert_vectorized(argument_changed_afterwards, values(1, 3, 2))
    assert_vectorized(argument_changed_afterwards, values(9, 3, 2))
    assert_vectorized(best_changed_afterwards, values(1, 3, 3))


def test_row_that_was_copied_is_a_copy_and_one_that_was_not_is_a_view() -> None:
    for score in (values(1, 3, 3), values(3, 1, 1), values(1, NAN, 2)):
        x = integers(3, 2).float()
        assert_agrees(copy_of_the_best_row, x, score)
        assert_agrees(view_of_the_best_row, x, score)
        assert_agrees(view_of_the_best_row, x.requires_grad_(), score)
        assert_agrees(view_of_the_best_row, score, score)


def test_two_names_of_one_element_keep_their_loop() -> None:
    assert_agrees(one_element_under_two_names, values(1, 3, 2), status="kept")


def test_what_is_none_at_first_is_not_taken_as_set() -> None:
    for loop in (first_that_is_set, total_from_none):
        for x in (values(1, 3, 2), values(1), values(NAN, 2)):
            assert_agrees(loop, x)


def test_iterations_that_are_skipped_do_not_count() -> None:
    assert_vectorized(nearest_other, values(1, 3, 3.5, 9))
    for x in (values(1, 1, 1), values(2), values(), values(1, NAN, 2), values(math.inf, 1, 2)):
        assert_agrees(nearest_other, x)


def test_pairs_above_the_diagonal() -> None:
    assert_vectorized(closest_pair, values(4, 1, 3, 3.5, 9))
    for x in (values(1, 1, 1), values(2, 2), values(2), values(), values(1, NAN, 2)):
        assert_agrees(closest_pair, x)


def test_last_of_equals_in_two_loops() -> None:
    assert_vectorized(last_of_all, (integers(3, 4) % 2).float())
    for x in (torch.zeros(3, 1), torch.zeros(1, 4), torch.zeros(0, 2), integers(2, 2).float()):
        assert_agrees(last_of_all, x)


def test_infinity_before_integers() -> None:
    for dtype in (torch.uint8, torch.int8, torch.int32, torch.int64):
        assert_vectorized(among_integers, torch.tensor([3, 5, 5, 1], dtype=dtype))
        least = torch.iinfo(dtype).min
        assert_agrees(among_integers, torch.tensor([least, least], dtype=dtype))
    assert_agrees(infinite_start_that_is_read, torch.tensor([3, 5]), status="kept")


def test_extremes_in_elements_have_the_gradient_of_the_first() -> None:
    tied = torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 1.0]], requires_grad=True)
    assert_vectorized(greatest_of_each_row, tied, second=True)
    for x in (torch.full((2, 2), -math.inf), torch.zeros(2, 0), torch.zeros(0, 2)):
        assert_agrees(greatest_of_each_row, x)


def test_maximum_of_torch_passes_nan_on() -> None:
    for x in TIED:
        assert_agrees(greatest_by_torch, x)
    assert_vectorized(greatest_by_torch, values(1, NAN, 2))
    assert_agrees(greatest_by_torch, values(1, 3, 3, grad=True), status="kept")


def greatest_product(x, y):
    best, place = -1.0, -1
    for i in range(len(x)):
        if x[i] * y[i] > best:
            best, place = x[i] * y[i], i
    return best, place


def greatest_product_of_pairs(x, y):
    best = x[0] * y[0]
    for i in range(len(x)):
        for j in range(len(y)):
            if x[i] * y[j] > best:
                best = x[i] * y[j]
    return best


def greatest_product_of_each(x, y):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        for j in range(len(y)):
            if x[i] * y[j] > out[i]:
                out[i] = x[i] * y[j]
    return out


def greatest_root(x, y):
    best = 0.0
    for v in x:
        if v.sqrt() >= best:
            best = v.sqrt()
    return best


@pytest.mark.parametrize(
    "loop",
    [greatest_product, greatest_product_of_pairs, greatest_product_of_each, greatest_root],
)
@pytest.mark.parametrize("grad", [False, True])
def test_those_that_lose_have_no_gradient_beside_infinities(loop, grad) -> None:
    inf = math.inf
    for x in (values(1, 2, 3, grad=grad), values(inf, 2, -3, grad=grad), values(0, 4, grad=grad)):
        for y in (values(1, 2, -3), values(-1, 2, -inf), values(0, 0), values(-1, 0.5, 2)):
            assert_agrees(loop, x, y)
            assert_agrees(loop, y, x)
    assert_vectorized(loop, values(1, 2, 4, grad=grad), values(1, 2, 3, grad=grad))
