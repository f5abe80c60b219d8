"""Seed 2720: loop and rewrite differ.

call: the loop raises RuntimeError (Output 1 of Unbind is a view and its base or another view of its base has been modified inplace. This view is the output of a function that returns multiple views. Such functions do not allow the output views to be modified inplace. You should replace the inplace operation by an out-of-place one.), the rewrite returns

Rewritten:
def program(tensor):
    tensor[:] = tensor.clone()
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    for r in range(0, 1, 2):
        for c, tensor_el1 in enumerate(tensor):
            tensor[c] = tensor_el1


def arguments_0():
    tensor = torch.tensor([0.0, 3.02, 2.26, 1.58, -1.53, -3.95, 1.22, 0.56, 1.51, 0.48], dtype=torch.float32)
    tensor.requires_grad_()
    tensor = tensor * 1
    return (tensor,)


ARGUMENTS = (arguments_0,)
