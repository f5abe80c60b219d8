"""Seed carried 300160: loop and rewrite differ.

explain: deloop failed (SyntaxError: unterminated string literal (detected at line 1) (<unknown>, line 1))

Rewritten:
def program(a, b):
    res = torch.zeros(a.shape)
    s = 0.0
    for t in range(len(a)):
        s = s + (b if a[t] else a[t])
        res[t] = s
    return res
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    res = torch.zeros(a.shape)
    s = 0.0
    for t in range(len(a)):
        s = s + (b if a[t] else a[t])
        res[t] = s
    return res


def arguments_0():
    a = torch.tensor([-2.375, -1.29, 3.79, 2.125], dtype=torch.float32)
    b = torch.tensor(1.875, dtype=torch.float32)
    b.requires_grad_()
    c = torch.tensor(1.375, dtype=torch.float32)
    c.requires_grad_()
    return (a, b)


ARGUMENTS = (arguments_0,)
