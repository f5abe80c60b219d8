"""Seed carried 910236: of a condition by place and on data, the part on data was dropped.

result[1]: 5 of 5 elements differ; the first at [0]: 1.5 in the loop, 5.5 in the rewrite
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data):
    acc = torch.zeros(data.shape[1])
    for row in range(2, data.shape[0]):
        if row % 2 == 1 and row > 0:
            acc += data[row] + data[row - 2]
    return acc


def arguments_0():
    return (torch.tensor([[1.0, 2.0], [0.5, -1.0], [3.0, 4.0], [1.0, 1.5], [2.0, -2.0]]),)


ARGUMENTS = (arguments_0,)
