"""Seed 100880: loop and rewrite differ.

call: the loop returns, the rewrite raises RuntimeError (ZeroDivisionError)

Rewritten:
def program(x, y):
    res = 1
    x[2:] = y % y
    return res
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    rows = x.shape[0]
    res = 1
    aux = x
    for r in range(2, rows):
        aux[r] = y % y
    return res


def arguments_0():
    x = torch.tensor([0.0, 0.0], dtype=torch.float32)
    y = torch.tensor(0, dtype=torch.int64)
    return (x, y)


ARGUMENTS = (arguments_0,)
