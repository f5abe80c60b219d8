"""Seed carried 310462: the loop leaves an element of the argument, a choice is a new tensor."""
# ruff: noqa

import torch


def program(a, b):
    rows, cols = a.shape
    res = torch.zeros((rows, cols), dtype=torch.float64)
    best = torch.zeros(())
    for t in range(1, rows):
        for i in range(2, cols):
            best = max(a[t - 1, i], best)
            res[t, i] = torch.sin(res[t - 1, i - 2]) + a[t, i] * b[i]
    return res, best


def arguments_0():
    return torch.arange(12.0).reshape(3, 4), torch.tensor([1.0, 2.0, 3.0, 4.0])


ARGUMENTS = (arguments_0,)
