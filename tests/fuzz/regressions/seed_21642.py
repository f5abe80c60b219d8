"""Seed 21642: loop and rewrite differ.

call: the loop raises RuntimeError (Autograd not support dtype: Long), the rewrite returns

Rewritten:
def program(a, b):
    result = torch.zeros_like(a, dtype=torch.int64)
    for idx in range(a.shape[0]):
        result[idx // 1, torch.arange(a.shape[1])[:, None], torch.arange(a.shape[2])] = b[idx // 1, idx % 1].long()
    return result
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(a, b):
    result = torch.zeros_like(a, dtype=torch.int64)
    for idx in range(a.size(0)):
        r, c = divmod(idx, 1)
        result[r] = b[r, c]
    return result


def arguments_0():
    a = torch.tensor([0.0, 0.0, 0.0, 3.52], dtype=torch.float64).reshape((2, 2, 1))
    b = torch.tensor([1.11, 1.03, 1.99, 0.75], dtype=torch.float32).reshape((2, 2))
    b.requires_grad_()
    return (a, b)


ARGUMENTS = (arguments_0,)
