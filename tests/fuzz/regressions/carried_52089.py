"""Seed carried 52089: loop and rewrite differ.

call: the loop raises UnboundLocalError (cannot access local variable 'i' where it is not associated with a value), the rewrite raises NameError (name 'i' is not defined)

Rewritten:
def program(x):
    n, m = x.shape
    out = torch.zeros(m, n)
    out[1:] = x[:, 1:].T * x[:, 1:].flip(0).T
    last = n - 1
    hits = (torch.arange(n) % 2 == 1).nonzero()
    stop = hits[0].item() + 1 if len(hits) else n
    acc = x[:stop].sum(0, dtype=torch.float32)
    y2 = x.clone()
    last2 = n - 1
    return out, y2, last, acc, last2
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    n, m = x.shape
    out = torch.zeros(m, n)
    for t in range(1, m):
        for i in range(n):
            out[t, i] = x[i][t] * x[-1 - i, t]
    last = i
    acc = torch.zeros(m)
    for row in range(n):
        acc += x[row, :]
        if row % 2 == 1:
            break
    y2 = torch.zeros((n, m), dtype=torch.int64)
    row = -1
    for row in range(n):
        y2[row] = x[row]
    last2 = row
    return out, y2, last, acc, last2


def arguments_0():
    x = torch.tensor([0, 1, 4, 2], dtype=torch.int64).reshape((2, 2,))
    return (x,)


def arguments_1():
    x = torch.tensor([-7, 1, 6, 2, -4, 0, -8, 2, -7, 2], dtype=torch.int64).reshape((2, 5,))
    return (x,)


def arguments_2():
    x_base = torch.tensor([-7], dtype=torch.int64).reshape((1, 1,))
    x = x_base[1:]
    return (x,)


def arguments_3():
    x = torch.tensor([2, 0, 0, 2, 0, 0], dtype=torch.int64).as_strided((3, 3,), (1, 1))
    return (x,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
