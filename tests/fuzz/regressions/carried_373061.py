"""Seed carried 373061: a tensor changed in place by a loop that stays may require a gradient behind it."""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    n = x.shape[0]
    for row in range(n - 1):
        x[row] = (x[row + 1] + y * y if x[row + 1] < 2.61777 else y * y)
        v = (y if y <= -0.81777 else y)
    out = torch.zeros(2, dtype=x.dtype)
    out2 = torch.zeros_like(x)
    previous = 0.0
    for row in range(n):
        out[0] = x[row] if x[row] < out[0] else out[0]
        out2[row] = x[row] * previous
        previous = x[row]
    return out, out2, v


def arguments_0():
    x = torch.tensor([1.0, 0.5, 1.0, -1.0, 2.0], dtype=torch.float32)
    y = torch.tensor(3.375, dtype=torch.float32)
    y.requires_grad_()
    y = y * 1
    return (x, y,)


ARGUMENTS = (arguments_0,)
