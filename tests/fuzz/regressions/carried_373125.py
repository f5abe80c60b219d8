"""Seed carried 373125: a variable that stands for sum(values) begins nowhere in the new code."""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, other):
    n, m = data.shape
    values = []
    for i in range(1, n):
        values.append(other)
    return sum(values)


def arguments_0():
    data = torch.tensor([-3.27], dtype=torch.float32).reshape((1, 1))
    other = torch.tensor(-3, dtype=torch.int64)
    return (data, other)


ARGUMENTS = (arguments_0,)
