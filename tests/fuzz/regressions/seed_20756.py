"""Seed 20756: loop and rewrite differ.

result: requires_grad False in the loop, True in the rewrite

Rewritten:
def program(tensor):
    res = torch.zeros_like(tensor)
    res[:1] = tensor[:1, :1].diagonal()[:, None]
    final = res
    return final
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    res = torch.zeros_like(tensor)
    for flat in range(1):
        j = flat
        i = flat
        u = tensor[i, j]
        res[i] = float(u)
    final = res
    return final


def arguments_0():
    tensor = torch.tensor([1.0, 0.5, 2.0, 2.0, 1.0, 0.5, 0.5, 1.0], dtype=torch.float64).reshape((2, 4))
    tensor.requires_grad_()
    return (tensor,)


ARGUMENTS = (arguments_0,)
