"""A loop and its rewrite differed once (seed 196).

call: the loop returns, the rewrite raises RuntimeError (Index put requires the source and
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor, other):
    result = torch.zeros(1, 1, dtype=tensor.dtype, device=tensor.device)
    for ii in range(1, 1, -1):
        for jj in range(1):
            result[ii][jj] = other[ii][jj]
    return other


def arguments_0():
    tensor = torch.tensor(0.0, dtype=torch.float32)
    other = torch.tensor([0.0, 0.0, 2.6, 3.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.88, 0.88, 3.22, -3.14, -0.94, -1.46], dtype=torch.float64).reshape((2, 10))
    return (tensor, other)


ARGUMENTS = (arguments_0,)
