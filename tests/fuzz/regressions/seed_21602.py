"""Seed 21602: loop and rewrite differ.

call: the loop returns, the rewrite raises UnboundLocalError (cannot access local variable 'tmp' where it is not associated with a value)

Rewritten:
def program(data, scale, threshold):
    n = scale.size(0)
    out = torch.zeros(n + 1)
    mask = scale > out[1:]
    out2 = torch.log1p(data * scale.flip(0)).float()
    for row in range(scale.shape[0]):
        if row - 1 >= 0 and -row + 2 >= 0:
            tmp = data[row] * scale[scale.shape[0] - row - 1]
            out[row + 1] = 0.0 if row % 2 == 0 else torch.where(mask[row], tmp.square().float(), (-tmp - threshold).float())
        mask_2 = scale[row] > out[row + 1]
        if -row >= 0:
            out[row + 1] = torch.where(mask_2, tmp.square().float(), (-tmp - threshold).float())
        if row - 1 >= 0 and row - 3 >= 0:
            out[row + 1] = torch.where(mask_2, tmp.square().float(), (-tmp - threshold).float())
        out[row + 1] = out[row - 1] + out2[row]
    final = out
    return final
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale, threshold):
    n = scale.size(0)
    out = torch.zeros(n + 1)
    out2 = torch.zeros_like(data)
    for row in range(n):
        tmp = data[row] * scale[scale.shape[0] - 1 - row]
        if 0 < row < 3 and row % 2 == 0:
            pass
        elif scale[row] > out[row + 1]:
            out[row + 1] = tmp.square()
        else:
            out[row + 1] = -tmp - threshold
        out2[row] = torch.log1p(tmp)
        out[row + 1] = out[row - 1] + out2[row]
    final = out
    return final


def arguments_0():
    data = torch.tensor([0.72, 1.01, 1.67, 0.39, 1.58], dtype=torch.float32)
    scale = torch.tensor([65504.0, -0.0, nan, 2.41, 0.0, nan, 0.7, -1e-30, -1e-30, -3.28], dtype=torch.float64)[..., ::2]
    return (data, scale, inf)


ARGUMENTS = (arguments_0,)
