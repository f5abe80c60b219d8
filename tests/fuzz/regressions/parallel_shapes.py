"""Loop and rewrite differ: a shape beside another size is no size.

call: the loop raises TypeError (zeros() takes 1 positional argument but 2 were given), the rewrite returns
"""
# ruff: noqa

import torch


def program(b):
    out = torch.zeros(b.shape, b.shape)
    for i in range(len(b)):
        for j in range(len(b)):
            out[i, j] = b[i] * b[j]
    return out


def arguments_0():
    return (torch.tensor([1.0, 2.0]),)


ARGUMENTS = (arguments_0,)
