"""Seed carried 2000414: loop and rewrite differ.

result: requires_grad False in the loop, True in the rewrite

Rewritten:
def program(data, other, weight):
    rows = data.shape[0]
    result = torch.zeros_like(data)
    out2 = torch.zeros(data.shape[0], rows)
    out2[:] = torch.where(weight >= other, data, result)
    return out2
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, other, weight):
    rows = data.shape[0]
    result = torch.zeros_like(data)
    for i in range(0):
        result[i] = 0.5
    out2 = torch.zeros(data.shape[0], rows)
    for i in range(rows):
        if weight >= other:
            out2[i] = data
        else:
            out2[i] = result
    return out2


def arguments_0():
    data = torch.tensor([0.0], dtype=torch.float32)
    data.requires_grad_()
    other = 0.0
    weight = torch.tensor(-1.0, dtype=torch.float32)
    return (data, other, weight)


ARGUMENTS = (arguments_0,)
