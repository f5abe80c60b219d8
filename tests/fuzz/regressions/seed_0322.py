"""A loop and its rewrite differed once (seed 322).

call: the loop raises IndexError (index 0 is out of bounds for dimension 0 with size 0), t
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor, other):
    rows, cols, _ = tensor.shape
    result = torch.full((rows, cols, 2), 2.5)
    for r, (result_row, tensor_row) in enumerate(zip(result, tensor)):
        tmp = other[r]
    return result


def arguments_0():
    tensor_base = torch.tensor([], dtype=torch.float32).reshape((2, 0, 3))
    tensor = tensor_base
    other = torch.tensor([], dtype=torch.float64)
    return (tensor, other)


ARGUMENTS = (arguments_0,)
