"""Loops that look up elements by data, or write to elements that data selects.

Duplicates mean what the loop means by them: each of them adds, and of several stores the last one
stays (`out[idx] = v` only where a guard has seen that no index repeats).
"""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .inputs import random_tensor

FAMILY = Family()

REPEATED = (0, 2, 2, 1, 0)
PERMUTED = (2, 0, 4, 1, 3)


def index(*values):
    return torch.tensor(values, dtype=torch.int64)


def edges(count, size, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, size, (count,), generator=generator)


def labelled(*others, rows=(), chosen=REPEATED, negative=True):
    """Values with an index for each; none at all, one, and one that counts from the end."""

    def make():
        made = [
            (random_tensor((5, *rows), 1), index(*chosen), *others),
            (random_tensor((1, *rows), 2), index(0), *others),
            (random_tensor((0, *rows), 3), index(), *others),
            (random_tensor((5, *rows), 4, grad=True), index(*chosen), *others),
            (random_tensor((5, *rows), 5), index(*chosen).int(), *others),
            (random_tensor((5, *rows), 5), index(*chosen).to(torch.int16), *others),
        ]
        if negative:
            made.append((random_tensor((5, *rows), 6), index(0, -1, 2, -1, 0), *others))
        return made

    return make


def labels_only(*others):
    return lambda: [
        (index(*REPEATED), *others),
        (index(0), *others),
        (index(), *others),
        (index(0, -1, 2, -1, 0), *others),
        (index(*REPEATED).int(), *others),
    ]


# ---------------------------------------------------------------------- sums
def segment_sum(x, idx, n):
    out = torch.zeros(n)
    for i in range(x.shape[0]):
        out[idx[i]] += x[i]
    return out


FAMILY.add(
    segment_sum, "out = torch.zeros(n)\nout.index_add_(0, idx, x)\nreturn out",
    inputs=labelled(3), exactness="rounding",
)  # fmt: skip


def segment_sum_by_item(x, idx, n):
    out = torch.zeros(n, x.shape[1])
    for i in range(len(idx)):
        k = int(idx[i])
        for d in range(x.shape[1]):
            out[k, d] = out[k, d] + x[i, d]
    return out


FAMILY.add(
    segment_sum_by_item,
    "out = torch.zeros(n, x.shape[1])\nout.index_add_(0, idx, x)\nreturn out",
    inputs=labelled(3, rows=(2,)), exactness="rounding",
)  # fmt: skip


def segment_means(x, idx, n):
    sums = torch.zeros(n, x.shape[1])
    counts = torch.zeros(n)
    for i in range(x.shape[0]):
        sums[idx[i]] += x[i]
        counts[idx[i]] += 1
    return sums / counts.clamp(min=1).unsqueeze(1)


FAMILY.add(
    segment_means,
    """
    sums = torch.zeros(n, x.shape[1])
    sums.index_add_(0, idx, x)
    counts = torch.bincount(idx, minlength=n).float()
    return sums / counts.clamp(min=1).unsqueeze(1)
    """,
    """
    sums = torch.zeros(n, x.shape[1])
    sums.index_add_(0, idx, x)
    return sums / torch.bincount(idx, minlength=n).float().clamp(min=1).unsqueeze(1)
    """,
    inputs=labelled(4, rows=(2,)), exactness="rounding",
)  # fmt: skip


def messages_passed(x, src, dst, w):
    out = torch.zeros_like(x)
    for e in range(len(src)):
        out[dst[e]] += x[src[e]] * w[e]
    return out


def graphs():
    made = []
    for count, grad in ((6, False), (1, False), (0, False), (6, True)):
        parts = edges(count, 4, count), edges(count, 4, count + 1)
        x, w = random_tensor((4, 3), 7, grad=grad), random_tensor((count,), 8, grad=grad)
        made.append((x, *parts, w))
    made.append((random_tensor((4, 3), 7), index(-1, 0), index(2, -3), random_tensor((2,), 8)))
    return made


FAMILY.add(
    messages_passed,
    "out = torch.zeros_like(x)\nout.index_add_(0, dst, x[src] * w[:, None])\nreturn out",
    inputs=graphs, exactness="rounding",
)  # fmt: skip


def gradient_of_an_embedding(Xb, demb, C):
    dC = torch.zeros_like(C)
    for k in range(Xb.shape[0]):
        for j in range(Xb.shape[1]):
            ix = Xb[k, j]
            dC[ix] += demb[k, j]
    return dC


FAMILY.add(
    gradient_of_an_embedding,
    """
    dC = torch.zeros_like(C)
    dC.index_add_(0, Xb.flatten(), demb.flatten(0, 1))
    return dC
    """,
    inputs=lambda: [
        (edges(6, 3, s).reshape(2, 3), random_tensor((2, 3, 2), s), random_tensor((3, 2), s))
        for s in (1, 2)
    ],
    exactness="rounding",
)


def votes_for_each_cell(acc, ys, xs, w):
    for i in range(len(ys)):
        acc[ys[i], xs[i]] += w[i]
    return acc


FAMILY.add(
    votes_for_each_cell,
    "acc.index_put_((ys, xs), w, accumulate=True)\nreturn acc",
    inputs=lambda: [
        (random_tensor((3, 4), 1), edges(9, 3, 1), edges(9, 4, 2), random_tensor((9,), 1)),
        (random_tensor((3, 4), 1), index(-1, -1), index(0, 0), random_tensor((2,), 1, grad=True)),
        (random_tensor((3, 4), 1), index(), index(), random_tensor((0,), 1)),
    ],
    exactness="rounding",
)


def added_within_each_row(v, idx, m):
    out = torch.zeros(v.shape[0], m)
    for i in range(v.shape[0]):
        for j in range(v.shape[1]):
            out[i, idx[i, j]] += v[i, j]
    return out


def grids(*others):
    shapes = (((2, 3), False), ((1, 1), False), ((0, 3), False), ((2, 3), True))
    return lambda: [
        (random_tensor((n, m), 1, grad=grad), edges(n * m, 4, 2).reshape(n, m), *others)
        for (n, m), grad in shapes
    ]


FAMILY.add(
    added_within_each_row,
    "out = torch.zeros(v.shape[0], m)\nout.scatter_add_(1, idx, v)\nreturn out",
    inputs=grids(4), exactness="rounding",
)  # fmt: skip


def columns_added(out, idx, x):
    for i in range(len(idx)):
        out[:, idx[i]] += x[:, i]
    return out


FAMILY.add(
    columns_added,
    "out.index_add_(1, idx, x)\nreturn out",
    inputs=lambda: [
        (random_tensor((2, 3), 1), index(*REPEATED), random_tensor((2, 5), 2)),
        (random_tensor((2, 3), 1), index(*REPEATED), random_tensor((2, 5), 2, grad=True)),
    ],
    exactness="rounding",
)


def rows_summed_first(v, idx, m):
    out = torch.zeros(m)
    for i in range(v.shape[0]):
        for j in range(v.shape[1]):
            out[idx[i]] += v[i, j]
    return out


FAMILY.add(
    rows_summed_first,
    "out = torch.zeros(m)\nout.index_add_(0, idx, v.sum(1))\nreturn out",
    inputs=labelled(3, rows=(2,)), exactness="rounding",
)  # fmt: skip


def added_where_selected(x, idx, n):
    out = torch.zeros(n)
    for i in range(len(idx)):
        if idx[i] >= 0:
            out[idx[i]] += x[i]
    return out


FAMILY.add(
    added_where_selected,
    """
    out = torch.zeros(n)
    mask = idx >= 0
    out.index_add_(0, idx[mask], x[mask])
    return out
    """,
    inputs=labelled(3), exactness="rounding",
)  # fmt: skip


def roots_added_where_positive(x, idx, n):
    out = torch.zeros(n)
    for i in range(len(idx)):
        if x[i] > 0:
            out[idx[i]] += torch.sqrt(x[i])
    return out


FAMILY.add(
    roots_added_where_positive,
    """
    out = torch.zeros(n)
    mask = x > 0
    out.index_add_(0, idx[mask], torch.sqrt(x)[mask])
    return out
    """,
    inputs=labelled(3), exactness="rounding",
)  # fmt: skip


# ---------------------------------------------------------------------- counts
def histogram(labels, n):
    hist = torch.zeros(n, dtype=torch.int64)
    for i in range(len(labels)):
        hist[labels[i]] += 1
    return hist


FAMILY.add(histogram, "return torch.bincount(labels, minlength=n)", inputs=labels_only(3))


def histogram_without_ignored(labels, n):
    hist = torch.zeros(n)
    for label in labels:
        if label == -1:
            continue
        hist[label] += 1
    return hist


FAMILY.add(
    histogram_without_ignored,
    "mask = labels != -1\nreturn torch.bincount(labels[mask], minlength=n).float()",
    inputs=labels_only(3),
)


def degrees(src, dst, n):
    deg = torch.zeros(n, dtype=torch.long)
    for e in range(src.shape[0]):
        deg[src[e]] += 1
        deg[dst[e]] += 1
    return deg


FAMILY.add(
    degrees,
    """
    deg = torch.bincount(src, minlength=n)
    deg += torch.bincount(dst, minlength=n)
    return deg
    """,
    inputs=lambda: [(edges(c, 4, c), edges(c, 4, c + 1), 4) for c in (6, 1, 0)],
)


def confusion_matrix(targets, preds, n):
    conf = torch.zeros(n, n)
    for t, p in zip(targets.view(-1), preds.view(-1)):
        conf[t.long(), p.long()] += 1
    return conf


FAMILY.add(
    confusion_matrix,
    """
    conf = torch.zeros(n, n)
    conf.index_put_((targets, preds), conf.new_tensor(1), accumulate=True)
    return conf
    """,
    inputs=lambda: [(edges(c, 3, c), edges(c, 3, c + 1), 3) for c in (9, 1, 0)],
    exactness="rounding",
)


# ---------------------------------------------------------------------- stores
def adjacency(edge_index, n):
    adj = torch.zeros(n, n)
    for i in range(edge_index.size(1)):
        adj[edge_index[0, i], edge_index[1, i]] = 1
    return adj


FAMILY.add(
    adjacency,
    "adj = torch.zeros(n, n)\nadj[edge_index[0], edge_index[1]] = 1\nreturn adj",
    inputs=lambda: [(edges(2 * c, 4, c).reshape(2, c), 4) for c in (6, 1, 0)],
)


def adjacency_both_ways(edges, n):
    A = torch.zeros(n, n, dtype=torch.bool)
    for u, v in edges:
        A[u, v] = True
        A[v, u] = True
    return A


FAMILY.add(
    adjacency_both_ways,
    """
    A = torch.zeros(n, n, dtype=torch.bool)
    A[edges[:, 0], edges[:, 1]] = True
    A[edges[:, 1], edges[:, 0]] = True
    return A
    """,
    inputs=lambda: [(edges(2 * c, 4, c).reshape(c, 2), 4) for c in (6, 1, 0)],
)


def permuted(x, idx):
    out = torch.zeros_like(x)
    for i in range(len(idx)):
        out[idx[i]] = x[i]
    return out


FAMILY.add(
    permuted,
    "out = torch.zeros_like(x)\nout[idx] = x\nreturn out",
    inputs=labelled(rows=(2,), chosen=PERMUTED),
)


def inverse_permutation(perm):
    inverse = torch.zeros_like(perm)
    for i in range(len(perm)):
        inverse[perm[i]] = i
    return inverse


FAMILY.add(
    inverse_permutation,
    """
    inverse = torch.zeros_like(perm)
    inverse[perm] = torch.arange(len(perm))
    return inverse
    """,
    inputs=lambda: [(index(*PERMUTED),), (index(0),), (index(),), (index(0, 0, 1),)],
)


def marked_where_labelled(labels, n):
    out = torch.zeros(labels.shape[0], n)
    for i in range(labels.shape[0]):
        if labels[i] >= 0:
            out[i, labels[i]] = 1
    return out


FAMILY.add(
    marked_where_labelled,
    """
    out = torch.zeros(labels.shape[0], n)
    mask = labels >= 0
    out[torch.arange(labels.shape[0])[mask], labels[mask]] = 1
    return out
    """,
    inputs=lambda: [(index(0, -9, 2, -1), 3), (index(), 3), (index(0, 1, 2, 1), 3)],
)


# ---------------------------------------------------------------------- extremes
def greatest_of_each_segment(v, idx, n):
    out = torch.full((n,), float("-inf"))
    for i in range(len(v)):
        out[idx[i]] = max(out[idx[i]], v[i])
    return out


FAMILY.add(
    greatest_of_each_segment,
    """
    out = torch.full((n,), float("-inf"))
    out.scatter_reduce_(0, idx, v, "amax")
    return out
    """,
    inputs=lambda: [
        (random_tensor((5,), 1), index(*REPEATED), 3),
        (torch.tensor([1.0, float("nan"), 0.0, -0.0, 2.0]), index(*REPEATED), 3),
        (random_tensor((5,), 1, grad=True), index(*REPEATED), 3),
    ],
    exactness="rounding",
)


def greatest_rows_of_each_segment(v, idx, n):
    out = torch.full((n, v.shape[1]), float("-inf"))
    for i in range(len(v)):
        out[idx[i]] = torch.maximum(out[idx[i]], v[i])
    return out


FAMILY.add(
    greatest_rows_of_each_segment,
    """
    out = torch.full((n, v.shape[1]), float("-inf"))
    out.scatter_reduce_(0, idx[:, None].expand(-1, v.shape[1]), v, "amax")
    return out
    """,
    inputs=lambda: [
        (random_tensor((5, 2), 1), index(*REPEATED), 3),
        (torch.tensor([[1.0, float("nan")], [0.0, 2.0]]), index(0, 0), 3),
    ],
    exactness="rounding",
)


# ---------------------------------------------------------------------- gathers
def looked_up_by_int(x, idx):
    out = torch.zeros(len(idx))
    for i in range(len(idx)):
        out[i] = x[int(idx[i])]
    return out


FAMILY.add(looked_up_by_int, "return x[idx]", inputs=labelled())


def looked_up_twice(table, a, b):
    out = torch.zeros(len(a))
    for i in range(len(a)):
        out[i] = table[a[i]][b[i].item()]
    return out


FAMILY.add(
    looked_up_twice,
    "return table[a, b]",
    inputs=lambda: [
        (random_tensor((4, 5), 1, grad=grad), index(0, -1, 2), index(4, 4, -5))
        for grad in (False, True)
    ],
)


def last_step_of_each_sequence(x, lengths):
    out = torch.zeros(x.shape[0], x.shape[2])
    for i in range(x.shape[0]):
        out[i] = x[i, lengths[i] - 1]
    return out


FAMILY.add(
    last_step_of_each_sequence,
    "return x[torch.arange(x.shape[0]), lengths - 1]",
    inputs=lambda: [
        (random_tensor((3, 4, 2), 1, grad=grad), index(4, 1, 2)) for grad in (False, True)
    ],
)
