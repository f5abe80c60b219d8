"""A loop and its rewrite differed once (seed 116).

call: the loop returns, the rewrite raises TypeError (isnan(): argument 'input' (position 
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data):
    res = torch.zeros(data.shape, dtype=torch.float64)
    for row in range(0):
        for col in range(1):
            for dep, data_el2 in enumerate(data):
                res[dep] = torch.isnan(res[row])
    return res


def arguments_0():
    data = torch.tensor([], dtype=torch.float32)
    return (data,)


ARGUMENTS = (arguments_0,)
