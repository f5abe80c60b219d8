"""A loop and its rewrite differed once (seed 342).

call: the loop raises IndexError (index 0 is out of bounds for dimension 0 with size 0), t
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    n0, _ = a.shape
    result = n0
    for row in range(n0):
        t = b[row]
    return result


def arguments_0():
    a = torch.tensor([0.0, 0.0, 2.7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.6], dtype=torch.float32).reshape((4, 3))
    b = torch.tensor([], dtype=torch.float32)
    return (a, b)


ARGUMENTS = (arguments_0,)
