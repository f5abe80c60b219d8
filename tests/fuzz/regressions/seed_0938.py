"""A loop and its rewrite differed once (seed 938).

result: 1 of 2 elements differ; the first at [1]: 193 in the loop, 255 in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor, k):
    res = torch.zeros_like(tensor)
    for flat in range(tensor.nelement()):
        row = flat
        tensor[row] = (k - res[row]) * math.tanh(row)
    return tensor


def arguments_0():
    tensor = torch.tensor([9, 8], dtype=torch.uint8)
    return (tensor, -2)


ARGUMENTS = (arguments_0,)
