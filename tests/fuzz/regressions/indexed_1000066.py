"""Seed indexed 1000066: loop and rewrite differ.

call: the loop raises TypeError (maximum(): argument 'other' (position 2) must be Tensor, not int), the rewrite returns

Rewritten:
def program(w, a, b, n):
    out = torch.zeros(len(a), n)
    out[torch.arange(len(a)), a] = torch.maximum(out[torch.arange(len(a)), a], torch.arange(len(a)))
    return out, w[b] * 2
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(w, a, b, n):
    out = torch.zeros(len(a), n)
    g = torch.zeros(len(a))
    for e in range(len(a)):
        out[e, a[e].item()] = torch.maximum(out[e, a[e].item()], e)
        g[e] = w[b[e]] * 2
    return (out, g)


def arguments_0():
    x = torch.tensor([1.0, -1.0, 1.5, -1.625, 1.5, 1.75, 0.75, 0.625, -1.125, 0.625, -1.125, 1.625, 0.75, 1.25, 0.875, -0.375, 1.875, -1.125]).reshape(6, 3)
    w = torch.tensor([1.5, 0.5, -1.75, -1.25, 1.5, 1.25])
    a = torch.tensor([-2, -1, -1, -2, 1, 0], dtype=torch.int64)
    b = torch.tensor([1, 0, 1, 1, 1, 1], dtype=torch.int64)
    return (w, a, b, 2)


ARGUMENTS = (arguments_0,)
