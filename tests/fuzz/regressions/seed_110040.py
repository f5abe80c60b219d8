"""Seed 110040: loop and rewrite differ.

second gradient of argument data: no gradient in the loop, Tensor of shape (3, 5) and float32 in the rewrite

Rewritten:
def program(data):
    return data[:1] ** torch.arange(1)[:, None]
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data):
    res = data.new_zeros((1, data.shape[1]))
    for idx in range(1):
        row = idx
        v = data[row]
        res[row] = v ** row
    return res


def arguments_0():
    data = torch.tensor([0.8, 1.7, 0.0, 0.0, 0.0, 0.0, 0.0, nan, nan, 0.0, 0.0, 0.0, 0.0, inf, nan], dtype=torch.float32).reshape((3, 5))
    data.requires_grad_()
    return (data,)


ARGUMENTS = (arguments_0,)
