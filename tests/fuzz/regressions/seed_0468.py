"""A loop and its rewrite differed once (seed 468).

result: requires_grad False in the loop, True in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    result = torch.zeros_like(a)
    for flat in range(1):
        row = flat
        if b[row]:
            continue
        result[row] = a[row]
    return result


def arguments_0():
    a = torch.tensor([0.0], dtype=torch.float32)
    a.requires_grad_()
    b = torch.tensor([1], dtype=torch.uint8)
    return (a, b)


ARGUMENTS = (arguments_0,)
