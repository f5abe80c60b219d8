"""Seed idioms 2000657: loop and rewrite differ.

result: 4 of 8 elements differ; the first at [0, 2]: 0.125 in the loop, 1.625 in the rewrite
gradient of argument x: 8 of 8 elements differ; the first at [0, 0]: 0.1748969554901123 in the loop, -2.379375696182251 in the rewrite

Rewritten:
def program(x):
    total = x * x.shape[1]
    mask = x.sum(1) != 0
    r0 = torch.where(mask[:, None], torch.einsum('ia,iaw->iw', torch.where(mask[:, None], torch.einsum('ia,iab->ib', torch.where(total != 0, x, 1), torch.where((total != 0)[:, :, None], x.T, 1)), 1), torch.where(mask[:, None, None], x, 1)), 0)
    return r0
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x):
    out = torch.zeros_like(x)
    for i, row in enumerate(x):
        if x[i].sum():
            out[i] = x[i] @ x.t() @ x
    r0 = out
    return r0


def arguments_0():
    x = torch.tensor([0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 1.0]).reshape(2, 4).requires_grad_()
    return (x,)


ARGUMENTS = (arguments_0,)
