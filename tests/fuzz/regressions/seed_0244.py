"""A loop and its rewrite differed once (seed 244).

call: the loop returns, the rewrite raises RuntimeError (The size of tensor a (2) must mat
"""
# ruff: noqa


import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


class Model:

    def program(x, y):
        rows = 1
        depth = x.shape[2]
        result = torch.zeros((depth, x.shape[0], x.size(1)))
        for i in range(rows):
            for j, x_row1 in enumerate(x[i]):
                for k2 in range(0, depth, 2):
                    if k2:
                        result[k2][i][j] = y / (result[k2, i, j].long() + y)
                        if result[k2, i, j] < abs(rows - 2.0):
                            result[k2][i][j] = -x[i % 2, j, k2] / abs(y)
                        else:
                            result[k2][i][j] = result[k2, i, j]
        return result
program = Model.program


def arguments_0():
    x = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.5, 0.0, -1.0, 1.0, -1.0, 2.0, 0.5, 2.0, 0.0, 0.0, 1.0, 0.5, -1.0, 0.5, -1.0, 0.0, 1.0, 1.0, 0.0, 2.0, 1.0, 2.0, 0.5], dtype=torch.float32).reshape((3, 3, 3))
    x.requires_grad_()
    y = torch.tensor(2.98, dtype=torch.float32)
    y.requires_grad_()
    return (x, y)


ARGUMENTS = (arguments_0,)
