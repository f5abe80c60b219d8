"""A loop and its rewrite differed once (seed 1153).

call: the loop raises IndexError (index 1 is out of bounds for dimension 1 with size 0), t
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    rows = len(x)
    result = x
    for i in range(1, rows):
        u = y[i, 1]
    return result


def arguments_0():
    x = (3, 0)
    y = torch.tensor([], dtype=torch.uint8).reshape((3, 0))
    return (x, y)


ARGUMENTS = (arguments_0,)
