"""A loop and its rewrite differed once (seed 647).

result: requires_grad True in the loop, False in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale, mask):
    result = torch.zeros((len(scale), data.size(1)))
    second = torch.full((len(scale), 1), 0.0)
    for idx in range(data.numel()):
        r, c = torch.unravel_index(torch.tensor(idx, device=data.device), data.shape)
        t = mask[r, c]
        v = t
        second[c] = result[r, c]
        result[r, c] = v
    return second


def arguments_0():
    data = torch.tensor([1.72, -0.97, -0.17, -1.82, 2.55, -3.18], dtype=torch.float32).reshape((3, 2))
    scale = torch.tensor([0.17, 0.93, 1.95, 1.77, 0.31, 1.9], dtype=torch.float32).reshape((3, 2))
    mask = torch.tensor([2.54, -2.6, 2.53, 2.68, -3.3], dtype=torch.float32).as_strided((3, 2), (1, 1))
    mask.requires_grad_()
    return (data, scale, mask)


ARGUMENTS = (arguments_0,)
