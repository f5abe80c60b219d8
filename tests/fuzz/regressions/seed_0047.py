"""A loop and its rewrite differed once (seed 47).

result: 1 of 20 elements differ; the first at [0, 0]: 1.659999966621399 in the loop, 0.731
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale):
    res = torch.zeros(data.shape)
    for r in range(1):
        for c in range(1):
            if data[r, c] != res[r][c]:
                res[r, c] = scale[r, 1]
            else:
                res[r, c] = max(res[r, c], F.silu(scale[r, c]))
    final = res
    return final


def arguments_0():
    data = torch.tensor([1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 1.0, -1.0, 0.0, -1.0, 1.0, 1.0, 0.5, -1.0, -1.0, -1.0, 0.5, 0.5, 1.0], dtype=torch.float64).reshape((5, 4))
    scale = torch.tensor([-3.18, 1.66, -1.27, 0.65, 1.4, 3.45, -3.13, 0.82, -1.91, -3.42], dtype=torch.float64).reshape((5, 2))
    scale.requires_grad_()
    return (data, scale)


ARGUMENTS = (arguments_0,)
