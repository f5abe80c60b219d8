"""Seed carried 900094: loop and rewrite differ.

result[1]: 30 of 125 elements differ; the first at [0, 2, 0]: 100.0 in the loop, 100.3125 in the rewrite

Rewritten:
def program(data, other, weight):
    rows = data.shape[0]
    cols = weight.shape[1]
    depth = data.shape[1]
    res = torch.zeros(rows, cols, depth)
    out = torch.ones(rows, cols, depth)
    y22 = torch.zeros((rows,), dtype=torch.float64)
    h = torch.zeros(rows)
    for i in range(rows):
        s = 1.5 + torch.where(weight[i, 1:-1] >= weight[i, 2:], other[:, 2:].double() * 2, 0.0).sum().item()
        y22[i] = s
    for j in range(2, cols):
        if j >= 2:
            res[:, j] = 0.25 * (res[:, j - 2] + res[:, j - 2])
    for j in range(2, cols):
        h = other.amax(1).clone()
        h[0] += 0.5 * h[i]
        step = 1
        while step < depth:
            h[step:] += 0.5 ** step * h[:-step]
            step *= 2
        out[:, j] = h
        h = h[-1].clone().expand(rows).clone()
    return res, out, h * 0.5, y22, s
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, other, weight):
    rows = data.shape[0]
    cols = weight.shape[1]
    depth = data.shape[1]
    res = torch.zeros(rows, cols, depth)
    out = torch.ones(rows, cols, depth)
    y2 = torch.zeros(rows)
    y22 = torch.zeros((rows,), dtype=torch.float64)
    for i in range(rows):
        h = torch.zeros(())
        s = 1.5
        for j in range(2, cols):
            for p in range(depth):
                if j >= 2:
                    res[i, j, p] = 0.25 * (res[i, j - 2, p] + res[i, j - 2, p])
                h = other[p].max() + 0.5 * h
                out[i, j, p] = h
                if weight[i, j - 1] >= weight[i, j]:
                    s += float(other[p, j]) * 2
        y2[i] = h * 0.5
        y22[i] = s
    return (res, out, y2, y22, s)


def arguments_0():
    data = torch.tensor([True, True, True, False, True, False, True, True, False, False, True, False, True, False, False, True, True, True, False, False, True, False, True, False, True], dtype=torch.bool).reshape((5, 5)).permute(1, 0)
    other = torch.tensor([100.0, -2.375, -inf, -1.125, 2.75, -0.0, -3.625, -0.375, 3.375, 0.001, 100.0, inf, -0.0, 1.5, 0.25, 0.0, -1.125, inf, -3.375, 0.001, 0.001, inf, 0.001, -1.625, -0.25, -0.0, 0.001, 1.25, inf, 0.001, -1.0, nan, 3.375, 1.625, 0.0, 0.0, -0.0, 2.25, -1.0, -0.25, -1.375, nan, 0.625, -2.375, -3.875, 3.0, 0.001, -0.0, -1.0, 2.125], dtype=torch.float32).reshape((5, 10))[..., ::2]
    weight = torch.tensor([9223372036854775806, 1, -9223372036854775808, 0, 0, -9223372036854775808, 1, 9223372036854775806, 3, 9223372036854775807, 9223372036854775806, 9223372036854775806, 9223372036854775806, 2, 9223372036854775806, 9223372036854775807, 0, 9223372036854775807, 9223372036854775807, 9223372036854775807, 3, 3, 9223372036854775806, -9223372036854775808, 0], dtype=torch.int64).reshape((5, 5))
    return (data, other, weight)


ARGUMENTS = (arguments_0,)
