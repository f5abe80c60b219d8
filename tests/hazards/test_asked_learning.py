"""What windows by data, listed tensors, guarded appends and rows filled by data could get wrong."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, normal

STARTS = torch.tensor([0, 6, 3, 2])
IDS = torch.tensor([[0, 2, 2, 4], [1, 1, 0, 3], [4, 4, 4, 4]])


# ---------------------------------------------------------------------- windows
def windows(x, start, w):
    out = []
    for b in range(x.shape[0]):
        out.append(x[b, start[b]:start[b] + w].sum())
    return torch.stack(out)


@pytest.mark.parametrize(
    "start",
    [
        torch.tensor([0, 7, 3, 2]),  # cut short at the end
        torch.tensor([0, -3, 3, 2]),  # counted from behind
        torch.tensor([0, 9, 3, 20]),  # empty
        torch.tensor([0, 2**63 - 1, 3, 2]),  # the end is a negative number
    ],
)
def test_window_that_is_cut_short_or_wraps_is_the_loops(start):
    assert_agrees(windows, normal(4, 9), start, 3)


def test_window_of_bytes_wraps_as_bytes_do():
    assert_agrees(windows, normal(2, 300), torch.tensor([254, 3], dtype=torch.uint8), 4)


@pytest.mark.parametrize("w", [0, 1, 9])
def test_windows_of_none_of_one_and_of_all_elements(w):
    assert_agrees(windows, normal(4, 9), torch.zeros(4, dtype=torch.int64), w)


def window_of_what_it_writes(x, start):
    for b in range(x.shape[0]):
        part = x[b, start[b]:start[b] + 3]
        x[b] = 0
        x[b, 0] = part.sum()
    return x


def test_window_is_a_view_of_what_the_loop_writes():
    assert_agrees(window_of_what_it_writes, normal(4, 9), STARTS)


def window_changed(x, start):
    for b in range(x.shape[0]):
        part = x[b, start[b]:start[b] + 3]
        part += 1
    return x


def test_window_changed_in_place_changes_the_tensor():
    assert_agrees(window_changed, normal(4, 9), STARTS)


def pasted(x, start, p):
    for b in range(x.shape[0]):
        x[b, start[b]:start[b] + p.shape[1]] = p[b] * 2
    return x


@pytest.mark.parametrize("start", [STARTS, torch.tensor([0, 7, 3, 2])])
def test_row_goes_to_the_window_that_it_fits_or_the_loop_raises(start):
    assert_agrees(pasted, normal(4, 9), start, normal(4, 3))


def moved_within(x, start, other):
    for b in range(x.shape[0]):
        x[b, start[b]:start[b] + 3] = x[b, other[b]:other[b] + 3].clone()
    return x


def test_window_moved_within_its_own_row():
    assert_agrees(moved_within, normal(4, 9), STARTS, torch.tensor([1, 5, 4, 0]))


# ---------------------------------------------------------------------- lists of a tensor
def list_is_changed(x, lengths):
    lens = lengths.tolist()
    lens[0] = 1
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = x[i, :lens[i]].sum()
    return out


def tensor_is_changed(x, lengths):
    lens = lengths.tolist()
    lengths[0] = 1
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = x[i, :lens[i]].sum()
    return out


def another_is_changed(x, lengths, same):
    lens = lengths.tolist()
    same += 1
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = x[i, :lens[i]].sum()
    return out


def tensor_is_another(x, lengths):
    lens = lengths.tolist()
    lengths = lengths - 1
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = x[i, :lens[i]].sum() + lengths[i]
    return out


def test_list_keeps_what_the_tensor_held():
    x, lengths = normal(3, 5), torch.tensor([4, 2, 3])
    for loop in (list_is_changed, tensor_is_changed, tensor_is_another):
        assert_agrees(loop, x.clone(), lengths.clone())
    assert_agrees(another_is_changed, x, lengths, lengths)


# ---------------------------------------------------------------------- guarded appends
def name_read_later(x, labels):
    out = []
    y = x[0]
    for i in range(x.shape[0]):
        if labels[i] > 0:
            y = x[i] * 2
            out.append(y.sum())
    return torch.stack(out), y


def name_read_by_the_next(x, labels):
    out = []
    y = x[0] * 0
    for i in range(x.shape[0]):
        if labels[i] > 0:
            z = y + x[i]
            y = z * 0.5
            out.append(z.sum())
    return torch.stack(out)


def inverses(A, ok):
    out = []
    for i in range(A.shape[0]):
        if ok[i]:
            B = torch.linalg.inv(A[i])
            out.append(B)
    return torch.stack(out)


def row_of_a_tensor_changed(x, labels):
    out = []
    for i in range(x.shape[0]):
        if labels[i] > 0:
            row = x[i]
            row[0] = 7
            out.append(row.sum())
    return torch.stack(out), x


LABELS = torch.tensor([0, 2, 0, 1])


def test_names_of_a_branch_that_are_read_elsewhere_hold_what_they_held():
    assert_agrees(name_read_later, normal(4, 3), LABELS)
    assert_agrees(name_read_by_the_next, normal(4, 3), LABELS)
    assert_agrees(row_of_a_tensor_changed, normal(4, 3), LABELS)


def test_singular_matrix_that_the_loop_passes_over_raises_nothing():
    A = normal(4, 2, 2)
    A[2] = 0
    assert_agrees(inverses, A, torch.tensor([True, True, False, True]))


def greatest_there(x, labels, n):
    out = []
    for c in range(n):
        m = labels == c
        if m.any():
            out.append(x[m].max())
    return torch.stack(out)


def test_greatest_of_nothing_is_asked_for_where_there_is_something_alone():
    assert_vectorized(greatest_there, normal(4), LABELS, 5)


# ---------------------------------------------------------------------- needless conditions
def stored_if_several(x, labels, w):
    for c in range(len(w)):
        m = labels == c
        if m.sum() > 1:
            x[m] = x[m] * w[c]
    return x


def stored_if_any(x, labels, w):
    for c in range(len(w)):
        m = labels == c
        if m.sum() != 0:
            x[m] = x[m] * w[c]
    return x


def counted_if_any(x, labels, w):
    n = 0
    for c in range(len(w)):
        m = labels == c
        if m.any():
            x[m] = w[c]
            n += 1
    return x, n


def test_condition_that_asks_for_more_than_something_counts():
    for loop in (stored_if_several, stored_if_any, counted_if_any):
        assert_agrees(loop, normal(4), LABELS, normal(3))


# ---------------------------------------------------------------------- rows filled by data
def filled_behind_a_copy(ids, x):
    outs = torch.zeros(x.shape)
    for i in range(ids.shape[0]):
        row = x[i] * 2
        before = row.clone()
        for t in range(ids.shape[1]):
            row[ids[i, t]] += 1
        outs[i] = row * before
    return outs


def filled_from_the_second(ids, x):
    outs = torch.zeros(x.shape)
    for i in range(1, ids.shape[0]):
        row = torch.zeros(x.shape[1])
        for t in range(ids.shape[1]):
            row[ids[i, t]] += x[i, t]
        outs[i] = row
    return outs


def filled_from_what_is_carried(ids, x):
    h = torch.zeros(x.shape[1])
    for i in range(ids.shape[0]):
        row = h.clone()
        for t in range(ids.shape[1]):
            row[ids[i, t]] += x[i, t]
        h = torch.tanh(row)
    return h


def filled_in_each_of_a_batch(ids, x):
    outs = torch.zeros(2, x.shape[1])
    for b in range(2):
        h = torch.zeros(x.shape[1])
        for i in range(ids.shape[0]):
            row = h.clone()
            for t in range(ids.shape[1]):
                row[ids[i, t]] += x[i, t] * (b + 1)
            h = torch.tanh(row)
        outs[b] = h
    return outs


def copied_then_set(ids, x):
    outs = torch.zeros(x.shape)
    for i in range(ids.shape[0]):
        row = x[i] * 2
        before = row.clone()
        for t in range(1, 4):
            row[t] += x[i, t]
        outs[i] = row * before
    return outs


def test_rows_filled_by_data_are_each_iterations_own():
    x = normal(3, 5)
    for loop in (
        filled_behind_a_copy, filled_from_the_second, filled_from_what_is_carried,
        filled_in_each_of_a_batch, copied_then_set,
    ):  # fmt: skip
        assert_agrees(loop, IDS, x)
        assert_agrees(loop, IDS, x.clone().requires_grad_())
    assert_agrees(filled_behind_a_copy, IDS - 1, x)  # counted from behind
    with pytest.raises(IndexError):
        filled_behind_a_copy(IDS + 1, x)
    assert_agrees(filled_behind_a_copy, IDS + 1, x)


# ---------------------------------------------------------------------- places and rows of indices
def first_and_last(ids, pad):
    out = torch.zeros(ids.shape[0], 2, dtype=torch.long)
    for i in range(ids.shape[0]):
        places = (ids[i] == pad).nonzero(as_tuple=True)[0]
        out[i, 0] = places[0]
        out[i, 1] = places[-1]
    return out


def test_first_place_of_none_raises():
    assert_agrees(first_and_last, torch.tensor([[0, 2, 0], [0, 0, 0]]), 0)
    assert_agrees(first_and_last, torch.tensor([[0, 2, 0], [1, 1, 1]]), 0)


def set_at_indices(x, idx, v):
    for i in range(x.shape[0]):
        x[i, idx[i]] = v[i]
    return x


@pytest.mark.parametrize("idx", [[[0, 2], [1, 3]], [[-1, 0], [1, -4]], [[0, 9], [1, 2]]])
def test_row_of_indices_as_a_target(idx):
    assert_agrees(set_at_indices, normal(2, 4), torch.tensor(idx), normal(2, 2))


def averages(x):
    out = torch.zeros_like(x)
    for t in range(x.shape[0]):
        out[t] = x[:t + 1].mean(0)
    return out


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_average_of_a_prefix_in_other_dtypes(dtype):
    assert_agrees(averages, normal(5, 2).to(dtype))


def filled_with_a_computed_number(x, n):
    out = torch.zeros(x.shape[0], 4)
    for i in range(x.shape[0]):
        row = torch.full((4,), x[i].item() / n)
        row[i % 4] = 1 - x[i]
        out[i] = row
    return out


def filled_with_its_counter(x):
    rows = []
    for i in range(x.shape[0]):
        rows.append(torch.full((3,), i))
    return torch.stack(rows)


def test_rows_of_a_computed_number():
    assert_agrees(filled_with_a_computed_number, normal(5), 3)
    assert_agrees(filled_with_a_computed_number, normal(5).double() * 1e300, 1e-9)
    assert_agrees(filled_with_its_counter, normal(5))


def test_row_of_indices_takes_no_other_dtype():
    idx = torch.tensor([[0, 2], [1, 3]])
    assert_agrees(set_at_indices, normal(2, 4), idx, normal(2, 2).double())


def losses_up_to_lengths(scores, targets, lengths):
    total = 0.0
    for i in range(scores.size(0)):
        n = lengths[i].item()
        total += torch.nn.functional.cross_entropy(
            scores[i, :n], targets[i, :n], reduction="sum"
        )
    return total


def test_padding_behind_a_length_is_no_class():
    targets = torch.tensor([[0, 2, 1], [3, -1, 77]])
    for scores in (normal(2, 3, 4), normal(2, 3, 4).requires_grad_()):
        assert_vectorized(losses_up_to_lengths, scores, targets, torch.tensor([3, 1]))
    assert_agrees(losses_up_to_lengths, normal(2, 3, 4), targets, torch.tensor([3, 2]))


def stored_where_chosen(x, labels, v):
    for c in range(v.shape[0]):
        x[labels == c] = v[labels == c] * 2
    return x


def test_chosen_part_takes_no_other_dtype():
    assert_agrees(stored_where_chosen, normal(4), LABELS, normal(4).double())
    assert_agrees(stored_where_chosen, normal(4), LABELS, normal(4))
