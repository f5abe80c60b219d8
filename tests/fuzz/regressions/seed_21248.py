"""Seed 21248: loop and rewrite differ.

result: requires_grad True in the loop, False in the rewrite

Rewritten:
def program(tensor, other):
    n0, _ = tensor.size()
    res = torch.ones((n0, 1), dtype=torch.bool)
    res[:] = other[:, None]
    final = res
    return final
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor, other):
    n0, _ = tensor.size()
    res = torch.ones((n0, 1), dtype=torch.bool)
    for e in range(n0):
        row = e
        res[row] = other[row]
    final = res
    return final


def arguments_0():
    tensor = torch.tensor(2.0, dtype=torch.float16).reshape((1, 1))
    other = torch.tensor([0.0], dtype=torch.float32)
    other.requires_grad_()
    return (tensor, other)


ARGUMENTS = (arguments_0,)
