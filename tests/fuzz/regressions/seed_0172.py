"""A loop and its rewrite differed once (seed 172).

call: the loop returns, the rewrite raises RuntimeError (Index put requires the source and
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(b):
    n = 0
    res = torch.zeros(n, 1)
    for i in range(1, 1, -1):
        res[i] = b
    return res


def arguments_0():
    b = torch.tensor(0, dtype=torch.uint8)
    return (b,)


ARGUMENTS = (arguments_0,)
