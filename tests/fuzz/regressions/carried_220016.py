"""Seed carried 220016: loop and rewrite differ.

explain: deloop failed (KeyError: 'p2')

Rewritten:
def program(x):
    rows, cols = x.shape
    p2 = torch.tensor(1.0, dtype=x.dtype)
    for i in range(rows):
        p2 = 1 * p2
    return result
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    rows, cols = x.shape
    p2 = torch.tensor(1.0, dtype=x.dtype)
    for i in range(rows):
        p2 = 1 * p2
    return result


def arguments_0():
    x = torch.tensor([], dtype=torch.float32).reshape((5, 0))
    return (x,)


ARGUMENTS = (arguments_0,)
