"""Seed 20700: loop and rewrite differ.

call: the loop raises RuntimeError (Autograd not support dtype: Int), the rewrite returns

Rewritten:
def program(x, z):
    res = x.clone()
    for ii in range(2):
        res[:x.shape[1]] = z[-ii + 1][:, None, None]
    return res
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, z):
    res = x.clone()
    for ii in range(1, -1, -1):
        for jj, x_el1 in enumerate(x[ii]):
            res[jj] = z[ii, jj]
    return res


def arguments_0():
    x_base = torch.tensor([6, 1, 2, 5, 3, -7, 5, -3, 5, 1, -7, -4, 0, -5, -8, -4, -2, -9, 1, -3, -1, 2, 9, -1], dtype=torch.int32).reshape((6, 2, 2))
    x = x_base
    z = torch.tensor([-1.0, -1.0, 0.5, -1.0, -1.0, 2.0, -1.0, 1.0, 1.0, 0.5], dtype=torch.float32).reshape((5, 2))
    z.requires_grad_()
    return (x, z)


ARGUMENTS = (arguments_0,)
