"""A loop and its rewrite differed once (seed 288).

result: 2 of 27 elements differ; the first at [0, 1, 0]: 1.100000023841858 in the loop, 0.
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    result = torch.zeros_like(tensor)
    for i in range(1):
        for j in range(1, tensor.shape[1]):
            for k2 in range(2):
                if not k2 != i:
                    result[i][j][k2] = tensor[2][j][k2]
                else:
                    result[i, j, k2] = tensor[i, j, k2]
    return result


def arguments_0():
    tensor = torch.tensor([2.42, -0.45, -0.69, -1.55, -1.29, -1.55, 3.25, 0.6, 2.2, 2.06, -3.64, -2.28, 1.22, 0.91, 1.43, -3.94, 3.21, 3.22, -3.7, -3.68, -1.5, 1.1, -0.53, 1.73, -1.17, -1.06, -2.08], dtype=torch.float32).reshape((3, 3, 3))
    return (tensor,)


ARGUMENTS = (arguments_0,)
