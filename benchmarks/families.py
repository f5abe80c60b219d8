"""The loops of the suite: ten families, each loop with what an expert would write.

`arguments(size)` makes data for about so many innermost iterations, the same at each run.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from benchmarks import loops


@dataclass(frozen=True)
class Member:
    """A loop of a family, an expert's form of it, and its arguments for a size."""

    family: str
    title: str
    loop: Callable[..., Any]
    expert: Callable[..., Any]
    arguments: Callable[[int], tuple[Any, ...]]


MEMBERS: list[Member] = []


def member(
    family: str, expert: Callable[..., Any], arguments: Callable[[int], tuple[Any, ...]]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the function to the suite under its name."""

    def add(loop: Callable[..., Any]) -> Callable[..., Any]:
        title = loop.__name__.replace("_", " ")
        MEMBERS.append(Member(family, title, loop, expert, arguments))
        return loop

    return add


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def whole(high: int, *shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(seed))


def vector(size: int) -> tuple[Any, ...]:
    return (normal(size),)


def vectors(size: int) -> tuple[Any, ...]:
    return normal(size), normal(size, seed=1)


def square(size: int) -> tuple[Any, ...]:
    side = round(size**0.5)
    return (normal(side, side),)


def rows(size: int) -> tuple[Any, ...]:
    """Rows of 64 elements."""
    return (normal(max(2, size // 64), 64),)


def cubic(size: int) -> int:
    return max(2, round(size ** (1 / 3)))


def with_number(arguments: Callable[[int], tuple[Any, ...]], *numbers: float) -> Any:
    return lambda size: (*arguments(size), *numbers)


# ---------------------------------------------------------------------- elementwise
@member("elementwise", lambda x, y: x + y, vectors)
def addition(x, y):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + y[i]
    return out


@member("elementwise", lambda x, y, a: a * x + y, with_number(vectors, 0.5))
def scaled_sum(x, y, a):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = a * x[i] + y[i]
    return out


@member("elementwise", torch.sigmoid, vector)
def sigmoid_of_each(x):
    out = torch.empty_like(x)
    for i in range(len(x)):
        out[i] = torch.sigmoid(x[i])
    return out


@member("elementwise", lambda x: (x * 0.5 + 1) * x + 2, vector)
def polynomial(x):
    out = torch.empty_like(x)
    for i in range(len(x)):
        out[i] = (x[i] * 0.5 + 1) * x[i] + 2
    return out


# ---------------------------------------------------------------------- conditional
@member("conditional", lambda x, t: torch.where(x > t, x * 2, x / 2), with_number(square, 0.5))
def doubled_above(x, t):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > t:
                out[i, j] = x[i, j] * 2
            else:
                out[i, j] = x[i, j] / 2
    return out


@member("conditional", lambda x: torch.where(x > 0, x, 0.1 * x), vector)
def leaky(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] if x[i] > 0 else 0.1 * x[i]
    return out


def _huber_by_expert(x):
    size = x.abs()
    return torch.where(size < 1, 0.5 * x**2, size - 0.5)


@member("conditional", _huber_by_expert, vector)
def huber(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if abs(x[i]) < 1:
            out[i] = 0.5 * x[i] ** 2
        else:
            out[i] = abs(x[i]) - 0.5
    return out


@member("conditional", lambda x: (x > 0).long() - (x < 0).long(), vector)
def direction(x):
    out = torch.zeros(len(x), dtype=torch.int64)
    for i in range(len(x)):
        if x[i] > 0:
            out[i] = 1
        elif x[i] < 0:
            out[i] = -1
    return out


# ---------------------------------------------------------------------- rows
@member("rows", lambda x: F.softmax(x, dim=1), rows)
def softmax_of_rows(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = torch.softmax(x[i], dim=0)
    return out


@member("rows", lambda x: x - x.mean(1, keepdim=True), rows)
def centred_rows(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] - x[i].mean()
    return out


@member("rows", lambda x: x / x.norm(dim=1, keepdim=True), rows)
def rows_of_length_one(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] / x[i].norm()
    return out


@member("rows", lambda x: x.argmax(1), rows)
def best_of_each_row(x):
    found = []
    for i in range(len(x)):
        found.append(x[i].argmax())
    return torch.stack(found)


@member("rows", lambda x, w: x @ w, lambda n: (*rows(n), normal(64, 32, seed=1)))
def layer_on_each_row(x, w):
    out = torch.zeros(len(x), w.shape[1])
    for i in range(len(x)):
        out[i] = x[i] @ w
    return out


# ---------------------------------------------------------------------- reductions
@member("reductions", lambda x: x.sum(), vector)
def total(x):
    s = torch.tensor(0.0)
    for i in range(len(x)):
        s = s + x[i]
    return s


@member("reductions", lambda x: (x > 0).sum(), vector)
def how_many_above(x):
    count = torch.tensor(0)
    for i in range(len(x)):
        if x[i] > 0:
            count += 1
    return count


@member("reductions", lambda x: x.amax(0), square)
def greatest_of_each_column(x):
    out = x[0].clone()
    for i in range(1, x.shape[0]):
        for j in range(x.shape[1]):
            out[j] = torch.maximum(out[j], x[i, j])
    return out


@member("reductions", lambda x: (x**2).mean(), square)
def mean_square(x):
    s = torch.tensor(0.0)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            s += x[i, j] ** 2
    return s / x.numel()


@member("reductions", loops.greatest_by_expert, vector)
def first_greatest(x):
    best, place = x[0], 0
    for i in range(1, len(x)):
        if x[i] > best:
            best, place = x[i], i
    return best, place


# ---------------------------------------------------------------------- contractions
@member(
    "contractions", lambda a, b: a @ b,
    lambda n: (normal(cubic(n), cubic(n)), normal(cubic(n), cubic(n), seed=1)),
)  # fmt: skip
def matrix_product(a, b):
    out = torch.zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for k in range(a.shape[1]):
                out[i, j] += a[i, k] * b[k, j]
    return out


@member(
    "contractions", lambda a, x: a @ x, lambda n: (*square(n), normal(round(n**0.5), seed=1))
)
def matrix_times_vector(a, x):
    out = torch.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i] += a[i, j] * x[j]
    return out


@member("contractions", torch.dot, vectors)
def inner_product(x, y):
    s = torch.tensor(0.0)
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@member(
    "contractions", torch.bmm,
    lambda n: (normal(8, cubic(n // 8), cubic(n // 8)), normal(8, cubic(n // 8), cubic(n // 8))),
)  # fmt: skip
def batch_of_products(a, b):
    out = torch.zeros(a.shape[0], a.shape[1], b.shape[2])
    for n in range(a.shape[0]):
        for i in range(a.shape[1]):
            for j in range(b.shape[2]):
                out[n, i, j] = (a[n, i] * b[n, :, j]).sum()
    return out


@member(
    "contractions", lambda x, a: x @ a @ x, lambda n: (normal(round(n**0.5), seed=1), *square(n))
)
def quadratic_form(x, a):
    s = torch.tensor(0.0)
    for i in range(len(x)):
        for j in range(len(x)):
            s += x[i] * a[i, j] * x[j]
    return s


# ---------------------------------------------------------------------- pairs
def points(size: int) -> tuple[Any, ...]:
    """Two sets of points in 8 dimensions."""
    count = max(2, round((size / 8) ** 0.5))
    return normal(count, 8), normal(count, 8, seed=1)


@member("pairs", torch.cdist, points)
def distances(x, y):
    out = torch.zeros(len(x), len(y))
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = (x[i] - y[j]).norm()
    return out


@member("pairs", lambda x, y: x @ y.T, points)
def similarities(x, y):
    out = torch.zeros(len(x), len(y))
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = torch.dot(x[i], y[j])
    return out


@member("pairs", lambda x, y: (x[:, None] - y).abs().sum(2), points)
def city_block_distances(x, y):
    out = torch.zeros(len(x), len(y))
    for i in range(len(x)):
        for j in range(len(y)):
            for k in range(x.shape[1]):
                out[i, j] += abs(x[i, k] - y[j, k])
    return out


def pair_of_vectors(size: int) -> tuple[Any, ...]:
    side = max(2, round(size**0.5))
    return normal(side), normal(side, seed=1)


@member("pairs", lambda x, y: (x[:, None] < y).sum(), pair_of_vectors)
def ordered_pairs(x, y):
    count = torch.tensor(0)
    for i in range(len(x)):
        for j in range(len(y)):
            if x[i] < y[j]:
                count += 1
    return count


# ---------------------------------------------------------------------- stencils
def _jacobi_by_expert(u):
    out = u.clone()
    out[1:-1, 1:-1] = (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]) / 4
    return out


@member("stencils", _jacobi_by_expert, square)
def jacobi_step(u):
    out = u.clone()
    for i in range(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            out[i, j] = (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]) / 4
    return out


@member("stencils", lambda x: x[1:] - x[:-1], vector)
def differences(x):
    out = torch.zeros(len(x) - 1)
    for i in range(len(x) - 1):
        out[i] = x[i + 1] - x[i]
    return out


@member("stencils", lambda x: x.unfold(0, 5, 1).mean(1), vector)
def moving_mean(x):
    out = torch.zeros(len(x) - 4)
    for i in range(len(x) - 4):
        out[i] = x[i : i + 5].mean()
    return out


@member("stencils", lambda x: (torch.roll(x, 1) + torch.roll(x, -1)) / 2, vector)
def mean_of_ring_neighbours(x):
    out = torch.zeros_like(x)
    n = len(x)
    for i in range(n):
        out[i] = (x[(i - 1) % n] + x[(i + 1) % n]) / 2
    return out


# ---------------------------------------------------------------------- gather and scatter
@member(
    "indices", lambda table, ids: table[ids], lambda n: (normal(1000, 16), whole(1000, n // 16))
)
def lookup(table, ids):
    out = torch.zeros(len(ids), table.shape[1])
    for i in range(len(ids)):
        out[i] = table[ids[i]]
    return out


@member("indices", lambda ids: torch.bincount(ids, minlength=10), lambda n: (whole(10, n),))
def histogram(ids):
    counts = torch.zeros(10, dtype=torch.int64)
    for i in range(len(ids)):
        counts[ids[i]] += 1
    return counts


@member(
    "indices", lambda x, ids: x.new_zeros(10).index_add_(0, ids, x),
    lambda n: (normal(n), whole(10, n)),
)  # fmt: skip
def sums_of_groups(x, ids):
    out = torch.zeros(10)
    for i in range(len(x)):
        out[ids[i]] += x[i]
    return out


@member("indices", lambda ids: F.one_hot(ids, 10).float(), lambda n: (whole(10, n // 10),))
def one_hot_rows(ids):
    out = torch.zeros(len(ids), 10)
    for i in range(len(ids)):
        out[i, ids[i]] = 1.0
    return out


@member("indices", lambda x, p: x[p], lambda n: (normal(n), torch.randperm(n)))
def permuted(x, p):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[p[i]]
    return out


# ---------------------------------------------------------------------- recurrences
_FORMS = {form.title: form for form in loops.FORMS}
for _title in ("cumsum", "moving average", "changing coefficients", "steps since event"):
    _form = _FORMS[_title]
    MEMBERS.append(Member("recurrences", _title, _form.loop, _form.expert, _form.arguments))


@member("recurrences", lambda x: x.cummax(0).values, vector)
def record_so_far(x):
    out = torch.zeros_like(x)
    best = x[0]
    for t in range(len(x)):
        best = torch.maximum(best, x[t])
        out[t] = best
    return out


# ---------------------------------------------------------------------- ragged rows
def padded(size: int) -> tuple[Any, ...]:
    """Rows of up to 32 elements with their lengths, one at least."""
    count = max(2, size // 32)
    return normal(count, 32), whole(32, count) + 1


def _mask(x, lengths):
    return torch.arange(x.shape[1]) < lengths[:, None]


@member("ragged", lambda x, n: torch.where(_mask(x, n), x, 0).sum(1), padded)
def sums_up_to_a_length(x, n):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        for j in range(n[i]):
            out[i] += x[i, j]
    return out


@member("ragged", lambda x, n: torch.where(_mask(x, n), x, 0).sum(1) / n, padded)
def means_up_to_a_length(x, n):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i, : n[i]].sum() / n[i]
    return out


@member("ragged", _mask, padded)
def mask_of_lengths(x, n):
    out = torch.zeros(x.shape, dtype=torch.bool)
    for i in range(len(x)):
        out[i, : n[i]] = True
    return out


@member("ragged", lambda x, n: x[torch.arange(len(x)), n - 1], padded)
def last_of_each(x, n):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i, n[i] - 1]
    return out


@member("ragged", lambda x, n: torch.where(_mask(x, n), x, 0.0), padded)
def zeroed_behind_the_length(x, n):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i, : n[i]] = x[i, : n[i]]
    return out
