"""A loop and its rewrite differed once (seed 67).

call: the loop raises RuntimeError (Output 0 of Select is a view and is being modified inp
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    out = torch.zeros(1, 1, 2, dtype=a.dtype, device=a.device)
    for a_row, out_row in zip(a, out):
        for jj in range(1):
            t = jj
            for kk in range(0, 2, 2):
                a_row[jj][kk] = t
    return a


def arguments_0():
    a = torch.tensor([0.0, 0.0], dtype=torch.float64).reshape((1, 1, 2))
    a.requires_grad_()
    a = a * 1
    return (a,)


ARGUMENTS = (arguments_0,)
