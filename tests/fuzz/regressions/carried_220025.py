"""Seed carried 220025: loop and rewrite differ.

result: requires_grad False in the loop, True in the rewrite

Rewritten:
def program(data):
    total = 0.0 - data[:1, :1, :2].sum(2, dtype=torch.float64)
    return total[:, 0]
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data):
    rows = 1
    cols = 1
    depth = 2
    y2 = torch.zeros(rows, dtype=torch.float64)
    for row in range(rows):
        for col in range(cols):
            total = 0.0
            for dep in range(depth):
                total -= float(data[row, col, dep])
            y2[row] = total
    return y2


def arguments_0():
    data = torch.tensor([0.0, 0.0, 0.0, 0.25, 2.0, 0.75, 1.5, 1.75, 0.25, 0.375, 0.5, 1.375], dtype=torch.float32).reshape((2, 3, 2))
    data.requires_grad_()
    return (data,)


ARGUMENTS = (arguments_0,)
