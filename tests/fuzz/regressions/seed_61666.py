"""Seed 61666: loop and rewrite differ.

call: the loop returns, the rewrite raises RuntimeError (The expanded size of the tensor (1) must match the existing size (0) at non-singleton dimension 0.  Target sizes: [1].  Tensor sizes: [0])

Rewritten:
def program(a):
    res = torch.zeros(2, dtype=a.dtype, device=a.device)
    res[:-1:2] = torch.arange(0)
    res[2:2 * a.shape[0] - 1:2] = torch.arange(1, a.shape[0])
    return res
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    rows, = a.shape
    res = torch.zeros(2, dtype=a.dtype, device=a.device)
    for r in range(rows):
        if r == 0:
            continue
        q = r
        res[2 * r] = q
    return res


def arguments_0():
    a = torch.tensor([1.0], dtype=torch.float64)
    return (a,)


ARGUMENTS = (arguments_0,)
