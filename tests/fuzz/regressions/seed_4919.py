"""Seed parallel 4919: a store of a carried value was dropped, and with it the gradient's record."""
# ruff: noqa

import torch


def program(tensor, other):
    result = torch.zeros(tensor.size())
    previous = 0
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            result[i, j] = previous
            previous = tensor[i, -1 - j]
            result[i, j] = other[j]
    return result


def arguments_0():
    return torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True), torch.tensor([0.25, 4.0])


ARGUMENTS = (arguments_0,)
