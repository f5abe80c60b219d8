"""Seed indexed 1013: loop and rewrite differ.

call: the loop returns, the rewrite raises IndexError (index -2 is out of bounds for dimension 1 with size 1)

Rewritten:
def program(a, n):
    out = torch.ones(1, n)
    out[torch.arange(a.shape[0]), a.long()] = 1
    return out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, n):
    out = torch.ones(1, n)
    for e, k in enumerate(a):
        if e:
            out[e, k] = out[e, k]
    return out


def arguments_0():
    x = torch.tensor([-1.75, 1.125, -1.875]).reshape(1, 3)
    w = torch.tensor([-0.875])
    a = torch.tensor([-2], dtype=torch.int16)
    b = torch.tensor([0], dtype=torch.int64)
    return (a, 1)


ARGUMENTS = (arguments_0,)
