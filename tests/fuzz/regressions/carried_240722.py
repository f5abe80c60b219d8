"""Seed carried 240722: loop and rewrite differ.

call: the loop returns, the rewrite raises IndexError (index -3 is out of bounds for dimension 0 with size 1)

Rewritten:
def program(a):
    n = 0
    y2 = n
    a[:-1] = a[-3].clone()
    return y2
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    n = 0
    y2 = n
    y22 = a
    for row in range(a.shape[0] - 1):
        for col in range(row, n):
            y22[row] = a[col - 2]
    return y2


def arguments_0():
    a = torch.tensor([1], dtype=torch.int64)
    return (a,)


ARGUMENTS = (arguments_0,)
