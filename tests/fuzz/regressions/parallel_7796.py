"""Seed parallel 7796: loop and rewrite differ.

result[1]: a Tensor of shape () and float32 in the loop, a float -7.5 in the rewrite
result[1]: a Tensor of shape () and float32 in the loop, a float -18.5 in the rewrite
result[1]: a Tensor of shape () and float32 in the loop, a float -18.5 in the rewrite

Rewritten:
def program(tensor, other, weight, k, func):
    rows = len(tensor)
    cols = weight.size(0)
    res = torch.full((rows, cols), -1.0)
    total = 1.5
    for row in range(rows - 1):
        for col in range(cols):
            total = total + -1.0
    res[:-1] = tensor[:-1]
    return res, total
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor, other, weight, k, func):
    rows = len(tensor)
    cols = weight.size(0)
    res = torch.full((rows, cols), -1.0)
    total = 1.5
    for row in range(rows - 1):
        for col in range(0, cols, 1):
            if rows > 1:
                total += res[row, col]
            res[row, col] = total
            res[row, col] = tensor[row][col]
    return res, total


def arguments_0():
    tensor = torch.tensor([1.26, 0.07, -0.66, 1.12, 2.06, -3.2, 1.96, 0.07, 3.25, -3.42, 1.15, -0.08], dtype=torch.float32).reshape((4, 3,))
    other = torch.tensor([0.62, 1.51, 1.79, 1.83, 1.34, 0.4, 1.25, 1.46, 1.36, 1.89, 0.97, 1.91], dtype=torch.float32).reshape((4, 3,))
    weight = torch.tensor([1.55, -3.02, 2.33, -3.69, -0.64, -1.27, -1.65, -0.31, 1.72, 0.81, 0.16, 0.58], dtype=torch.float32).reshape((3, 4,))
    return (tensor, other, weight, 3, (lambda v: v * 2 + 1),)


def arguments_1():
    tensor_base = torch.tensor([0.39, 0.33, 1.67, 0.27, 1.38, 0.17, 0.81, 0.14, 0.23, 0.89, 0.82, 1.61, 1.38, 0.33, 0.79, 1.95, 0.61, 0.52, 1.57, 0.35, 0.43, 1.61, 1.66, 1.72, 1.32, 0.17, 0.38, 0.98, 1.79, 1.19], dtype=torch.float32).reshape((6, 5,))
    tensor = tensor_base[1:]
    other = tensor_base[:-1]
    weight = torch.tensor([-0.81, -0.41, -2.53, -2.0, 3.14, -0.79, 2.3, -1.86, 0.63, 3.09, 2.55, 2.75, -1.04, -0.64, -0.89, -0.7, 1.71, -2.02, -3.44, 2.08, 0.49, -0.53, 2.5, -0.67, 2.91], dtype=torch.float32).reshape((5, 5,))
    weight.requires_grad_()
    return (tensor, other, weight, -1, abs,)


def arguments_2():
    tensor = torch.tensor([], dtype=torch.float32).reshape((2, 0,)).permute(1, 0)
    tensor.requires_grad_()
    other = tensor
    weight = torch.tensor([], dtype=torch.bfloat16).reshape((2, 0,))
    weight.requires_grad_()
    return (tensor, other, weight, 7, (lambda v: v * 2 + 1),)


def arguments_3():
    tensor = torch.tensor([1.45, -0.49, -0.34, -3.72, -0.94, 0.98, 1.64, 3.87, -2.42, -0.06], dtype=torch.float32).as_strided((5, 5,), (1, 1))
    other = torch.tensor([3, 2, 2147483647, -2147483648, 100, 100, 1, 2147483647, 2147483646, 1, -2147483648, 2147483647, 3, 3, 2147483646, 2147483646, -2147483648, 2147483646, 0, 3, 1, 0, 1, 2147483646, 2147483647], dtype=torch.int32).reshape((5, 5,))
    weight = torch.tensor([-2.48, 2.72, -0.1, 0.38, 0.41, -3.67, 0.33, -3.7, 0.05, -3.28, -3.11, 1.0, -2.75, 3.62, 3.21, -2.35, 1.63, 0.57, 3.35, 3.12, 2.32, 2.8, -2.75, -0.05, 3.48], dtype=torch.float32).reshape((5, 5,))
    return (tensor, other, weight, -1, (lambda v: v * 2 + 1),)


ARGUMENTS = (arguments_0, arguments_1, arguments_2, arguments_3,)
