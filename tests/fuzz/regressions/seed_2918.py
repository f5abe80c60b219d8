"""Seed 2918: loop and rewrite differ.

call: the loop returns, the rewrite raises RuntimeError (upper bound and lower bound inconsistent with step sign)

Rewritten:
def program(tensor, threshold):
    result = torch.ones((0, 1), dtype=torch.float64)
    result[:tensor.shape[0], 2:tensor.shape[1]] = result[:tensor.shape[0], 2:tensor.shape[1]] > threshold + torch.arange(2, tensor.shape[1], dtype=torch.float64)
    return result
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor, threshold):
    result = torch.ones((0, 1), dtype=torch.float64)
    for i in range(len(tensor)):
        for j in range(2, tensor.size(1)):
            result[i, j] = result[i, j] > threshold + j
    return result


def arguments_0():
    tensor = torch.tensor([], dtype=torch.float32).reshape((0, 0,))
    return (tensor, -3.0,)


ARGUMENTS = (arguments_0,)
