"""A loop and its rewrite differed once (seed 9).

result: 1 of 20 elements differ; the first at [0, 0]: nan in the loop, 0.0 in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    result = torch.zeros_like(tensor, dtype=torch.float64)
    for row, col in itertools.product(range(1), range(1)):
        result[row][col] = tensor[row, col]
        if result[row, col]:
            pass
        else:
            result[row, col] = col % result[row][col]
    return result


def arguments_0():
    tensor = torch.tensor([0.0, 1.3, 0.0, 1.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.8, 0.0, 1.9, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0], dtype=torch.float32).reshape((5, 4))
    tensor.requires_grad_()
    return (tensor,)


ARGUMENTS = (arguments_0,)
