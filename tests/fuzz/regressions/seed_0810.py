"""A loop and its rewrite differed once (seed 810).

gradient: the backward pass of the rewrite raises RuntimeError: one of the variables neede
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor, other):
    out = torch.zeros_like(tensor)
    for i in range(other.size(0)):
        for j in range(tensor.shape[1]):
            for p in range(other.size(2)):
                out[i][j][p] /= other[other.shape[0] - 1][j][p]
    return out


def arguments_0():
    tensor = torch.tensor([-1.76, -2.72, -0.69, 2.58, -0.19, 1.88], dtype=torch.float32).reshape((2, 1, 3))
    other = torch.tensor([0.0, 1.0, 2.0, 1.0, 0.5, -1.0], dtype=torch.float32).reshape((2, 1, 3)).expand((2, 1, 3))
    other.requires_grad_()
    weight = torch.tensor([0.5, 2.0, 2.0, -1.0, 1.0, 1.0], dtype=torch.float32).reshape((2, 1, 3))
    weight.requires_grad_()
    bias = torch.tensor(-2.89, dtype=torch.float32)
    return (tensor, other)


ARGUMENTS = (arguments_0,)
