"""Seed carried 373099: what a search found replaced a variable that its own new value reads."""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    n = a.shape[0]
    total = 0
    for i in range(2, n):
        total += a[i - 2]
        if a[n - 1 - i] > a[i]:
            break
    y2 = torch.zeros((n,), dtype=torch.int64)
    result = torch.zeros(n)
    hits = 0
    hit = None
    for row in range(n - 1, 0, -1):
        if row % 2 == 0:
            hit = row
            break
        y2[row] = hits
        if a[row] < 1 or row % 2 == 0:
            hits += 1
        if row + 1 < n:
            result[row] = 0.25 * (result[row + 1] + result[row - 1] + result[row + 1]) + a[row] % 3
    return y2, result, total, hit


def arguments_0():
    a = torch.tensor([5, -2, 1, 3, 2], dtype=torch.int64)
    return (a,)


def arguments_1():
    a = torch.tensor([], dtype=torch.int64).reshape((0,))
    return (a,)


def arguments_2():
    a_base = torch.tensor([-2], dtype=torch.int64)
    a = a_base[1:]
    return (a,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2,)
