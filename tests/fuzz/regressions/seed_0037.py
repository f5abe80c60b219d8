"""Seed 37: loop and rewrite differ.

result: 0.0 in the loop, 1.0 in the rewrite
result: is argument a in the loop, is no other in the rewrite
"""


import torch


def program(a):
    result = a
    for i in range(0):
        result[i] = abs
    return result


def arguments_0():
    a = torch.tensor(0.0, dtype=torch.bfloat16)
    return (a,)


ARGUMENTS = (arguments_0,)
