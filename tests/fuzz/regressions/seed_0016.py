"""A loop and its rewrite differed once (seed 16).

gradient of argument tensor: 1 of 1 elements differ; the first at [0]: 0.0 in the loop, 2.
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def activate(v):
    r = math.tanh(v)
    return r

def program(tensor, other):
    for i in range(1):
        other[i] = tensor[i]
        other[i] = activate(other[i])
    return other


def arguments_0():
    tensor = torch.tensor([0.0], dtype=torch.float32)
    tensor.requires_grad_()
    other = torch.tensor([0.0], dtype=torch.float16)
    return (tensor, other)


ARGUMENTS = (arguments_0,)
