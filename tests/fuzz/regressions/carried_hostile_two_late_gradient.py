"""Hostile review: loop and rewrite differed.

Two iterations record no gradient of a value two iterations late.
"""
# ruff: noqa

import torch


def program(x):
    a, b = 0, 0
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = b
        b = a
        a = x[i]
    return out


def arguments_0():
    return (torch.ones(2, requires_grad=True),)


def arguments_1():
    return (torch.arange(4.0, requires_grad=True),)


def arguments_2():
    return (torch.ones(1),)


ARGUMENTS = (arguments_0, arguments_1, arguments_2,)
