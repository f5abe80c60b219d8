"""A loop and its rewrite differed once (seed 478).

result: 2 of 6 elements differ; the first at [0, 0]: 1 in the loop, 0 in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor, other):
    result = tensor
    for i in range(1, -1, -1):
        for j, other_el1 in enumerate(other[i]):
            if result[i][j]:
                pass
            else:
                result[i][j] = other_el1 ** i
    return result


def arguments_0():
    tensor = torch.tensor([0, 1, 2, 0, 0, 0], dtype=torch.int32).reshape((2, 3))
    other = torch.tensor([0.0, 2.0, 0.0, 0.5, 0.5, 0.5], dtype=torch.float64).reshape((2, 3))
    other.requires_grad_()
    return (tensor, other)


ARGUMENTS = (arguments_0,)
