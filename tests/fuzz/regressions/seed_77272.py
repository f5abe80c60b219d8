"""Seed carried 77272: what a scan asks for inside of another one has no guard in front of the loops."""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data):
    n, m = data.shape
    result = data.clone()
    result2 = torch.zeros_like(data)
    s = 0
    for t in reversed(range(data.shape[0])):
        prod = 1
        for i in range(0, m, 2):
            if data[t, i] == 0:
                prod = data[t, m - 1 - i] * prod
            result[t, i] = prod
            if data[t, i] > data[t, -1 - i] and data[t - 1, i] > 0:
                s = s + data[t, i].item()
            result2[t, i] = s
    out = torch.zeros((n, data.shape[1]), dtype=torch.float64)
    res = torch.zeros((n, m), dtype=torch.int64)
    for row in range(2, n):
        best = torch.tensor(0, dtype=torch.int64)
        for col in range(m - 3, -1, -1):
            if result[row, col + 2] <= result2[row][col]:
                break
            if row != col:
                out[row, col] = result2[row, col] + 0.25 * result2[row, col] * out[row - 2, col + 1]
            best = max(best, result2[row, col])
            res[row, col] = best
    return (result, result2, out, res, s)


def arguments_0():
    data = torch.tensor([9, 9, -2, 5, -1], dtype=torch.int64).reshape((5, 1))
    return (data,)


ARGUMENTS = (arguments_0,)
