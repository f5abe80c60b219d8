"""Seed 8: loop and rewrite differ.

result: 1 of 1 elements differ; the first at [0]: 0.0 in the loop, 1.0 in the rewrite
"""


import torch


def program():
    res = torch.zeros(1)
    for row in range(1, 1):
        u = abs
    return res


def arguments_0():
    return ()


ARGUMENTS = (arguments_0,)
