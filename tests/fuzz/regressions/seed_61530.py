"""Seed 61530: loop and rewrite differ.

call: the loop returns, the rewrite raises IndexError (index -2 is out of bounds for dimension 0 with size 1)

Rewritten:
def program(a):
    res = a
    for flat_0 in range(a.shape[0]):
        a[flat_0] = torch.where((a.shape[2] < torch.arange(a.shape[1]))[:, None] & (torch.arange(a.shape[1])[:, None] <= torch.arange(a.shape[2])), a[flat_0] / a[torch.tensor(flat_0, dtype=torch.int64) - 2], a[flat_0])
    return res
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    n0, n1, n2 = a.shape
    res = a
    for flat in range(n0 * n1 * n2):
        ii, jj, kk = torch.unravel_index(torch.tensor(flat, device=a.device), a.shape)
        if n2 < jj <= kk:
            res[ii, jj, kk] /= a[ii - 2, jj, kk]
    return res


def arguments_0():
    a = torch.tensor([2.7, -1.13, -3.29, -2.11], dtype=torch.float16).reshape((1, 2, 2))
    return (a,)


ARGUMENTS = (arguments_0,)
