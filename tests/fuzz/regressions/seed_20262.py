"""Seed 20262: loop and rewrite differ.

explain: deloop failed (ValueError: tuple.index(x): x not in tuple)

Rewritten:
def program(x):
    n0 = 1
    n1 = 1
    n2 = 0
    out = torch.zeros(n0)
    for r, c, h in itertools.product(range(n0), range(n1), range(n2)):
        out[h % 2] += x[r][c][h]
    return out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    n0 = 1
    n1 = 1
    n2 = 0
    out = torch.zeros(n0)
    for r, c, h in itertools.product(range(n0), range(n1), range(n2)):
        out[h % 2] += x[r][c][h]
    return out


def arguments_0():
    x = torch.tensor([], dtype=torch.int64).reshape((1, 3, 0))
    return (x,)


ARGUMENTS = (arguments_0,)
