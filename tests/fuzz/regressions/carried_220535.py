"""Seed carried 220535: loop and rewrite differ.

result: a bool True in the loop, a Tensor of shape () and bool in the rewrite

Rewritten:
def program(x):
    count = (x >= 0.0) | (0 != 1)
    mean = count
    return mean
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    n = 1
    for i in range(n):
        count = x >= 0.0 or i != 1
    mean = count
    return mean


def arguments_0():
    x = torch.tensor(-1.0, dtype=torch.float32)
    return (x,)


ARGUMENTS = (arguments_0,)
