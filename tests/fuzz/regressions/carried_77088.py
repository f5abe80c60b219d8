"""Seed carried 77088: what a range that moves with the loop around makes was moved out of it.
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    y2 = torch.zeros((a.shape[0], a.shape[0]), dtype=torch.bool)
    for row in range(a.shape[0]):
        ok = True
        for col in range(row):
            if a[col - 1] < 1.37333:
                ok = False
            y2[row, col] = ok
    y22 = torch.zeros(len(a), a.shape[0])
    total = torch.zeros(len(a))
    acc = torch.zeros(a.shape[0])
    for row in range(a.shape[0]):
        total = y2[row] * 0.25 + total
        y22[row] = total
        acc += a
        if not row % 2 == 0:
            acc = torch.zeros(a.shape[0])
        if not row % 2 == 1:
            return -1
    return y2, y22, acc


def arguments_0():
    a = torch.tensor([2.875, -4.0, -1.07], dtype=torch.float32)
    return (a,)


def arguments_1():
    a = torch.tensor([1.4, -2.375, 3.5], dtype=torch.float32)
    a.requires_grad_()
    return (a,)


def arguments_2():
    a = torch.tensor([0.125], dtype=torch.float64).expand((2,))
    a.requires_grad_()
    return (a,)


def arguments_3():
    a = torch.tensor([0.75, 1.375], dtype=torch.float32)[..., ::2]
    return (a,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
