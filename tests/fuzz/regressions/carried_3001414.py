"""Seed carried 3001414: loop and rewrite differ.

result[0]: 4 of 9 elements differ
"""
# ruff: noqa

import torch


def program(x, y):
    out = torch.zeros_like(x)
    result = torch.zeros(x.shape[0])
    total = 0.0
    for row in reversed(range(x.shape[0])):
        old = 1.5
        for col in range(y.shape[0]):
            total = total + x[row][col - 1]
            out[row, col] = old
            old = total * y[col]
        result[row] = old
    return out, result, total


def arguments_0():
    return (torch.arange(9.0).reshape(3, 3), torch.tensor([1.0, -2.0, 0.5]))


ARGUMENTS = (arguments_0,)
