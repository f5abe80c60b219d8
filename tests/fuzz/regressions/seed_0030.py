"""A loop and its rewrite differed once (seed 30).

result: 1 of 2 elements differ; the first at [1]: 2 in the loop, 0 in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data):
    n = 1
    out = torch.zeros(2, dtype=data.dtype, device=data.device)
    for ii in range(n):
        if ii == 0:
            out[ii + 1] = data[ii]
        else:
            out[ii + 1] = ii
    final = out
    return final


def arguments_0():
    data = torch.tensor([2], dtype=torch.uint8)
    return (data,)


ARGUMENTS = (arguments_0,)
