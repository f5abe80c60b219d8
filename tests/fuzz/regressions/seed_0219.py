"""A loop and its rewrite differed once (seed 219).

call: the loop raises IndexError (index 1 is out of bounds for dimension 0 with size 1), t
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    rows = len(a)
    res = torch.zeros_like(a, dtype=torch.float32)
    aux = torch.zeros(a.shape)
    for ii in range(1, 1, 1):
        res[ii] /= aux[ii]
    for ii in range(1, rows, 2):
        res[ii] *= b[ii]
    return res


def arguments_0():
    a = torch.tensor([nan, -2.65, 0.0, 3.13], dtype=torch.float32).reshape((2, 2,))
    a.requires_grad_()
    b = torch.tensor([0.26, -3.25], dtype=torch.float64).reshape((1, 2,))
    b.requires_grad_()
    return (a, b,)


ARGUMENTS = (arguments_0,)
