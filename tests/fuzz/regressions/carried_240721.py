"""Seed carried 240721: loop and rewrite differ.

result: a float 1.0 in the loop, a int 1 in the rewrite

Rewritten:
def program(data):
    return data.shape[1]
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data):
    rows, cols, depth = data.shape
    s = 0.0
    for col in range(0, cols):
        s = s + 1
    return s


def arguments_0():
    data = torch.tensor(5, dtype=torch.int64).reshape((1, 1, 1))
    return (data,)


ARGUMENTS = (arguments_0,)
