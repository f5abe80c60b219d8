"""A loop and its rewrite differed once (seed 1484).

result: 1 of 9 elements differ; the first at [4]: False in the loop, True in the rewrite
"""
# ruff: noqa


import itertools
import math
from math import inf, nan
import torch
import torch as th
import torch.nn.functional as F

def program(tensor, weight):
    rows, = tensor.size()
    res = th.ones(weight.size(0), dtype=th.bool)
    for flat in range(tensor.nelement()):
        r = flat
        t = tensor[rows - r - 1].square()
        if 0 < r < 3:
            pass
        elif t:
            pass
        else:
            res[r] = t
    return res


def arguments_0():
    tensor = torch.tensor([-1.0, -1.0, 1.0, 1.0, 0.0, 2.0, 2.0, -1.0, -1.0], dtype=torch.float32)
    other = torch.tensor([5, 4, 6, 4, 8, 7, 7, 0, 7], dtype=torch.uint8)
    weight = torch.tensor([-1, -4, -6, -1, 2, 9, -2, 1, 9], dtype=torch.int64)
    return (tensor, weight)


ARGUMENTS = (arguments_0,)
