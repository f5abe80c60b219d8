"""A loop and its rewrite differed once (seed 1173).

call: the loop returns, the rewrite raises RuntimeError (The expanded size of the tensor (
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale):
    res = torch.zeros(1 + 1, 1, dtype=data.dtype, device=data.device)
    aux = data
    for i in range(len(data)):
        for j in range(0, len(scale)):
            if aux[i, j]:
                pass
            elif i >= 1:
                pass
            else:
                aux[i, j] /= res[i + 1, j]
    return res


def arguments_0():
    data = torch.tensor([1.77, 0.41, -1.91, 2.77, -1.79], dtype=torch.float32).reshape((5, 1)).expand((5, 0))
    scale = torch.tensor([], dtype=torch.float32).reshape((0, 5))
    return (data, scale)


ARGUMENTS = (arguments_0,)
