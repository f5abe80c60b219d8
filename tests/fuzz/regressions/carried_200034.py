"""Seed carried 200034: loop and rewrite differ.

result: shares memory with argument x in the loop, shares memory with no other in the rewrite

Rewritten:
def program(x):
    v = torch.where(x[0, -1] != 0, x[0, -1], x[1, -1])
    return v
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    i = 0
    for j in range(x.shape[1]):
        v = x[i][j] if x[i, j] else x[1, j]
    return v


def arguments_0():
    x = torch.tensor([nan, 0.0, 0.0, 0.0, 0.0, 0.75, -3.625, inf, -0.0, -0.0], dtype=torch.float32).reshape((5, 2))
    return (x,)


ARGUMENTS = (arguments_0,)
