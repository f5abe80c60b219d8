"""The loops of the recurrence benchmark, each with what an expert would write."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Form:
    """A loop, an expert's form of it, and arguments of so many innermost iterations."""

    title: str
    loop: Callable[..., Any]
    expert: Callable[..., Any]
    arguments: Callable[[int], tuple[Any, ...]]


def make_vector(size: int, *others: Any) -> tuple[Any, ...]:
    """A vector between 0 and 1, the same at each run, and what else is given."""
    return torch.rand(size, generator=torch.Generator().manual_seed(0)), *others


def make_matrix(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    """A matrix between 0 and 1, the same at each run."""
    return torch.rand(rows, columns, generator=torch.Generator().manual_seed(seed))


def total(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    return s


def total_by_expert(x):
    return x.sum()


def running_total(x):
    out = torch.zeros_like(x)
    s = 0.0
    for i in range(len(x)):
        s += x[i]
        out[i] = s
    return out


def running_total_by_expert(x):
    return x.cumsum(0)


def greatest(x):
    best, place = x[0], 0
    for i in range(1, len(x)):
        if x[i] > best:
            best, place = x[i], i
    return best, place


def greatest_by_expert(x):
    place = x.argmax().item()
    return x[place], place


def first_above(x, threshold):
    for i in range(len(x)):
        if x[i] > threshold:
            return i
    return -1


def first_above_by_expert(x, threshold):
    hits = (x > threshold).nonzero()
    return hits[0].item() if len(hits) else -1


def differences(x):
    out = torch.zeros_like(x)
    previous = x[0]
    for i in range(len(x)):
        out[i] = x[i] - previous
        previous = x[i]
    return out


def differences_by_expert(x):
    return torch.diff(x, prepend=x[:1])


def states(x, gain):
    out = torch.zeros_like(x)
    for b in range(x.shape[0]):
        h = 0.0
        for t in range(x.shape[1]):
            h = torch.tanh(gain * h + x[b, t])
            out[b, t] = h
    return out


def states_by_expert(x, gain):
    h = torch.zeros(x.shape[0])
    found = []
    for column in x.unbind(1):
        h = torch.tanh(gain * h + column)
        found.append(h)
    return torch.stack(found, 1)


def product(a, b):
    out = torch.zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for k in range(a.shape[1]):
                out[i, j] += a[i, k] * b[k, j]
    return out


def product_by_expert(a, b):
    return a @ b


def discounted(x, gain):
    out = torch.zeros_like(x)
    h = 0.0
    for t in range(len(x)):
        h = gain * h + x[t]
        out[t] = h
    return out


def discounted_by_expert(x, gain):
    h, found = 0.0, []
    for value in x.tolist():
        h = gain * h + value
        found.append(h)
    return torch.tensor(found)


def batch(size: int) -> tuple[Any, ...]:
    """Ten times as many steps as sequences: ``100_000 -> 100 x 1,000``."""
    rows = max(2, round((size / 10) ** 0.5))
    return make_matrix(rows, size // rows), 0.5


def square_matrices(size: int) -> tuple[Any, ...]:
    """Two square matrices whose product takes about so many multiplications."""
    side = round(size ** (1 / 3))
    return make_matrix(side, side), make_matrix(side, side, 1)


def found_at_once(size: int) -> tuple[Any, ...]:
    """A search that ends at the first element."""
    (x,) = make_vector(size)
    x[0] = 2.0
    return x, 1.5


FORMS = (
    Form("sum", total, total_by_expert, make_vector),
    Form("cumsum", running_total, running_total_by_expert, make_vector),
    Form("argmax", greatest, greatest_by_expert, make_vector),
    Form("search, not found", first_above, first_above_by_expert, lambda n: make_vector(n, 1.5)),
    Form("search, found at once", first_above, first_above_by_expert, found_at_once),
    Form("value one iteration late", differences, differences_by_expert, make_vector),
    Form("tanh state of a batch", states, states_by_expert, batch),
    Form("matrix product", product, product_by_expert, square_matrices),
    Form(
        "linear recurrence", discounted, discounted_by_expert, lambda n: make_vector(n, 0.9)
    ),
)
