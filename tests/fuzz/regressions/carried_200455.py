"""Seed carried 200455: loop and rewrite differ.

call: the loop returns, the rewrite raises UnboundLocalError (cannot access local variable 'total2' where it is not associated with a value)

Rewritten:
def program(x, w):
    rows = w.shape[0]
    y2 = rows
    total2 = torch.where(torch.arange(1, 1) >= torch.arange(1, w.shape[0])[:, None], 0, total2[1:w.shape[0], 1:])
    total2 = torch.where(torch.arange(1, 1) >= torch.arange(1, w.shape[0])[:, None], total2 + x, total2)
    return y2
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, w):
    rows = w.shape[0]
    cols = 1
    y2 = rows
    for i in range(1, rows):
        for j in range(i, cols):
            total2 = 0
            for p in range(1, 2):
                total2 = total2 + x
    return y2


def arguments_0():
    x_base = 1
    x = x_base
    w = torch.tensor([-2147483648, 1], dtype=torch.int32)
    return (x, w)


ARGUMENTS = (arguments_0,)
