"""Seed parallel 1001109: loop and rewrite differ.

result: 3 of 27 elements differ; the first at [0, 0, 0, 0]: -57 in the loop, -54 in the rewrite
argument tensor: 3 of 27 elements differ; the first at [0, 0, 0, 0]: -57 in the loop, -54 in the rewrite

Rewritten:
def program(tensor):
    n0, n1, n2, n3 = tensor.shape
    for j in range(n1):
        tensor[:, j, :, ::3] = (tensor[:, j, :, ::3] + tensor[:, j, :, ::3]) * torch.where(tensor[:, j, :, ::3] > -1.5, tensor[:, j, :, ::3] - -11, -1.5 - -11).long()
        if n1 >= j + 2:
            tensor[:, j, :, ::3] = tensor[:, j + 1, :, ::3] + tensor[:, j, :, ::3]
    return tensor
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def activate(v):
    return max(-1.5, v) - (-1 - 10)


def program(tensor):
    n0, n1, n2, n3 = tensor.shape
    for i, tensor_row in enumerate(tensor):
        t = i
        for j in range(n1):
            value = 0.001
            for k2 in range(tensor.shape[2]):
                for l in range(0, tensor.size(3), 3):
                    tensor_row[j, k2, l] = (tensor_row[j, k2, l] + tensor_row[j, k2, l]) * activate(tensor[i, j, k2, l])
                    if j + 1 < tensor.size(1):
                        tensor_row[j][k2][l] = tensor[i, j + 1, k2, l] + tensor_row[j, k2, l]
    return tensor


def arguments_0():
    tensor = torch.tensor([-3, -7, 2, 6, 0, 8, 9, -6, 0, 6, -1, 8, 2, 1, -6, -5, 2, -2, -9, 0, -8, -1, 4, -4, 2, 8, 3], dtype=torch.int64).reshape((3, 1, 3, 3,))
    return (tensor,)


ARGUMENTS = (arguments_0,)
