"""A loop and its rewrite differed once (seed 1472).

gradient of argument x: Tensor of shape (2, 5) and float64 in the loop, no gradient in the
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    n0, n1 = x.shape
    out = torch.zeros((n1, n0))
    for flat in range(x.numel()):
        r, c = torch.unravel_index(torch.tensor(flat), x.shape)
        out[c, r] = c / x[r][c]
        out[c, r] = y[r, c]
    return out


def arguments_0():
    x = torch.tensor([inf, 0.92, inf, 2.53, nan, nan, -inf, 3.73, -1e-30, 1e+30], dtype=torch.float64).reshape((2, 5))
    x.requires_grad_()
    y = torch.tensor([3.7, -0.32, 3.81, -3.92, -3.43, 3.15, -0.97, 0.24, 3.69, 1.04], dtype=torch.float64).reshape((2, 5))
    y.requires_grad_()
    return (x, y)


ARGUMENTS = (arguments_0,)
