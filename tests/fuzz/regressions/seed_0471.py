"""A loop and its rewrite differed once (seed 471).

call: the loop returns, the rewrite raises ZeroDivisionError (division by zero)
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    n0, n1, n2, n3 = a.shape
    out = torch.zeros(n3, n2, n0, b.size(1), dtype=a.dtype, device=a.device)
    for ii in range(n0):
        for jj in range(n1):
            for kk in range(n2):
                for b_el3, out_row in zip(b[ii], out):
                    out_row[kk][ii][jj] = out_row[kk, ii, jj] / out_row[kk][ii][jj]
    return out


def arguments_0():
    a = torch.tensor([3, 2147483646, 2147483646, 1, 2147483647, 1, 1, 2, 2147483647, 0, 1, 1, 0, 3, 0, 2147483646, 100, 3], dtype=torch.int32).reshape((1, 3, 2, 3))
    b = torch.tensor([3, 6, 9, -9, -7, -5, 4, -6, -6, -3, 3, -6, 8, 3, -1, 4, 6, 3], dtype=torch.int32).reshape((1, 3, 2, 3))
    return (a, b)


ARGUMENTS = (arguments_0,)
