"""Pieces of different lengths, counters, tables, preallocated lists: where they are not plain."""

from __future__ import annotations

import pytest
import torch

import deloop

from .side_by_side import NAN, assert_agrees, assert_serves, assert_vectorized, normal, values


def padded(seqs):
    longest = max(len(s) for s in seqs)
    out = torch.zeros(len(seqs), longest)
    for i, s in enumerate(seqs):
        out[i, : len(s)] = s
    return out


def padded_in_place(seqs):
    out = torch.zeros(len(seqs))
    for i, s in enumerate(seqs):
        s[0] = 5.0
        out[i] = s.sum()
    return out


def written_into_the_first(seqs):
    out = seqs[0]
    for i, s in enumerate(seqs):
        out[i] = s.sum()
    return out


def first_of_each(seqs):
    return torch.stack([s[0] for s in seqs])


def last_of_each(seqs):
    return torch.stack([s[-1] for s in seqs])


def sums(flat, lengths, out):
    start = 0
    for i in range(len(lengths)):
        n = int(lengths[i])
        out[i] = flat[start : start + n].sum()
        start += n
    return out


def unpacked(flat, lengths):
    out = torch.zeros(len(lengths), 3)
    k = 0
    for i in range(len(lengths)):
        for j in range(int(lengths[i])):
            out[i, j] = flat[k]
            k += 1
    return out


def compacted(x):
    out = torch.zeros(3)
    k = 0
    for i in range(len(x)):
        if x[i] > 0:
            out[k] = x[i]
            k += 1
    return out, k


def compacted_over_itself(x):
    k = 0
    for i in range(len(x)):
        if x[i] > 0:
            x[k] = x[i]
            k += 1
    return x


def counted(x, k):
    counts = [0] * k
    for i in range(len(x)):
        counts[int(x[i])] += 1
    return torch.tensor(counts)


def added_up(x):
    total = [0] * 1
    for i in range(len(x)):
        total[0] += int(x[i])
    return total


def looked_up(x, table):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = table[int(x[i])]
    return out


def looked_up_by_tensor(x, table):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = table[x[i]]
    return out


def triangle(v, out):
    n = out.shape[0]
    k = 0
    for i in range(n):
        for j in range(i + 1):
            out[i, j] = v[k]
            k += 1
    return out


def made_larger(x, n):
    out = torch.zeros(n, max(n, 2))
    for i in range(n):
        for j in range(2):
            out[i, j] = x[i, j]
    return out


def ints(*numbers):
    return torch.tensor(numbers, dtype=torch.int64)


def test_lists_of_other_kinds_are_seen_at_each_call():
    one, two = values(1.0, NAN), values(3.0)
    assert_serves(
        padded, ([one, two],), ([one, two.double()],), ([one.int(), two.int()],), ([one, one],),
        ([one, normal(2, 2)],), ([values(grad=True), values(1.0, grad=True)],), ([two],),
        ([one, torch.tensor(1.0)],), ([],),
    )  # fmt: skip


def test_tensors_of_a_list_that_are_written_into_are_not_copied():
    assert_agrees(padded_in_place, [values(1.0, 2.0), values(3.0)], status="kept")
    assert_agrees(written_into_the_first, [values(1.0, 2.0), values(3.0)], status="kept")


def test_an_empty_tensor_has_no_first_or_last_element():
    some, none = [values(1.0, 2.0), values(3.0)], [values(1.0, 2.0), values()]
    assert_vectorized(first_of_each, some)
    assert_serves(first_of_each, (some,), (none,))
    assert_serves(last_of_each, (some,), (none,))


def test_negative_lengths_and_short_tensors_keep_the_loop():
    flat = normal(8)
    assert_vectorized(sums, flat, ints(3, 0, 4), torch.zeros(3))
    assert_serves(
        sums, (flat, ints(3, 0, 4), torch.zeros(3)), (flat, ints(3, -1, 4), torch.zeros(3)),
        (flat, ints(5, 5, 5), torch.zeros(3)), (flat, ints(8, 0, 0), torch.zeros(3)),
        (flat, ints(1, 2, 3), torch.zeros(2)), (flat, ints(), torch.zeros(3)),
    )  # fmt: skip


def test_pieces_that_share_memory_with_what_is_written():
    shared = normal(8)
    assert_serves(
        sums, (normal(8), ints(2, 3, 3), torch.zeros(3)), (shared, ints(2, 3, 3), shared[:3]),
        (shared, ints(2, 3, 3), shared[5:]),
    )  # fmt: skip


def test_a_piece_that_is_longer_than_a_row_raises():
    assert_serves(
        unpacked, (normal(8), ints(3, 0, 2)), (normal(8), ints(4, 0, 2)), (normal(4), ints(3, 3)),
        (normal(8), ints(0, 0)),
    )  # fmt: skip


def test_more_than_there_is_room_for_raises():
    for x in (values(1.0, -1.0, 2.0, 3.0), values(1.0, 2.0, 3.0, 4.0), values(NAN, -1.0)):
        assert_agrees(compacted, x)


def test_nothing_that_is_counted_records_no_gradient():
    some, none = values(1.0, -1.0, 2.0, grad=True), values(-1.0, -2.0, grad=True)
    assert_serves(compacted, (some,), (none,), (values(-1.0),))
    flat = values(1.0, 2.0, grad=True)
    assert_serves(unpacked, (flat, ints(1, 1)), (flat, ints(0, 0)))


def test_a_tensor_that_is_compacted_in_itself_keeps_its_loop():
    assert_agrees(compacted_over_itself, values(-1.0, 2.0, -3.0, 4.0), status="kept")


def test_counts_raise_where_the_list_would():
    assert_vectorized(counted, ints(0, 1, 1), 3)
    assert_serves(
        counted, (ints(0, 1, 1), 3), (ints(0, 3), 3), (ints(-1, 0), 3), (ints(), 0), (ints(), 2),
        (values(0.5, 1.5), 3),
    )  # fmt: skip


def test_sums_of_python_ints_do_not_wrap():
    assert_agrees(added_up, ints(2**62, 2**62, 2**62), status="kept")


def test_keys_that_are_missing_raise():
    table = {0: 1.5, 1: 2.5, 3: -1.0}
    assert_vectorized(looked_up, ints(0, 3, 3), table)
    assert_serves(
        looked_up, (ints(0, 3, 3), table), (ints(0, 2), table), (ints(-1), table), (ints(), table),
        (ints(0), {0: 2**70}), (ints(0), {0: True}), (ints(0, 1), {0: 1, 1: 2.5}), (ints(0), {}),
        (ints(7), {7: 1.0, 10**9: 2.0}), (ints(0), {0: torch.tensor(1.0)}),
    )  # fmt: skip


def test_a_table_that_changes_between_calls_is_looked_up_anew():
    table = {0: 1, 1: 2}
    rewrite = deloop.vectorize(looked_up, keep_small=False)
    assert rewrite.explain(ints(0, 1), table).status == "vectorized"
    assert rewrite(ints(0, 1), table).tolist() == [1.0, 2.0]
    table[1] = 7
    assert rewrite(ints(0, 1), table).tolist() == [1.0, 7.0]
    table[1] = 2.5
    assert rewrite(ints(0, 1), table).tolist() == [1.0, 2.5]
    del table[0]
    with pytest.raises(KeyError):
        rewrite(ints(0, 1), table)


def test_a_tensor_is_no_key():
    assert_agrees(looked_up_by_tensor, ints(0, 1), {0: 1, 1: 2}, status="kept")


def test_a_triangle_of_what_it_is_filled_from_keeps_its_loop():
    shared = normal(25)
    assert_vectorized(triangle, normal(15), torch.zeros(5, 5))
    assert_serves(
        triangle, (normal(15), torch.zeros(5, 5)), (shared, shared.view(5, 5)),
        (normal(14), torch.zeros(5, 5)), (normal(20), torch.zeros(5, 5)),
        (normal(15), torch.zeros(5, 4)), (normal(0), torch.zeros(0, 0)),
    )  # fmt: skip


def test_the_greater_of_two_sizes_is_asked_for_at_each_call():
    assert_serves(made_larger, (normal(4, 2), 1), (normal(6, 2), 6))
