"""A loop and its rewrite differed once (seed 299).

call: the loop returns, the rewrite raises RuntimeError (shape mismatch: value tensor of s
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    rows, cols = x.shape
    res = torch.zeros_like(x)
    for r in range(1, 1, -1):
        for c in range(cols):
            if y[r, c] <= res[r, c]:
                pass
            elif c > 0:
                res[r, c] = 1
    return res


def arguments_0():
    x = torch.tensor([0.5, inf, 0.0, 0.0, 0.0, nan, 0.96, 1e+30, 2.55, -1.43, 65504.0, nan, -0.98, -1e-30, -0.0], dtype=torch.float64).reshape((5, 3))
    y = torch.tensor([2.0, 0.0, 1.0, 2.0, 2.0, 2.0, 0.0, 0.5, 1.0, -1.0, 0.0, 1.0, -1.0, 0.5, 1.0], dtype=torch.float64).reshape((5, 3))
    return (x, y)


ARGUMENTS = (arguments_0,)
