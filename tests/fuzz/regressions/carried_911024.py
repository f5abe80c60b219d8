"""Seed carried 911024: loop and rewrite differ.

result[0]: requires_grad False in the loop, True in the rewrite

Rewritten:
def program(data):
    rows, cols, depth = data.shape
    res = torch.ones_like(data)
    for k in range(3, cols + depth - 1):
        i = torch.arange(max(2, k - depth + 1), min(cols, k))
        j = k - i
        res[:, i, j] = 0.25 * (res[:, i, j - 1] + res[:, i - 2, j] + res[:, i - 1, j - 1]) + data[:, i, j] ** 2
    result = torch.zeros((rows, cols, depth), dtype=torch.int64)
    row = rows - 1
    while row >= 0:
        count = torch.tensor(0)
        for col in range(1, cols - 1):
            for dep in range(depth):
                if data[row, col, dep] >= res[row, col, dep]:
                    count += 1
                result[row, col, dep] = count + 1
        row -= 2
    return res, result
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data):
    rows, cols, depth = data.shape
    res = torch.ones_like(data)
    for t in range(rows):
        for i in range(1, cols):
            for j in range(1, depth):
                if j > 0 and i >= 2:
                    res[t, i, j] = 0.25 * (res[t, i, j - 1] + res[t, i - 2, j] + res[t, i - 1, j - 1]) + data[t, i, j] ** 2
    result = torch.zeros((rows, cols, depth), dtype=torch.int64)
    row = rows - 1
    while row >= 0:
        count = torch.tensor(0)
        for col in range(1, cols - 1):
            for dep in range(depth):
                if data[row, col, dep] >= res[row, col, dep]:
                    count += 1
                result[row, col, dep] = count + 1
        row -= 2
    return res, result


def arguments_0():
    data = torch.tensor([0.375, 2.14, 0.125, -1.625, 3.35, -1.23, 3.41, 2.65], dtype=torch.float32).reshape((2, 2, 2,))
    return (data,)


def arguments_1():
    data = torch.tensor([1.875, 0.125, 1.0, 1.75], dtype=torch.float32).reshape((1, 2, 2,))
    data.requires_grad_()
    return (data,)


def arguments_2():
    data = torch.tensor([-2.5, -2.125, 0.43, -1.52, -3.97, -1.625, 2.25, 2.125, 2.375], dtype=torch.float32).reshape((3, 1, 3,)).permute(2, 1, 0)
    return (data,)


def arguments_3():
    data = torch.tensor([-1.72, -1.625], dtype=torch.float32).reshape((1, 2, 1,)).expand((1, 2, 3,))
    data.requires_grad_()
    data = data * 1
    return (data,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
