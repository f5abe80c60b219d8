"""Seed carried 1020037: loop and rewrite differ.

result[2]: 1 of 5 elements differ; the first at [3]: nan in the loop, 1.0 in the rewrite

Rewritten:
def program(x, y, w):
    rows = x.shape[0]
    cols = y.shape[1]
    depth = x.shape[1]
    out = torch.zeros_like(w)
    result = torch.zeros((rows, cols), dtype=torch.float64)
    out2 = torch.ones(rows)
    out[2:-1] = w[2:-1] - w[2:-1].flip(1)
    result[2:-1] = out[:-3] * 0.5
    largest = torch.where(w[2:-1] >= w[2:-1], x[2:-1].amax(1, keepdim=True), float('-inf')).amax(1)
    out2[2:-1] = torch.where(largest > 1.0, largest, 1)
    last = rows - 2
    return out, result, out2, last
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y, w):
    rows = x.shape[0]
    cols = y.shape[1]
    depth = x.shape[1]
    out = torch.zeros_like(w)
    result = torch.zeros((rows, cols), dtype=torch.float64)
    out2 = torch.ones(rows)
    for t in range(2, rows - 1):
        for i in range(cols):
            out[t, i] = w[t, i] - w[t, cols - 1 - i]
            result[t, i] = out[t - 2, i] * 0.5
            if w[t][i] >= w[t, i]:
                out2[t] = torch.maximum(out2[t], x[t].max())
    last = t
    return out, result, out2, last


def arguments_0():
    x = torch.tensor([-3.125, -3.96, 0.45, 2.75, 1.25, 1.24, 2.125, 2.625, -2.05, 2.97, 1.63, 3.375, -0.05, -3.0, -2.125, -2.11, -3.84, 3.75, -0.375, -0.25], dtype=torch.float32).reshape((5, 4,))
    y = torch.tensor([0.125, 0.875, 1.75, 0.125, 0.5, 0.625, 1.125, 0.125, 0.125, 0.375, 0.875, 0.625, 0.375, 0.5, 1.75, 0.75, 1.875, 1.75, 1.0, 0.625], dtype=torch.float32).reshape((4, 5,))
    y.requires_grad_()
    y = y * 1
    w = torch.tensor([-3.125, 1.72, 0.0, 1.35, 3.0, -2.02, 0.25, -0.73, -1.42, 1.375, -1.41, 2.625, 2.5, -3.875, -0.94, -3.25, -2.25, 2.25, 0.99, -1.25, 1.125, 1.25, -1.625, 1.46, -2.0], dtype=torch.float32).reshape((5, 5,))
    return (x, y, w,)


def arguments_1():
    x = torch.tensor([-3.25, -1.75, -1.125], dtype=torch.float64).reshape((1, 3,)).expand((5, 3,))
    y = torch.tensor([2.5, 100.0, -inf, -2.75, 0.625, -0.375], dtype=torch.float32).reshape((3, 2,))
    y.requires_grad_()
    w_base = torch.tensor([2.125, 0.125, -0.875, -0.4, -2.64, 1.37, -2.61, 1.93, 3.25, -2.77, 3.25, 0.12], dtype=torch.float32).reshape((6, 2,))
    w = w_base[1:]
    w.requires_grad_()
    return (x, y, w,)


def arguments_2():
    x = torch.tensor([3.75, 0.375, 1.125, -0.0, -1.0, nan, 2.5, -3.875, -2.875, -0.0, 1.75, -1.25, 3.75, -3.75, 0.0, 3.375, -0.5, 3.125, nan, -1.5, 2.875, 0.0, 1.625, -1.125, -2.0], dtype=torch.float32).reshape((5, 5,))
    y = torch.tensor([1.75, 1.625, 0.625, 0.625, 1.375, 1.5, 0.875, 0.875, 1.625, 0.75], dtype=torch.float32).reshape((5, 2,))
    w = torch.tensor([-1.25, -3.75, -2.63, 3.75, -3.08, -2.55, 3.3, 2.25, -3.5, 0.92], dtype=torch.float32).reshape((5, 2,))
    return (x, y, w,)


def arguments_3():
    x = torch.tensor([-0.375, -2.5], dtype=torch.float64).as_strided((0, 2,), (1, 1))
    y = torch.tensor([1.25, 0.375, 1.125, 1.875], dtype=torch.float32).reshape((2, 2,))
    y.requires_grad_()
    w = torch.tensor([], dtype=torch.float32).reshape((0, 2,))
    w.requires_grad_()
    return (x, y, w,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
