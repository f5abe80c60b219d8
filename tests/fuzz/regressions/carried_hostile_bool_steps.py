"""Hostile review: loop and rewrite differed.

Bools were added up as bools in each step of a running int64.
"""
# ruff: noqa

import torch


def program(m):
    out = torch.zeros(m.shape)
    s = 0
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            s = s + m[i, j]
        out[i, 0] = s
    return out, s


def arguments_0():
    return (torch.ones(2, 3, dtype=torch.bool),)


def arguments_1():
    return (torch.ones(2, 3),)


ARGUMENTS = (arguments_0, arguments_1,)
