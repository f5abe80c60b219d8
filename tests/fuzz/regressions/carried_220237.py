"""Seed carried 220237: loop and rewrite differ.

result: False in the loop, True in the rewrite

Rewritten:
def program(a, b):
    return (b[:1] != 0).any().item()
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    found = False
    for i in range(a.shape[1] - 2):
        for j in range(1):
            if b[j]:
                found = True
    return found


def arguments_0():
    a = torch.tensor([2, 7, 1, 5], dtype=torch.int64).reshape((2, 2))
    b = torch.tensor([9223372036854775806], dtype=torch.int64)
    return (a, b)


ARGUMENTS = (arguments_0,)
