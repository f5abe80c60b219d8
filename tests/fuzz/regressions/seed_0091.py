"""A loop and its rewrite differed once (seed 91).

call: the loop returns, the rewrite raises TypeError (atan2(): argument 'input' (position 
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    out = tensor.new_zeros(2)
    for ii in range(1, 1, 2):
        out[ii] = torch.atan2(out[ii], ii)
    return out


def arguments_0():
    tensor = torch.tensor([0.5], dtype=torch.float32)
    return tensor


ARGUMENTS = (arguments_0,)
