"""A loop and its rewrite differed once (seed 87).

call: the loop returns, the rewrite raises AttributeError ('int' object has no attribute '
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    result = torch.zeros_like(tensor)
    for i, j in itertools.product(range(0), range(1)):
        q = result[i]
        result[i] = q.neg()
    return result


def arguments_0():
    tensor = torch.tensor([], dtype=torch.complex64)
    return (tensor,)


ARGUMENTS = (arguments_0,)
