"""Seed carried 3020258: loop and rewrite differ.

gradient of argument x: 1 of 9 elements differ; the first at [7]: 0.0 in the loop, nan in the rewrite

Rewritten:
def program(x):
    m2 = 3
    if (x * x.roll(1) > 3.0).any():
        mask = torch.isnan(x * x.roll(1))
        mask_2 = ~mask
        m2 = torch.where(mask, float('-inf'), torch.where(mask_2, x, 1) * torch.where(mask_2, x.roll(1), 1)).max(0).values
    return m2
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    rows = x.shape[0]
    m2 = 3
    for i in range(rows):
        if x[i] * x[i - 1] > m2:
            m2 = x[i] * x[i - 1]
    return m2


def arguments_0():
    x = torch.tensor([0.0, -3.25, -0.875, 0.75, inf, -0.0, 0.25, 100.0, -inf], dtype=torch.float32)
    x.requires_grad_()
    return (x,)


ARGUMENTS = (arguments_0,)
