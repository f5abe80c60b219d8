"""Seed 240: loop and rewrite differ.

call: the loop returns, the rewrite raises RuntimeError (The size of tensor a (3) must match the size of tensor b (0) at non-singleton dimension 0)

Rewritten:
def program(a):
    u = a[:0] * -1.5
    a[:0] = a[:0] + (a[:0] + a[:0] * -1.5)
    u_2 = torch.where(torch.arange(1, -a.shape[0] + 1, -1) > 1, u[:a.shape[0]], a * -1.5)
    a[:] = torch.where(torch.arange(1, -a.shape[0] + 1, -1) > 1, u[:a.shape[0]], a * -1.5)
    return a
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    rows, = a.size()
    for row in range(0, rows, 1):
        u = a[row] * -1.5
        if 1 - row > 1:
            a[row] += a[row] + u
        a[row] = u
    return a


def arguments_0():
    a = torch.tensor([-1.0, 0.0, 1.0, 0.0, 0.0, -1.0], dtype=torch.float32)[..., ::2]
    return (a,)


ARGUMENTS = (arguments_0,)
