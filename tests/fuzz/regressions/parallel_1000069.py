"""Seed parallel 1000069: loop and rewrite differ.

explain: deloop failed (AssertionError: )

Rewritten:
def program(x, func):
    rows, = x.size()
    result = torch.zeros(len(x), dtype=x.dtype, device=x.device)
    second = torch.zeros_like(x)
    best = 0.0
    for row in range(rows):
        v = (x[row] - second[row]) * rows
        result[row] = func(v)
        second[row] = float(abs(SCALE - SCALE)) + (v + -2 + 0 / v)
        if v > best:
            best = v
    return (result, second, best)
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


SCALE = 1.5

def program(x, func):
    rows, = x.size()
    result = torch.zeros(len(x), dtype=x.dtype, device=x.device)
    second = torch.zeros_like(x)
    best = 0.0
    for row in range(rows):
        v = (x[row] - second[row]) * rows
        result[row] = func(v)
        second[row] = float(abs(SCALE - SCALE)) + (v + -2 + 0 / v)
        if v > best:
            best = v
    return (result, second, best)


def arguments_0():
    x = torch.tensor([nan], dtype=torch.float32).expand((2,))
    y = torch.tensor([5, 1], dtype=torch.int32)
    z = torch.tensor([2.84, -inf, 3.29, -0.26], dtype=torch.float32)[..., ::2]
    return (x, torch.exp)


ARGUMENTS = (arguments_0,)
