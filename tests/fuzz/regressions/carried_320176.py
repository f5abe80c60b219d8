"""Seed carried 320176: new values of two variables waited for each other in one iteration."""
# ruff: noqa

import torch


def program(data):
    out = torch.zeros(len(data), dtype=torch.float64)
    h = 0.0
    acc = 0
    for i in range(2, len(data)):
        h = data[i] * data[i] + 0.25 * data[i] * h
        acc += h - data[i]
        if data[i] > -0.8:
            out[i] = acc
    return out, h


def arguments_0():
    return (torch.tensor([1.0, -2.0, 3.5, 0.25, -1.5]),)


ARGUMENTS = (arguments_0,)
