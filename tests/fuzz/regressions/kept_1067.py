"""Seed kept 1067: what a range that moves with the loop around makes was moved out of it.
"""
# ruff: noqa

import itertools
import math
from math import inf, nan
import torch
import torch.nn.functional as F

def program(a):
    for sweep in range(2):
        if sweep == 1:
            print('again')
        rows = a.shape[0]
        prod = torch.tensor(1.0)
        for t in range(len(a) - 1):
            for i in range(t, rows):
                cur = a[t] * 1
                prod = (1 + 0.125 * a[rows - 1 - i]) * prod
    return prod


def arguments_0():
    a = torch.tensor([-0.125, 0.74, -1.21, -1.84, 2.625], dtype=torch.float32)
    a.requires_grad_()
    return (a,)


def arguments_1():
    a_base = torch.tensor([0.75, 0.5], dtype=torch.float32)
    a = a_base[1:]
    return (a,)


def arguments_2():
    a = torch.tensor([9223372036854775806, 9223372036854775806, 9223372036854775806], dtype=torch.int64)
    return (a,)


def arguments_3():
    a_base = torch.tensor([-2.73, -2.5, 1.0], dtype=torch.float32)
    a = a_base[1:]
    return (a,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
