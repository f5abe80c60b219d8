"""Seed 70840: loop and rewrite differ.

result: requires_grad True in the loop, False in the rewrite
argument data: requires_grad True in the loop, False in the rewrite

Rewritten:
def program(data, extra):
    out = data
    data[:1] = extra[:1].bool()
    final = out
    return final
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, extra):
    n = 1
    out = data
    for i in range(n):
        out[i] = extra[i]
        out[i] = out[i].bool()
    final = out
    return final


def arguments_0():
    data_base = torch.tensor([0.0], dtype=torch.float32)
    data = data_base
    extra = torch.tensor([2.0], dtype=torch.float32)
    extra.requires_grad_()
    return (data, extra)


ARGUMENTS = (arguments_0,)
