"""A loop and its rewrite differed once (seed 318).

result: 1 of 1 elements differ; the first at [0]: 16 in the loop, 8 in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(tensor):
    result = torch.zeros_like(tensor)
    for e in range(1):
        row = e
        result[row] = result[row].add(tensor[row], alpha=2)
    return result


def arguments_0():
    tensor = torch.tensor([8], dtype=torch.uint8)
    return (tensor,)


ARGUMENTS = (arguments_0,)
