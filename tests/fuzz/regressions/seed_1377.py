"""A loop and its rewrite differed once (seed 1377).

call: the loop raises IndexError (index 2 is out of bounds for dimension 0 with size 1), t
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    n0, = x.shape
    out = x
    for ii in range(n0):
        if x[2]:
            pass
    return out


def arguments_0():
    x = torch.tensor([inf], dtype=torch.float32)
    return (x,)


ARGUMENTS = (arguments_0,)
