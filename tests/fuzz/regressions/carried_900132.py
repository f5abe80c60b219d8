"""Seed carried 900132: loop and rewrite differ.

call: the loop returns, the rewrite raises RuntimeError (expected scalar type Long but found Int)

Rewritten:
def program(x, y):
    rows, cols = x.shape
    y2 = torch.zeros(cols, rows)
    out2 = torch.zeros(cols, rows)
    res = torch.zeros(x.shape[1], rows)
    out = x.T.double()
    out[torch.arange(2 * rows - x.shape[1] - 1, rows - x.shape[1] - 1, -1), torch.arange(2 * rows - x.shape[1] - 1, rows - x.shape[1] - 1, -1)] = (y.flip(0) + x[torch.arange(2 * rows - x.shape[1] - 1, rows - x.shape[1] - 1, -1), torch.arange(2 * rows - x.shape[1] - 1, rows - x.shape[1] - 1, -1)]).double()
    y2[:, 2:] = out[:, 2:].abs()
    out2[:, 2:] = y2[:, :-2] + x[:-2].flip(0).T
    res[:, 2:] = out2[:, 2:] + y2[:, :-2]
    return out, y2, out2, res, -torch.einsum('ab,a->', x, y.flip(0))
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(x, y):
    rows, cols = x.shape
    out = torch.ones((cols, rows), dtype=torch.float64)
    y2 = torch.zeros(cols, rows)
    out2 = torch.zeros(cols, rows)
    res = torch.zeros(x.shape[1], rows)
    acc = 0
    for row in range(cols - 1, -1, -1):
        for col in range(rows):
            out[row, col] = x[col, row]
            if row == col:
                out[row, col] = y[col] + x[col, row]
            if col >= 2:
                y2[row, col] = out[row, col].abs()
                out2[row, col] = y2[row, col - 2] + x[rows - 1 - col, row]
                res[row, col] = out2[row, col] + y2[row, col - 2]
            acc -= x[col, row] * y[rows - 1 - col]
    return (out, y2, out2, res, acc)


def arguments_0():
    x = torch.tensor([3, 3, -9, 9], dtype=torch.int32).reshape((2, 2)).permute(1, 0)
    y = torch.tensor([-8, -1], dtype=torch.int32)
    return (x, y)


ARGUMENTS = (arguments_0,)
