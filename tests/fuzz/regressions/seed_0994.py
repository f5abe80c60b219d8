"""A loop and its rewrite differed once (seed 994).

result: 10 of 10 elements differ; the first at [0, 0]: 0.20000000298023224 in the loop, 0.
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, s):
    rows, cols = data.size()
    res = data
    for r in range(rows):
        for c in range(1):
            res[r] = round(s, 1)
    final = res
    return final


def arguments_0():
    data = torch.tensor([0.66, -2.36, 0.41, 3.46, 2.23, -1.23, 0.36, -1.22, 0.89, 3.67], dtype=torch.float32).reshape((5, 2))
    scale = torch.tensor([0.5, 2.0, 0.0, -1.0, 1.0], dtype=torch.bfloat16)
    scale = scale * 1
    return (data, 0.25)


ARGUMENTS = (arguments_0,)
