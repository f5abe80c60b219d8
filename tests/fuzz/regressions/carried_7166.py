"""Seed carried 7166: loop and rewrite differ.

result[2]: is result[0] in the loop, is no other in the rewrite

Rewritten:
def program(a):
    p2 = 1
    cur = a[-1]
    t2 = a[-1]
    scaled = p2
    return (t2, scaled, cur)
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    p2 = 1
    for t in range(a.shape[0]):
        t2 = a[t]
        cur = t2
    scaled = p2
    return (t2, scaled, cur)


def arguments_0():
    a = torch.tensor([0.0], dtype=torch.float64)
    return (a,)


ARGUMENTS = (arguments_0,)
