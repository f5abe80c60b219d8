"""A loop and its rewrite differed once (seed 136).

call: the loop raises RuntimeError (ZeroDivisionError), the rewrite returns
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y, w):
    n, m, p2 = x.shape
    out = x.new_zeros((2 * n, m, 2))
    for idx in range(x.numel()):
        p = idx % p2
        j = 1
        i = idx // p2 // m
        if out[2 * i, j, p]:
            pass
        elif out[2 * i, j, p] + p2 > 0.5 + i:
            out[2 * i, j, p] = w[i][j][p] * y[i][j - 2][p % 2] * (-1.5 * w[i, j, p])
        else:
            out[2 * i, j, p] = w[i, j, p] // out[2 * i, j, p]
    return out


def arguments_0():
    x = torch.tensor([0, 0, -8, 0, -6, -9, -1, 5, -7, -9, -2, -7, -1, 4, 0, 7, -1, -2], dtype=torch.int64).reshape((3, 3, 2))
    y_base = torch.tensor([-2, -8, 9, 4, 8, -3, -4, 3, 0, 8, 8, -4, 3, 5, 1, 4, 0, -6, -5, -9, 7, -9, -3, -8], dtype=torch.int64).reshape((4, 3, 2))
    y = y_base[1:]
    z = torch.tensor([2, 0, 0, 1, 0, 2, 0, 2, 2, 1, 1, 2, 1, 2, 2, 0, 2, 1], dtype=torch.int64).reshape((3, 3, 2))
    w = torch.tensor([-7, 1, -4, 7, -2, 3, -1, -7, 8], dtype=torch.int64).reshape((3, 3, 1)).expand((3, 3, 2))
    return (x, y, w)


ARGUMENTS = (arguments_0,)
