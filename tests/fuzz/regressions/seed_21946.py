"""Seed 21946: loop and rewrite differ.

result: 1 of 4 elements differ; the first at [1, 0]: -9223372036854775808 in the loop, 0 in the rewrite
argument tensor: 1 of 4 elements differ; the first at [1, 0]: -9223372036854775808 in the loop, 0 in the rewrite

Rewritten:
def program(tensor):
    out = tensor.new_zeros((tensor.shape[0], tensor.shape[1]))
    for e_0 in range(tensor.shape[0]):
        for e_1 in range(tensor.shape[1]):
            mask = out[e_0, e_1] > tensor[e_0, e_1]
            if -e_1 >= 0:
                out[e_0, e_1] = tensor[e_0, e_1]
            if -e_1 >= 0:
                tensor[e_0] = torch.where(mask, tensor[e_0] - out[e_0], tensor[e_0])
    final = tensor
    return final
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    out = tensor.new_zeros((tensor.shape[0], tensor.shape[1]))
    for e in range(tensor.numel()):
        r, c = divmod(e, tensor.shape[1])
        if c >= 1:
            continue
        out[r][c] = tensor[r, c]
        if out[r, c] > tensor[r, c]:
            tensor[r] -= out[r]
    final = tensor
    return final


def arguments_0():
    tensor = torch.tensor([0, 1, -9223372036854775808, 9223372036854775807], dtype=torch.int64).reshape((2, 2))
    other = torch.tensor(0.23, dtype=torch.float64)
    return (tensor,)


ARGUMENTS = (arguments_0,)
