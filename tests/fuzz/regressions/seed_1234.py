"""A loop and its rewrite differed once (seed 1234).

result: requires_grad True in the loop, False in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale, mask):
    out = data
    out2 = torch.zeros(data.size(0), 1)
    for i in range(mask.shape[0]):
        out2_row = out2[i]
        for j, j_ in enumerate(range(1)):
            out2[i, j] = scale[i, j]
            out2_row[j] = out[i, j]
    return out2


def arguments_0():
    data = torch.tensor([9, 4, 1, -4, 0, 2, 0, -9, -3, 7, -4, 0, 9, -6, 7, 2, -7, -2, -7, -9], dtype=torch.int64).reshape((4, 5))
    scale = torch.tensor([1.87, 1.07, 1.38, 1.45, 0.42, 0.5, 0.74, 0.74, 0.68, 1.69, 1.02, 1.64, 0.63, 1.54, 0.3, 0.73, 1.37, 0.4, 0.74, 0.11], dtype=torch.float16).reshape((4, 5))
    scale.requires_grad_()
    mask = torch.tensor([3, 3, 9223372036854775807], dtype=torch.int64)
    return (data, scale, mask)


ARGUMENTS = (arguments_0,)
