"""Seed 70886: loop and rewrite differ.

call: the loop raises RuntimeError (value cannot be converted to type float without overflow), the rewrite returns

Rewritten:
def program(x):
    n = x.shape[0]
    result = x.new_zeros(n)
    result[0] = x[0].double() ** 0.5
    result[:0] = torch.arange(0)
    result[1:] = torch.arange(1, x.shape[0])
    return result
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    n = x.shape[0]
    result = x.new_zeros(n)
    for row in range(n):
        if row == 0:
            result[row] = x[row].item() ** 0.5
        else:
            result[row] = row
    return result


def arguments_0():
    x = torch.tensor([-1.0], dtype=torch.float32)
    return (x,)


ARGUMENTS = (arguments_0,)
