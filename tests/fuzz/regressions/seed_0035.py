"""A loop and its rewrite differed once (seed 35).

call: the loop returns, the rewrite raises RuntimeError (The size of tensor a (2) must mat
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, z):
    out = torch.zeros(x.size())
    for ii in range(len(z)):
        if ii == 0:
            pass
        else:
            out[ii] = z[ii - 2] if ii else ii
    return out


def arguments_0():
    x = torch.tensor([3, 1], dtype=torch.int32)
    z = torch.tensor([5, 4], dtype=torch.int32)
    return (x, z)


ARGUMENTS = (arguments_0,)
