"""Seed carried 220252: loop and rewrite differ.

result: 23 of 25 elements differ; the first at [2]: -5.8949995040893555 in the loop, -5.894999980926514 in the rewrite

Rewritten:
def program(x, y):
    y2 = torch.zeros(len(x), dtype=torch.float64)
    y2[2:] = y.sum().float()
    return y2
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    y2 = torch.zeros(len(x), dtype=torch.float64)
    for i in range(2, x.shape[0]):
        total = torch.tensor(0.0)
        for j in range(y.shape[0]):
            total += y[j]
        y2[i] = total
    return y2


def arguments_0():
    x = torch.tensor([3.51, -2.75, -3.875, -1.93, -2.5, 3.61, -3.75, -1.125, -0.5, 3.0, -3.5, -3.0, -1.58, -3.125, -1.0, 2.625, -3.75, 3.75, -1.31, -2.5, 3.14, -1.75, 1.125, -3.875, -3.875], dtype=torch.float64)
    y = torch.tensor([-0.87, -3.375, -3.95, -1.12, 3.42], dtype=torch.float64)
    return (x, y)


ARGUMENTS = (arguments_0,)
