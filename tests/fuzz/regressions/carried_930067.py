"""Seed carried 930067: loop and rewrite differ.

result: requires_grad False in the loop, True in the rewrite
result: 1.0 in the loop, 0.0625 in the rewrite

Rewritten:
def program(y):
    return 0.1 * y[1]
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(y):
    rows = 1
    p2 = torch.tensor(1.0)
    for i in range(2, rows):
        p2 = 0.1 * y[i - 1]
        if i > 0:
            break
    return p2


def arguments_0():
    x = torch.tensor([1.75, 0.625], dtype=torch.float32)
    x.requires_grad_()
    y = x
    return (y,)


ARGUMENTS = (arguments_0,)
