"""A loop and its rewrite differed once (seed 34).

call: the loop raises RuntimeError (A view was created in no_grad mode and is being modifi
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b, c):
    n = c.shape[0]
    out = torch.zeros(a.size())
    for ii in range(n):
        for b_el1, a_el1, out_el1 in zip(b[ii], a[ii], out[ii]):
            out_el1 += b_el1
    final = out
    return final


def arguments_0():
    a = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], dtype=torch.float32).reshape((2, 5))
    b = torch.tensor([-2.56, 2.61, -0.82, -3.01, 1.63, 1.82, -3.57, -0.05, 2.07, 2.98], dtype=torch.float32).reshape((2, 5))
    b.requires_grad_()
    c = torch.tensor([-1.31, 1.58, -0.78, 1.27, 0.15, -1.05, 3.31], dtype=torch.float32).as_strided((2, 5), (1, 1))
    return (a, b, c)


ARGUMENTS = (arguments_0,)
