"""The loop's variable and temporaries afterwards; `else`, `break`, `continue`, early `return`."""

from __future__ import annotations

import torch

from .side_by_side import assert_agrees, assert_vectorized, normal, values


def iterator_used_after(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out, i


def both_iterators_used_after(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] * 2
    return out, i, j


def iterator_used_after_or_default(x):
    i = -1
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out, i


def temporary_used_after(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        value = x[i] * 2
        out[i] = value
    return out, value


def temporary_with_default(x):
    value = None
    out = torch.zeros_like(x)
    for i in range(len(x)):
        value = x[i] * 2
        out[i] = value
    return out, value


def temporary_bound_in_a_branch(x):
    out = torch.zeros_like(x)
    value = torch.tensor(-1.0)
    for i in range(len(x)):
        if x[i] > 0:
            value = x[i] * 2
        out[i] = value
    return out, value


def temporary_perhaps_unbound(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            value = x[i] * 2
        out[i] = value
    return out


def element_view_used_after(x):
    for row in x:
        row *= 2
    return x, row


def shadowed_parameter(x, i):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i]
    return out + i


def loop_with_else(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    else:
        out = out + 1
    return out


def loop_with_else_and_break(x):
    found = True
    for i in range(len(x)):
        if x[i] > 1:
            break
    else:
        found = False
    return found


def first_index_above(x, threshold):
    for i in range(len(x)):
        if x[i] > threshold:
            return i
    return -1


def break_at_an_index(x, stop):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if i == stop:
            break
        out[i] = x[i] * 2
    return out


def break_of_the_inner_loop(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] < 0:
                break
            out[i, j] = x[i, j]
    return out


def break_after_the_store(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
        if out[i] > 1:
            break
    return out


def continue_before_the_second_store(x):
    a = torch.zeros_like(x)
    b = torch.zeros_like(x)
    for i in range(len(x)):
        a[i] = x[i] * 2
        if x[i] > 0:
            continue
        b[i] = x[i] * 3
    return a, b


def continue_of_the_inner_loop(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if j == i:
                continue
            out[i, j] = x[i, j]
    return out


def iterator_changed_inside(x):
    out = torch.zeros_like(x)
    for i in range(len(x) - 1):
        i = i + 1
        out[i] = x[i]
    return out


def bound_changed_inside(x):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(n):
        n = 0
        out[i] = x[i] * 2 + n
    return out, n


def scalar_changed_inside(x):
    k = 1
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * k
        k = 3
    return out, k


def counter_by_hand(x):
    k = 0
    out = torch.zeros_like(x)
    for value in x:
        out[k] = value * 2
        k += 1
    return out, k


def result_rebound_inside(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out = out + x[i]
    return out


def deleted_inside(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        value = x[i] * 2
        out[i] = value
        del value
    return out


def result_made_inside(x):
    for i in range(len(x)):
        out = torch.zeros_like(x)
        out[i] = x[i]
    return out


SIZES = (5, 2, 1, 0)


def agree_for_every_size(loop) -> None:
    for n in SIZES:
        assert_agrees(loop, normal(n, seed=n))


def test_iterator_afterwards_is_the_last_or_unbound() -> None:
    agree_for_every_size(iterator_used_after)
    agree_for_every_size(iterator_used_after_or_default)


def test_inner_iterator_afterwards() -> None:
    for shape in ((2, 3), (1, 1), (2, 0), (0, 2)):
        assert_agrees(both_iterators_used_after, normal(*shape))


def test_temporary_afterwards_is_the_last_or_unbound() -> None:
    agree_for_every_size(temporary_used_after)
    agree_for_every_size(temporary_with_default)


def test_temporary_kept_from_an_earlier_iteration() -> None:
    agree_for_every_size(temporary_bound_in_a_branch)
    agree_for_every_size(temporary_perhaps_unbound)
    assert_agrees(temporary_perhaps_unbound, values(1, -1, 2, -2))
    assert_agrees(temporary_perhaps_unbound, values(-1, 1))


def test_last_element_afterwards_is_a_view() -> None:
    agree_for_every_size(element_view_used_after)


def test_parameter_hidden_by_the_iterator() -> None:
    for n in SIZES:
        assert_agrees(shadowed_parameter, normal(n), 7)


def test_else_of_the_loop_runs() -> None:
    agree_for_every_size(loop_with_else)
    agree_for_every_size(loop_with_else_and_break)


def test_return_of_the_first_found() -> None:
    for threshold in (-5.0, 0.0, 5.0):
        for n in SIZES:
            assert_agrees(first_index_above, normal(n), threshold)


def test_break_at_an_index() -> None:
    for stop in (-1, 0, 2, 4, 5, 9):
        assert_agrees(break_at_an_index, normal(5), stop)


def test_break_of_the_inner_loop_ends_the_row() -> None:
    assert_agrees(break_of_the_inner_loop, normal(3, 4))


def test_break_after_the_store_keeps_the_store() -> None:
    agree_for_every_size(break_after_the_store)


def test_continue_skips_what_follows_only() -> None:
    assert_vectorized(continue_before_the_second_store, normal(5))
    agree_for_every_size(continue_before_the_second_store)


def test_continue_of_the_inner_loop() -> None:
    for shape in ((3, 4), (4, 3), (1, 1), (0, 2), (2, 0)):
        assert_agrees(continue_of_the_inner_loop, normal(*shape))


def test_names_changed_inside_the_loop() -> None:
    agree_for_every_size(iterator_changed_inside)
    agree_for_every_size(bound_changed_inside)
    agree_for_every_size(scalar_changed_inside)
    agree_for_every_size(counter_by_hand)


def test_result_bound_anew_inside_the_loop() -> None:
    agree_for_every_size(result_rebound_inside)
    agree_for_every_size(result_made_inside)


def test_temporary_deleted_inside_the_loop() -> None:
    agree_for_every_size(deleted_inside)
