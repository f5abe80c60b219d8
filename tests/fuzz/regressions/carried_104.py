"""Seed carried 104: loop and rewrite differ.

result: 3 of 10 elements differ; the first at [1, 1]: 7.0 in the loop, 5.0 in the rewrite

Rewritten:
def program(x, y):
    return (x + x[:, None]).float().sum(1)
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    result = torch.zeros(x.shape)
    for t in range(len(y)):
        result[:] = result + x[t] + x
    return result


def arguments_0():
    x = torch.tensor([False, False, False, True, True, False, False, False, False, True], dtype=torch.bool).reshape((5, 2,))
    y = torch.tensor([False, False, False, True, False], dtype=torch.bool)
    return (x, y,)


ARGUMENTS = (arguments_0,)
