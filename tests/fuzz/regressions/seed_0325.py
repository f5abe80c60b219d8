"""A loop and its rewrite differed once (seed 325).

call: the loop returns, the rewrite raises ZeroDivisionError (float division by zero)
"""
# ruff: noqa


import itertools
import math
from math import inf, nan
import torch
import torch as th
import torch.nn.functional as F

def program(a, flag):
    result = th.zeros(a.shape, dtype=th.float64)
    for r in range(1, 1):
        for c in range(1):
            result[r] = flag / result[r]
    return result


def arguments_0():
    a = torch.tensor([], dtype=torch.float64)
    return (a, False)


ARGUMENTS = (arguments_0,)
