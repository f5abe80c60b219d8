"""A loop and its rewrite differed once (seed 922).

explain: deloop failed (IndexError: list index out of range)
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    rows, cols, depth = tensor.size()
    result = torch.zeros(rows, cols, depth, dtype=tensor.dtype, device=tensor.device)
    for i, result_row in enumerate(result):
        for j in range(cols):
            for p in range(depth):
                if j == p:
                    tensor[i][j][p] = 5 * tensor[i, j, p]
    return tensor


def arguments_0():
    tensor = torch.tensor([5], dtype=torch.int64).reshape((1, 1, 1)).permute(2, 1, 0)
    other = torch.tensor([1.95], dtype=torch.bfloat16)
    return (tensor,)


ARGUMENTS = (arguments_0,)
