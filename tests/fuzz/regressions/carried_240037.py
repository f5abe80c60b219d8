"""Seed carried 240037: loop and rewrite differ.

result: 4 of 6 elements differ; the first at [0]: 0.0 in the loop, nan in the rewrite

Rewritten:
def program(a):
    return 0.0 * a.float() ** a.shape[0]
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    out = torch.zeros(a.shape)
    for t in range(a.shape[0]):
        for i in range(a.shape[0]):
            out[i] *= a[i]
    return out


def arguments_0():
    a = torch.tensor([9223372036854775806, 9223372036854775807, 9223372036854775806, 1, 3, -9223372036854775808], dtype=torch.int64)
    return (a,)


ARGUMENTS = (arguments_0,)
