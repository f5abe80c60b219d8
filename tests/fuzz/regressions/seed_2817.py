"""Seed 2817: loop and rewrite differ.

gradient: the backward pass of the rewrite raises RuntimeError: one of the variables needed for gradient computation has been modified by an inplace operation: [torch.FloatTensor [5]], which is output 0 of Reciprocal, is at version 1; expected version 0 instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False).

Rewritten:
def program(data, mask):
    result = torch.reciprocal(data)
    result[:] = torch.arange(data.shape[0])
    return result
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, mask):
    n0, = data.shape
    result = torch.zeros(data.shape)
    for ii in range(n0):
        result[ii] += torch.reciprocal(mask[ii])
    for row in range(n0):
        result[row] = row
    return result


def arguments_0():
    data = torch.tensor([2.74, -2.78, 3.23, -3.17, -2.98], dtype=torch.float32)
    data.requires_grad_()
    scale = torch.tensor([3.46, -0.49, -0.26, -0.71, 2.69], dtype=torch.float32)
    mask = data
    return (data, mask)


ARGUMENTS = (arguments_0,)
