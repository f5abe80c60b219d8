"""A loop and its rewrite differed once (seed 698).

call: the loop returns, the rewrite raises RuntimeError (The size of tensor a (5) must mat
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y, z, w, threshold):
    res = x.new_zeros((len(z), x.size(1)))
    aux = x.new_zeros((len(z), z.shape[1]))
    for i in range(0, len(y), 1):
        t = z[-1, -1]
        for j in range(x.shape[1] - 1, -1, -1):
            if 0.0 < res[i, j] < 3.0:
                res[i, j] = z[i, j // 2] & 3
            elif i < z.size(0) - 1:
                res[i][j] = x[i, 0] * (-1.5 + t)
            else:
                res[i, j] = t / (w[i, j] * 3.0)
            if t != x[i][j]:
                res[i, j] = threshold / x[i, j] / math.erf(z[i, j]) * (2.0 * j / 4)
                if aux[x.size(0) - 1 - i, j] <= t:
                    aux[len(y) - 1 - i, j] = t
                elif threshold <= w[i][j] <= 5:
                    aux[x.shape[0] - 1 - i, j] = t
                elif j > 0:
                    aux[len(z) - 1 - i, j] = -(x[i, j - 2] + threshold - y[i, j] * t)
                elif t < j / 4 and x[i][j] <= i - j:
                    aux[len(z) - 1 - i, j] = t
                else:
                    aux[len(y) - 1 - i, j] = torch.fmod(t % -2, z[0, j - 2])
    return res


def arguments_0():
    x = torch.tensor([0.5, 0.0, -1.0, 0.0, 1.0, 0.5, 1.0, 1.0, 0.5, -1.0], dtype=torch.float32).reshape((5, 2,))
    y = torch.tensor([0.27, -1.55, 1.66, -0.44, 0.89, 1.77, 0.51, -3.19, 2.93, -2.49], dtype=torch.float64).reshape((5, 2,))
    z = torch.tensor([255, 1, 2, 0, 1, 2, 255, 1, 254, 100], dtype=torch.uint8).reshape((5, 2,))
    w = torch.tensor([1.09, 0.2, 1.22, 0.36, 1.65, 0.12, 1.85], dtype=torch.float32).as_strided((5, 2,), (1, 1))
    return (x, y, z, w, 0.25,)


ARGUMENTS = (arguments_0,)
