"""A loop and its rewrite differed once (seed 206).

result: requires_grad True in the loop, False in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    rows, cols = x.shape
    res = x.new_zeros(rows)
    aux = torch.zeros(x.shape, dtype=torch.float64)
    for i in range(1):
        for j in range(cols):
            res[i] *= aux[i, j]
            aux[i, j] = x[i, j]
    return res


def arguments_0():
    x = torch.tensor([1.0, 1.0, 2.0, 1.0, 2.0, 0.0, 1.0], dtype=torch.float32).as_strided((3, 5), (1, 1))
    x.requires_grad_()
    return (x,)


ARGUMENTS = (arguments_0,)
