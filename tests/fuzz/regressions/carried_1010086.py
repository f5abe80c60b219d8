"""Seed carried 1010086: loop and rewrite differ.

call: the loop raises RuntimeError (The size of tensor a (5) must match the size of tensor b (4) at non-singleton dimension 0), the rewrite returns

Rewritten:
def program(a, b):
    pass
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    for t, u in enumerate(a):
        if t % 2 == 1:
            break
        v = b[t] + u


def arguments_0():
    a = torch.tensor([2, 0, 1, 1, 1, 0, 0, 2, 2, 0, 0, 2, 2, 2, 0, 1, 2, 0, 0, 2], dtype=torch.int32).reshape((5, 4))
    b = torch.tensor([2.32, -3.75, 1.1, 1.0, -1.125, 0.75, 3.875, 3.25, 2.49, -1.35], dtype=torch.float32).as_strided((5, 5), (1, 1))
    c_base = torch.tensor([5, 3, 5, 7, 4, -3, 0, 3, 8, 2, 3, 5, -7, 5, 5, 6, 2, -1, 6, 3, -5, 8, -4, -3, -5, 0, -1, 7, -7, -5], dtype=torch.int32).reshape((6, 5))
    c = c_base[1:]
    return (a, b)


ARGUMENTS = (arguments_0,)
