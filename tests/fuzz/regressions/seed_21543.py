"""Seed 21543: loop and rewrite differ.

call: the loop raises ZeroDivisionError (float division by zero), the rewrite returns

Rewritten:
def program(a, b):
    res = a
    a[:1] = torch.where(0.0 > b[:1], (0.0 / torch.arange(b.shape[1], dtype=torch.float64)).float(), b[:1] / torch.arange(b.shape[1], dtype=torch.int32))
    final = res
    return final
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    res = a
    for i in range(0, 1):
        for j, (b_el1, a_el1) in enumerate(zip(b[i], a[i])):
            res[i, j] = max(b_el1, 0.0) / j
    final = res
    return final


def arguments_0():
    a = torch.tensor([0.0, 0.0, 1.4, 0.0, 2.4], dtype=torch.float32).reshape((5, 1))
    b = torch.tensor([-2147483648, 2147483646, 2147483647, 1, 3], dtype=torch.int32).reshape((5, 1))
    return (a, b)


ARGUMENTS = (arguments_0,)
