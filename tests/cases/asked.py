"""Loops that people ask about, more of them: rows without their own place, pairs, parts of images."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .case import Family
from .inputs import Arguments, random_tensor

FAMILY = Family()


def given(*shapes: tuple[int, ...], also: tuple[Any, ...] = ()) -> Callable[[], list[Arguments]]:
    """A tensor of each shape, then other arguments."""

    def make() -> list[Arguments]:
        return [(*(random_tensor(s, 7 + k) for k, s in enumerate(shapes)), *also)]

    return make


def nearest_others(pos, k):
    edges = []
    for i in range(pos.size(0)):
        distances = ((pos - pos[i]) ** 2).sum(1)
        distances[i] = float("inf")
        _, idx = distances.topk(k, largest=False)
        edges.append(idx)
    return torch.stack(edges)


FAMILY.add(
    nearest_others,
    "return ((pos - pos[:, None]) ** 2).sum(2).fill_diagonal_(float('inf')).topk(k, dim=1, "
    "largest=False).indices",
    inputs=given((6, 3), also=(2,)),
    exactness="rounding",
)


def means_of_the_others(sim):
    n = sim.size(0)
    means = torch.zeros(n)
    for i in range(n):
        others = torch.ones(n, dtype=torch.bool)
        others[i] = False
        means[i] = sim[i][others].mean()
    return means


FAMILY.add(
    means_of_the_others,
    """
    n = sim.size(0)
    return torch.where(torch.arange(n) != torch.arange(n)[:, None], sim, 0).sum(1) / (torch.arange(n) != torch.arange(n)[:, None]).sum(1)
    """,
    inputs=given((5, 5)),
    exactness="rounding",
)
