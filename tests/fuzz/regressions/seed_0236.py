"""A loop and its rewrite differed once (seed 236).

call: the loop returns, the rewrite raises RuntimeError (The size of tensor a (5) must mat
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    n0 = b.shape[0]
    out = torch.zeros(a.size())
    for ii in range(n0):
        if ii:
            pass
        elif n0 > ii:
            out[ii] = torch.fmod(b[ii], ii)
        else:
            out[ii] = ii
    return out


def arguments_0():
    a = torch.tensor([0.5], dtype=torch.float32).reshape((1, 1)).expand((5, 1))
    b = torch.tensor([1.89, -2.23, 2.87, 2.28, -2.37], dtype=torch.float32)
    b.requires_grad_()
    return (a, b)


ARGUMENTS = (arguments_0,)
