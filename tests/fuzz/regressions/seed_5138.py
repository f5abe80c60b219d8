"""A loop and its rewrite differed once (seed 5138).

result: requires_grad True in the loop, False in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(y):
    n0 = 1
    result = torch.full((n0,), 2.5)
    for idx in range(1):
        row = idx
        result[row] += y[row]
        result[row] = n0
    return result


def arguments_0():
    y = torch.tensor([0.44, 1.63, -3.88, 3.61, -1.76], dtype=torch.float64)
    y.requires_grad_()
    z = torch.tensor([-2.98, 3.82, -2.49, -3.55, -0.83], dtype=torch.float32)
    z.requires_grad_()
    z = z * 1
    return (y,)


ARGUMENTS = (arguments_0,)
