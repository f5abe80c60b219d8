"""Seed carried 374007: a search under a condition begins with what equals its start."""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y, w, q):
    rows = w.shape[0]
    cols = w.shape[1]
    depth = y.shape[0]
    out = torch.zeros((rows,), dtype=torch.int64)
    y2 = torch.zeros(rows)
    for i in range(rows):
        best = 0.0
        arg = 0
        for j in range(1, cols - 1):
            if w[i, cols - 1 - j] + w[i, j] > best:
                best, arg = w[i, cols - 1 - j] + w[i, j], j
        out[i] = arg
        y2[i] = best
    best2 = q
    where = 0
    where2 = 0
    for i in range(rows):
        for j in range(depth):
            if (out[i]) == 0:
                if x[i, j] * out[i] >= best2:
                    best2 = x[i, j] * out[i]
                    where = i
                    where2 = j
            if j != 1:
                continue
    result = torch.zeros((rows, depth), dtype=torch.float64)
    res = torch.zeros(rows, cols, depth)
    res2 = torch.zeros(rows, cols, depth)
    state2 = 0
    for row in range(rows):
        for col in range(2, cols):
            state = torch.zeros(())
            for dep in range(depth):
                result[row, dep] -= torch.abs(w[row, col])
                state = 0.9 * state + y2[row]
                res[row, col, dep] = state
                state2 = y[dep, col] + y2[row] + 0.25 * w[row, col] * state2
                res2[row, col, dep] = state2
                if y2[row] <= 0.037771:
                    continue
    return out, y2, result, res, res2, best2, where, where2


def arguments_0():
    x = torch.tensor([-0.5, 1.875, -1.125, 2.4, -2.51, 2.04, -2.17, -1.5, 1.5, -0.625, 1.0, -2.38, 3.17, 2.9, -3.875], dtype=torch.float32).reshape((3, 5,))
    x.requires_grad_()
    y = torch.tensor([2.74, -3.61, 2.5, -3.62, 2.15, -2.7, -0.13, 2.875, 1.46, 2.21, 3.375, 0.0, -2.0, -0.375, 3.77, -2.72, -0.7, 1.36, 0.42, -2.12, 2.98, -2.625, -1.85, -1.74, 0.625], dtype=torch.float32).reshape((5, 5,))
    y.requires_grad_()
    w = torch.tensor([-1.0, 2.625, 3.0, -2.55, -2.58, -1.47, 3.29, -0.875, -0.25, -0.65, -2.15, -1.1, 0.625, 3.375, 3.125], dtype=torch.float32).reshape((3, 5,))
    w.requires_grad_()
    return (x, y, w, 0,)


def arguments_1():
    x = torch.tensor([-0.77, 1.125, 2.91, -1.25, -1.62], dtype=torch.float32).reshape((1, 5,))
    y = torch.tensor([2.0, 1.0, 0.5, 2.0, 0.0], dtype=torch.float32).reshape((5, 1,))
    w = torch.tensor([0.75], dtype=torch.float32).reshape((1, 1,))
    return (x, y, w, 0,)


def arguments_2():
    x = torch.tensor([], dtype=torch.int32).reshape((0, 0,))
    y = torch.tensor([], dtype=torch.float32).reshape((0, 0,))
    y.requires_grad_()
    w = torch.tensor([], dtype=torch.float32).reshape((1, 0,))
    w.requires_grad_()
    return (x, y, w, -1,)


def arguments_3():
    x = torch.tensor([], dtype=torch.float32).reshape((0, 1,)).expand((0, 2,))
    y = torch.tensor([0.25, 2.0, 1.75, 1.5], dtype=torch.float32).reshape((2, 2,))
    w = x[:]
    return (x, y, w, 7,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
