"""A loop and its rewrite differed once (seed 175).

call: the loop returns, the rewrite raises RuntimeError (Index put requires the source and
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    rows, cols, depth = x.shape
    out = torch.zeros(1)
    for p in range(depth):
        for i in range(rows):
            v = y[-1, i, p]
            for j in range(cols - 1, -1, -1):
                out[j] = v
    return out


def arguments_0():
    x = torch.tensor(1, dtype=torch.int64).reshape((1, 1, 1))
    y = x
    return (x, y)


ARGUMENTS = (arguments_0,)
