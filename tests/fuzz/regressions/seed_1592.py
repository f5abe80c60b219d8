"""A loop and its rewrite differed once (seed 1592).

call: the loop returns, the rewrite raises UnboundLocalError (cannot access local variable
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    res = a
    aux = torch.zeros(a.size())
    for idx in range(a.numel()):
        row, col, dep = torch.unravel_index(idx, a.shape)
        aux[row, col, dep] /= a[row, col, dep]
    final = res
    return final


def arguments_0():
    a_base = torch.tensor([0.0, 0.0], dtype=torch.float32).reshape((1, 1, 2))
    a = a_base[1:]
    return (a,)


ARGUMENTS = (arguments_0,)
