"""Seed 2515: loop and rewrite differ.

call: the loop raises RuntimeError (ZeroDivisionError), the rewrite returns

Rewritten:
def program(x, k):
    res = torch.zeros(x.shape[0], x.size(1), x.shape[2])
    aux = torch.ones((x.size(0), x.size(1), x.shape[2]), dtype=torch.int32)
    res[:] = x[:, 0][:, None, :]
    return res
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, k):
    res = torch.zeros(x.shape[0], x.size(1), x.shape[2])
    aux = torch.ones((x.size(0), x.size(1), x.shape[2]), dtype=torch.int32)
    for r in range(x.size(0)):
        u = x[r, 0]
        for c in range(x.shape[1]):
            v = k * aux[r, c] % u
            res[r, c] = u
    return res


def arguments_0():
    x = torch.tensor([1, 100, 2, 2147483646, 2, 2147483647, 2147483646, 100, 1, -2147483648, 100, 100, 1, -2147483648, 2, 2, 2147483647, 2147483647, 2147483647, 2, 3, 100, 2, 3, 100, 2, 3, 2147483646, 0, -2147483648, 1, 2147483646, 0, 2, 2147483646, 0, 3, 100, 2147483647, 3, 2147483646, 100, 1, 3, 0, 2, 3, 2, -2147483648, 2147483646, 2147483646, 0, 3, 2147483646, 100, -2147483648, 2147483646, 2147483647, 100, 3, 0, 100, 3, 1, -2147483648, -2147483648, 2, 1, 2147483647, 2, 1, -2147483648, 3, 2147483647, 2, 2, 100, 2147483646, 0, 0, 1, 3, 2147483647, 0, 0, 1, 2147483647, 2, 0, 3, 0, 1, 0, 0, 2147483646, 2147483647, 1, 2, 2147483647, -2147483648, 0, 3, 3, 2147483647, 2147483647, 2, 2147483647, 2147483647, 2147483646, 3, -2147483648, 2, 3, 100, 100, 2147483646, 2147483647, 1, 1, -2147483648, 0, -2147483648, 100, 0, 0], dtype=torch.int32).reshape((5, 5, 5))
    return (x, -2)


ARGUMENTS = (arguments_0,)
