"""Seed 2859: loop and rewrite differ.

result: 1 of 9 elements differ; the first at [3]: -3.000000196258126e+30 in the loop, -2.999999894026671e+30 in the rewrite

Rewritten:
def program(data):
    return torch.arange(data.shape[0]) / data
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data):
    out = torch.zeros(data.size(0))
    for r in range(data.size(0)):
        out[r] = r / data[r]
    return out


def arguments_0():
    data = torch.tensor([0.0, 3.55, -1.98, -1e-30, 0.42, 0.9, -0.0, -3.18, inf], dtype=torch.float32)
    return (data,)


ARGUMENTS = (arguments_0,)
