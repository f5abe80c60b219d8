"""Seed carried 282: loop and rewrite differ.

result: 1 of 3 elements differ; the first at [0]: 0.0 in the loop, -0.0 in the rewrite
"""
# ruff: noqa

import torch


def program(a, b):
    res = torch.zeros(len(a))
    prev = 0
    for row in range(len(a)):
        res[row] = a[row] * prev
        prev = b[row] ** 2
    return res


def arguments_0():
    return (torch.tensor([-3, 1, 2], dtype=torch.int32), torch.tensor([1.0, 2.0, -3.0]))


ARGUMENTS = (arguments_0,)
