"""Seed 3086: loop and rewrite differ.

call: the loop raises RuntimeError (A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked).), the rewrite returns

Rewritten:
def program(data, scale):
    data[:] = scale[:, None]
    final = data
    return final
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale):
    n, _ = data.shape
    result = data
    for i in range(n):
        result[i] = scale[i]
    final = data
    return final


def arguments_0():
    data = torch.tensor([0, 2, 1], dtype=torch.int32).reshape((3, 1))
    scale = torch.tensor([0.0, 0.0, 0.0], dtype=torch.float32)
    scale.requires_grad_()
    return (data, scale)


ARGUMENTS = (arguments_0,)
