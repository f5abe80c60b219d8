"""Seed 1367: loop and rewrite differ.

explain: deloop failed (IndexError: list index out of range)

Rewritten:
def program(data, scale, mask, func):
    result = data.new_zeros(scale.size(0), mask.size(2), data.shape)
    second = data.new_zeros((mask.shape[2], mask.shape[1], 2))
    for i in range(scale.shape[0]):
        for j in range(scale.size(1)):
            for k2 in range(data.shape[2] - 1, -1, -1):
                second[0, k2 % 2, -1] += data[i - 2, j, 0] if second[j, i, k2] > scale[i, 0, k2] else k2
                t = f(scale[i, -1 - j, (k2 + 1) % mask.shape[0]] % 3, k2)
                if j != k2:
                    continue
                if scale[i, j, k2] == abs(j - i):
                    second[j, i, k2] = mask[k2 - 1, i, j]
                else:
                    second[j, i, k2] = data[i, j, k2]
                t += func(data[i][j][k2])
                result[i, j, k2] = func(scale[i, j, k2]) / result[i, j, k2]
    return result
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def f(v, w2):
    return v

def program(data, scale, mask, func):
    result = data.new_zeros(scale.size(0), mask.size(2), data.shape)
    second = data.new_zeros((mask.shape[2], mask.shape[1], 2))
    for i in range(scale.shape[0]):
        for j in range(scale.size(1)):
            for k2 in range(data.shape[2] - 1, -1, -1):
                second[0, k2 % 2, -1] += data[i - 2, j, 0] if second[j, i, k2] > scale[i, 0, k2] else k2
                t = f(scale[i, -1 - j, (k2 + 1) % mask.shape[0]] % 3, k2)
                if j != k2:
                    continue
                if scale[i, j, k2] == abs(j - i):
                    second[j, i, k2] = mask[k2 - 1, i, j]
                else:
                    second[j, i, k2] = data[i, j, k2]
                t += func(data[i][j][k2])
                result[i, j, k2] = func(scale[i, j, k2]) / result[i, j, k2]
    return result


def arguments_0():
    data = torch.tensor([5, 5, 4, 2, 3, 1, 7, 6, -2, -7, 3, -2], dtype=torch.int32).reshape((2, 3, 2,))
    scale = torch.tensor([-3.45, -0.14, 3.56, 3.78, -2.3, -1.91, 1.21, 1.88, 2.33, 0.45, -3.45, 1.6, -1.43, -1.36, 2.01, -3.18, -2.97, -2.26, 3.55, -2.73, 1.09, -2.99, -1.8, -3.0], dtype=torch.float64).reshape((2, 3, 4,))[..., ::2]
    mask = torch.tensor([False, True, True, False, True, True, True, True, False, False, True, False], dtype=torch.bool).reshape((2, 2, 3,))
    return (data, scale, mask, torch.sin,)


ARGUMENTS = (arguments_0,)
