"""Seed carried 374151: a condition on sizes is asked before one on data."""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    rows = a.shape[0]
    least = 100
    for t in range(1, rows - 1):
        for i in range(t + 1):
            if a[t] <= least:
                least = a[t]
    scaled = least / rows
    return scaled


def arguments_0():
    a = torch.tensor([1.58, -1.0, 1.375, -1.5, -1.65, -3.875, 2.32, -1.75, 3.86], dtype=torch.float64)
    a.requires_grad_()
    return (a,)


def arguments_1():
    a = torch.tensor([2.375, 1.625, -0.875, 0.5, 2.375], dtype=torch.float64)
    return (a,)


def arguments_2():
    a_base = torch.tensor([2.08, 3.5, -1.91], dtype=torch.float64)
    a = a_base[1:]
    a.requires_grad_()
    return (a,)


def arguments_3():
    a = torch.tensor([], dtype=torch.float64).reshape((0,))
    return (a,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
