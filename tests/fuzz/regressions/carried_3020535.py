"""Seed carried 3020535: loop and rewrite differ.

result: 1 of 1 elements differ; the first at [0]: 0.0 in the loop, 1.0 in the rewrite

Rewritten:
def program(x):
    n = 1
    out = torch.zeros(n, dtype=torch.float64)
    stop = torch.full((1, 1), torch.where(torch.arange(2) == 0, torch.arange(2), 2).min().item(), dtype=torch.int64)
    out[:] = torch.maximum(out, (x[:1, :1, :2] | (torch.arange(2) >= stop[:, :, None])).amax((1, 2)))
    return out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    n = 1
    m = 1
    depth = 2
    out = torch.zeros(n, dtype=torch.float64)
    for t in range(n):
        for i in range(m):
            for j in range(depth):
                if j == 0:
                    break
                out[t] = torch.maximum(out[t], x[t, i, j])
    return out


def arguments_0():
    x = torch.tensor([True, False, False, False, True, False, True, True, False, False, False, False, False, True, True, True, True, False], dtype=torch.bool).reshape((3, 3, 2))
    return (x,)


ARGUMENTS = (arguments_0,)
