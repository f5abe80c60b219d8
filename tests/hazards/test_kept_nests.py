"""Loops inside of what stays: what holds in the first iteration need not hold in the second."""

from __future__ import annotations

import contextlib

import pytest
import torch

import deloop

from .side_by_side import assert_agrees, normal


def moved(u, steps):
    first = u
    for _ in range(steps):
        new = u.clone()
        for i in range(1, len(u)):
            new[i] = u[i - 1]
        u = new
    u[0] = 100.0
    return u, first


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_buffer_is_the_argument_in_the_first_iteration_only(steps):
    assert_agrees(moved, normal(4), steps, status="partial")


def moved_within_one_buffer(u, steps):
    new = u.clone()
    for _ in range(steps):
        print()
        for i in range(1, len(u)):
            new[i] = u[i - 1] + 1
        u = new
    return u


def test_two_names_that_become_one_tensor_keep_the_loop():
    assert_agrees(moved_within_one_buffer, normal(5), 3, status="kept")


def shortened(u, steps):
    for _ in range(steps):
        print()
        out = torch.zeros(len(u))
        for i in range(len(u)):
            out[i] = u[i] * 2
        u = out[1:]
    return u


def retyped(u, steps):
    for _ in range(steps):
        print()
        out = torch.zeros(len(u))
        for i in range(len(u)):
            out[i] = u[i] * 2
        u = out
    return u


def renamed_size(x, steps):
    n = x.shape[0]
    for _ in range(steps):
        print(n)
        for i in range(n):
            x[i] = x[i] + 1
        n = n - 1
    return x


@pytest.mark.parametrize("loop", [shortened, retyped, renamed_size])
def test_a_name_that_becomes_something_else_keeps_the_loop(loop):
    assert_agrees(loop, torch.arange(4), 2, status="kept")


def doubled_unless_told(x, flags):
    for flag in flags:
        if flag:
            x = x[1:]
            continue
        for i in range(len(x)):
            x[i] = x[i] * 2
    return x


@pytest.mark.parametrize("flags", [[], [0], [1, 0], [0, 1, 0]])
def test_what_holds_where_an_iteration_goes_on_early_counts(flags):
    assert_agrees(doubled_unless_told, normal(4), flags)


def filled_before_the_end(x, count):
    out = None
    for k in range(count):
        out = torch.zeros_like(x)
        if k == 2:
            break
        for i in range(len(x)):
            out[i] = x[i] * 2
    return out


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_an_allocation_stays_where_the_loop_may_end_behind_it(count):
    assert_agrees(filled_before_the_end, normal(3), count, status="partial")


def bound_only_inside(x, rounds):
    for k in range(rounds):
        print(k)
        for i in range(len(x)):
            t = x[i] * 2
    return t


@pytest.mark.parametrize(("size", "rounds"), [(3, 2), (3, 0), (0, 2), (0, 0)])
def test_a_name_that_only_the_inner_loop_binds_is_bound_if_that_ran(size, rounds):
    assert_agrees(bound_only_inside, normal(size), rounds)


v = torch.full((3,), 7.0)


def local_bound_late(x):
    out = torch.zeros(3)
    for k in range(2):
        with contextlib.suppress(UnboundLocalError):
            for i in range(3):
                out[i] = x[i] * v[i]  # noqa: F821, F823
        v = torch.ones(3)
    return out


def test_a_local_name_that_is_not_bound_yet_is_not_the_global_one():
    assert_agrees(local_bound_late, normal(3))


def written_by_an_inner_function(x, rounds):
    total = torch.zeros(len(x))

    def start():
        total[0] = 5

    for _ in range(rounds):
        start()
        for i in range(len(x)):
            total[i] += x[i]
    return total


def written_once_by_an_inner_function(x):
    total = torch.zeros(len(x))

    def start():
        total[0] = 5

    start()
    for i in range(len(x)):
        total[i] += x[i]
    return total


def test_what_an_inner_function_writes_is_not_taken_for_zeros():
    assert_agrees(written_by_an_inner_function, normal(3), 2)
    assert_agrees(written_once_by_an_inner_function, normal(3))


def divided(a, b):
    out = torch.zeros_like(a)
    with contextlib.suppress(ValueError):
        print("trying")
    try:
        for i in range(len(a)):
            out[i] = a[i] // b[i]
    except (ZeroDivisionError, RuntimeError):
        pass
    return out


def test_a_loop_that_may_raise_stays_where_somebody_sees_how_far_it_came():
    a, b = torch.tensor([4, 6, 8]), torch.tensor([2, 0, 1])
    assert_agrees(divided, a, b, status="kept")


def allocated_in_a_try(x, step):
    out = torch.ones(3)
    try:
        out = torch.zeros_like(x)
        step()
        for i in range(len(x)):
            out[i] = x[i] * 2
    except ValueError:
        pass
    return out


def fails():
    raise ValueError


@pytest.mark.parametrize("step", [fails, print])
def test_an_allocation_in_a_try_stays(step):
    assert_agrees(allocated_in_a_try, normal(3), step, status="vectorized")


def test_the_report_has_an_entry_for_each_loop():
    report = deloop.vectorize(moved).explain(normal(4), 2)
    assert [loop.status for loop in report.loops] == ["kept", "vectorized"]
    assert report.loops[0].refusal is not None


def appended_then_changed(x):
    rows = []
    for i in range(len(x)):
        row = torch.zeros(x.shape[1])
        for j in range(x.shape[1]):
            row[j] = x[i, j]
        rows.append(row)
        row[0] = 7
    return torch.stack(rows)


def left_behind(x):
    row = None
    out = torch.zeros_like(x)
    for i in range(len(x)):
        row = torch.zeros(x.shape[1])
        for j in range(x.shape[1]):
            row[j] = x[i, j] * 2
        out[i] = row
    return out, row


def under_two_names(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        t = x[i] * 2
        t[0] = 1
        u = t
        u[1] = 3
        out[i] = t + u
    return out


def wrapped(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        row = torch.zeros(x.shape[1])
        for j in range(x.shape[1]):
            row[j - 1] = x[i, j] + row[j]
        out[i] = row
    return out


def cast_to_halves(x):
    out = torch.zeros(x.shape, dtype=torch.float64)
    for i in range(len(x)):
        row = torch.zeros(x.shape[1], dtype=torch.float16)
        for j in range(x.shape[1]):
            row[j] = x[i, j] * 1000
        out[i] = row
    return out


def cleared_where_negative(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        row = x[i].clone()
        for j in range(x.shape[1]):
            if row[j] < 0:
                row[j] = 0
        out[i] = row / row.sum()
    return out


def carried_to_the_next(x):
    out = torch.zeros_like(x)
    last = torch.zeros(x.shape[1])
    for i in range(len(x)):
        row = torch.zeros(x.shape[1])
        for j in range(x.shape[1]):
            row[j] = x[i, j] + last[j]
        last = row
        out[i] = row
    return out


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("shape", [(3, 4), (1, 2), (0, 3)])
@pytest.mark.parametrize(
    "loop",
    [appended_then_changed, left_behind, under_two_names, wrapped, cast_to_halves,
     cleared_where_negative, carried_to_the_next],
)  # fmt: skip
def test_a_tensor_of_one_iteration_is_what_the_loop_makes_of_it(loop, shape, grad):
    assert_agrees(loop, normal(*shape).requires_grad_(grad))


def row_read_late(x, w):
    for i in range(len(x)):
        h = x[i] * w
        x[i] = h - h.mean()
    return x


def row_of_the_first(x):
    for i in range(1, len(x)):
        h = x[i] * 2
        x[i] = h + x[0]
        x[i] = x[i] - h.mean() * h
    return x


@pytest.mark.parametrize("shape", [(3, 4), (2, 1), (1, 3), (0, 2)])
def test_a_row_is_kept_before_what_it_was_made_of_is_overwritten(shape):
    assert_agrees(row_read_late, normal(*shape), normal(shape[1]))
    assert_agrees(row_of_the_first, normal(*shape))


TABLE = torch.zeros(5)


def begins_as_the_global_one(steps):
    u = TABLE
    for _ in range(steps):
        print()
        for i in range(1, 5):
            u[i] = TABLE[i - 1] + 1
        u = torch.zeros(5)
    return u


def test_a_tensor_of_the_module_may_still_be_reached_by_its_own_name():
    for run in (begins_as_the_global_one, deloop.vectorize(begins_as_the_global_one)):
        TABLE.zero_()
        run(2)
        assert TABLE.tolist() == [0, 1, 2, 3, 4]


class Sweeper:
    def __init__(self, table):
        self.table = table

    def sweep(self, steps):
        u = self.table
        for _ in range(steps):
            print()
            for i in range(1, len(u)):
                u[i] = self.table[i - 1] + 1
            u = u.clone()
        return u


def test_an_attribute_may_still_be_reached_by_its_own_name():
    for sweep in (Sweeper.sweep, deloop.vectorize(Sweeper.sweep)):
        sweeper = Sweeper(torch.zeros(5))
        sweep(sweeper, 1)
        assert sweeper.table.tolist() == [0, 1, 2, 3, 4]


def goes_on_from_a_handler(x, parts):
    for part in parts:
        try:
            part()
        except ValueError:
            x = x[1:]
            continue
        y = x.clone()
        for i in range(len(x)):
            y[i] = x[i] * 2
        x = y
    return x


def goes_on_from_a_case(x, words):
    for word in words:
        match word:
            case "short":
                x = x[1:]
                continue
        y = x.clone()
        for i in range(len(x)):
            y[i] = x[i] * 2
        x = y
    return x


def test_what_holds_behind_a_jump_that_is_not_followed_counts():
    assert_agrees(goes_on_from_a_handler, normal(4), [print, fails, print])
    assert_agrees(goes_on_from_a_case, normal(4), ["", "short", ""])


def divided_under_suppress(a, b):
    out = torch.zeros_like(a)
    with contextlib.suppress(ZeroDivisionError, RuntimeError):
        for i in range(len(a)):
            out[i] = a[i] // b[i]
    return out


def test_a_loop_that_may_raise_stays_under_suppress():
    a, b = torch.tensor([4, 6, 8]), torch.tensor([2, 0, 1])
    assert_agrees(divided_under_suppress, a, b, status="kept")


def changed_behind_one_of_two(x):
    a, b = torch.zeros_like(x), torch.zeros_like(x)
    for i in range(len(x)):
        row = torch.zeros(x.shape[1])
        row[1:] = x[i, 1:]
        a[i] = row
        b[i] = row
    a[0] = 5
    return a, b


def changed_between_two(x):
    a, b = torch.zeros_like(x), torch.zeros_like(x)
    for i in range(len(x)):
        row = torch.zeros(x.shape[1])
        row[1:] = x[i, 1:]
        a[i] = row
        a[i, 0] = 9
        row[0] = 3
        b[i] = row
    return a, b


def elements_kept_for_two(x):
    a, b = torch.zeros(len(x)), torch.zeros(len(x))
    for i in range(len(x)):
        t = x[i, 0] * 2
        x[i, 0] = x[i, 0] + 1
        a[i] = t
        b[i] = t
    a[:1] = 5
    return a, b, x


@pytest.mark.parametrize(
    "loop", [changed_behind_one_of_two, changed_between_two, elements_kept_for_two]
)
def test_what_is_kept_once_and_stored_twice_is_two_tensors(loop):
    assert_agrees(loop, normal(3, 4), status="vectorized")


def zeroed_again(x, h):
    n = x.shape[1]
    D = torch.zeros(n, n)
    for t in range(x.shape[0]):
        h = torch.tanh(h + x[t, 0])
        for i in range(n):
            for j in range(i + 1, n):
                D[i, j] = x[t, i] - x[t, j] + h
        for i in range(n - t):
            D[i, 0] = x[t, i] + h
    return D, h


def test_a_triangle_in_a_loop_that_stays_keeps_what_earlier_iterations_wrote_beside_it():
    assert_agrees(zeroed_again, normal(4, 4), normal(1)[0], status="partial")


def quotients_nobody_reads(x, y):
    total = 0
    for i in range(len(x)):
        for j in range(len(y)):
            quotient = x[i] // y[j]
        total += x[i]
    return total


@pytest.mark.parametrize("y", [torch.tensor([1, 0, 2]), torch.tensor([1, 3]), torch.tensor([])])
def test_a_division_by_zero_raises_though_nobody_reads_the_quotient(y) -> None:
    assert_agrees(quotients_nobody_reads, torch.tensor([1, 2, 3]), y.long())


def lookups_nobody_reads(x, index):
    out = torch.zeros(len(index))
    for i in range(len(index)):
        found = x[index[i]]
        out[i] = i
    return out


@pytest.mark.parametrize("index", [[0, 7], [0, 1], [-3, 2]])
def test_a_lookup_out_of_bounds_raises_though_nobody_reads_what_it_finds(index) -> None:
    assert_agrees(lookups_nobody_reads, torch.tensor([1.0, 2.0, 3.0]), torch.tensor(index))
