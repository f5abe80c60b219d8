"""Seed carried 211197: loop and rewrite differ.

result: 1 of 1 elements differ; the first at [0]: 1.0 in the loop, 2147483646.0 in the rewrite

Rewritten:
def program(a):
    cols = a.shape
    out = torch.ones(cols, dtype=torch.float64)
    out[:] = a
    return out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    cols = a.shape
    out = torch.ones(cols, dtype=torch.float64)
    for row in range(0):
        out[:] = a
    return out


def arguments_0():
    a = torch.tensor([2147483646], dtype=torch.int32)
    return (a,)


ARGUMENTS = (arguments_0,)
