"""Seed indexed 9: loop and rewrite differ.

call: the loop returns, the rewrite raises IndexError (tensors used as indices must be long, int, byte or bool tensors)

Rewritten:
def program(a, n):
    out = torch.zeros(n)
    out[a] = torch.arange(a.shape[0], dtype=torch.float32)
    return out
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, n):
    out = torch.zeros(n)
    for e, k in enumerate(a):
        out[k] = e
    return out


def arguments_0():
    a = torch.tensor([], dtype=torch.int16)
    return (a, 2)


ARGUMENTS = (arguments_0,)
