"""Seed 61270: loop and rewrite differ.

call: the loop raises RuntimeError (ZeroDivisionError), the rewrite returns

Rewritten:
def program(data, scale):
    result = data
    return result
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale):
    n = len(scale)
    result = data
    for e in range(n):
        i = e
        if i:
            value = torch.fmod(result, scale)
    return result


def arguments_0():
    data = torch.tensor(6, dtype=torch.int64)
    scale = torch.tensor([0, 9], dtype=torch.int64)
    return (data, scale)


ARGUMENTS = (arguments_0,)
