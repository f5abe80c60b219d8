"""Seed parallel 7737: loop and rewrite differ.

result[0]: requires_grad True in the loop, False in the rewrite

Rewritten:
def program(a, b):
    rows, cols = a.shape
    result = torch.zeros(rows, cols, dtype=a.dtype, device=a.device)
    second = torch.zeros_like(a)
    result[2:] = 0
    v = a[2:].sigmoid() * (a[2:] * torch.arange(cols))
    second[2:] = v / (rows + v)
    return result, second
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    rows, cols = a.shape
    result = torch.zeros(rows, cols, dtype=a.dtype, device=a.device)
    second = torch.zeros_like(a)
    for i in range(2, rows):
        for j in range(cols):
            if result[i, j] <= result[i][j]:
                q = (a[i][j] - rows) // -2
            v = a[i, j].sigmoid() * (a[i, j] * j)
            result[i, j] = second[i, j]
            second[i, j] = v / (rows + v)
    return result, second


def arguments_0():
    a = torch.tensor([-1.0, 0.5], dtype=torch.float32).reshape((2, 1,)).expand((2, 4,))
    b = torch.tensor([100, 2147483647, 2147483647, 2147483647, 100, 2, 1, 0], dtype=torch.int32).reshape((2, 4,))
    return (a, b,)


def arguments_1():
    a = torch.tensor([1.38, 0.43, 1.96, 1.62, 0.36, 1.79, 0.5, 1.09, 0.35, 0.17, 0.52, 0.93, 1.95, 0.73, 1.36, 1.08, 0.96, 0.75, 1.41, 1.9, 0.37, 1.34, 1.85, 0.74, 0.65], dtype=torch.float32).reshape((5, 5,)).permute(1, 0)
    b = torch.tensor([-8, 7, 9, -1, -9, -8, -9, 2, -6, 0, -1, -1, -3, 1, 6, 5, 0, 7, -7, -8], dtype=torch.int32).reshape((4, 5,)).permute(1, 0)
    return (a, b,)


def arguments_2():
    a = torch.tensor([], dtype=torch.float32).reshape((5, 0,))[..., ::2]
    b = torch.tensor([], dtype=torch.int32).reshape((5, 0,))[..., ::2]
    return (a, b,)


def arguments_3():
    a = torch.tensor([2.06, -1.64, 0.58, -0.22, -1.89, 1.09, 3.59, 0.51, -1.96, -2.06, -1.7, -2.43, -2.81, 2.32, 2.0], dtype=torch.float32).reshape((5, 3,)).permute(1, 0)
    a.requires_grad_()
    b = torch.tensor([7, -6, -1, -2, 4, -7, 5, -9, -1, 5, 8, 1, 9, -9, 2, 5, 2, -8, 3, -9, 6, -9, -5, -2, 7, 2, -7, 1, 1, 8], dtype=torch.int32).reshape((3, 10,))[..., ::2]
    return (a, b,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
