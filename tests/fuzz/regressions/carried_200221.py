"""Seed carried 200221: loop and rewrite differ.

gradient of argument b: inf in the loop, nan in the rewrite

Rewritten:
def program(a, b):
    prod = torch.tensor(1.0, dtype=torch.float64)
    prod = prod * torch.where((a <= 0.5) | (torch.arange(a.shape[0]) != 1), 0.25 * b + 1, 1).prod()
    scaled = prod
    return scaled
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    rows = a.shape[0]
    prod = torch.tensor(1.0, dtype=torch.float64)
    for row in range(rows):
        if a[row] <= 0.5 or row != 1:
            prod = prod * (0.25 * b + 1)
    scaled = prod
    return scaled


def arguments_0():
    a = torch.tensor([2.25, -1.625], dtype=torch.float32)
    b = torch.tensor(inf, dtype=torch.float32)
    b.requires_grad_()
    c = torch.tensor(-0.0, dtype=torch.float64)
    c.requires_grad_()
    return (a, b)


ARGUMENTS = (arguments_0,)
