"""Seed 20669: loop and rewrite differ.

call: the loop raises ZeroDivisionError (division by zero), the rewrite returns

Rewritten:
def program(a):
    return torch.where(torch.arange(1) != 0, a[:1] / torch.arange(1), (torch.arange(1, dtype=torch.float64) / torch.arange(1, dtype=torch.float64)).float())
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a):
    result = torch.zeros(1)
    for i in range(1):
        t = a[i]
        result[i] = (t if i else i) / i
    return result


def arguments_0():
    a = torch.tensor([0.0], dtype=torch.float32)
    return (a,)


ARGUMENTS = (arguments_0,)
