"""Seed carried 390109: loop and rewrite differ.

result[0]: requires_grad False in the loop, True in the rewrite

Rewritten:
def program(other, weight):
    y2 = torch.zeros(other.shape)
    y2[1:] = weight[1:]
    step = 1
    while step < weight.shape[0]:
        y2[step:] += 0.9 ** step * y2[:-step]
        step *= 2
    return y2, other * weight
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(other, weight):
    y2 = torch.zeros(other.shape)
    rows2 = []
    for i, (value, u) in enumerate(zip(weight, other)):
        if i > 0:
            y2[i] = value + 0.9 * y2[i - 1]
        rows2.append(other[i] * weight[i])
    return (y2, torch.stack(rows2))


def arguments_0():
    data = torch.tensor([3.375], dtype=torch.float32)
    data.requires_grad_()
    data = data * 1
    other = torch.tensor([-0.625, 100.0], dtype=torch.float32)[..., ::2]
    other.requires_grad_()
    other = other * 1
    weight = torch.tensor([2.125], dtype=torch.float32)
    weight.requires_grad_()
    weight = weight * 1
    return (other, weight)


ARGUMENTS = (arguments_0,)
