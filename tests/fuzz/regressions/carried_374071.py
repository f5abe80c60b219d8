"""Seed carried 374071: under loops that stay a tensor no longer holds what it was made with."""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b, limit):
    n = b.shape[0]
    m = a.shape[1]
    depth = a.shape[2]
    y2 = torch.zeros((n, m, depth), dtype=torch.int64)
    res = torch.zeros(n, m)
    s = torch.tensor(0)
    for i in range(1, a.shape[0]):
        for j in range(m - 1):
            for p in range(depth):
                if b[i] <= a[i, j, depth - 1 - p]:
                    s += a[i, j, p - 2] * a[i, j + 1, p]
                y2[i, j, p] = s
                res[i, j] += b[i] * a[i, j, p]
    return y2, res


def arguments_0():
    a = torch.tensor([2, 1, 2, 0, 0, 0, 0, 2, 1, 0, 0, 0], dtype=torch.int64).reshape((2, 3, 2,))
    b = torch.tensor([-7, -4], dtype=torch.int64)
    return (a, b, 0.5,)


def arguments_1():
    a = torch.tensor([9223372036854775806, 9223372036854775807, 9223372036854775807, 0, 9223372036854775807, 100, 2, 9223372036854775806, 0], dtype=torch.int64).reshape((3, 3, 1,))
    b = torch.tensor([2, -5, 1], dtype=torch.int64)
    return (a, b, -0.0,)


def arguments_2():
    a = torch.tensor([-9, 5, 1, -6, -5, 5, 2, 2, 5, 3, -5, 9], dtype=torch.int64).reshape((2, 3, 2,))
    b = torch.tensor([2, 1], dtype=torch.int64)
    return (a, b, 1.0,)


def arguments_3():
    a = torch.tensor([2, 0, 0, 2, 2, 0, 2, 0, 0, 0, 2, 2], dtype=torch.int64).reshape((3, 2, 2,))[..., ::2]
    b = torch.tensor([2], dtype=torch.int64).expand((3,))
    return (a, b, 0.5,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
