"""Seed idioms 9144: nothing is counted, and the tensor records no gradient.

result[0]: requires_grad False in the loop, True in the rewrite

Rewritten:
def program(x, w, v, a, b, n):
    out = torch.zeros(w.shape[0])
    other = torch.ones(len(w))
    values = (w + 1)[x.sum(1) > 0]
    out[:len(values)] = values
    r0 = out, other
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


def program(x, w, v, a, b, n):
    out = torch.zeros(w.shape[0])
    other = torch.ones(len(w))
    k = 0
    for i in range(len(w)):
        if x[i].sum() > 0:
            out[k] = w[i] + 1
            k += 1
    r0 = out, other
    return r0


def arguments_0():
    x = torch.tensor([-0.375, -1.875, 0.0, 1.875, -0.375, nan, 1.0, 0.5, -1.5, -0.5, 1.625, -1.375]).reshape(3, 4).requires_grad_()
    w = torch.tensor([1.375, 0.875, -1.125]).requires_grad_()
    v = torch.tensor([1.625, -0.125, -1.75])
    a = torch.tensor([2, 2, 1], dtype=torch.int64)
    b = torch.tensor([0, 4, 1], dtype=torch.int64)
    return (x, w, v, a, b, 3)


ARGUMENTS = (arguments_0,)
