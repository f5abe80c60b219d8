"""Loops that remember where the best element was, or what else belonged to it."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import math

import torch

from .case import Family
from .contractions import WITHOUT_CANCELLING, shaped
from .inputs import matrices, random_tensor, vectors
from .spellings import with_dims

FAMILY = Family()


def tied_vectors():
    """Vectors of small integers, so that the best occurs more than once; then without ties."""
    tied = [(random_tensor(shape, 5, torch.int64).float() % 3,) for shape in ((9,), (4,), (2,))]
    return [*tied, *vectors()()]


def tied_matrices():
    """Matrices of small integers, then without ties."""
    tied = [(random_tensor(shape, 6, torch.int64).float() % 3,) for shape in ((5, 8), (2, 4))]
    return [*tied, *matrices()()]


def index_of_the_greatest(x):
    best = 0
    for i in range(1, len(x)):
        if x[i] > x[best]:
            best = i
    return best


FAMILY.add(
    index_of_the_greatest,
    "return x.argmax().item()",
    "return int(x.argmax())",
    "return torch.argmax(x).item()",
    inputs=tied_vectors,
)


def index_of_the_greatest_by_value(x):
    best_value = float("-inf")
    best_index = -1
    for i in range(len(x)):
        if x[i] > best_value:
            best_value = x[i]
            best_index = i
    return best_index


FAMILY.add(
    index_of_the_greatest_by_value,
    "return x.argmax().item()",
    "return int(x.argmax())",
    "return torch.argmax(x).item()",
    inputs=tied_vectors,
)


def greatest_and_its_index(x):
    value, index = x[0].item(), 0
    for i, v in enumerate(x):
        if v.item() > value:
            value, index = v.item(), i
    return value, index


FAMILY.add(
    greatest_and_its_index,
    "return x.max().item(), x.argmax().item()",
    "value, index = x.max().item(), x.argmax().item()\nreturn value, index",
    "index = x.argmax().item()\nvalue = x[index].item()\nreturn value, index",
    "index = x.argmax().item()\nreturn x[index].item(), index",
    "value, index = x.max(0)\nreturn value.item(), index.item()",
    "value, index = x.max(dim=0)\nreturn value.item(), index.item()",
    inputs=tied_vectors,
)


def last_of_the_greatest(x):
    best = 0
    for i in range(len(x)):
        if x[i] >= x[best]:
            best = i
    return best


FAMILY.add(
    last_of_the_greatest,
    "return len(x) - 1 - x.flip(0).argmax().item()",
    "return (len(x) - 1 - x.flip(0).argmax()).item()",
    "return x.shape[0] - 1 - x.flip(0).argmax().item()",
    inputs=tied_vectors,
)


def last_of_the_least_from_behind(x):
    n = x.shape[0]
    where = n - 1
    for i in range(n - 2, -1, -1):
        if x[i] < x[where]:
            where = i
    return where


FAMILY.add(
    last_of_the_least_from_behind,
    "n = x.shape[0]\nreturn n - 1 - x.flip(0).argmin().item()",
    "return x.shape[0] - 1 - x.flip(0).argmin().item()",
    "return (x.shape[0] - 1 - x.flip(0).argmin()).item()",
    inputs=tied_vectors,
)


def index_of_the_least_as_tensor(x):
    index = torch.tensor(0)
    low = x[0]
    for i in range(1, len(x)):
        if x[i] < low:
            low = x[i]
            index = torch.tensor(i)
    return index


FAMILY.add(
    index_of_the_least_as_tensor,
    "return x.argmin()",
    "return torch.argmin(x)",
    inputs=tied_vectors,
)


def index_of_the_greatest_magnitude(x):
    pivot = 0
    biggest = abs(x[0])
    for i in range(1, len(x)):
        if abs(x[i]) > biggest:
            biggest = abs(x[i])
            pivot = i
    return pivot


FAMILY.add(
    index_of_the_greatest_magnitude,
    "return x.abs().argmax().item()",
    "return abs(x).argmax().item()",
    "return int(x.abs().argmax())",
    inputs=tied_vectors,
)


def index_of_the_greatest_of_each_row(scores):
    labels = torch.zeros(scores.shape[0], dtype=torch.long)
    for i in range(scores.shape[0]):
        best = 0
        for j in range(1, scores.shape[1]):
            if scores[i, j] > scores[i, best]:
                best = j
        labels[i] = best
    return labels


FAMILY.add(
    index_of_the_greatest_of_each_row,
    *with_dims("return scores.argmax(dim=1)", "return scores.max(dim=1).indices"),
    inputs=tied_matrices,
)


def index_of_the_least_of_each_column(cost):
    out = torch.empty(cost.shape[1], dtype=torch.int64)
    for j in range(cost.shape[1]):
        lowest = math.inf
        arg = 0
        for i in range(cost.shape[0]):
            if cost[i, j] < lowest:
                lowest = cost[i, j]
                arg = i
        out[j] = arg
    return out


FAMILY.add(
    index_of_the_least_of_each_column,
    *with_dims("return cost.argmin(dim=0)", "return cost.min(dim=0).indices"),
    inputs=tied_matrices,
)


def values_and_indices_of_each_row(x):
    values = torch.zeros(x.shape[0])
    indices = torch.zeros(x.shape[0], dtype=torch.int64)
    for i in range(x.shape[0]):
        values[i] = x[i, 0]
        for j in range(1, x.shape[1]):
            if x[i, j] > values[i]:
                values[i] = x[i, j]
                indices[i] = j
    return values, indices


FAMILY.add(
    values_and_indices_of_each_row,
    *with_dims(
        "values, indices = x.max(dim=1)\nreturn values, indices",
        "return x.max(dim=1).values, x.argmax(dim=1)",
        "values = x.max(dim=1).values\nindices = x.argmax(dim=1)\nreturn values, indices",
        "return x.max(dim=1).values, x.max(dim=1).indices",
    ),
    inputs=tied_matrices,
)


def position_in_a_matrix(x):
    best = x[0, 0]
    row, col = 0, 0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > best:
                best = x[i, j]
                row, col = i, j
    return row, col


FAMILY.add(
    position_in_a_matrix,
    "return divmod(x.argmax().item(), x.shape[1])",
    "row, col = divmod(x.argmax().item(), x.shape[1])\nreturn row, col",
    "index = x.argmax()\n"
    "row = (index // x.shape[1]).item()\n"
    "col = (index % x.shape[1]).item()\n"
    "return row, col",
    "index = x.argmax()\nreturn (index // x.shape[1]).item(), (index % x.shape[1]).item()",
    inputs=tied_matrices,
)


def nearest_centroid(points, centroids):
    labels = torch.zeros(len(points), dtype=torch.int64)
    for i in range(len(points)):
        best = float("inf")
        for c in range(len(centroids)):
            d = ((points[i] - centroids[c]) ** 2).sum()
            if d < best:
                best = d
                labels[i] = c
    return labels


FAMILY.add(
    nearest_centroid,
    *with_dims(
        f"return torch.cdist(points, centroids, {WITHOUT_CANCELLING}).argmin(dim=1)",
        "return ((points[:, None] - centroids) ** 2).sum(dim=2).argmin(dim=1)",
    ),
    inputs=shaped("ik jk", (6, 3, 4), (2, 2, 2), (1, 1, 1), (1, 3, 2)),
    exactness=("bitwise", "rounding"),
)


def value_that_belongs_to_the_best(scores, values):
    best = scores[0]
    chosen = values[0]
    for i in range(1, len(scores)):
        if scores[i] > best:
            best = scores[i]
            chosen = values[i]
    return chosen


FAMILY.add(
    value_that_belongs_to_the_best,
    "return values[scores.argmax()]",
    "return values[scores.argmax().item()]",
    inputs=vectors(2),
)


def several_values_of_the_best(loss, epoch, rate):
    best = float("inf")
    best_epoch, best_rate = -1, None
    for i in range(len(loss)):
        if loss[i].item() < best:
            best = loss[i].item()
            best_epoch = epoch[i].item()
            best_rate = rate[i].item()
    return best, best_epoch, best_rate


FAMILY.add(
    several_values_of_the_best,
    "best = loss.argmin()\nreturn loss[best].item(), epoch[best].item(), rate[best].item()",
    "i = loss.argmin()\nreturn loss[i].item(), epoch[i].item(), rate[i].item()",
    "index = loss.argmin()\n"
    "best = loss[index].item()\n"
    "best_epoch = epoch[index].item()\n"
    "best_rate = rate[index].item()\n"
    "return best, best_epoch, best_rate",
    "index = loss.argmin()\nreturn loss[index].item(), epoch[index].item(), rate[index].item()",
    inputs=vectors(3),
)


def best_among_allowed(x, allowed):
    best = -1
    value = float("-inf")
    for i in range(len(x)):
        if allowed[i] and x[i] > value:
            value = x[i].item()
            best = i
    return best


FAMILY.add(
    best_among_allowed,
    "return torch.where(allowed, x, -torch.inf).argmax().item()",
    "return x.masked_fill(~allowed, -torch.inf).argmax().item()",
    'return x.masked_fill(~allowed, float("-inf")).argmax().item()',
    'return torch.where(allowed, x, float("-inf")).argmax().item()',
    inputs=lambda: [(x, x.detach() < 0.5) for (x,) in vectors()()],
)


def best_from_none(x):
    best = None
    where = None
    for i in range(len(x)):
        if best is None or x[i] < best:
            best = x[i]
            where = i
    return where


FAMILY.add(best_from_none, "return x.argmin().item()", inputs=tied_vectors)


def row_with_the_best_score(rows, scores):
    best = scores[0]
    chosen = rows[0]
    for i in range(1, len(scores)):
        if scores[i] > best:
            best = scores[i]
            chosen = rows[i]
    return chosen


FAMILY.add(
    row_with_the_best_score,
    "return rows[scores.argmax()]",
    inputs=lambda: [(x, x.detach()[:, 0] * 1) for (x,) in matrices()() if x.numel()],
)


def nearest_other_point(x):
    n = len(x)
    nearest = torch.zeros(n, dtype=torch.long)
    for i in range(n):
        best = float("inf")
        for j in range(n):
            if j == i:
                continue
            d = abs(x[i] - x[j])
            if d < best:
                best = d
                nearest[i] = j
    return nearest


FAMILY.add(
    nearest_other_point,
    "n = len(x)\n"
    "return torch.where(torch.arange(n)[:, None] != torch.arange(n), "
    "abs(x[:, None] - x), float('inf')).argmin(1)",
    *with_dims(
        "d = abs(x[:, None] - x)\nd.fill_diagonal_(float('inf'))\nreturn d.argmin(dim=1)",
        "return torch.where(torch.arange(x.shape[0])[:, None] != torch.arange(x.shape[0]), "
        "abs(x[:, None] - x), float('inf')).argmin(dim=1)",
    ),
    inputs=lambda: [(x,) for (x,) in vectors()() if len(x) > 1],
)


def nearest_by_accumulated_distance(points, centroids):
    labels = torch.zeros(points.shape[0], dtype=torch.long)
    for i in range(points.shape[0]):
        best = float("inf")
        for c in range(centroids.shape[0]):
            d = 0.0
            for k in range(points.shape[1]):
                d += (points[i, k] - centroids[c, k]) ** 2
            if d < best:
                best = d
                labels[i] = c
    return labels


# Not the matrix product of `cdist`: its rounding would choose another of nearly equal distances.
FAMILY.add(
    nearest_by_accumulated_distance,
    inputs=shaped("ik jk", (6, 3, 4), (2, 2, 2), (1, 1, 1), (1, 3, 2)),
    exactness="rounding",
)


def two_greatest(x):
    first = float("-inf")
    second = float("-inf")
    for v in x:
        if v.item() > first:
            second = first
            first = v.item()
        elif v.item() > second:
            second = v.item()
    return first, second


# A second element equal to the first is the second, as `topk` has it.
FAMILY.add(
    two_greatest,
    "first, second = x.topk(2).values.tolist()\nreturn first, second",
    "return tuple(x.topk(2).values.tolist())",
    inputs=tied_vectors,
)


def correct_predictions(logits, target):
    correct = 0
    for i in range(logits.shape[0]):
        best, label = logits[i, 0], 0
        for c in range(1, logits.shape[1]):
            if logits[i, c] > best:
                best, label = logits[i, c], c
        if label == target[i]:
            correct += 1
    return correct


FAMILY.add(
    correct_predictions,
    *with_dims("return (logits.argmax(dim=1) == target).sum().item()"),
    *with_dims("return int((logits.argmax(dim=1) == target).sum())"),
    inputs=lambda: [
        (x, torch.arange(len(x)) % max(x.shape[1], 1)) for (x,) in matrices()() if x.shape[1]
    ],
)


def best_shift_of_a_signal(x, y):
    best_score, best_shift = float("-inf"), 0
    for shift in range(len(x)):
        score = 0.0
        for i in range(len(x)):
            score += x[i].item() * y[(i + shift) % len(x)].item()
        if score > best_score:
            best_score, best_shift = score, shift
    return best_shift


FAMILY.add(best_shift_of_a_signal, inputs=vectors(2, grad=False), exactness=("bitwise", "rounding"))
