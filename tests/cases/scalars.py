"""Numbers that come from outside the loop."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import matrices, vectors

FAMILY = Family()
GAIN = 1.5
LIMITS = (-1.0, 1.0)


def global_number(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * GAIN
    return out


FAMILY.add(global_number, "return x * GAIN", inputs=vectors())


def local_number(tensor):
    factor = 3
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            result[i, j] = tensor[i, j] * factor
    return result


FAMILY.add(
    local_number, "return tensor * 3", "factor = 3\nreturn tensor * factor", inputs=matrices()
)


def make_closure(offset):
    def closure_number(x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] + offset
        return out

    return closure_number


FAMILY.add(make_closure(0.75), "return x + offset", inputs=vectors())


def parameter_number(x, scale, shift=1):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * scale + shift
    return out


FAMILY.add(parameter_number, "return x * scale + shift", inputs=vectors(1, 2))
FAMILY.add(
    parameter_number, "return x * scale + shift", inputs=vectors(1, 2.5, 0.5), suffix="-float"
)


def derived_number(x, a, b):
    ratio = a / b
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * ratio
    return out


FAMILY.add(
    derived_number,
    "ratio = a / b\nreturn x * ratio",
    "return x * (a / b)",
    inputs=vectors(1, 3, 4),
)


def number_in_the_loop(x, a, b):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        ratio = a / b
        out[i] = x[i] * ratio
    return out


FAMILY.add(
    number_in_the_loop,
    "return x * (a / b)",
    "ratio = a / b\nreturn x * ratio",
    inputs=lambda: [args for args in vectors(1, 3, 4)() if len(args[0])],
)


def tensor_number(x, scale):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * scale
    return out


FAMILY.add(tensor_number, "return x * scale", inputs=vectors(1, torch.tensor(1.5)))


def global_pair(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] < LIMITS[0]:
            out[i] = LIMITS[0]
        elif x[i] > LIMITS[1]:
            out[i] = LIMITS[1]
        else:
            out[i] = x[i]
    return out


FAMILY.add(global_pair, inputs=vectors())


def mean_removed(x):
    mean = x.mean()
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] - mean
    return out


FAMILY.add(
    mean_removed,
    "mean = x.mean()\nreturn x - mean",
    "return x - x.mean()",
    inputs=vectors(),
)


def number_filled(n, value):
    out = torch.zeros(n)
    for i in range(n):
        out[i] = value
    return out


FAMILY.add(
    number_filled,
    inputs=lambda: [(5, 1.5), (1, 2), (0, 1.0)],
)
