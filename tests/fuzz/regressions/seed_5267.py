"""A loop and its rewrite differed once (seed 5267).

call: the loop returns, the rewrite raises RuntimeError (The size of tensor a (3) must mat
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale):
    rows, cols = data.size()
    res = torch.zeros((cols, rows))
    for i in range(len(data)):
        for j in range(1, -1, -1):
            if scale[i] - 0.0 and scale[i] > cols + 5:
                res[j][i] = scale[i]
            elif i > 0:
                res[j, i] += data[i, j] - data[-1 - i, j]
                if res[j][i] != data[data.shape[0] - 1 - i, j]:
                    res[j, i] = data[0, j] + res[j, i]
                else:
                    res[j, i] = -(data[i][j] // data[i, j])
            else:
                res[j, i] += res[j][i]
                res[j, i] -= torch.sqrt(data[i, j]) % -3
    return res


def arguments_0():
    data = torch.tensor([1.36, 0.01, -0.98, -1.48, 1.31, -3.21, -1.16, 0.41, -3.76, 1.74, -1.18, -2.15], dtype=torch.float32).reshape((3, 4))
    scale = torch.tensor([1.12, 0.44, 1.17, 0.68, 0.87, 1.91], dtype=torch.float32)[..., ::2]
    return (data, scale)


ARGUMENTS = (arguments_0,)
