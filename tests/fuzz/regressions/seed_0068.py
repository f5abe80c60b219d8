"""A loop and its rewrite differed once (seed 68).

call: the loop raises RuntimeError (A view was created in no_grad mode and is being modifi
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    out = torch.zeros(1, 1, dtype=x.dtype, device=x.device)
    for x_row, out_row in zip(x, out):
        for j in range(1):
            out_row[j] = x_row[j]
    return out


def arguments_0():
    x = torch.tensor([inf, 0.0, 0.0], dtype=torch.float32).reshape((1, 3))
    x.requires_grad_()
    return (x,)


ARGUMENTS = (arguments_0,)
