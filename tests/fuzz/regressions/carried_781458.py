"""Seed carried 781458: a sum with an element that is still 0 was left as a view of the other one."""
# ruff: noqa

import torch


def program(a, q):
    res = torch.zeros((a.shape[0],), dtype=torch.int64)
    for row in range(a.shape[0] - 1):
        for col in range(a.shape[1] - 1):
            t2 = res[row] + a[row, col + 1]
        res[row] = q
    return res, t2


def arguments_0():
    return torch.arange(6).reshape(2, 3), 3


ARGUMENTS = (arguments_0,)
