"""Seed carried 310497: a scan inside of a loop that stays read the value before its own step."""
# ruff: noqa

import torch


def program(x, w, v):
    res = torch.zeros(len(x), v.shape[0])
    total = 3
    for i in range(2, len(x)):
        for j in range(len(v) - 1):
            total += w[j]
            res[i, j] = total // 2
            res[i, j + 1] = v[j] * v[j]
    return res, total


def arguments_0():
    return torch.zeros(4), torch.tensor([2.0, -3.0, 5.0]), torch.tensor([1.0, 2.0, 3.0, 4.0])


ARGUMENTS = (arguments_0,)
