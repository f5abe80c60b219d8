"""Seed carried 399039: loop and rewrite differ.

call: the loop returns, the rewrite raises IndexError (index 2 is out of bounds for dimension 0 with size 2)
call: the loop returns, the rewrite raises IndexError (index 0 is out of bounds for dimension 0 with size 0)
call: the loop returns, the rewrite raises IndexError (index 0 is out of bounds for dimension 0 with size 0)

Rewritten:
def program(a, b):
    rows = len(a)
    result = torch.zeros((rows, rows), dtype=torch.int64)
    m2 = torch.zeros(rows)
    for i in range(rows):
        m2 = (a[i + 1:] - a[i + 1:]).cummax(0).values
        result[i, i + 1:] = torch.where(m2 > m2[i], m2.float().long(), m2[i].int().float().long())
    result2 = torch.zeros(rows, rows)
    t = 0
    for t in reversed(range(rows - 1)):
        result2[t] = 0.25 * (result2[t + 1] + result2[t + 1]) + result[t]
    t = 0
    final = t
    return result, result2, final
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    rows = len(a)
    result = torch.zeros((rows, rows), dtype=torch.int64)
    for i in range(rows):
        m2 = torch.tensor(0.0)
        for j in range(i + 1, rows):
            m2 = torch.maximum(m2, a[j] - a[j])
            result[i, j] = m2
    result2 = torch.zeros(rows, rows)
    t = 0
    for t in range(rows - 2, -1, -1):
        result2[t] = 0.25 * (result2[t + 1] + result2[t + 1]) + result[t]
    final = t
    return result, result2, final


def arguments_0():
    a = torch.tensor([-9, 8, 3, 1, -4], dtype=torch.int32)
    b = torch.tensor(2, dtype=torch.int32)
    return (a, b,)


def arguments_1():
    a = torch.tensor([4], dtype=torch.int32)
    b = torch.tensor(7, dtype=torch.int32)
    return (a, b,)


def arguments_2():
    a = torch.tensor([-6], dtype=torch.int32)
    b = torch.tensor(0, dtype=torch.int32)
    return (a, b,)


def arguments_3():
    a = torch.tensor([4], dtype=torch.int32)
    b = torch.tensor(-8, dtype=torch.int32)
    return (a, b,)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
