"""Seed carried 300348: loop and rewrite differ.

explain: deloop failed (SyntaxError: invalid syntax (<unknown>, line 1))

Rewritten:
def program(x, y):
    rows = len(x)
    res = torch.zeros_like(y)
    s = torch.zeros(())
    for t in range(rows):
        res[t] = s
        if x[t] >= 2.61777 or y[t] >= 0.37333:
            s = s + y[t] * y[t - 1]
    return (res, mean)
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    rows = len(x)
    res = torch.zeros_like(y)
    s = torch.zeros(())
    for t in range(rows):
        res[t] = s
        if x[t] >= 2.61777 or y[t] >= 0.37333:
            s = s + y[t] * y[t - 1]
    return (res, mean)


def arguments_0():
    x = torch.tensor([3.25, -0.05, 2.125, -2.125, 2.25, 2.75, 2.0, 3.875, -1.375], dtype=torch.float32)
    x.requires_grad_()
    x = x * 1
    y = torch.tensor([-2.5, -2.59, -0.87, -0.92, 0.375, 0.3, -2.56, -0.375, 2.375], dtype=torch.float32)
    y.requires_grad_()
    y = y * 1
    return (x, y)


ARGUMENTS = (arguments_0,)
