"""Seed carried 300214: loop and rewrite differ.

explain: deloop failed (IndexError: list index out of range)

Rewritten:
def program(a, b):
    result = torch.zeros(b.shape, b.shape)
    t = 0
    while t < len(a):
        p2 = torch.tensor(1.0, dtype=a.dtype)
        for i in range(t + 1):
            result[t, i] = p2
            p2 = (1 - 0.1 * a[i, t]) * p2
        t += 1
    return result
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    result = torch.zeros(b.shape, b.shape)
    t = 0
    while t < len(a):
        p2 = torch.tensor(1.0, dtype=a.dtype)
        for i in range(t + 1):
            result[t, i] = p2
            p2 = (1 - 0.1 * a[i, t]) * p2
        t += 1
    return result


def arguments_0():
    a = torch.tensor([-0.0, 3.0, 0.375, -0.0], dtype=torch.float32).reshape((2, 2))
    b = torch.tensor([-3.75, 2.93], dtype=torch.float32)
    return (a, b)


ARGUMENTS = (arguments_0,)
