"""What stands before a loop in real functions: views, casts, defaults, names bound anew."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch
import torch.nn.functional as F

from .case import Family
from .inputs import cubes, matrices, random_tensor, vectors

FAMILY = Family()


def dimension_put_in(x):
    if x.dim() == 2:
        x = x.unsqueeze(0)
    out = torch.zeros(x.shape[0], x.shape[2])
    for b in range(x.shape[0]):
        out[b] = x[b].sum(0)
    return out


FAMILY.add(
    dimension_put_in,
    "if x.dim() == 2:\n    x = x.unsqueeze(0)\nreturn x.sum(1)",
    inputs=cubes(),
    exactness=("bitwise", "rounding"),
)


def mask_of_ones_by_default(x, mask=None):
    if mask is None:
        mask = torch.ones(x.shape[0], x.shape[1])
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] * mask[i, j]
    return out


FAMILY.add(
    mask_of_ones_by_default,
    "if mask is None:\n    mask = torch.ones(x.shape[0], x.shape[1])\nreturn x * mask",
    inputs=matrices(),
)


def batch_and_time_merged(x):
    B, T, D = x.shape
    x = x.reshape(B * T, D)
    out = torch.zeros(B * T)
    for i in range(B * T):
        out[i] = x[i].sum()
    return out.view(B, T)


FAMILY.add(
    batch_and_time_merged,
    "B, T, D = x.shape\nx = x.reshape(B * T, D)\nreturn x.sum(1).view(B, T)",
    inputs=cubes(),
    exactness=("bitwise", "rounding"),
)


def time_first(x):
    x = x.permute(1, 0, 2)
    T, B, D = x.size()
    out = torch.zeros(T, B)
    for t in range(T):
        for b in range(B):
            out[t, b] = x[t, b].mean()
    return out


FAMILY.add(
    time_first,
    "x = x.permute(1, 0, 2)\nreturn x.mean(2)",
    inputs=cubes(),
    exactness=("bitwise", "rounding"),
)


def distances_of_a_gram_matrix(x):
    gram = torch.einsum("id,jd->ij", x, x)
    squares = torch.diagonal(gram)
    out = torch.zeros_like(gram)
    for i in range(gram.shape[0]):
        for j in range(gram.shape[1]):
            out[i, j] = squares[i] + squares[j] - 2 * gram[i, j]
    return out


FAMILY.add(
    distances_of_a_gram_matrix,
    """
    gram = torch.einsum("id,jd->ij", x, x)
    squares = torch.diagonal(gram)
    return squares[:, None] + squares - 2 * gram
    """,
    inputs=matrices(),
    exactness=("bitwise", "rounding"),
)


def error_against_classes(x, labels):
    target = F.one_hot(labels, x.shape[1]).float()
    loss = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        loss[i] = ((x[i] - target[i]) ** 2).sum()
    return loss


def with_labels():
    """Rows, and a class for each."""
    sizes = ((4, 3), (1, 1), (6, 5))
    return [
        (random_tensor((n, c), k), torch.arange(n) % c) for k, (n, c) in enumerate(sizes)
    ]


FAMILY.add(
    error_against_classes,
    """
    target = F.one_hot(labels, x.shape[1]).float()
    return ((x - target) ** 2).sum(1)
    """,
    inputs=with_labels,
    exactness=("bitwise", "rounding"),
)


def as_many_classes_as_there_are(x, labels):
    n = int(labels.max()) + 1
    counts = torch.zeros(n)
    for label in labels:
        counts[label] += 1
    return counts


FAMILY.add(
    as_many_classes_as_there_are,
    """
    n = int(labels.max()) + 1
    return torch.bincount(labels, minlength=n).float()
    """,
    inputs=with_labels,
)


def centre_of_each_class(x, labels):
    means = []
    for c in torch.unique(labels):
        means.append(x[labels == c].mean(dim=0))
    return torch.stack(means)


FAMILY.add(centre_of_each_class, inputs=with_labels, exactness="rounding")


def sums_at_places(x, labels):
    sums = torch.zeros(3, x.shape[1])
    for c in range(3):
        idx = torch.nonzero(labels == c).squeeze(1)
        sums[c] = x[idx].sum(0)
    return sums


def in_three_classes():
    """Rows, and one of three classes for each."""
    return [
        (random_tensor((n, 4), n), torch.arange(n) * 2 % 3) for n in (5, 1, 8)
    ]


FAMILY.add(
    sums_at_places,
    "return torch.zeros(3, x.shape[1]).index_add_(0, labels, x)",
    inputs=in_three_classes,
    exactness="rounding",
)


def gaps_of_sorted(x):
    values, order = torch.sort(x)
    out = torch.zeros(len(values) - 1)
    for i in range(len(values) - 1):
        out[i] = values[i + 1] - values[i]
    return out


FAMILY.add(
    gaps_of_sorted,
    "values, order = torch.sort(x)\nreturn values[1:] - values[:-1]",
    inputs=vectors(),
)
