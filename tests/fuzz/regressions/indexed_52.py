"""Seed indexed 52: loop and rewrite differ.

call: the loop returns, the rewrite raises IndexError (tensors used as indices must be long, int, byte or bool tensors)

Rewritten:
def program(a, n):
    out = torch.zeros(1, n, dtype=torch.float64)
    out[torch.arange(1), a[:1]] = 0
    return out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, n):
    out = torch.zeros(1, n, dtype=torch.float64)
    for e in range(1):
        k = a[e]
        out[e, k] = out[e, k]
    return out


def arguments_0():
    x = torch.tensor([0.25, -2.0, 1.375, 1.875, -0.375, 1.25, 0.5, -1.375, -0.75, -1.125, -0.125, 1.5, -0.25, -1.625, -1.75]).reshape(5, 3)
    w = torch.tensor([1.25, -2.0, 1.125, 1.875, -1.375])
    a = torch.tensor([1, 2, 1, 3, 2], dtype=torch.int16)
    b = torch.tensor([2, 1, 2, 3, 1], dtype=torch.int64)
    return (a, 4)


ARGUMENTS = (arguments_0,)
