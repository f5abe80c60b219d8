"""Seed carried 220999: loop and rewrite differ.

result: True in the loop, False in the rewrite

Rewritten:
def program(x):
    return (torch.arange(1) != 0).all().item()
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    ok = True
    for i in range(1):
        for j in range(x.shape[1]):
            if not i:
                ok = False
    return ok


def arguments_0():
    x = torch.tensor([], dtype=torch.float32).reshape((2, 0, 2))
    return (x,)


ARGUMENTS = (arguments_0,)
