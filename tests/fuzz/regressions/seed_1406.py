"""A loop and its rewrite differed once (seed 1406).

call: the loop raises IndexError (index 2 is out of bounds for dimension 1 with size 2), t
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, scale):
    n0, n1, n2, n3 = data.shape
    result = data
    for row in range(n0):
        for col in range(row, n1):
            for dep in range(n2):
                for lay in range(n3):
                    t = result[row, col, dep, lay] if scale[row, dep + 1, lay] else result[row, col, dep, lay]
    return result


def arguments_0():
    data = torch.tensor([0.0, 0.0, 0.0, 1.27, 0.93, 0.49, 1.65, 1.34], dtype=torch.bfloat16).reshape((2, 1, 2, 2))
    scale = torch.tensor([-2.68, -2.43, 1.55, 1.7, 3.66, 2.81, 0.51, 0.67], dtype=torch.float32).reshape((2, 2, 2))
    return (data, scale)


ARGUMENTS = (arguments_0,)
