"""Seed carried 3020570: loop and rewrite differ.

call: the loop returns, the rewrite raises UnboundLocalError (cannot access local variable 'v' where it is not associated with a value)

Rewritten:
def program(x):
    if not len((torch.arange(2, dtype=torch.float64) > 0.0).nonzero()):
        if len(x):
            v = x
    return v
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    for row in range(len(x)):
        if row > 0.0:
            break
        v = x
    return v


def arguments_0():
    x_base = [0.0, 0.0]
    x = x_base
    return (x,)


ARGUMENTS = (arguments_0,)
