"""Seed carried 210606: loop and rewrite differ.

result: requires_grad False in the loop, True in the rewrite
argument x: requires_grad False in the loop, True in the rewrite

Rewritten:
def program(x, w):
    y2 = torch.zeros_like(w)
    y22 = x
    y2[1:x.shape[0] - 2] = w[1:x.shape[0] - 2]
    x[1:-2] = y2[:x.shape[0] - 3].clone()
    return y22
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, w):
    rows = x.shape[0]
    y2 = torch.zeros_like(w)
    y22 = x
    for row in range(1, rows - 2):
        y22[row] = y2[row - 1]
        y2[row] = w[row]
    return y22


def arguments_0():
    x = torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.float32)
    y_base = torch.tensor([1.875, 1.75, 1.625, 1.25, 1.875], dtype=torch.float32)
    w_base = torch.tensor([-1.75, -3.5, 2.75, -3.125, -2.5], dtype=torch.float32)
    w = w_base[1:]
    w.requires_grad_()
    w = w * 1
    return (x, w)


ARGUMENTS = (arguments_0,)
