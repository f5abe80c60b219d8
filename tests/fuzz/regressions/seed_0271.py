"""A loop and its rewrite differed once (seed 271).

call: the loop raises TypeError (type Tensor doesn't define __round__ method), the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan
import torch
import torch as th
import torch.nn.functional as F

def program(data):
    n0 = 1
    out = data
    for ii in range(n0):
        out[ii] = round(data[ii])
    return out


def arguments_0():
    data = torch.tensor([0.0], dtype=torch.float32)
    return (data,)


ARGUMENTS = (arguments_0,)
