"""A loop and its rewrite differed once (seed 995).

gradient: the backward pass of the rewrite raises RuntimeError: one of the variables neede
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


class Model:

    def program(data, scale):
        result = data
        for r in range(scale.shape[0]):
            if not scale[r]:
                result[r] = abs(result[r])
        return result
program = Model.program


def arguments_0():
    data = torch.tensor([1.32, 3.17], dtype=torch.bfloat16)
    data.requires_grad_()
    data = data * 1
    scale = torch.tensor([-1, 7], dtype=torch.int64)
    extra = torch.tensor([0.0, 0.0], dtype=torch.bfloat16)
    return (data, scale)


ARGUMENTS = (arguments_0,)
