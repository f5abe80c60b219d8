"""Seed 57: loop and rewrite differ.

result: 1 of 1 elements differ; the first at [0]: 0.0 in the loop, 1.0 in the rewrite
result: is argument data in the loop, is no other in the rewrite
"""


import torch


def program(data):
    res = data
    for r, r_ in enumerate(range(1)):
        res[r] = abs(r)
    return res


def arguments_0():
    data = torch.tensor([0.0], dtype=torch.bfloat16)
    return (data,)


ARGUMENTS = (arguments_0,)
