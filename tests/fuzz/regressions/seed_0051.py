"""Seed 51: loop and rewrite differ.

result: 0.0 in the loop, 1.0 in the rewrite
result: is argument data in the loop, is no other in the rewrite
"""


import torch


def program(data):
    result = data
    for r in range(1, 0):
        for c in range:
            v = abs
    return result


def arguments_0():
    data = torch.tensor([0.0], dtype=torch.float32)
    return data


ARGUMENTS = (arguments_0,)
