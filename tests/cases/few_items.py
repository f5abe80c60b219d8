"""Inner loops over a few items that are known: offsets, weights, tensors of a display."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .inputs import random_tensor, tensors

FAMILY = Family()

OFFSETS = tensors(((5, 6), (3, 3), (4, 3), (2, 2), (1, 4)))


def neighbourhood(x):
    h, w = x.shape
    out = torch.zeros(max(h - 2, 0), max(w - 2, 0))
    for i in range(1, h - 1):
        for j in range(1, w - 1):
            total = 0
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    if di == 0 or dj == 0:
                        total += x[i + di, j + dj]
            out[i - 1, j - 1] = total / 5
    return out


FAMILY.add(neighbourhood, inputs=OFFSETS, exactness="rounding")


def alive_next(x):
    h, w = x.shape
    out = torch.zeros_like(x)
    for i in range(h):
        for j in range(w):
            n = 0
            for di, dj in [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]:
                n += x[(i + di) % h, (j + dj) % w]
            if x[i, j] == 1 and (n == 2 or n == 3):
                out[i, j] = 1
            elif x[i, j] == 0 and n == 3:
                out[i, j] = 1
    return out


FAMILY.add(
    alive_next,
    "n = (x.roll((1, 1), (0, 1)) + x.roll(1, 0) + x.roll((1, -1), (0, 1)) + x.roll(1, 1)"
    " + x.roll(-1, 1) + x.roll((-1, 1), (0, 1)) + x.roll(-1, 0) + x.roll((-1, -1), (0, 1)))\n"
    "return torch.where((x == 1) & ((n == 2) | (n == 3)), 1,"
    " torch.where((x == 0) & (n == 3), 1, 0))",
    inputs=lambda: [
        ((random_tensor(shape, 3, torch.int64) > 3).long(),) for shape in ((5, 6), (3, 3), (1, 2))
    ],
)


def smoothed(x):
    out = torch.zeros(len(x) - 2)
    for i in range(len(x) - 2):
        for k, weight in zip((0, 1, 2), (0.25, 0.5, 0.25)):
            out[i] += weight * x[i + k]
    return out


FAMILY.add(
    smoothed,
    "return 0.25 * x[:-2] + 0.5 * x[1:-1] + 0.25 * x[2:]",
    inputs=tensors(((7,), (3,), (2,), (5,))),
    exactness="rounding",
)


def sums_of_three(a, b, c):
    out = torch.zeros(len(a))
    for i in range(len(a)):
        for t in (a, b, c):
            out[i] += t[i]
    return out


FAMILY.add(
    sums_of_three, "return a + b + c", inputs=tensors(((7,), (1,), (0,)), 3), exactness="rounding"
)


def last_offset(x):
    out = torch.zeros(len(x) - 2)
    for i in range(len(x) - 2):
        for k in (0, 2):
            out[i] = x[i + k]
        out[i] += k
    return out


FAMILY.add(last_offset, "return x[2:] + 2", inputs=tensors(((7,), (3,), (2,))))


def autocorrelation(x):
    out = torch.zeros(3)
    for k, shift in enumerate([0, 1, 3]):
        for i in range(len(x) - shift):
            out[k] += x[i] * x[i + shift]
    return out


FAMILY.add(
    autocorrelation,
    "out = torch.zeros(3)\n"
    "for k, shift in enumerate([0, 1, 3]):\n"
    "    out[k] += x[:len(x) - shift] @ x[shift:]\n"
    "return out",
    inputs=tensors(((7,), (5,), (4,))),
    exactness="rounding",
    status="partial",
)
