"""Seed carried 7458: loop and rewrite differ.

result[0]: is argument weight in the loop, is no other in the rewrite

Rewritten:
def program(data, other, weight):
    where = torch.where(data[1:] <= 2.61777, weight, other[:-1]).argmax().item() + 1
    top = torch.where(data[1:] <= 2.61777, weight, other[:-1]).max(0).values
    total = 0.0
    mean = total
    return (top, where, mean)
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, other, weight):
    n = other.shape[0]
    top = -100.0
    for i in range(1, n):
        if (weight if data[i] <= 2.61777 else other[i - 1]) > top:
            where = i
            top = weight if data[i] <= 2.61777 else other[i - 1]
    total = 0.0
    mean = total
    return (top, where, mean)


def arguments_0():
    data_base = torch.tensor([1.0, 1.0, 0.5], dtype=torch.float64)
    data = data_base[1:]
    data.requires_grad_()
    other = torch.tensor([-0.0, 3.5], dtype=torch.float64)
    weight = torch.tensor(0.875, dtype=torch.float64)
    weight.requires_grad_()
    return (data, other, weight,)


ARGUMENTS = (arguments_0,)
