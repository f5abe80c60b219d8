"""Seed carried 1010267: loop and rewrite differ.

result[3]: 2 of 2 elements differ; the first at [0]: 3 in the loop, 2 in the rewrite

Rewritten:
def program(a):
    res = torch.zeros_like(a)
    result = torch.zeros_like(a)
    result2 = torch.zeros_like(a)
    m2 = torch.tensor(1.5)
    for i in range(a.shape[0]):
        res[i] = a[i] + i
        result[i] = res[i - 2] * 0.5
        result2[i] = result[i] + res[i - 2]
    out = (torch.cat((m2.long()[None], a[:-1])).cummax(0).values.float() * 2).long()
    return res, result, result2, out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    res = torch.zeros_like(a)
    result = torch.zeros_like(a)
    result2 = torch.zeros_like(a)
    out = torch.ones((a.shape[0],), dtype=torch.int64)
    m2 = torch.tensor(1.5)
    for i, value in enumerate(a):
        res[i] = value + i
        result[i] = res[i - 2] * 0.5
        result2[i] = result[i] + res[i - 2]
        out[i] = m2 * 2
        m2 = torch.maximum(m2, value)
    return res, result, result2, out


def arguments_0():
    a = torch.tensor([-4, -8], dtype=torch.int64)
    return (a,)


def arguments_1():
    a = torch.tensor([1], dtype=torch.int64)
    return (a,)


ARGUMENTS = (arguments_0, arguments_1,)
