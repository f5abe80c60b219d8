"""A loop and its rewrite differed once (seed 86).

call: the loop raises RuntimeError (Output 1 of Unbind is a view and its base or another v
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    out = tensor
    for ii in range(1, -1, -1):
        for jj, (out_el1, tensor_el1) in enumerate(zip(out, tensor)):
            out[ii] = out_el1
    return out


def arguments_0():
    tensor = torch.tensor([0.0, 0.5, 1.0, 2.0, 1.0, 0.5, 2.0, 0.0, 1.0, 2.0, 1.0, 0.0, 2.0, 1.0, 1.0], dtype=torch.bfloat16).reshape((1, 5, 3)).expand((5, 5, 3))
    tensor.requires_grad_()
    tensor = tensor * 1
    return (tensor,)


ARGUMENTS = (arguments_0,)
