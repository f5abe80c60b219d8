"""Seed parallel 1001134: loop and rewrite differ.

result[1]: requires_grad True in the loop, False in the rewrite

Rewritten:
def program(a, b, threshold):
    n0 = a.shape[0]
    n1 = a.shape[1]
    result = torch.zeros((n0, n1, a.shape[2]))
    second = torch.zeros((n0, n1, a.shape[2]))
    for i in range(n0):
        second[i] = result[i] / n0
        second[i] = (b[i, torch.arange(-1, n1 - 1)] + second[i]) * 0.001
        result[i] = a[i] + b[i]
        result[i] = result[-i - 1].clone()
        result[-i - 1] = result[i].clone()
    return result, second
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b, threshold):
    n0 = a.shape[0]
    n1 = a.shape[1]
    result = torch.zeros((n0, n1, a.shape[2]))
    second = torch.zeros((n0, n1, a.shape[2]))
    for i in range(n0):
        for j in range(a.shape[1]):
            second[i, j] = result[i][j] / n0
            second[i, j] = (b[i, j - 1] + second[i][j]) * 0.001
            result[i, j] = a[i, j] + b[i, j]
            held = result[i, j]
            result[i, j] = result[-i - 1, j]
            result[-i - 1, j] = held
    return result, second


def arguments_0():
    a = torch.tensor([0.0, 2.0, 0.5, 2.0, 2.0, 0.5], dtype=torch.bfloat16).reshape((1, 3, 2,))
    a.requires_grad_()
    a = a * 1
    b = torch.tensor([8, 2, 4, 6, 5, 7, 7, 1, 2, 4, 2, 8], dtype=torch.uint8).reshape((1, 3, 4,))[..., ::2]
    return (a, b, 1.0,)


def arguments_1():
    a = torch.tensor([0.0, 0.43, -1e-30, -0.0, 65504.0], dtype=torch.float32).reshape((1, 1, 5,))
    b = torch.tensor([8, 0, 4, 1, 6], dtype=torch.uint8).reshape((1, 1, 5,))
    return (a, b, 2.0,)


ARGUMENTS = (arguments_0, arguments_1,)
