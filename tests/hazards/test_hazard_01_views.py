"""`t = x[i]` is a view: what is written later shows through it."""

from __future__ import annotations

import torch

from .side_by_side import assert_agrees, assert_vectorized, normal, values


def swap_that_does_not_swap(a):
    n = len(a)
    for i in range(n // 2):
        t = a[i]
        a[i] = a[n - 1 - i]
        a[n - 1 - i] = t
    return a


def swap_with_a_copy(a):
    n = len(a)
    for i in range(n // 2):
        t = a[i].clone()
        a[i] = a[n - 1 - i]
        a[n - 1 - i] = t
    return a


def swap_by_tuple(a, b):
    for i in range(len(a)):
        a[i], b[i] = b[i], a[i]
    return a, b


def read_before_and_after_the_store(x):
    y = torch.zeros_like(x)
    for i in range(len(x)):
        t = x[i]
        x[i] = x[i] * 2
        y[i] = t
    return x, y


def value_before_the_store(x):
    y = torch.zeros_like(x)
    for i in range(len(x)):
        t = x[i] + 0
        x[i] = x[i] * 2
        y[i] = t
    return x, y


def temporary_changed_in_place(x):
    y = torch.zeros_like(x)
    for i in range(len(x)):
        t = x[i]
        t += 1
        y[i] = t * 2
    return x, y


def temporary_changed_by_method(x):
    y = torch.zeros_like(x)
    for i in range(len(x)):
        t = x[i]
        t.mul_(3)
        y[i] = t
    return x, y


def temporary_rebound(x):
    y = torch.zeros_like(x)
    for i in range(len(x)):
        t = x[i]
        t = t + 1
        y[i] = t * 2
    return x, y


def computed_temporary_changed_in_place(x):
    y = torch.zeros_like(x)
    for i in range(len(x)):
        t = x[i] * 2
        s = t
        t += 1
        y[i] = s
    return x, y


def row_view_written_through(x):
    for i in range(x.shape[0]):
        row = x[i]
        for j in range(x.shape[1]):
            row[j] = row[j] * 2
    return x


def one_accumulator_appended_often(x):
    rows = []
    acc = torch.zeros(())
    for i in range(len(x)):
        acc += x[i]
        rows.append(acc)
    return torch.stack(rows)


def elements_appended_then_changed(x):
    rows = []
    for i in range(len(x)):
        rows.append(x[i])
    x += 1
    return rows


def view_kept_after_the_loop(x):
    t = x[0]
    for i in range(len(x)):
        x[i] = x[i] * 2
    return t


def view_of_the_result(x):
    out = torch.zeros_like(x)
    first = out[0]
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out, first


def name_of_the_same_tensor(x):
    y = x
    for i in range(len(x)):
        y[i] = x[i] * 2
    return x, y


def read_through_another_view(x):
    flat = x.view(-1)
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = x[i, j] + 1
            out[i, j] = flat[0]
    return x, out


def test_swap_through_a_view_is_what_the_loop_does() -> None:
    for n in (5, 4, 1, 0):
        assert_agrees(swap_that_does_not_swap, normal(n))


def test_swap_with_a_copy_swaps() -> None:
    for n in (5, 4, 1, 0):
        assert_agrees(swap_with_a_copy, normal(n))


def test_swap_by_tuple_is_what_the_loop_does() -> None:
    assert_agrees(swap_by_tuple, values(1, 2, 3), values(4, 5, 6))


def test_view_shows_the_later_store() -> None:
    for n in (5, 1, 0):
        assert_agrees(read_before_and_after_the_store, normal(n))


def test_computed_value_does_not_show_the_later_store() -> None:
    assert_vectorized(value_before_the_store, normal(5))


def test_augmented_assignment_to_a_view_changes_the_tensor() -> None:
    for n in (5, 1, 0):
        assert_agrees(temporary_changed_in_place, normal(n))


def test_in_place_method_of_a_view_changes_the_tensor() -> None:
    assert_agrees(temporary_changed_by_method, normal(5))


def test_rebound_name_changes_nothing() -> None:
    assert_vectorized(temporary_rebound, normal(5))


def test_augmented_assignment_to_a_computed_value_changes_its_other_name() -> None:
    assert_agrees(computed_temporary_changed_in_place, normal(5))


def test_row_view_is_written_through() -> None:
    for shape in ((3, 4), (1, 1), (0, 2), (2, 0)):
        assert_vectorized(row_view_written_through, normal(*shape))


def test_one_object_appended_often_is_one_object() -> None:
    assert_agrees(one_accumulator_appended_often, normal(4))


def test_appended_elements_are_views() -> None:
    assert_agrees(elements_appended_then_changed, normal(4))


def test_view_taken_before_the_loop_shows_it() -> None:
    assert_agrees(view_kept_after_the_loop, normal(4))


def test_view_of_the_result_taken_before_the_loop_shows_it() -> None:
    assert_agrees(view_of_the_result, normal(4))


def test_two_names_of_one_tensor_stay_one_tensor() -> None:
    assert_agrees(name_of_the_same_tensor, normal(4))


def test_flat_view_shows_what_the_matrix_got() -> None:
    assert_agrees(read_through_another_view, normal(3, 2))
