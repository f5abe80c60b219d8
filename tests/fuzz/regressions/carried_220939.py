"""Seed carried 220939: loop and rewrite differ.

result: a bool False in the loop, a Tensor of shape () and bool in the rewrite

Rewritten:
def program(data):
    return (data <= 0.0) & (0 > 0)
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data):
    for row in range(1):
        count = data <= 0.0 and row > 0
    return count


def arguments_0():
    data = torch.tensor(0.0, dtype=torch.float32)
    return (data,)


ARGUMENTS = (arguments_0,)
