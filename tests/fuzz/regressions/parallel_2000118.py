"""Seed parallel 2000118: loop and rewrite differ.

call: the loop returns, the rewrite raises RuntimeError (index -1 is out of bounds for dimension 0 with size 2)

Rewritten:
def program(a, b):
    out = torch.zeros(a.shape[0], 1, 2, dtype=a.dtype, device=a.device)
    out.index_add_(0, torch.arange(-a.shape[0] + 1, 1), -b[:, :1, :2])
    return out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    out = torch.zeros(a.shape[0], 1, 2, dtype=a.dtype, device=a.device)
    for r in range(-len(a), 0):
        for c in range(1):
            for h in range(2):
                out[r + 1, c, h] -= b[r, c, h]
    return out


def arguments_0():
    a = torch.tensor([1, 1, 3, 3, 0, 100, 1, 0], dtype=torch.uint8).reshape((2, 2, 2,))
    b = torch.tensor([8, 2, 2, 9], dtype=torch.uint8).reshape((2, 2, 1,)).expand((2, 2, 2,))
    return (a, b,)


ARGUMENTS = (arguments_0,)
