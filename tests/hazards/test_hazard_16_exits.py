"""Loops that end early: what runs before the exit counts, what would come after it does not."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import math

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized

NAN = float("nan")
VECTORS = [
    torch.tensor(values, dtype=torch.float32)
    for values in (
        (-1, -2, 3, -1, 4), (5, -1), (-1, -2, -3), (2,), (-2,), (), (NAN, 1, -1), (1, 2, 3, -4, 5)
    )
]  # fmt: skip
MATRICES = [
    torch.arange(12.0).reshape(3, 4) - 6, torch.ones(2, 2), -torch.ones(2, 3), torch.zeros(0, 3),
    torch.zeros(3, 0), torch.tensor([[NAN, 2.0, 0.5]]),
]  # fmt: skip
each_vector = pytest.mark.parametrize("x", VECTORS, ids=str)
each_matrix = pytest.mark.parametrize("x", MATRICES, ids=str)


# ---------------------------------------------------------------------- names behind the loop
def loop_variable_behind_a_break(x):
    i = -5
    for i in range(len(x)):
        if x[i] > 2:
            break
    return i


def element_behind_a_break(x):
    v = None
    for v in x:
        if v > 2:
            break
    return v


def difference_behind_a_break(x):
    d = torch.zeros(())
    for i in range(1, len(x)):
        d = x[i] - x[i - 1]
        if abs(d) > 4:
            break
    return d


@each_vector
def test_names_hold_what_the_iteration_that_leaves_has_set(x) -> None:
    assert_vectorized(loop_variable_behind_a_break, x)
    assert_vectorized(element_behind_a_break, x)
    assert_agrees(difference_behind_a_break, x)


def variable_that_may_be_unbound(x):
    for i in range(len(x)):
        if x[i] > 2:
            break
    return i


def test_an_unbound_name_raises_as_before() -> None:
    assert_agrees(variable_that_may_be_unbound, torch.zeros(0))


def position_value_and_view(a, b):
    for k, (p, q) in enumerate(zip(a, b, strict=False)):
        if p > 0 and q > 4:
            return k, p, q
    return None


@each_vector
def test_what_is_returned_is_the_element_itself(x) -> None:
    assert_agrees(position_value_and_view, x, x * 2)


# ---------------------------------------------------------------------- several exits, flags, while
def several_ways_out(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 4:
            return out, "big"
        out[i] = x[i] * 2
        if x[i] < -1.5:
            out[i] = 100
            break
        out[i] += 1
    return out, "end"


def one_of_three(x):
    for i in range(len(x)):
        if x[i] > 4:
            return "a"
        elif x[i] > 2:
            return "b"
        elif x[i] < -1.5:
            return i
    return "none"


def flag_of_a_while(x):
    found = False
    index = -1
    i = 0
    while not found and i < x.shape[0]:
        if x[i] > 2:
            found = True
            index = i
        i += 1
    return found, index, i


def copied_up_to_a_sentinel(x):
    out = torch.full_like(x, 9.0)
    i = 0
    while i < len(x) and x[i] != 3:
        out[i] = x[i]
        i += 1
    return out, i


def counted_down(x):
    i = len(x) - 1
    while i >= 0 and x[i] < 0:
        i -= 1
    return i


def endless_but_for_its_returns(x):
    i = 0
    while True:
        if i >= len(x):
            return -1
        if x[i] > 2:
            return i
        i += 1


@pytest.mark.parametrize(
    "loop",
    [several_ways_out, one_of_three, flag_of_a_while, copied_up_to_a_sentinel, counted_down,
     endless_but_for_its_returns],
)  # fmt: skip
@each_vector
def test_each_way_out_does_what_it_did(loop, x) -> None:
    assert_vectorized(loop, x)


# ---------------------------------------------------------------- types with and without a hit
def sum_that_stays_a_python_float(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] < 0:
            break
        s += x[i]
    return s


@each_vector
def test_a_sum_of_no_element_is_the_number_it_began_with(x) -> None:
    assert_vectorized(sum_that_stays_a_python_float, x)


def squares_up_to_a_negative(x):
    s = torch.zeros(())
    for v in x:
        if v < 0:
            break
        s = s + v * v
    return s


@each_vector
def test_a_gradient_flows_from_what_ran(x) -> None:
    assert_agrees(squares_up_to_a_negative, x.clone().requires_grad_(), second=True)


# ---------------------------------------------------------------------- what would have raised
def read_beyond_the_end(x):
    for i in range(len(x)):
        following = x[i + 1]
        if x[i] > 2:
            return following
    return None


def read_of_a_shorter_tensor(x, y):
    for i in range(len(x)):
        value = y[i]
        if x[i] > 2:
            return value
    return 0


def looked_up_for_nothing(x, index):
    for i in range(len(x)):
        value = x[index[i]]
        if x[i] > 2:
            return value
    return 0


def logarithm_for_nothing(x):
    for i in range(len(x)):
        value = math.log(x[i].item())
        if x[i] > 2:
            return value
    return None


@each_vector
def test_what_raises_before_the_exit_raises_still(x) -> None:
    assert_agrees(read_beyond_the_end, x)
    assert_agrees(read_of_a_shorter_tensor, x, torch.zeros(2))
    assert_agrees(looked_up_for_nothing, x, torch.tensor([0, 1, 9, 0, 1]))
    assert_agrees(logarithm_for_nothing, x)


# ---------------------------------------------------------------------- what the conditions read
def overwritten_behind(x):
    for i in range(len(x)):
        if x[i] < 0:
            break
        x[i] = 0
    return x


def overwritten_ahead(x):
    for i in range(len(x) - 1):
        if x[i] < 0:
            break
        x[i + 1] = i - 1.5
    return x


def overwritten_by_another_name(x):
    y = x.view(-1)
    for i in range(len(x) - 1):
        if x[i] < 0:
            break
        y[i + 1] = i - 1.5
    return y


def overwritten_from_behind(x):
    for i in range(len(x)):
        if x[i] > 2:
            break
        x[len(x) - 1 - i] = 5
    return x


def first_overwritten(x):
    for i in range(len(x)):
        x[i] = x[i] * 2
        if x[i] < -3:
            break
    return x


def two_arguments(x, y):
    for i in range(len(x) - 1):
        if x[i] > 2:
            break
        y[i + 1] = i
    return x


@pytest.mark.parametrize(
    "loop",
    [overwritten_behind, overwritten_ahead, overwritten_by_another_name, overwritten_from_behind,
     first_overwritten],
)  # fmt: skip
@each_vector
def test_conditions_see_what_earlier_iterations_wrote(loop, x) -> None:
    assert_agrees(loop, x.clone())


@each_vector
def test_conditions_see_writes_through_another_argument(x) -> None:
    assert_agrees(two_arguments, x, x)
    assert_agrees(two_arguments, x, x.clone())


def test_writes_behind_the_conditions_do_not_keep_the_loop() -> None:
    assert_vectorized(overwritten_behind, torch.tensor([1.0, 2.0, -1.0, 3.0]))


def appended_and_measured(x, rows):
    for i in range(len(x)):
        if len(rows) > 3:
            break
        rows.append(x[i])
    return len(rows)


def test_a_list_that_grows_is_not_measured_ahead() -> None:
    assert_agrees(appended_and_measured, torch.arange(6.0), [1, 2])


# ---------------------------------------------------------------------- inner loops
def first_of_each_row(x):
    out = torch.full((x.shape[0],), -1)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > 1:
                out[i] = j
                break
    return out


def hit_of_each_row(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > 1:
                out[i] = x[i, j]
                break
        else:
            out[i] = -1
    return out


def rows_copied_with_their_hit(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j]
            if x[i, j] > 1:
                break
    return out


def rows_overwritten(x):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > 1:
                break
            x[i, j] = 5
    return x


def rows_written_at_the_hit(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > 1:
                out[i, j] = 1
                break
    return out


def first_of_all_rows(x):
    for i, row in enumerate(x):
        for j, v in enumerate(row):
            if v > 1:
                return i + 1, j
    return -1, -1


@pytest.mark.parametrize(
    "loop",
    [first_of_each_row, hit_of_each_row, rows_copied_with_their_hit, rows_overwritten,
     rows_written_at_the_hit, first_of_all_rows],
)  # fmt: skip
@each_matrix
def test_the_inner_loop_ends_for_its_row_alone(loop, x) -> None:
    assert_agrees(loop, x.clone())


def below_the_diagonal(x):
    out = torch.zeros_like(x)
    other = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j]
            if j == i:
                other[i, j] = 7
                break
            other[i, j] = x[i, j] * 2
    return out, other


@each_matrix
def test_an_affine_exit_cuts_the_range(x) -> None:
    assert_agrees(below_the_diagonal, x)


def up_to_k(x, k):
    out = torch.zeros_like(x)
    total = torch.zeros(())
    for i, v in enumerate(x):
        if i == k:
            break
        out[i] = v * 2
        total = total + v
    return out, total


@pytest.mark.parametrize("k", [-1, 0, 1, 3, 9])
@each_vector
def test_an_exit_that_may_lie_outside_of_the_range(x, k) -> None:
    assert_agrees(up_to_k, x, k)


# ---------------------------------------------------------------------- the last hit
def last_hit(x):
    last = None
    for i in range(len(x)):
        if x[i] > 0:
            last = x[i]
    return last


def hit_above_the_last_one(x):
    last = 0
    for i in range(len(x)):
        if x[i] > last:
            last = i
    return last


@each_vector
def test_the_last_of_several_hits_stays(x) -> None:
    assert_vectorized(last_hit, x)
    assert_agrees(hit_above_the_last_one, x)


def set_behind_the_break(x):
    last, place = 0.0, -1
    for i in range(len(x)):
        if x[i] > 1:
            place = i
            break
        last = x[i] * 2
    return last, place


def set_behind_the_break_alone(x):
    for i in range(len(x)):
        if x[i] > 1:
            break
        last = x[i] * 2
    return last


def summed_and_set_behind_the_break(x):
    total = 0.0
    for v in x:
        if v > 1:
            break
        total += v
        seen = v + 1
    return total, seen


@pytest.mark.parametrize(
    "loop", [set_behind_the_break, set_behind_the_break_alone, summed_and_set_behind_the_break]
)
@pytest.mark.parametrize("x", [[0.5, -1.0, 3.0, 0.0], [2.0, 0.5], [0.5, 1.0], [0.5], []])
def test_a_name_set_behind_a_break_is_left_by_the_iteration_before(loop, x) -> None:
    assert_agrees(loop, torch.tensor(x))
