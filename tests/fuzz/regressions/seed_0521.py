"""A loop and its rewrite differed once (seed 521).

call: the loop raises IndexError (index 3 is out of bounds for dimension 0 with size 3), t
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    res = a
    for ii in range(a.size(0)):
        value = b[ii]
    final = res
    return final


def arguments_0():
    a = torch.tensor([0.0, 1.0, 2.0, 1.0, 1.0], dtype=torch.float32)
    b = torch.tensor([-0.0, -inf, -3.09], dtype=torch.float32)
    return (a, b)


ARGUMENTS = (arguments_0,)
