"""Seed parallel 2000867: loop and rewrite differ.

call: the loop raises IndexError (index 0 is out of bounds for dimension 2 with size 0), the rewrite returns

Rewritten:
def program(x):
    n = 0
    m = 1
    p2 = 2
    result = torch.zeros(n, 1, p2, 3)
    for jj in range(m):
        pass
    return result
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    n = 0
    m = 1
    p2 = 2
    o = 3
    result = torch.zeros(n, 1, p2, 3)
    for jj in range(m):
        value = o - x[0, jj, 0, 0]
        for ii in range(n, 0):
            result[ii] = value
    return result


def arguments_0():
    x = torch.tensor([], dtype=torch.float64).reshape((3, 1, 0, 3))
    return (x,)


ARGUMENTS = (arguments_0,)
