"""Seed carried 200404: loop and rewrite differ.

call: the loop returns, the rewrite raises NameError (name 'row' is not defined)

Rewritten:
def program(a):
    res = torch.zeros(2, dtype=a.dtype)
    mask = a[-row + 1] != 0
    res[1] = torch.where(a[:2].flip(0) != 0, torch.where(a[:2].flip(0) != 0, torch.arange(1, -1, -1), 1) * torch.where(a[:2].flip(0) != 0, a[:2].flip(0), 1), 0).sum()
    return res
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    res = torch.zeros(2, dtype=a.dtype)
    for row in range(1, -1, -1):
        if a[row]:
            res[1] += row * a[row]
    return res


def arguments_0():
    a = torch.tensor([0.0, 1.0], dtype=torch.float32)
    a.requires_grad_()
    return (a,)


ARGUMENTS = (arguments_0,)
