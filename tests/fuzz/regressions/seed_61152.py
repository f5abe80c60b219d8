"""Seed 61152: loop and rewrite differ.

call: the loop raises IndexError (index -2 is out of bounds for dimension 0 with size 1), the rewrite returns

Rewritten:
def program(x):
    out = x
    final = out
    return final
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    out = x
    for idx in range(x.numel()):
        i, j = torch.unravel_index(torch.tensor(idx, device=x.device), x.shape)
        t = x[j - 2]
    final = out
    return final


def arguments_0():
    x_base = torch.tensor([100, 255], dtype=torch.uint8).reshape((2, 1))
    x = x_base[1:]
    return (x,)


ARGUMENTS = (arguments_0,)
