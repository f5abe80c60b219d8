"""Seed carried 395075: loop and rewrite differ.

call: the loop returns, the rewrite raises AttributeError ('int' object has no attribute 'item')

Rewritten:
def program(data, other):
    n = data.shape[0]
    result = other
    result2 = torch.zeros(n)
    total = 0
    for i in range(n):
        total = (total + other[i] if i != 1 or i != 1 else total).item()
    return result, result2, data[-1]
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, other):
    n = data.shape[0]
    result = other
    result2 = torch.zeros(n)
    total = 0
    for i in range(n):
        if i != 1 or i != 1:
            total += other[i].item()
        v = data[i]
    return (result, result2, v)


def arguments_0():
    data = torch.tensor([True, False], dtype=torch.bool)
    other = torch.tensor([-9223372036854775808, 9223372036854775807], dtype=torch.int64)
    return (data, other)


ARGUMENTS = (arguments_0,)
