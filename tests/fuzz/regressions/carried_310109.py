"""Seed carried 310109: what left a loop took the name of the variable that it was for."""
# ruff: noqa

import torch


def program(a, b):
    previous = torch.tensor(0.5)
    out = torch.zeros(a.shape)
    for t in range(len(a)):
        out[t] = torch.tanh(previous * b[t]) + torch.exp(a[t] * b[t])
        previous = torch.sin(a[t] * b[t]) + out[t]
    return out, previous


def arguments_0():
    return torch.tensor([1.0, -2.0, 0.5]), torch.tensor([0.5, 2.5, -1.0])


ARGUMENTS = (arguments_0,)
