"""Seed carried 77061: loop and rewrite differ.

call: the loop returns, the rewrite raises IndexError (index 1 is out of bounds for dimension 0 with size 1)

Rewritten:
def program(x, y, w):
    rows = x.shape[0]
    result = torch.ones((rows, x.shape[0]), dtype=torch.float64)
    for i in range(rows):
        m2 = w
        for j in range(i, rows):
            if x[i] >= 0:
                if y[i] > m2:
                    m2 = y[i]
            result[i, j] = m2
    smallest = torch.where(torch.arange(rows)[:, None] >= torch.arange(rows), torch.where(y.flip(0) >= 2.61777, torch.arange(rows), torch.arange(1, rows + 1)[:, None]), 9223372036854775807).amin(1)
    stop = torch.minimum(torch.arange(1, rows + 1), smallest)
    s = torch.where(torch.arange(rows)[:, None] < stop, torch.where((y > 1.37333)[:, None], result.float(), 0.0), 0).triu().sum(0)
    mask = stop < torch.arange(1, rows + 1)
    out = torch.where(mask, torch.where(y[torch.where(mask, stop, 0)] > 1.37333, (s + result[torch.where(mask, torch.where(y[stop] > 1.37333, stop, 0), 0), torch.arange(rows)]).float(), s), s) * 2
    y2 = torch.where(mask, stop, -1)
    last = rows - 1
    return result, out, y2, last, (x * rows).clone()
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y, w):
    rows = x.shape[0]
    result = torch.ones((rows, x.shape[0]), dtype=torch.float64)
    for i in range(rows):
        m2 = w
        for j in range(i, rows):
            if x[i] >= 0:
                if y[i] > m2:
                    m2 = y[i]
            result[i, j] = m2
    out = torch.ones_like(x)
    y2 = torch.zeros((rows,), dtype=torch.int64)
    t = -1
    for t in range(rows):
        s = x.new_zeros(())
        place = -1
        for i in range(t + 1):
            if y[i] > 1.37333:
                s += result[i][t]
            if y[rows - 1 - i] >= 2.61777:
                place = i
                break
        out[t] = s * 2
        y2[t] = place
    last = t
    acc = torch.zeros(rows)
    for u in result:
        acc += x
    return result, out, y2, last, acc


def arguments_0():
    x = torch.tensor([0.0, 0.0, 0.5, 1.0, -1.0, 0.0, 0.5, 2.0, 0.5], dtype=torch.float32)
    y = torch.tensor([-2.72, -2.8, 0.0, 2.625, 0.5, 3.83, 0.375, -2.84, -2.875], dtype=torch.float32)
    w = torch.tensor(1.5, dtype=torch.float32)
    return (x, y, w,)


def arguments_1():
    x = torch.tensor([1.625, 0.5], dtype=torch.float32)
    y = torch.tensor([100.0, 3.875], dtype=torch.float32)
    w = torch.tensor(-3.1, dtype=torch.float32)
    return (x, y, w,)


def arguments_2():
    x = torch.tensor([-0.0], dtype=torch.float32)
    x.requires_grad_()
    x = x * 1
    y = torch.tensor([0.06], dtype=torch.float32)
    y.requires_grad_()
    y = y * 1
    w = torch.tensor(-1.0, dtype=torch.float32)
    w.requires_grad_()
    w = w * 1
    return (x, y, w,)


def arguments_3():
    x_base = torch.tensor([1e-3, -1.5], dtype=torch.float64)
    x = x_base[1:]
    y = torch.tensor([1e-3], dtype=torch.float32)
    w = torch.tensor(0.125, dtype=torch.float64)
    return (x, y, w,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
