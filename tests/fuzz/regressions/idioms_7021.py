"""Seed idioms 7021: the greater of two sizes makes a tensor.

result[0]: shape (6, 6) in the loop, (6, 2) in the rewrite

Rewritten:
def program(x, b, n):
    total = 0.0
    out = x.flatten()[:2 * n].unfold(0, 2, 2).clone()
    r0 = (out, total)
    return r0
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


layer = torch.nn.Linear(4, 3).double().float()
norm = torch.nn.LayerNorm(4)
relu = torch.nn.ReLU()
table = torch.nn.Embedding(5, 3)
for number, parameter in enumerate([*layer.parameters(), *table.parameters()]):
    parameter.data = torch.arange(parameter.numel()).reshape(parameter.shape) % 7 / 8 - number / 4

def program(x, b, n):
    flat = x.flatten()
    out = torch.zeros(n, max(n, 2))
    total = 0.0
    k = 0
    for i in range(n):
        for j in range(2):
            out[i, j] = flat[k]
            k += 1
    r0 = (out, total)
    return r0


def arguments_0():
    x = torch.tensor([-0.125, -0.25, -1.5, 1.625]).reshape(1, 4)
    w = torch.tensor([0.375])
    v = torch.tensor([0.375])
    a = torch.tensor([0], dtype=torch.int64)
    b = torch.tensor([2], dtype=torch.int64)
    return (x, b, 1)


def arguments_1():
    x = torch.tensor([-1.75, 1.0, 1.375, 0.25, -0.875, 0.625, -1.375, 2.0, 1.875, 0.75, 0.625, 0.75, -0.25, 0.25, -1.625, -1.25, -0.25, 0.5, 1.625, -1.375, -0.5, 0.25, -0.25, 0.5]).reshape(6, 4)
    w = torch.tensor([1.0, 0.625, 1.25, 1.625, -1.25, 0.625])
    v = torch.tensor([1.75, -1.25, 1.0, -0.5, -0.5, 1.75])
    a = torch.tensor([0, 0, 4, 7, 7, 3], dtype=torch.int64)
    b = torch.tensor([0, 1, 3, 1, 4, 0], dtype=torch.int64)
    return (x, b, 6)


ARGUMENTS = (arguments_0, arguments_1,)
