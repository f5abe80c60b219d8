"""Seed carried 210402: loop and rewrite differ.

result: 1 of 1 elements differ; the first at [0]: nan in the loop, 0.0 in the rewrite

Rewritten:
def program(data, other):
    rows = data.shape[0]
    out = torch.zeros(rows, dtype=torch.float64)
    out[:] = torch.where(data.amax(1) > out, data.amax(1).double(), out.float().double())
    return out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, other):
    rows = data.shape[0]
    depth = other.shape[0]
    out = torch.zeros(rows, dtype=torch.float64)
    for row in range(rows):
        for col in range(depth):
            t3 = data[row, col]
            out[row] = torch.maximum(out[row], t3)
    return out


def arguments_0():
    data = torch.tensor([nan, 3.25, 100.0], dtype=torch.float32).reshape((1, 3))
    other = torch.tensor([], dtype=torch.float32).reshape((3, 0))
    return (data, other)


ARGUMENTS = (arguments_0,)
