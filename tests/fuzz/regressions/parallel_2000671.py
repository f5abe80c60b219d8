"""Seed parallel 2000671: loop and rewrite differ.

explain: deloop failed (IndentationError: unexpected indent (<unknown>, line 8))

Rewritten:
    def program(x):
        n0, n1, n2, n3 = x.size()
        res = torch.zeros(x.size())
        for row in range(n0):
            tmp = x[row, 0, 0, 0] + x[row, 1, 0, 0]
            for col in range(x.shape[1]):
                for dep in range(2):
                    for lay, (res_el3, x_el3) in enumerate(zip(res[row], x[row, col, dep])):
                        if tmp and 1:
                            res[row][col][dep][lay] = x_el3
                        tmp += row
        return res
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


class Model:

    def program(x):
        n0, n1, n2, n3 = x.size()
        res = torch.zeros(x.size())
        for row in range(n0):
            tmp = x[row, 0, 0, 0] + x[row, 1, 0, 0]
            for col in range(x.shape[1]):
                for dep in range(2):
                    for lay, (res_el3, x_el3) in enumerate(zip(res[row], x[row, col, dep])):
                        if tmp and 1:
                            res[row][col][dep][lay] = x_el3
                        tmp += row
        return res
program = Model.program


def arguments_0():
    x = torch.tensor([1, 7, 1, 4, 2, -8, -9, 2, -8, -9, 7, -6, -6, 3, -5, 0, -9, -2], dtype=torch.int64).reshape((1, 3, 2, 3))
    return (x,)


ARGUMENTS = (arguments_0,)
