"""A loop and its rewrite differed once (seed 82).

gradient of argument weight: 1 of 30 elements differ; the first at [0, 0, 1]: 0.5824068595
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor, weight):
    out = torch.zeros_like(tensor)
    for i in range(0, 1, 1):
        t = tensor[1, 1] / weight[i, 0]
        for j, out_el1 in enumerate(out[i]):
            if j == i:
                out[i, j] = t
    return out.sum()


def arguments_0():
    tensor = torch.tensor([0.0, 0.0, -0.47, -0.33, -2.96, -2.54, -2.98, -3.23, 0.52, -3.33, 2.88, -1.23, 3.85, 1.58, 2.36, 3.67, 3.02, 2.51, 2.79, 3.01, 1.4, 0.81, -0.91, -3.5, 2.25, 1.5, -3.86, -0.34, -1.01, 0.53], dtype=torch.float64).reshape((5, 3, 2))
    weight = torch.tensor([0.0, 2.0, 0.5, 1.0, 0.5, 2.0, 1.0, 0.0, 2.0, 2.0, 0.5, 0.5, 0.0, 2.0, -1.0, 0.0, 0.5, 2.0, 0.5, 0.5, 2.0, 2.0, 1.0, 2.0, 0.0, 2.0, 1.0, 0.5, 1.0, 0.5], dtype=torch.float64).reshape((5, 3, 2))
    weight.requires_grad_()
    return (tensor, weight)


ARGUMENTS = (arguments_0,)
