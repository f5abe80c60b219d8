"""Sums over everything but the item itself: ``if j != i``, ``if i == j: continue``."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Arguments, Family, InputMaker
from .inputs import random_tensor

FAMILY = Family()


def of_sizes(*letters: str, sizes: tuple[int, ...] = (5, 2, 3)) -> InputMaker:
    """Tensors whose dimensions all have one size, as many as each of `letters` has letters."""

    def build(size: int, seed: int, grad: bool = False) -> Arguments:
        return tuple(
            random_tensor((size,) * len(word), seed + k, grad=grad)
            for k, word in enumerate(letters)
        )

    return lambda: [*(build(n, 10 * n) for n in sizes), build(sizes[0], 95, grad=True)]


def repulsion(x):
    n = x.shape[0]
    out = torch.zeros(n)
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            out[i] += torch.exp(-(x[i] - x[j]) ** 2)
    return out


FAMILY.add(
    repulsion,
    "return torch.exp(-(x[:, None] - x) ** 2).fill_diagonal_(0).sum(1)",
    inputs=of_sizes("i", sizes=(5, 1, 2)),
    exactness="rounding",
)


def jacobi_step(a, b, x):
    n = len(b)
    new = torch.zeros_like(x)
    for i in range(n):
        total = 0.0
        for j in range(n):
            if j != i:
                total += a[i, j] * x[j]
        new[i] = (b[i] - total) / a[i, i]
    return new


FAMILY.add(
    jacobi_step,
    "n = len(b)\n"
    "return (b - torch.where(torch.arange(n) != torch.arange(n)[:, None], a * x, 0).sum(1))"
    " / a.diagonal()",
    inputs=of_sizes("ij", "i", "i"),
    exactness="rounding",
)


def contrastive(sim, temperature):
    n = sim.shape[0]
    loss = 0.0
    for i in range(n):
        others = 0.0
        for j in range(n):
            if j != i:
                others += torch.exp(sim[i, j] / temperature)
        loss += -torch.log(torch.exp(sim[i, 0] / temperature) / others)
    return loss / n


FAMILY.add(
    contrastive,
    "n = sim.shape[0]\n"
    "loss = -torch.log(torch.exp(sim[:, 0] / temperature) / torch.where("
    "torch.arange(n) != torch.arange(n)[:, None], torch.exp(sim / temperature), 0).sum(1)).sum()\n"
    "return loss / n",
    inputs=lambda: [(*given, 0.5) for given in of_sizes("ij")()],
    exactness="rounding",
)
