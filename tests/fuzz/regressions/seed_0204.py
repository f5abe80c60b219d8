"""A loop and its rewrite differed once (seed 204).

call: the loop returns, the rewrite raises RuntimeError (The expanded size of the tensor (
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    n = len(x)
    for e in range(n):
        i = e
        value = x[i]
        if value:
            pass
        elif i < n - 1:
            pass
        else:
            x[i] /= value
    return x


def arguments_0():
    x = torch.tensor([2.69, 1e+30, 1.04, -3.87, -0.45, inf], dtype=torch.float32)
    return (x,)


ARGUMENTS = (arguments_0,)
