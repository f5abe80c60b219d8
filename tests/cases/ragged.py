"""Pieces of different lengths: lists of tensors, offsets, counters, tables, preallocated lists."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch
import torch.nn.functional as F

from .case import Family
from .inputs import matrices, random_tensor, vectors

FAMILY = Family()


# ---------------------------------------------------------------------- lists of tensors
def ragged(*tail, dtype=torch.float32):
    """Lists of tensors of these lengths; once with gradients."""

    def make():
        sizes = ((3, 5, 1, 4), (1,), (2, 2), (0, 2))
        made = [
            ([random_tensor((n, *tail), 10 * k + n, dtype) for n in lengths],)
            for k, lengths in enumerate(sizes)
        ]
        if dtype.is_floating_point:
            made.append(([random_tensor((n, *tail), n, grad=True) for n in (2, 4, 1)],))
        return made

    return make


def padded(seqs):
    longest = max(len(s) for s in seqs)
    out = torch.zeros(len(seqs), longest)
    for i, s in enumerate(seqs):
        out[i, : len(s)] = s
    return out


FAMILY.add(
    padded, "return torch.nn.utils.rnn.pad_sequence(seqs, batch_first=True)", inputs=ragged()
)


def padded_rows(seqs):
    lengths = [s.size(0) for s in seqs]
    out = seqs[0].new_zeros(len(seqs), max(lengths), seqs[0].size(1))
    for i in range(len(seqs)):
        end = lengths[i]
        out[i, :end, :] = seqs[i]
    return out


FAMILY.add(
    padded_rows, "return torch.nn.utils.rnn.pad_sequence(seqs, batch_first=True)", inputs=ragged(2)
)


def padded_with_a_number(seqs):
    longest = max([s.shape[0] for s in seqs])
    out = torch.full((len(seqs), longest), -1.0)
    for i in range(len(seqs)):
        for j in range(len(seqs[i])):
            out[i, j] = seqs[i][j]
    return out


FAMILY.add(
    padded_with_a_number,
    "return torch.nn.utils.rnn.pad_sequence(seqs, batch_first=True, padding_value=-1.0)",
    inputs=ragged(),
)


def padded_one_by_one(seqs):
    longest = max(map(len, seqs))
    return torch.stack([F.pad(s, (0, longest - len(s))) for s in seqs])


FAMILY.add(
    padded_one_by_one, "return torch.nn.utils.rnn.pad_sequence(seqs, batch_first=True)",
    inputs=ragged(),
)  # fmt: skip


def mean_of_each(seqs):
    return torch.stack([s.mean() for s in seqs])


FAMILY.add(
    mean_of_each,
    """
    lengths_tensor = torch.tensor([len(s) for s in seqs])
    return torch.nn.utils.rnn.pad_sequence(seqs, batch_first=True).sum(1) / lengths_tensor
    """,
    inputs=ragged(), exactness="rounding",
)  # fmt: skip


def sum_of_all(seqs):
    total = 0.0
    for s in seqs:
        total = total + s.sum()
    return total


FAMILY.add(sum_of_all, "return torch.cat(seqs).sum()", inputs=ragged(), exactness="rounding")


# ---------------------------------------------------------------------- pieces of one tensor
def pieces(*tail):
    """A tensor and the lengths of its pieces, as a tensor."""

    def make():
        return [
            (random_tensor((8, *tail), 1), torch.tensor([3, 1, 2, 2])),
            (random_tensor((6, *tail), 2), torch.tensor([1, 0, 4])),
            (random_tensor((3, *tail), 3), torch.tensor([3])),
            (random_tensor((0, *tail), 4), torch.tensor([0, 0])),
            (random_tensor((5, *tail), 5, grad=True), torch.tensor([2, 3])),
        ]

    return make


def sum_of_each_piece(flat, lengths):
    out = torch.zeros(len(lengths))
    start = 0
    for i in range(len(lengths)):
        n = int(lengths[i])
        out[i] = flat[start : start + n].sum()
        start += n
    return out


FAMILY.add(
    sum_of_each_piece,
    """
    owner = torch.repeat_interleave(lengths)
    return torch.zeros(len(lengths)).index_add_(0, owner, flat[:len(owner)])
    """,
    inputs=pieces(), exactness="rounding",
)  # fmt: skip


def mean_of_each_piece(hidden, lengths):
    means = []
    start = 0
    for n in lengths.tolist():
        end = start + n
        means.append(hidden[start:end].mean(dim=0))
        start = end
    return torch.stack(means)


FAMILY.add(
    mean_of_each_piece,
    """
    owner = torch.repeat_interleave(lengths)
    hidden_part = hidden[:len(owner)]
    return torch.zeros(lengths.shape[0], hidden.shape[1]).index_add_(0, owner, hidden_part)\
 / torch.bincount(owner, minlength=lengths.shape[0])[:, None]
    """,
    inputs=pieces(2), exactness="rounding",
)  # fmt: skip


def unpacked(flat, lengths):
    out = torch.zeros(len(lengths), int(lengths.max()))
    k = 0
    for i in range(len(lengths)):
        for j in range(int(lengths[i])):
            out[i, j] = flat[k]
            k += 1
    return out


FAMILY.add(
    unpacked,
    """
    out = torch.zeros(len(lengths), int(lengths.max()))
    owner = torch.repeat_interleave(lengths)
    place = torch.arange(len(owner)) - (lengths.cumsum(0) - lengths)[owner]
    out[owner, place] = flat[:len(owner)]
    return out
    """,
    inputs=pieces(),
)


def owners(flat, lengths):
    out = torch.zeros(int(lengths.sum()), dtype=torch.long)
    k = 0
    for i in range(len(lengths)):
        for _ in range(lengths[i]):
            out[k] = i
            k += 1
    return out


FAMILY.add(owners, "return torch.repeat_interleave(lengths)", inputs=pieces())


# ---------------------------------------------------------------------- counters
def compacted(x, mask):
    out = torch.zeros(len(x))
    k = 0
    for i in range(len(x)):
        if mask[i] > 0:
            out[k] = x[i]
            k += 1
    return out[:k]


FAMILY.add(compacted, "return x[mask > 0]", inputs=vectors(2))


def moved_to_the_front(x):
    out = torch.zeros(len(x))
    k = 0
    for i in range(len(x)):
        if x[i] > 0:
            out[k] = x[i]
            k += 1
    return out


FAMILY.add(
    moved_to_the_front,
    """
    out = torch.zeros(len(x))
    values = x[x > 0]
    out[:len(values)] = values
    return out
    """,
    inputs=vectors(),
)


def square():
    return [(random_tensor((n, n), n),) for n in (5, 1, 2, 0)]


def upper_triangle(x):
    n = x.shape[0]
    out = torch.zeros(n * (n - 1) // 2)
    k = 0
    for i in range(n):
        for j in range(i + 1, n):
            out[k] = x[i, j]
            k += 1
    return out


FAMILY.add(
    upper_triangle,
    """
    n = x.shape[0]
    return x[torch.arange(n) >= torch.arange(1, n + 1)[:, None]]
    """,
    inputs=square,
)


def filled_triangles(v, n):
    out = torch.zeros(n, n)
    k = 0
    for i in range(n):
        for j in range(i + 1, n):
            out[i, j] = v[k]
            out[j, i] = v[k]
            k += 1
    return out


FAMILY.add(
    filled_triangles,
    """
    out = torch.zeros(n, n)
    rows, columns = torch.triu_indices(n, n, 1)
    out[rows, columns] = v
    out[columns, rows] = v
    return out
    """,
    inputs=lambda: [(random_tensor((n * (n - 1) // 2,), n), n) for n in (5, 2, 3, 1, 0)],
)


def flattened(x):
    out = torch.zeros(x.shape[0] * x.shape[1])
    k = 0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[k] = x[i, j]
            k += 1
    return out


FAMILY.add(flattened, "return x.clone().flatten()", inputs=matrices())


# ---------------------------------------------------------------------- lists made whole
def labels():
    none = torch.zeros(0, dtype=torch.int64)
    return [(torch.tensor([1, 0, 2, 2, 1, 2]), 4), (torch.tensor([0]), 1), (none, 2), (none, 0)]


def counted(x, k):
    counts = [0] * k
    for v in x.tolist():
        counts[v] += 1
    return torch.tensor(counts)


FAMILY.add(counted, "return torch.bincount(x, minlength=k)", inputs=labels)


def counted_as_a_list(x, k):
    counts = [0 for _ in range(k)]
    for i in range(len(x)):
        counts[int(x[i])] += 1
    return counts


FAMILY.add(counted_as_a_list, "return torch.bincount(x, minlength=k).tolist()", inputs=labels)


def set_one_by_one(x):
    rows = [None] * x.shape[0]
    for i in range(x.shape[0]):
        rows[i] = x[i] * 2
    return torch.stack(rows)


FAMILY.add(set_one_by_one, "return x * 2", inputs=matrices())


# ---------------------------------------------------------------------- tables of ints
def mapped(x, table):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = table[int(x[i])]
    return out


def tables():
    return [
        (torch.tensor([1, 0, 3, 3]), {0: 5, 1: 7, 3: 2}), (torch.tensor([2]), {2: 1}),
        (torch.tensor([1, 2]), {1: 7}), (torch.tensor([-1, 0]), {0: 3, 1: 4}),
        (torch.zeros(0, dtype=torch.int64), {0: 3}), (torch.tensor([0, 1]), {0: 3, 1: 2.5}),
    ]  # fmt: skip


FAMILY.add(
    mapped, "return torch.tensor([table.get(k, 0) for k in range(max(table) + 1)])[x]",
    inputs=tables,
)  # fmt: skip


def mapped_or_else(x, table):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = table.get(x[i].item(), -1)
    return out


FAMILY.add(
    mapped_or_else, "return torch.tensor([table.get(k, -1) for k in range(max(table) + 1)])[x]",
    inputs=tables,
)  # fmt: skip
