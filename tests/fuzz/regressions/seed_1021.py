"""A loop and its rewrite differed once (seed 1021).

call: the loop raises IndexError (index 2 is out of bounds for dimension 0 with size 0), t
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


class Model:

    def program(a):
        res = 2
        for dep in range(2, 1, -1):
            v = a[dep]
        return res
program = Model.program


def arguments_0():
    a = torch.tensor([], dtype=torch.uint8)
    return (a,)


ARGUMENTS = (arguments_0,)
