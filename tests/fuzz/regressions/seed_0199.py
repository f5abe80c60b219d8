"""A loop and its rewrite differed once (seed 199).

result: requires_grad False in the loop, True in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale):
    res = torch.zeros(data.shape)
    for r in range(0, scale.shape[0], 3):
        if r == 0:
            pass
        else:
            res[r] += data[r]
    return res


def arguments_0():
    data = torch.tensor([0.5], dtype=torch.float32)
    data.requires_grad_()
    scale = data
    return (data, scale)


ARGUMENTS = (arguments_0,)
