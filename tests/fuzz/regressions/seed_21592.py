"""Seed 21592: loop and rewrite differ.

call: the loop returns, the rewrite raises RuntimeError (Integers to negative integer powers are not allowed.)

Rewritten:
def program(tensor, threshold):
    res = tensor
    tensor[:0] = transform(tensor[:0], threshold)
    return res
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def transform(v, w2):
    r = v ** (-1)
    return r

def program(tensor, threshold):
    res = tensor
    for ii in range(0):
        res[ii] = transform(res[ii], threshold)
    return res


def arguments_0():
    tensor_base = torch.tensor([-6, -5, -1], dtype=torch.int32)
    tensor = tensor_base
    return (tensor, 1.0)


ARGUMENTS = (arguments_0,)
