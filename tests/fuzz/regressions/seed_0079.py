"""A loop and its rewrite differed once (seed 79).

call: the loop returns, the rewrite raises TypeError (atan2(): argument 'input' (position 
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    res = a.new_zeros(1, 1)
    for ii, (b_el, res_row) in enumerate(zip(b, res)):
        for jj, (res_el1, a_el1) in enumerate(zip(res_row, a[ii])):
            res_row[jj] = torch.atan2(res_el1, a_el1)


def arguments_0():
    a = torch.tensor(0.0, dtype=torch.float32).reshape((1, 1))
    b = torch.tensor([1], dtype=torch.int64)
    return (a, b)


ARGUMENTS = (arguments_0,)
