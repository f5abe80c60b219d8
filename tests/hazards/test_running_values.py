"""Running values that are held, reset, bounded, or go on over two loops; products and extremes."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

import deloop

from .side_by_side import INFINITY, NAN, assert_agrees, assert_vectorized, normal, values


# ---------------------------------------------------------------------- held values
def latched(x, high, low):
    out = torch.zeros(len(x))
    on = False
    for i in range(len(x)):
        if x[i] > high:
            on = True
        elif x[i] < low:
            on = False
        out[i] = 1.0 if on else 0.0
    return out


def test_flag_set_and_cleared_is_no_flag_of_any_iteration():
    assert_vectorized(latched, values(2, 0, -2, 0, 2, -2, 0), 1.0, -1.0)


def held(x, new):
    out = torch.zeros_like(x)
    current = 0.0
    for t in range(len(x)):
        if new[t]:
            current = x[t]
        out[t] = current
    return out


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("chosen", ["none", "all", "some"])
def test_held_value_is_that_of_the_last_iteration_that_set_it(size, chosen):
    x = normal(size)
    new = {"none": x > 99, "all": x < 99, "some": x > 0}[chosen]
    assert_vectorized(held, x, new)


def test_held_nan_and_infinity_are_handed_on_as_they_are():
    new = torch.tensor([False, True, False, True, False])
    assert_vectorized(held, values(1, NAN, 2, INFINITY, 3), new)


def held_quotient(x, new):
    out = torch.zeros_like(x)
    current = 0.0
    for t in range(len(x)):
        if new[t]:
            current = 1 / x[t]
        out[t] = current
    return out


def test_quotient_that_is_never_held_sends_no_gradient_of_infinity():
    x = values(0, 2, 0, 4).requires_grad_()
    assert_vectorized(held_quotient, x, torch.tensor([False, True, False, True]))


def test_nothing_held_records_no_gradient():
    x = normal(4).requires_grad_()
    assert_agrees(held, x, torch.zeros(4, dtype=torch.bool))


def held_and_left(x, new):
    out = torch.zeros_like(x)
    current = 0.0
    for t in range(len(x)):
        if new[t]:
            current = x[t] * 2
        out[t] = current
    return out, current


def test_number_that_nothing_replaced_is_left_as_a_number():
    assert_agrees(held_and_left, normal(4), torch.zeros(4, dtype=torch.bool))


def held_by_rows(x, new):
    out = torch.zeros_like(x)
    for b in range(x.shape[0]):
        current = x[b, 0]
        for t in range(x.shape[1]):
            if new[b, t]:
                current = x[b, t]
            out[b, t] = current
    return out


def test_rows_hold_values_from_places_of_their_own():
    x = normal(4, 6)
    assert_vectorized(held_by_rows, x, x > 0.5)
    assert_vectorized(held_by_rows, x.clone().requires_grad_(), x > 0.5)


def filled_in_place(x):
    for t in range(1, len(x)):
        if torch.isnan(x[t]):
            x[t] = x[t - 1]
    return x


@pytest.mark.parametrize("size", [1, 2, 9])
@pytest.mark.parametrize("first", [NAN, 1.0])
def test_gaps_are_filled_with_what_the_loop_has_put_there(size, first):
    x = normal(size)
    x[x > 0.3] = NAN
    x[0] = first
    assert_agrees(filled_in_place, x)
    assert_agrees(filled_in_place, x.clone().expand(size))
    assert_agrees(filled_in_place, x.flip(0))


def test_gaps_of_a_tensor_whose_elements_share_memory_keep_the_loop():
    x = torch.tensor([NAN, 2.0]).as_strided((4,), (0,))
    assert_agrees(filled_in_place, x)


def greatest_so_far_and_where(x):
    best = x[0]
    place = 0
    most = torch.zeros_like(x)
    where = torch.zeros(len(x), dtype=torch.long)
    for i in range(len(x)):
        if x[i] > best:
            best = x[i]
            place = i
        most[i] = best
        where[i] = place
    return most, where


@pytest.mark.parametrize("grad", [False, True])
def test_ties_of_a_running_greatest_stay_at_the_first_of_equals(grad):
    x = values(1, 1, 3, 3, 2, 3, 5, 5).requires_grad_(grad)
    assert_vectorized(greatest_so_far_and_where, x)


def test_nan_is_passed_over_by_a_running_comparison():
    assert_agrees(greatest_so_far_and_where, values(1, NAN, 3, NAN, 2))
    assert_agrees(greatest_so_far_and_where, values(NAN, 1, 3))


# ---------------------------------------------------------------------- two loops
def greatest_so_far(x):
    out = torch.zeros_like(x)
    best = float("-inf")
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            best = max(best, x[i, j])
            out[i, j] = best
    return out


def smoothed(x, alpha):
    out = torch.zeros_like(x)
    h = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            h = alpha * x[i, j] + (1 - alpha) * h
            out[i, j] = h
    return out


def differences(x):
    out = torch.zeros_like(x)
    before = 0.0
    for i in reversed(range(x.shape[0])):
        for j in reversed(range(x.shape[1])):
            out[i, j] = x[i, j] - before
            before = x[i, j]
    return out


@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (1, 5), (5, 1), (0, 3), (3, 0)])
@pytest.mark.parametrize("grad", [False, True])
def test_values_go_on_from_one_row_to_the_next(shape, grad):
    x = normal(*shape)
    for transposed in (x, x.t()):
        given = transposed.detach().clone().requires_grad_(grad)
        assert_agrees(greatest_so_far, given)
        assert_agrees(smoothed, given, 0.25)
        assert_agrees(differences, given)


def test_rows_of_a_transposed_matrix_follow_each_other_as_the_loop_says():
    x = normal(4, 3).t()
    assert_vectorized(greatest_so_far, x)
    assert_vectorized(differences, x)


# ---------------------------------------------------------------------- ranges that move
def sums_of_all_parts(x):
    n = len(x)
    out = torch.zeros(n, n)
    for i in range(n):
        total = 0.0
        for j in range(i + 1, n):
            total += x[j]
            out[i, j] = total
    return out


@pytest.mark.parametrize("size", [1, 2, 5])
def test_running_sums_from_each_place_on_leave_what_is_before_it(size):
    assert_agrees(sums_of_all_parts, normal(size))
    assert_agrees(sums_of_all_parts, normal(size).requires_grad_())


def counted_behind_the_diagonal(y):
    rows, columns = y.shape
    out = torch.zeros(rows, columns)
    for row in range(rows - 2):
        total = torch.zeros(())
        for column in range(1, columns):
            total += y[row][column]
            if column > row:
                out[row, column] = total + 1
    return out


def test_condition_on_places_cuts_no_running_value():
    assert_agrees(counted_behind_the_diagonal, normal(5, 5))


# ---------------------------------------------------------------------- resets
def restarted(x, done, gamma):
    out = torch.zeros_like(x)
    run = 0.0
    for t in range(len(x)):
        run = x[t] + gamma * run
        out[t] = run
        if done[t]:
            run = 0.0
    return out


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int64])
def test_number_at_a_reset_is_an_element_to_nobody(dtype):
    x = (normal(12) * 8).to(dtype)
    assert_agrees(restarted, x, x > 2, 0.5)


def restarted_and_left(x, done):
    run = 0.0
    for t in range(len(x)):
        run = run + x[t]
        if done[t]:
            run = 0.0
    return run


@pytest.mark.parametrize("last", [False, True])
def test_what_is_left_by_a_reset_in_the_last_iteration_is_a_number(last):
    done = torch.tensor([False, True, False, last])
    assert_agrees(restarted_and_left, normal(4), done)


def listed_one_late(x):
    out = []
    before = 0.0
    for i in range(len(x)):
        out.append(before)
        before = x[i]
    return torch.tensor(out)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_list_of_the_first_number_alone_has_its_own_dtype(size):
    assert_agrees(listed_one_late, normal(size).double())


# ---------------------------------------------------------------------- bounds
def bounded(x, least):
    out = torch.zeros_like(x)
    total = 0.0
    for t in range(len(x)):
        total = max(least, total + x[t])
        out[t] = total
    return out


def greatest_part(x):
    best = torch.tensor(float("-inf"))
    current = torch.tensor(0.0)
    for i in range(len(x)):
        current = torch.maximum(x[i], current + x[i])
        best = torch.maximum(best, current)
    return best


@pytest.mark.parametrize("size", [10, 11, 64])
def test_sum_above_a_bound_is_that_of_the_loop(size):
    assert_vectorized(greatest_part, normal(size))
    assert_agrees(bounded, normal(size), 0.0)
    assert_agrees(bounded, normal(size), -0.5)


@pytest.mark.parametrize("special", [NAN, INFINITY, -INFINITY])
def test_special_values_in_a_bounded_sum_keep_the_loop(special):
    x = normal(12)
    x[5] = special
    assert_agrees(greatest_part, x)
    assert_agrees(bounded, x, 0.0)


def test_bounded_sum_with_a_gradient_is_that_of_the_loop():
    assert_agrees(greatest_part, normal(12).requires_grad_())


# ---------------------------------------------------------------------- products and extremes
def product(x):
    p = 1.0
    for i in range(len(x)):
        p = p * x[i]
    return p


@pytest.mark.parametrize("special", [None, 0.0, INFINITY, NAN, 1e-30, 1e30])
def test_product_with_a_gradient_is_differentiated_as_the_loop_does(special):
    x = normal(5)
    x[2:4] = x[2:4] if special is None else special
    assert_agrees(product, x.requires_grad_(), second=True)


def product_into_zero(x):
    out = torch.zeros(2)
    for i in range(len(x)):
        out[1] *= x[i]
    return out


@pytest.mark.parametrize("factor", [2.0, 1e30, INFINITY])
def test_product_that_overflows_by_itself_is_zero_where_the_loop_begins_with_zero(factor):
    assert_agrees(product_into_zero, torch.full((6,), factor))


def greatest_row(x):
    best = torch.full((x.shape[1],), -100.0)
    for i in range(x.shape[0]):
        best = torch.maximum(best, x[i])
    return best


@pytest.mark.parametrize("value", [None, 1.0, -100.0, NAN, -INFINITY])
def test_equal_elements_share_a_gradient_as_torch_maximum_says(value):
    x = normal(4, 3)
    if value is not None:
        x[1:] = value
    assert_agrees(greatest_row, x.requires_grad_())


# ---------------------------------------------------------------------- searches, counters
@pytest.mark.parametrize("start", [0.0, -1.0, 0.5, 1.5, float("inf"), float("-inf")])
@pytest.mark.parametrize("kind", [torch.bool, torch.int64, torch.uint8])
def test_search_among_integers_may_begin_with_any_float(start, kind):
    def above(x):
        best = start
        place = -1
        for i in range(len(x)):
            if x[i] > best:
                best = x[i]
                place = i
        return best, place

    def not_below(x):
        best = start
        place = -1
        for i in range(len(x)):
            if x[i] >= best:
                best = x[i]
                place = i
        return best, place

    for given in ([0, 1, 0, 1], [0, 0, 0], [1, 1]):
        x = torch.tensor(given).to(kind)
        for loop in (above, not_below):
            rewrite = deloop.vectorize(loop, keep_small=False)
            ours, theirs = loop(x), rewrite(x)
            assert type(ours[0]) is type(theirs[0])
            assert ours == theirs


def packed(x):
    n, m = x.shape
    out = torch.zeros(n * m + 3)
    k = 0
    for i in range(n):
        for j in range(m):
            out[k] = x[i, j]
            k += 1
    return out, k


@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (0, 3), (3, 0)])
def test_counter_of_a_nest_is_left_as_it_ends(shape):
    assert_agrees(packed, normal(*shape))
