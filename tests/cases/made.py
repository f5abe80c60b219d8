"""Tensors of one number that each iteration makes for itself."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .contractions import shaped
from .inputs import matrices

FAMILY = Family()

CUBES = ((3, 4, 5), (2, 1, 3), (1, 3, 1))


def hidden_state_of_each_sequence(x):
    out = torch.empty(x.shape[0], x.shape[2])
    for b in range(x.shape[0]):
        h = torch.zeros(x.shape[2])
        for t in range(x.shape[1]):
            h = torch.tanh(h * 0.5 + x[b, t])
        out[b] = h
    return out


FAMILY.add(
    hidden_state_of_each_sequence,
    """
    h = torch.zeros(x.shape[0], x.shape[2])
    for t in range(x.shape[1]):
        h = torch.tanh(h * 0.5 + x[:, t])
    return h
    """,
    inputs=shaped("btd", *CUBES),
    status="partial",
    exactness="rounding",
)


def rows_or_a_floor(x):
    out = torch.zeros(x.shape[0], x.shape[1])
    for i in range(x.shape[0]):
        floor = torch.full((x.shape[1],), -0.5)
        out[i] = x[i] - floor
    return out


FAMILY.add(rows_or_a_floor, "return x - -0.5", inputs=matrices())


def sum_from_a_new_zero(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        total = torch.zeros(())
        for j in range(x.shape[1]):
            total = total + x[i, j]
        out[i] = total
    return out


FAMILY.add(
    sum_from_a_new_zero,
    "return x.sum(1)",
    inputs=matrices(),
    exactness="rounding",
)

