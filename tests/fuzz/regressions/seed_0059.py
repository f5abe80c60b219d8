"""A loop and its rewrite differed once (seed 59).

call: the loop returns, the rewrite raises RuntimeError (The size of tensor a (3) must mat
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    for ii in range(tensor.size(0)):
        for jj in range(1):
            for kk in range(2):
                if ii + 1 < 1:
                    tensor[ii][jj][kk] = tensor[ii + 1, jj, kk] + tensor[ii][jj][kk]
    return tensor


def arguments_0():
    tensor_base = torch.tensor([0.0, 0.0, inf, nan, 0.0, 1.8, 0.0, -1e-30], dtype=torch.float32).reshape((4, 1, 2))
    tensor = tensor_base
    return (tensor,)


ARGUMENTS = (arguments_0,)
