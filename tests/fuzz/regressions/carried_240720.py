"""Seed carried 240720: loop and rewrite differ.

result: 1 of 1 elements differ; the first at [0]: 0.0 in the loop, -4294967296.0 in the rewrite

Rewritten:
def program(data, other):
    n = data.shape[0]
    y2 = torch.zeros(n)
    y2[:] = (-other[:2].flip(0)).float().sum()
    return y2
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, other):
    n = data.shape[0]
    y2 = torch.zeros(n)
    for i in range(n):
        for j in range(1, -1, -1):
            y2[i] -= other[j]
    return y2


def arguments_0():
    data = torch.tensor([2], dtype=torch.int32)
    other = torch.tensor([-2147483648, 2147483647], dtype=torch.int32)
    return (data, other)


ARGUMENTS = (arguments_0,)
