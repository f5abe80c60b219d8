"""A loop and its rewrite differed once (seed 931).

result: 4 of 5 elements differ; the first at [0]: 4.90625 in the loop, 4.75 in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    result = torch.ones(x.size(0), dtype=torch.bool)
    second = torch.zeros(y.shape, dtype=x.dtype, device=x.device)
    for row, y_el in enumerate(y):
        t = result[row] + y[row]
        result[row] = row
        second[y.shape[0] - 1 - row] = t
    return second


def arguments_0():
    x = torch.tensor([3.74, -0.23, -3.29, 1.12, 3.9], dtype=torch.bfloat16)
    y = x[:]
    return (x, y)


ARGUMENTS = (arguments_0,)
