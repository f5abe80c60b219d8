"""Seed 294: loop and rewrite differ.

call: the loop returns, the rewrite raises AttributeError ('float' object has no attribute 'square')

Rewritten:
def program(a):
    res = a
    a[:] = 3.0.square()
    return res
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    n0, = a.shape
    res = a
    for ii in range(n0):
        res[ii].fill_(3)
        res[ii] = res[ii].square()
    return res


def arguments_0():
    a = torch.tensor([0.0, 0.11, 1.02], dtype=torch.float32)
    return (a,)


ARGUMENTS = (arguments_0,)
