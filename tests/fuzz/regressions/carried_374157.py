"""Seed carried 374157: a row without elements changes its dtype all the same."""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b, c):
    out = torch.zeros_like(a)
    result = torch.zeros_like(a)
    s = torch.zeros(len(c))
    total = torch.zeros(a.shape[1])
    for t in range(len(a) - 1):
        s = s + a[t] * c
        out[t] = s
        total = total - (b - a[t])
        result[t] = a[t]
    total2 = torch.zeros(a.shape[1])
    for t in range(a.shape[0]):
        total2 = b * out[t] + total2
    return out, result, total, total2


def arguments_0():
    a = torch.tensor([1.125, -2.1, -3.63, -2.06], dtype=torch.float32).reshape((2, 2,))
    a.requires_grad_()
    a = a * 1
    b_base = torch.tensor([1.125, 0.75, 2.0], dtype=torch.float32)
    b = b_base[1:]
    b.requires_grad_()
    b = b * 1
    c = torch.tensor([-0.38, 3.875], dtype=torch.float32)
    return (a, b, c,)


def arguments_1():
    a = torch.tensor([0.75], dtype=torch.float32).reshape((1, 1,)).expand((1, 1,))
    b = torch.tensor([inf], dtype=torch.float32)
    c = torch.tensor([], dtype=torch.float32).reshape((0,))
    return (a, b, c,)


def arguments_2():
    a = torch.tensor([4.0, -3.69, 3.43, 1.125, 2.58, 1.375, -0.98, -0.12, -1.375, -1.48, 0.98, 2.25, -0.75, 0.38, 0.375], dtype=torch.float32).reshape((5, 3,))
    a.requires_grad_()
    b_base = torch.tensor([1.0, 0.5, 2.0, -1.0], dtype=torch.float32)
    b = b_base[1:]
    b.requires_grad_()
    c = torch.tensor([1.25, 1.375, 1.125], dtype=torch.float32)
    c.requires_grad_()
    return (a, b, c,)


def arguments_3():
    a = torch.tensor([1.375], dtype=torch.float32).as_strided((1, 0,), (1, 1))
    a.requires_grad_()
    b = torch.tensor([], dtype=torch.float64).reshape((0,))
    b.requires_grad_()
    c = torch.tensor([], dtype=torch.float32).reshape((0,))
    c.requires_grad_()
    return (a, b, c,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
