"""A loop and its rewrite differed once (seed 541).

result: shape (1, 2) in the loop, (1, 1) in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale, mask):
    result = torch.zeros(mask.shape[1], mask.shape[0])
    second = data
    for row in range(1):
        for col in range(1, len(scale) - 1):
            if second[row, col] > result[col][row]:
                result[col, row] = data[row, col]
    return mask


def arguments_0():
    data = torch.tensor([inf, 0.0, -3.79, -0.0, inf, 65504.0], dtype=torch.float32).reshape((1, 6))[..., ::2]
    data.requires_grad_()
    scale = torch.tensor([-2.77, 3.84, -0.72], dtype=torch.float32)
    mask = torch.tensor([False, True], dtype=torch.bool).reshape((1, 2))
    return (data, scale, mask)


ARGUMENTS = (arguments_0,)
