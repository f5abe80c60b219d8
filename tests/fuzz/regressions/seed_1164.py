"""A loop and its rewrite differed once (seed 1164).

result: requires_grad True in the loop, False in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan
import torch
import torch as th
import torch.nn.functional as F

def program(x, y):
    rows, = x.shape
    result = th.zeros(x.shape, dtype=th.float64)
    for row in range(rows - 1, 0, -1):
        y[row] = result[row]
        result[row] = x[row]
    final = y
    return final


def arguments_0():
    x = torch.tensor([-2.74, 0.8, 3.0, 2.46, 2.91, 3.44, 2.83, -2.07], dtype=torch.float32)[::2]
    x.requires_grad_()
    y = torch.tensor([0.0, 0.0, 0.0, 0.88], dtype=torch.float32)
    return (x, y)


ARGUMENTS = (arguments_0,)
