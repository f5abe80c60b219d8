"""Seed carried 374076: what the last iteration leaves is no view of what all leave."""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale):
    rows = data.shape[0]
    out = torch.zeros(2, dtype=data.dtype)
    for i in range(2, len(data) - 1):
        out[-1] += data[i]
    y2 = torch.zeros((rows, rows), dtype=torch.int64)
    res = torch.zeros((len(data),), dtype=torch.int64)
    for row in range(rows):
        acc = torch.tensor(0, dtype=torch.int64)
        for col in range(rows):
            if data[row] == 1 or col != 1:
                acc += (data[row] if data[col] != 0 else data[col])
            y2[row, col] = acc * 2
        res[row] = acc
    return out, y2, res, acc


def arguments_0():
    data = torch.tensor([7, 1], dtype=torch.int32)
    return (data, 2.0,)


def arguments_1():
    data = torch.tensor([-2147483648], dtype=torch.int32)
    return (data, 0.25,)


def arguments_2():
    data = torch.tensor([-9, -5, 7, 5], dtype=torch.int32)
    return (data, 0.25,)


def arguments_3():
    data = torch.tensor([0.125, 0.125], dtype=torch.float64)
    data.requires_grad_()
    return (data, 1.0,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
