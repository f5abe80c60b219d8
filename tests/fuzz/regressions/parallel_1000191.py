"""Seed parallel 1000191: loop and rewrite differ.

result: 0.0 in the loop, nan in the rewrite

Rewritten:
def program(a, b, threshold):
    n0, n1, n2, n3 = a.shape
    out = torch.zeros_like(a)
    a_flat = a.view(-1)
    out *= b
    return out.sum()
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b, threshold):
    n0, n1, n2, n3 = a.shape
    out = torch.zeros_like(a)
    a_flat = a.view(-1)
    for flat in range(a.numel()):
        i, j, k2, l = torch.unravel_index(torch.tensor(flat, device=a.device), a.shape)
        out[i, j, k2, l] = out[i][j][k2][l].mul(b[i][j][k2][l])
    return out.sum()


def arguments_0():
    a = torch.tensor([1.0, 0.0, 2.0, 2.0, 2.0, 0.5], dtype=torch.float16).reshape((1, 2, 3, 1,))
    b_base = torch.tensor([100, 100, -9223372036854775808, 9223372036854775807, 2, 3, 3, 1, 1, 3, 0, 9223372036854775806], dtype=torch.int64).reshape((2, 2, 3, 1,))
    b = b_base[1:]
    return (a, b, 2.0,)


def arguments_1():
    a = torch.tensor([], dtype=torch.int64).reshape((1, 2, 3, 0,)).expand((3, 2, 3, 0,))
    b = torch.tensor([5, -9, -1, -9, -6, -5, -5, 5, 6, -6, -5, -5, -1, -1, 6, -9, 6, 5], dtype=torch.int64).reshape((3, 2, 3, 1,)).expand((3, 2, 3, 0,))
    return (a, b, torch.tensor(1.5),)


ARGUMENTS = (arguments_0, arguments_1,)
