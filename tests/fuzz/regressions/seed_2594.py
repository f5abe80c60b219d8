"""Seed 2594: loop and rewrite differ.

result: 20 of 50 elements differ; the first at [0, 1]: 0.0 in the loop, -2.4000000953674316 in the rewrite

Rewritten:
def program(x, y):
    n0 = y.size(0)
    n1 = x.shape[1]
    result = torch.zeros(2 * n1, n0)
    value = y[:, None] * torch.arange(x.shape[1]) ** 2
    mask = (value <= x) & (value != y[:, None])
    x[:] = torch.where(mask, x - 0.0, x)
    result[:-1:2] = value
    return result
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    n0 = y.size(0)
    n1 = x.shape[1]
    result = torch.zeros(2 * n1, n0)
    for i in range(x.size(0)):
        for j, x_el1 in enumerate(x[i]):
            value = y[i] * j ** 2
            if value <= x[i, j] and value != y[i]:
                x_el1 -= result[2 * j, i]
            result[2 * j, i] = value
    return result


def arguments_0():
    x = torch.tensor([1.36, 1.39, 0.71, 0.11, 0.76, 1.86, 1.37, 0.6, 1.4, 1.76, 1.34, 1.8, 0.94, 0.2, 0.47, 0.16, 1.79, 1.92, 0.32, 1.07, 1.22, 1.35, 1.11, 0.52, 1.0], dtype=torch.float32).reshape((5, 5)).permute(1, 0)
    y = torch.tensor([-2.4, 2.3, 3.93, 3.45, 2.51], dtype=torch.float32)
    return (x, y)


ARGUMENTS = (arguments_0,)
