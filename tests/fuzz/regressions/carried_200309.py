"""Seed carried 200309: loop and rewrite differ.

result: 2.0 in the loop, 1.0 in the rewrite

Rewritten:
def program(b):
    s = 0.0
    s = torch.tensor(b.sum(dtype=torch.bool).item()).to(torch.float64).item()
    y22 = b
    return s
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(b):
    rows = len(b)
    s = 0.0
    for i in range(0, rows):
        s += b[i].item()
    y22 = b
    return s


def arguments_0():
    a = torch.tensor([0.5, 1.0, 0.5, -1.0, -1.0], dtype=torch.float64)
    b = torch.tensor([False, False, True, False, True], dtype=torch.bool)
    return (b,)


ARGUMENTS = (arguments_0,)
