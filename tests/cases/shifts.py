"""Loops that remember the value of the iteration before."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .inputs import matrices, random_tensor, vectors
from .spellings import with_dims

FAMILY = Family()


def differences_from_zero(x):
    out = torch.zeros_like(x)
    prev = 0.0
    for i in range(len(x)):
        out[i] = x[i] - prev
        prev = x[i]
    return out


FAMILY.add(
    differences_from_zero,
    "return x - torch.nn.functional.pad(x[:-1], (1, 0))",
    inputs=lambda: [a for a in vectors()() if len(a[0]) > 1],
)


def differences_from_a_start(x, start):
    out = torch.zeros_like(x)
    prev = start
    for i in range(len(x)):
        out[i] = x[i] - prev
        prev = x[i] * 2
    return out


FAMILY.add(
    differences_from_a_start,
    "return x - torch.cat((start[None], x[:-1] * 2))",
    inputs=lambda: [(x, torch.tensor(2.0)) for (x,) in vectors()() if len(x) > 1],
)


def differences_of_neighbours(x):
    out = torch.zeros_like(x)
    prev = x[0].clone()
    for i in range(1, len(x)):
        out[i] = x[i] - prev
        prev = x[i]
    return out


FAMILY.add(
    differences_of_neighbours,
    "out = torch.zeros_like(x)\nprev = x[0].clone()\n"
    "out[1:] = x[1:] - torch.cat((prev[None], x[1:-1]))\nreturn out",
    inputs=lambda: [a for a in vectors()() if len(a[0]) > 2],
)


def total_variation(x):
    total = torch.zeros(())
    prev = torch.zeros(())
    for i in range(len(x)):
        total = total + torch.abs(x[i] - prev)
        prev = x[i]
    return total


FAMILY.add(
    total_variation,
    "return torch.abs(x - torch.nn.functional.pad(x[:-1], (1, 0))).sum()",
    inputs=lambda: [a for a in vectors()() if len(a[0]) > 1],
    exactness="rounding",
)


def changes_of_a_label(labels):
    count = 0
    last = -1
    for i in range(len(labels)):
        if labels[i] != last:
            count += 1
        last = labels[i]
    return count


FAMILY.add(
    changes_of_a_label,
    "return (labels != torch.nn.functional.pad(labels[:-1], (1, 0), value=-1)).sum().item()",
    inputs=lambda: [
        (torch.tensor(v),) for v in ([1, 1, 2, 2, 1], [3], [-1, -1, 0], [4, 4])
    ],
)


def frames_before(x):
    out = torch.zeros_like(x)
    prev = torch.zeros(x.shape[1])
    for t in range(x.shape[0]):
        out[t] = x[t] - prev
        prev = x[t]
    return out


FAMILY.add(
    frames_before,
    "prev = torch.zeros(x.shape[1])\nreturn x - torch.cat((prev[None], x[:-1]))",
    "return x - torch.nn.functional.pad(x[:-1], (0, 0, 1, 0))",
    inputs=lambda: [a for a in matrices()() if a[0].shape[0] > 1],
)


def upwards_only(x):
    rises = torch.zeros(len(x), dtype=torch.bool)
    before = x[0]
    for i in range(1, len(x)):
        rises[i] = before < x[i]
        before = x[i]
    return rises


FAMILY.add(
    upwards_only,
    "rises = torch.zeros(len(x), dtype=torch.bool)\nbefore = x[0]\n"
    "rises[1:] = x[:-1] < x[1:]\nreturn rises",
    "rises = torch.zeros(len(x), dtype=torch.bool)\nrises[1:] = x[:-1] < x[1:]\nreturn rises",
    inputs=lambda: [a for a in vectors(grad=False)() if len(a[0]) > 1],
)


def chosen_beside_the_last(data, other):
    out = torch.zeros(len(other))
    old = 1.5
    for t in range(other.shape[0]):
        out[t] = (data[t] if other[t] else other[t]) * old
        old = data[t]
    return out


# A gradient is recorded on one path only (program 310503 of the fuzzer).
FAMILY.add(
    chosen_beside_the_last,
    *with_dims(
        "return torch.where(other != 0, data, other)"
        " * torch.nn.functional.pad(data[:-1], (1, 0), value=1.5)",
    ),
    inputs=lambda: [
        (random_tensor((4,), 1), torch.tensor([1.0, 0.0, 2.0, 0.0])),
        (random_tensor((2,), 2), torch.tensor([0.0, 3.0])),
        (random_tensor((3,), 3, grad=True), torch.tensor([0.0, 0.0, 1.0])),
    ],
)
