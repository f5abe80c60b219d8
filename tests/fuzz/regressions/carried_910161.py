"""Seed carried 910161: loop and rewrite differ.

call: the loop returns, the rewrite raises IndexError (index 1 is out of bounds for dimension 0 with size 1)

Rewritten:
def program(x):
    result = torch.zeros((x.shape[0], x.shape[0]), dtype=torch.float64)
    y2 = torch.zeros(x.shape[0], x.shape[0])
    p2 = torch.tensor(1.0, dtype=torch.float64)
    i = 0
    h = torch.tensor(0.0, dtype=torch.float32)
    state = torch.tensor(0.0, dtype=torch.float32)
    for i in range(x.shape[0] - 1):
        for j in range(i + 1, x.shape[0]):
            h = x[i] * x[i] + 0.9 * h
            result[i, j] = h
    for i in range(x.shape[0] - 1):
        for j in range(i + 1, x.shape[0]):
            state = torch.tanh(state + i * x[j])
            y2[i, j] = state
    term = 1 + 0.125 * x[i + 1:]
    for i in range(x.shape[0] - 1):
        for j in range(i + 1, x.shape[0]):
            p2 *= term[j - i - 1]
    scaled = p2 / len(x)
    res = torch.ones(x.shape[0], x.shape[0])
    total = torch.zeros(x.shape[0])
    i = None
    for i in range(len(x)):
        res[i] = total
        total += 1 * result[i]
    last = i
    return (result, y2, res, h, scaled, last)
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    result = torch.zeros((x.shape[0], x.shape[0]), dtype=torch.float64)
    y2 = torch.zeros(x.shape[0], x.shape[0])
    h = torch.zeros(())
    state = torch.zeros(())
    p2 = torch.tensor(1.0, dtype=torch.float64)
    i = 0
    while i < len(x) - 1:
        for j in range(i + 1, x.shape[0]):
            h = x[i] * x[i] + 0.9 * h
            result[i, j] = h
            state = torch.tanh(state + i * x[j])
            y2[i, j] = state
            p2 *= 1 + 0.125 * x[j]
        i += 1
    scaled = p2 / len(x)
    res = torch.ones(x.shape[0], x.shape[0])
    total = torch.zeros(x.shape[0])
    i = None
    for i in range(len(x)):
        res[i] = total
        total += 1 * result[i]
    last = i
    return (result, y2, res, h, scaled, last)


def arguments_0():
    x = torch.tensor([0.5, 0.0, 2.0, 1.0, 0.0, 0.5, 2.0, 0.0, -1.0], dtype=torch.float32)
    y = torch.tensor(2, dtype=torch.int64)
    return (x,)


ARGUMENTS = (arguments_0,)
