"""Seed 21752: loop and rewrite differ.

gradient: the backward pass of the rewrite raises RuntimeError: derivative for aten::floor_divide is not implemented

Rewritten:
def program(a, b):
    n0, = a.size()
    res = torch.zeros(n0)
    res[1:] = torch.where(b[1:a.shape[0]] != 0, b[1:a.shape[0]], b[1:a.shape[0]] // 1.5)
    return res
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


class Model:

    def program(a, b):
        n0, = a.size()
        res = torch.zeros(n0)
        for i in range(1, n0):
            value = b[i]
            if value:
                res[i] += value
            else:
                res[i] = value // 1.5
        return res
program = Model.program


def arguments_0():
    a = torch.tensor([nan], dtype=torch.float32).expand(3)
    b = torch.tensor([0.0, -2.85, 3.39, 2.08, 3.8, 1.63], dtype=torch.float32)
    b.requires_grad_()
    return (a, b)


ARGUMENTS = (arguments_0,)
