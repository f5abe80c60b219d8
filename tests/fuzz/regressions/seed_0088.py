"""A loop and its rewrite differed once (seed 88).

call: the loop returns, the rewrite raises NameError (name 'row' is not defined)
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    n = 0
    m = 1
    p2 = 2
    result = tensor
    for row in range(n):
        for col in range(row, m):
            for dep in range(p2):
                result[row, col, dep] = tensor[row, col, dep]
    return tensor


def arguments_0():
    tensor = torch.tensor([0.0, 0.0, 0.0, 2.3, 0.0, 0.0, 3.9, 0.0, 1.0, 0.0, nan, 0.4, 0.0, nan, 0.0, 0.0], dtype=torch.float32).reshape((2, 2, 4))
    return (tensor,)


ARGUMENTS = (arguments_0,)
