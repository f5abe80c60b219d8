"""A loop and its rewrite differed once (seed 897).

call: the loop raises RuntimeError (view size is not compatible with input tensor's size a
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def transform(v):
    return v

def program(data, flag):
    result = torch.zeros(data.size())
    data_flat = data.view(-1)
    for flat in range(data.nelement()):
        i, j = torch.unravel_index(torch.tensor(flat, device=data.device), data.shape)
        t = data[0, j] + data[i, j] + transform(data[i, j])
        result[i, j] = transform((data[i, j] if t > flag else t) if result[i][j] <= result[i, j] or i <= result[i, j] <= flag else data_flat[flat] - result[i, j])
    return result


def arguments_0():
    data = torch.tensor([0.39, 0.51, 0.95, 0.96, 0.52], dtype=torch.float32).as_strided((2, 3), (1, 1))
    return (data, False)


ARGUMENTS = (arguments_0,)
