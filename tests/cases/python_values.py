"""Python values of data: ints, lists of rows, membership, lists that hold something at first."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .inputs import Arguments, vectors
from .real_code import with_rows

FAMILY = Family()

EDGES = torch.tensor([[0, 1], [2, 2], [1, 0], [3, 2], [0, 1]])
LABELS = torch.tensor([0, 2, 1, 1, 3])
GUESSES = torch.tensor([0, 1, 1, 3, 3])


def fixed(*arguments: object) -> list[Arguments]:
    """The same arguments each time."""
    return [arguments]


# ---------------------------------------------------------------------- ints
def flat_confusion(labels, guesses, n):
    cm = torch.zeros(n * n, dtype=torch.int64)
    for i in range(len(labels)):
        cm[int(labels[i]) * n + int(guesses[i])] += 1
    return cm.view(n, n)


FAMILY.add(
    flat_confusion,
    "return torch.bincount(labels * n + guesses, minlength=n * n).view(n, n)",
    inputs=lambda: fixed(LABELS, GUESSES, 4),
)


def next_place(table, labels):
    out = torch.zeros(len(labels))
    for i in range(len(labels)):
        out[i] = table[labels[i].item() + 1]
    return out


FAMILY.add(
    next_place,
    "return table[labels + 1]",
    inputs=with_rows((6,), LABELS),
)


def total_of_ints(labels):
    total = 0
    for i in range(len(labels)):
        total += labels[i].item()
    return total / len(labels)


FAMILY.add(
    total_of_ints, "return labels.sum().item() / len(labels)", inputs=lambda: fixed(LABELS)
)


# ---------------------------------------------------------------------- lists of rows
def along_listed_edges(edges, x):
    out = torch.zeros(len(x))
    for u, v in edges.tolist():
        out[u] += x[v]
    return out


FAMILY.add(
    along_listed_edges,
    """
    out = torch.zeros(len(x))
    out.index_add_(0, edges[:, 0], x[edges[:, 1]])
    return out
    """,
    inputs=lambda: [(EDGES, x) for x, *_ in with_rows((4,))()],
    exactness=("bitwise", "rounding"),
)


def sum_of_all_items(edges):
    total = 0
    for row in edges.tolist():
        for v in row:
            total += v
    return total


FAMILY.add(sum_of_all_items, "return edges.sum().item()", inputs=lambda: fixed(EDGES))


# ---------------------------------------------------------------------- membership
def right_among_the_best(logits, labels, k):
    correct = 0
    for i in range(logits.size(0)):
        _, best = logits[i].topk(k)
        if labels[i] in best:
            correct += 1
    return correct / logits.size(0)


FAMILY.add(
    right_among_the_best,
    """
    return (logits.topk(k).indices == labels[:, None]).any(1).sum().item() / logits.size(0)
    """,
    inputs=with_rows((5, 4), LABELS, 2),
)


def of_some_classes(labels):
    mask = torch.zeros(len(labels), dtype=torch.bool)
    for i in range(len(labels)):
        mask[i] = labels[i] in (0, 3)
    return mask


FAMILY.add(
    of_some_classes, "return (labels == 0) | (labels == 3)", inputs=lambda: fixed(LABELS)
)


def of_no_kept_class(labels, kept):
    count = 0
    for v in labels:
        if v not in kept:
            count += 1
    return count


FAMILY.add(
    of_no_kept_class,
    "return (~(kept == labels[:, None]).any(1)).sum().item()",
    inputs=lambda: fixed(LABELS, torch.tensor([1, 0])),
)


# ---------------------------------------------------------------------- sums and rows of numbers
def moving_average(p, n):
    out = []
    for i in range(n - 1, len(p)):
        out.append(sum(p[i - n + 1 : i + 1]) / n)
    return torch.stack(out)


FAMILY.add(
    moving_average,
    "return p.unfold(0, n, 1).mean(1)",
    inputs=with_rows((7,), 3),
    exactness="rounding",
)


def homogeneous_points(points):
    out = []
    for i in range(points.shape[0]):
        out.append(torch.tensor([points[i, 0], points[i, 1], 1.0]))
    return torch.stack(out)


FAMILY.add(
    homogeneous_points,
    """
    return torch.stack([points[:, 0], points[:, 1], torch.full_like(points[:, 0], 1.0)], dim=1)
    """,
    inputs=lambda: fixed(torch.rand(5, 2)),
)


def points_won(x):
    points = 0.0
    for i in range(len(x)):
        if x[i] > 0:
            points += 1
        elif x[i] == 0:
            points += 0.5
    return points


FAMILY.add(
    points_won,
    "return torch.where(x > 0, 1.0, torch.where(x == 0, 0.5, 0.0).double()).sum().item()",
    inputs=vectors(),
    exactness=("bitwise", "rounding"),
)


# ---------------------------------------------------------------------- lists with a start
def offsets(lengths):
    starts = [0]
    for i in range(len(lengths)):
        starts.append(starts[-1] + lengths[i].item())
    return torch.tensor(starts)


FAMILY.add(
    offsets,
    "return torch.cat([torch.tensor([0]), lengths.cumsum(0)])",
    inputs=lambda: fixed(LABELS),
)


def differences_behind_the_first(x):
    out = [x[0] * 0]
    for t in range(1, len(x)):
        out.append(x[t] - x[t - 1])
    return torch.stack(out)


FAMILY.add(
    differences_behind_the_first,
    """
    first = x[0] * 0
    return torch.cat([first[None], x[1:] - x[:-1]])
    """,
    inputs=vectors(),
    exactness="rounding",
)


def path(velocity, dt):
    places = [torch.zeros(2)]
    for t in range(velocity.shape[0]):
        places.append(places[-1] + velocity[t] * dt)
    return torch.stack(places)


FAMILY.add(
    path,
    """
    first = torch.zeros(2)
    return torch.cat([first[None], (velocity * dt).cumsum(0)])
    """,
    inputs=with_rows((7, 2), 0.1),
    exactness="rounding",
)


# ---------------------------------------------------------------------- lists of a tensor's numbers
def sums_of_listed_lengths(x, lengths):
    lens = lengths.tolist()
    out = torch.zeros(len(lens))
    for i in range(len(lens)):
        out[i] = x[i, : lens[i]].sum()
    return out


FAMILY.add(
    sums_of_listed_lengths,
    "return torch.where(torch.arange(x.shape[1]) < lengths[:, None], x, 0).sum(1)",
    inputs=with_rows((3, 4), torch.tensor([1, 4, 0])),
    exactness="rounding",
)
