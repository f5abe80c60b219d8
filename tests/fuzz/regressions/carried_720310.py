"""Seed carried 720310: loop and rewrite differ.

call: the loop raises UnboundLocalError (cannot access local variable 't2' where it is not associated with a value), the rewrite raises NameError (name 't2' is not defined)

Rewritten:
def program(a, b, c, limit):
    n = c.shape[0]
    m = a.shape[1]
    result = torch.zeros_like(c)
    out = torch.zeros_like(a)
    for i in range(1, n):
        for j in range(1, b.shape[1]):
            result[i] = result[i] + a[i - 1, j] + b[i, j]
            out[i, j] = 0.5 * out[i - 1, j - 1] + abs(result[i])
    result2 = torch.ones(a.shape[0], m)
    for row in range(1, n):
        result2[row] = result2[row] * a[row] + result2[row - 1]
        t2 = out[-1 - row] * a[row]
    return result, out, result2, t2
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b, c, limit):
    n = c.shape[0]
    m = a.shape[1]
    result = torch.zeros_like(c)
    out = torch.zeros_like(a)
    for i in range(1, n):
        for j in range(1, b.shape[1]):
            result[i] = result[i] + a[i - 1, j] + b[i, j]
            out[i, j] = 0.5 * out[i - 1, j - 1] + abs(result[i])
    result2 = torch.ones(a.shape[0], m)
    for row in range(1, n):
        result2[row] = result2[row] * a[row] + result2[row - 1]
        t2 = out[-1 - row] * a[row]
    return result, out, result2, t2


def arguments_0():
    a = torch.tensor([1.375, 1.25, 1.625, 0.625, 1.75, 2.0, 1.625, 0.25, 0.625, 0.125, 1.375, 0.125, 0.375, 0.875, 0.125], dtype=torch.float32).reshape((3, 5,))
    a.requires_grad_()
    b = a[:]
    c = torch.tensor([0.75, 1.875, 0.75], dtype=torch.float64)
    c.requires_grad_()
    return (a, b, c, -1.5,)


def arguments_1():
    a = torch.tensor([3.84, 3.875, -2.375, -1.32], dtype=torch.float32).reshape((2, 2,))
    b_base = torch.tensor([0.0, 0.875, 0.31, -3.375, -3.95, -0.72], dtype=torch.float64).reshape((3, 2,))
    b = b_base[1:]
    c = torch.tensor([-2.625, 3.05], dtype=torch.float64)
    return (a, b, c, inf,)


def arguments_2():
    a = torch.tensor([], dtype=torch.float64).reshape((0, 0,))
    b = torch.tensor([], dtype=torch.float32).reshape((0, 0,))
    c = torch.tensor([], dtype=torch.float64).reshape((0,))
    return (a, b, c, 0.0,)


def arguments_3():
    a_base = torch.tensor([3.33, -3.08, -3.5, -2.0, 3.75, -1.375], dtype=torch.float32).reshape((6, 1,))
    a = a_base[1:]
    b = torch.tensor([0.0, 1e-3, 0.0, 0.0, 3.5], dtype=torch.float32).reshape((5, 1,))
    c = torch.tensor([0.0], dtype=torch.float64).expand((5,))
    return (a, b, c, 0.5,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
