"""Seed 3415: loop and rewrite differ.

call: the loop returns, the rewrite raises RuntimeError (unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. Please clone() the tensor before performing the operation.)

Rewritten:
def program(data, mask):
    out = torch.zeros_like(data)
    for flat in range(mask.shape[1]):
        out[1, flat % 1, torch.arange(data.shape[2])] = out[1, flat % 1]
    return out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, mask):
    n1 = mask.shape[1]
    out = torch.zeros_like(data)
    for flat in range(n1):
        r = 1
        c = flat % 1
        held = out[r, c]
        out[1, c] = held
    return out


def arguments_0():
    data = torch.tensor([1.25, 1.39, 1.63, 0.75, 1.09, 1.06, 1.33, 1.76, 1.09], dtype=torch.float32).reshape((3, 1, 3)).expand((3, 5, 3))
    scale_base = torch.tensor([False, True, False, True, False, True, False, True, False, False, False, True, True, False, True, False, False, False, True, True, True, True, False, False, True, False, False, True, False, False, False, True, False, False, False, True, True, False, False, True, False, True, True, True, False, False, False, True, True, False, False, True, False, False, True, True, True, False, False, False], dtype=torch.bool).reshape((4, 5, 3))
    mask = torch.tensor([-1.61, -2.3, -1.02, 2.12, -2.31, 1.5, -2.47, 0.0, 3.23, 2.45, 0.26, 3.4, 2.12, 2.32, 2.72, 1.66, -3.04, 2.52, -3.53, 2.21, -3.12, 3.65, -1.07, 2.89, -3.8, 3.66, -0.85, 1.05, -3.34, -2.65, -3.36, 3.17, -0.75, 2.6, -3.44, 2.63, -0.44, 0.21, 2.75, 0.49, 0.34, -1.22, -3.96, -0.78, -2.07], dtype=torch.float32).reshape((3, 5, 3))
    mask.requires_grad_()
    return (data, mask)


ARGUMENTS = (arguments_0,)
