"""A loop and its rewrite differed once (seed 514).

call: the loop returns, the rewrite raises IndexError (index 0 is out of bounds for dimens
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    result = torch.zeros_like(x, dtype=torch.int32)
    for row, col, dep in itertools.product(range(1), range(x.size(1)), range(2)):
        result[row, col, dep] *= x[row, 0, dep]
    return result


def arguments_0():
    x_base = torch.tensor([], dtype=torch.int64).reshape((4, 0, 3))
    x = x_base
    return (x,)


ARGUMENTS = (arguments_0,)
