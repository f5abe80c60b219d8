"""A loop and its rewrite differed once (seed 520).

call: the loop returns, the rewrite raises ZeroDivisionError (float division by zero)
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    rows, = tensor.shape
    result = torch.zeros(rows)
    for ii in range(rows):
        v = result[ii]
        result[ii] = result[ii] / v
    return tensor


def arguments_0():
    tensor = torch.tensor([], dtype=torch.float32)
    return (tensor,)


ARGUMENTS = (arguments_0,)
