"""Hostile review: loop and rewrite differed.

A sum under a loop that stays forgot what its earlier iterations had left.
"""
# ruff: noqa

import torch


def program(m):
    tot = torch.zeros(m.shape[1])
    for i in range(m.shape[0]):
        s = 0.0
        for j in range(m.shape[1]):
            s = s + m[i, j]
            tot[j] += s
    return tot


def arguments_0():
    return (torch.arange(6, dtype=torch.float64).reshape(2, 3),)


def arguments_1():
    return (torch.ones(3, 1),)


ARGUMENTS = (arguments_0, arguments_1,)
