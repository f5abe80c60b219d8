"""Seed indexed 1172: loop and rewrite differ.

call: the loop returns, the rewrite raises IndexError (index 3 is out of bounds for dimension 0 with size 3)

Rewritten:
def program(a, n):
    out = torch.zeros(n, 3)
    for e in range(a.shape[0]):
        out[a[e].long()] = out[a[e].long()].clone()
    return out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, n):
    out = torch.zeros(n, 3)
    for e in range(len(a)):
        if not 0 <= a[e].item() < n:
            continue
        for d in range(3):
            out[a[e].item(), d] = out[a[e].item(), d]
    return out


def arguments_0():
    x = torch.tensor([-1.375, -1.5, -1.75, -1.625, 2.0, -0.5, -1.25, 0.0, -0.25, -0.25, -1.5, -0.625]).reshape(4, 3)
    w = torch.tensor([-0.875, 1.875, -1.5, 1.25])
    a = torch.tensor([0, 1, 3, 2], dtype=torch.int32)
    b = torch.tensor([1, 0, 2, 2], dtype=torch.int64)
    return (a, 3)


ARGUMENTS = (arguments_0,)
