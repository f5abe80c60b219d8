"""A loop and its rewrite differed once (seed 78).

call: the loop raises RuntimeError (A view was created in no_grad mode and is being modifi
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    n0 = 1
    result = torch.zeros(x.shape)
    for i in range(0, n0, 2):
        for j, (x_el1, result_el1) in enumerate(zip(x[i], result[i])):
            result_el1 += y
    return result


def arguments_0():
    x = torch.tensor([0.0, 0.0, 0.0, 0.0], dtype=torch.float32).as_strided((2, 3), (1, 1))
    y = torch.tensor(0.0, dtype=torch.float16)
    y.requires_grad_()
    return (x, y)


ARGUMENTS = (arguments_0,)
