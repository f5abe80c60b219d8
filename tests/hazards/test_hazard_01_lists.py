"""Lists hold objects: what is changed after it was appended, or is seen by others, stays."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, normal


def one_object_many_times(x):
    total = torch.zeros(())
    states = []
    for i in range(len(x)):
        total += x[i]
        states.append(total)
    return torch.stack(states)


def changed_after_the_append(x):
    outs = []
    for i in range(len(x)):
        t = x[i] * 2
        outs.append(t)
        t += 1
    return torch.stack(outs)


def changed_before_the_append(x):
    outs = []
    for i in range(len(x)):
        t = x[i] * 2
        t += 1
        outs.append(t)
    return torch.stack(outs)


def view_overwritten(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i])
        x[i] = 0
    return torch.stack(outs)


def view_overwritten_behind_the_loop(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i])
    x.mul_(2)
    return torch.stack(outs)


def view_of_what_the_loop_fills(x):
    y = torch.zeros_like(x)
    outs = []
    for i in range(len(x)):
        y[i] = x[i] + 1
        outs.append(y[i])
    return y, torch.stack(outs)


def one_buffer(x):
    buffer = torch.zeros(3)
    outs = []
    for i in range(len(x)):
        buffer[0] = x[i]
        outs.append(buffer)
    return torch.stack(outs)


def alias_of_the_list(x):
    outs = []
    other = outs
    for i in range(len(x)):
        outs.append(x[i] * 2)
    other.append(x[0])
    return torch.stack(outs)


def two_names_of_one_list(x):
    a = b = []
    for i in range(len(x)):
        a.append(x[i] * 2)
        b.append(x[i] * 3)
    return torch.stack(a)


def list_seen_by_a_function(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i] * 2)
    count = lambda: len(outs)  # noqa: E731
    return torch.stack(outs), count()


def list_of_two_things(x):
    outs = [x[0], x[1]]
    for i in range(len(x)):
        outs.append(x[i] * 2)
    return torch.stack(outs)


def length_decides(x):
    outs = []
    for i in range(len(x)):
        if len(outs) < 2:
            outs.append(x[i] * 2)
    return torch.stack(outs)


def last_element_read(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i] * 2 + (outs[-1] if outs else 0))
    return torch.stack(outs)


def the_list_itself(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i] * 2)
    return outs


def appended_by_two_loops(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i] * 2)
    for i in range(len(x)):
        outs.append(x[i] * 3)
    return torch.stack(outs)


def appended_twice(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i] * 2)
        outs.append(x[i] * 3)
    return torch.stack(outs)


def taken_twice(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i] * 2)
    first, second = torch.stack(outs), torch.stack(outs)
    first += 1
    return first, second


def taken_in_two_ways(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i].item() * 2)
    return torch.tensor(outs).sum(), torch.tensor(outs, dtype=torch.float64).sum()


def stack_of_lists(x):
    rows = []
    for i in range(len(x)):
        row = []
        for j in range(len(x)):
            row.append(x[i] * x[j])
        rows.append(row)
    return torch.stack(rows)


KEPT = [
    taken_in_two_ways, stack_of_lists,
    one_object_many_times, changed_after_the_append, view_overwritten,
    view_overwritten_behind_the_loop, view_of_what_the_loop_fills, one_buffer, alias_of_the_list,
    two_names_of_one_list, list_seen_by_a_function, list_of_two_things, length_decides,
    last_element_read, the_list_itself, appended_by_two_loops, appended_twice, taken_twice,
]  # fmt: skip


@pytest.mark.parametrize("loop", KEPT, ids=lambda loop: loop.__name__)
def test_list_whose_objects_may_be_seen_changing_keeps_the_loop(loop):
    assert_agrees(loop, normal(5), status="kept")


def test_change_in_place_before_the_append_is_part_of_the_element():
    assert_vectorized(changed_before_the_append, normal(5))
    assert_vectorized(changed_before_the_append, normal(5).requires_grad_(), second=True)


# ------------------------------------------------------------------ loops that stay


def history_of_copies(x, steps):
    u = x.clone()
    history = []
    for _ in range(steps):
        for i in range(1, len(x) - 1):
            u[i] = u[i] * 0.5 + x[i - 1] * 0.25
        history.append(u.clone())
    return torch.stack(history), u


def history_of_numbers(x, steps):
    u = x.clone()
    history = []
    for _ in range(steps):
        for i in range(1, len(x) - 1):
            u[i] = u[i] * 0.5 + x[i - 1] * 0.25
        history.append(u[1].item() * 2)
    return torch.tensor(history)


@pytest.mark.parametrize("loop", [history_of_copies, history_of_numbers],
                         ids=lambda loop: loop.__name__)  # fmt: skip
def test_serial_loop_appends_objects_of_its_own(loop):
    report = assert_agrees(loop, normal(5), 3, status="partial")
    assert "history.append" in report.source
    assert_agrees(loop, normal(5).requires_grad_(), 2)
    assert_agrees(loop, normal(5), 0)
    assert_agrees(loop, normal(2), 1)


def used_behind_a_change(x):
    values = []
    for i in range(len(x)):
        values.append(x[i].item())
    x += 1
    return torch.tensor(values)


def test_value_is_taken_before_what_it_reads_changes():
    assert_vectorized(used_behind_a_change, normal(4))


def written_after_it_was_read(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i] * 2)
        x[i] = 1
    return torch.stack(outs)


def converted_in_name_only(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i].float())
    x *= 2
    return torch.stack(outs)


def list_of_an_iteration_changed(x):
    out = torch.zeros(2, len(x))
    for k in range(2):
        parts = []
        for i in range(len(x)):
            parts.append(x[i] * k)
        row = torch.stack(parts)
        row[0] = 100
        out[k] = row
    return out


@pytest.mark.parametrize(
    "loop", [written_after_it_was_read, converted_in_name_only, list_of_an_iteration_changed],
    ids=lambda loop: loop.__name__,
)  # fmt: skip
def test_writes_around_a_list_come_in_their_order(loop):
    assert_agrees(loop, normal(4))
    assert_agrees(loop, normal(4, dtype=torch.float64))


def changed_then_selected(x):
    x.mul_(-1)
    kept = []
    for v in x:
        if v > 0:
            kept.append(v)
    return torch.stack(kept)


def test_guard_on_data_asks_for_an_argument_that_is_as_it_was():
    assert_agrees(changed_then_selected, normal(4), status="kept")
    assert_agrees(changed_then_selected, normal(4).abs(), status="kept")


# ------------------------------------------------------------------ what the tensor is


def stacked(x):
    outs = []
    for i in range(x.shape[0]):
        outs.append(x[i])
    return torch.stack(outs)


def as_tensor_of_numbers(x):
    return torch.tensor([x[i].item() for i in range(len(x))])


def as_tensor_of_elements(x):
    outs = []
    for v in x:
        outs.append(v * 2)
    return torch.tensor(outs)


def as_tensor_of_counters(x):
    outs = []
    for i in range(len(x)):
        outs.append(i)
    return torch.tensor(outs)


def viewed(x):
    outs = []
    for j in range(x.shape[1]):
        outs.append(x[:, j] * 2)
    return torch.stack(outs).view(-1)


def changed_behind(x):
    outs = []
    for i in range(len(x)):
        outs.append(x[i].exp())
    y = torch.stack(outs)
    y += 1
    return y


DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
          torch.uint8, torch.bool]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("length", [0, 1, 4])
@pytest.mark.parametrize("loop", [stacked, as_tensor_of_numbers, as_tensor_of_elements],
                         ids=lambda loop: loop.__name__)  # fmt: skip
def test_list_becomes_a_tensor_of_the_same_dtype(loop, length, dtype):
    assert_agrees(loop, (normal(length) * 3).to(dtype))


@pytest.mark.parametrize("length", [0, 1, 3])
def test_list_of_counters_is_empty_or_of_ints(length):
    assert_agrees(as_tensor_of_counters, normal(length))


def test_stack_of_nothing_raises_as_before():
    assert_agrees(stacked, torch.zeros(0, 3))
    assert_agrees(stacked, torch.zeros(3, 0), status="vectorized")


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")
def test_tensor_of_elements_leaves_their_gradient_behind():
    report = assert_vectorized(as_tensor_of_elements, normal(4).requires_grad_())
    assert "detach" in report.source or "item" in report.source


def test_view_of_a_stack_finds_the_elements_in_order():
    assert_vectorized(viewed, normal(4, 3))
    assert_vectorized(viewed, normal(4, 3).t())


def test_result_changed_in_place_does_not_spoil_the_gradient():
    assert_agrees(changed_behind, normal(4).requires_grad_())
    assert_vectorized(changed_behind, normal(4))


# ------------------------------------------------------------------ selections


def selected(x):
    kept = []
    for v in x:
        if v > 0:
            kept.append(v * 2)
    return torch.stack(kept)


def roots_of_the_positive(x):
    kept = []
    for v in x:
        if v > 0:
            kept.append(v.sqrt())
    return torch.stack(kept)


def positions(x):
    kept = []
    for i in range(len(x)):
        if x[i] > 0:
            kept.append(i)
    return torch.tensor(kept)


def neighbours(x):
    kept = []
    for i in range(len(x)):
        if i < len(x) - 1:
            kept.append(x[i + 1] - x[i])
    return torch.stack(kept)


NAN = float("nan")
CHOICES = [[1.0, -1.0, 2.0], [-1.0, -2.0], [], [NAN, 1.0], [0.0, -0.0], [3.0]]


@pytest.mark.parametrize("values", CHOICES, ids=str)
@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("loop", [selected, roots_of_the_positive, positions, neighbours],
                         ids=lambda loop: loop.__name__)  # fmt: skip
def test_selection_agrees_also_where_nothing_is_selected(loop, grad, values):
    assert_agrees(loop, torch.tensor(values, requires_grad=grad), second=True)


def test_gradient_of_what_is_left_out_stays_finite():
    x = torch.tensor([4.0, 0.0, -1.0], requires_grad=True)
    assert_agrees(roots_of_the_positive, x, status="kept")


# ------------------------------------------------------------------ sums


def sum_of_selected(x):
    return sum(v for v in x if v > 0)


def any_then_all(x):
    return any(v > 1 for v in x), all(v > -1 for v in x)


@pytest.mark.parametrize("values", CHOICES, ids=str)
@pytest.mark.parametrize("loop", [sum_of_selected, any_then_all], ids=lambda loop: loop.__name__)
def test_sums_and_quantifiers_agree_on_nothing_and_nan(loop, values):
    assert_agrees(loop, torch.tensor(values))


# ------------------------------------------------------------------ lists as arguments


def added_up(parts):
    total = torch.zeros_like(parts[0])
    for part in parts:
        total = total + part
    return total


def filled_parts(parts):
    for i in range(len(parts)):
        parts[i][0] = 1.0
    return parts


def read_while_one_is_written(x, parts):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        parts[0][i] = 5
        out[i] = x[i] - parts[i][0]
    return out


def scaled(x, factors):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * factors[i]
    return out


def test_list_of_tensors_of_one_shape_is_stacked():
    assert_vectorized(added_up, [normal(3, seed=k) for k in range(4)])
    assert_vectorized(added_up, tuple(normal(2, 3, seed=k).requires_grad_() for k in range(2)))


def test_list_of_tensors_of_several_shapes_keeps_the_loop():
    assert_agrees(added_up, [torch.zeros(3), torch.ones(1)])
    assert_agrees(added_up, [torch.zeros(3), torch.ones(2)])


def test_tensors_of_a_list_that_are_written_keep_the_loop():
    assert_agrees(filled_parts, [normal(3), normal(3)], status="kept")
    assert_agrees(read_while_one_is_written, normal(2), [normal(2), normal(2)], status="kept")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.int64])
@pytest.mark.parametrize("factors", [[2.0, 0.1], [3, 4], [1.5, 2.5, 3.5], [2, 0.5]], ids=str)
def test_numbers_of_a_list_promote_as_python_numbers(factors, dtype):
    assert_agrees(scaled, (normal(2, 3) * 4).to(dtype), factors)
