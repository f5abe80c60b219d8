"""A loop and its rewrite differed once (seed 1534).

result: requires_grad False in the loop, True in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    res = torch.zeros_like(a)
    aux = torch.zeros_like(a)
    for row in range(0, b.shape[0], 1):
        for col in range(1, 0, -1):
            for dep in range(2):
                if res[row, col, dep]:
                    res[row, col, dep] = a[row, col, dep - 2]
                res[row, col, dep] = aux[row, col, dep] - (b[row, col, dep] - res[row, col, dep])
    final = res
    return final


def arguments_0():
    a = torch.tensor([0.91, 0.81, 0.17, 1.88, 0.25, 0.16, 1.45, 1.36, 1.79, 1.67, 0.29, 0.96, 1.1, 0.96, 1.37, 1.89, 1.11, 0.11], dtype=torch.float32).reshape((3, 2, 3))
    a.requires_grad_()
    b = torch.tensor([1.0, 0.5, 0.0, 0.5, 0.0, 2.0, 2.0, 0.0, -1.0, 2.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.5, 1.0, 1.0], dtype=torch.float32).reshape((3, 2, 3))
    c = torch.tensor([-1e-30, 0.31, 0.0, nan, -2.03, -0.0, -1e-30, 0.21, 1.01, -0.13, -0.21, -2.42, -3.13, 0.28, 1.65, 3.2, inf, 0.0], dtype=torch.float32).reshape((3, 2, 3))
    return (a, b)


ARGUMENTS = (arguments_0,)
