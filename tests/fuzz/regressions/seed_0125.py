"""A loop and its rewrite differed once (seed 125).

result: requires_grad False in the loop, True in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale, mask):
    n0 = mask.shape[0]
    res = torch.zeros(n0, dtype=data.dtype, device=data.device)
    for i in range(n0):
        if i:
            res[i] -= scale[i]
    return res


def arguments_0():
    data = torch.tensor(0.0, dtype=torch.float16)
    scale = torch.tensor([0.0], dtype=torch.float32)
    scale.requires_grad_()
    mask = torch.tensor([0.0], dtype=torch.bfloat16)
    return (data, scale, mask)


ARGUMENTS = (arguments_0,)
