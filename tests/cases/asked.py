"""Loops that people ask about, more of them: rows without their own place, ints made of data."""

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
    "n = sim.size(0)\n"
    "return torch.where(torch.arange(n) != torch.arange(n)[:, None], sim, 0).sum(1) / "
    "(torch.arange(n) != torch.arange(n)[:, None]).sum(1)",
    inputs=given((5, 5)),
    exactness="rounding",
)


def colours_of_classes(mask, palette, n):
    rgb = torch.zeros(*mask.shape, 3)
    for c in range(n):
        rgb[mask == c] = palette[c]
    return rgb


FAMILY.add(
    colours_of_classes,
    "return palette[mask]",
    inputs=lambda: [(torch.arange(12).reshape(3, 4) % 4, random_tensor((4, 3), 3), 4)],
)


def bilinear_samples(img, coords):
    height, width = img.shape
    out = torch.zeros(coords.size(0))
    for n in range(coords.size(0)):
        x, y = coords[n]
        x0 = int(torch.floor(x))
        y0 = int(torch.floor(y))
        x1 = min(x0 + 1, width - 1)
        wx = x - x0
        out[n] = (1 - wx) * img[y0, x0] + wx * img[y0, x1]
    return out


FAMILY.add(
    bilinear_samples,
    """
    height, width = img.shape
    x0 = torch.floor(coords[:, 0]).long()
    y0 = torch.floor(coords[:, 1]).long()
    wx = coords[:, 0] - x0
    return (1 - wx) * img[y0, x0] + wx * img[y0, (x0 + 1).clamp(max=width - 1)]
    """,
    inputs=lambda: [
        (random_tensor((5, 6), 3), random_tensor((7, 2), 4).abs().clamp(max=3.9)),
        (random_tensor((4, 4), 3), random_tensor((0, 2), 4)),
    ],
)


def patterns_of_neighbours(img):
    codes = torch.zeros(img.shape[0], dtype=torch.long)
    for i in range(1, img.shape[0] - 1):
        code = 0
        code |= int(img[i - 1] >= img[i]) << 1
        code |= int(img[i + 1] >= img[i])
        codes[i] = code
    return codes


FAMILY.add(
    patterns_of_neighbours,
    """
    codes = torch.zeros(img.shape[0], dtype=torch.long)
    codes[1:-1] = (img[:-2] >= img[1:-1]).long() << 1 | (img[2:] >= img[1:-1]).long()
    return codes
    """,
    inputs=given((7,)),
)


def mean_or_nothing(emb, mask):
    out = torch.zeros(emb.shape[0], emb.shape[2])
    for b in range(emb.shape[0]):
        count = 0
        for t in range(emb.shape[1]):
            if mask[b, t]:
                out[b] += emb[b, t]
                count += 1
        out[b] /= max(count, 1)
    return out


FAMILY.add(
    mean_or_nothing,
    """
    count = mask.sum(1)
    return torch.where(mask[:, :, None], emb, 0).sum(1) / count.clamp(min=1)[:, None]
    """,
    inputs=lambda: [(random_tensor((3, 4, 2), 1), random_tensor((3, 4), 2) > 0)],
    exactness="rounding",
)
