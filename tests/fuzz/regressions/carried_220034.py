"""Seed carried 220034: loop and rewrite differ.

explain: deloop failed (KeyError: 'least')

Rewritten:
def program(weight):
    n = 0
    least = torch.tensor(0, dtype=weight.dtype)
    for i in range(n):
        if least:
            least = weight
    return out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(weight):
    n = 0
    least = torch.tensor(0, dtype=weight.dtype)
    for i in range(n):
        if least:
            least = weight
    return out


def arguments_0():
    weight = torch.tensor(False, dtype=torch.bool)
    return (weight,)


ARGUMENTS = (arguments_0,)
