"""A loop and its rewrite differed once (seed 871).

call: the loop raises IndexError (index -1 is out of bounds for dimension 0 with size 0), 
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, c):
    out = a
    for ii in range(c.shape[0]):
        for jj, out_row1 in enumerate(out):
            v = c[ii][jj][-1] + jj
    return out


def arguments_0():
    a = torch.tensor([], dtype=torch.int32).reshape((1, 2, 0)).expand((3, 2, 0))
    b = torch.tensor([], dtype=torch.int32).reshape((3, 2, 0))[..., ::2]
    c = torch.tensor([], dtype=torch.int32).reshape((3, 2, 0))
    return (a, c)


ARGUMENTS = (arguments_0,)
