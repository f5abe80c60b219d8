"""Hostile review: loop and rewrite differed.

A kept value and the carried variable of its name were both read.
"""
# ruff: noqa

import torch


def program(m):
    where = -1
    for i in range(m.shape[0]):
        c = 0
        for j in range(m.shape[1]):
            c = c + m[i, j]
            m[i, j] = c
            where = j
    return m, where


def arguments_0():
    return (torch.tensor([[0.5, 2.0, 1.0], [3.0, -1.0, 0.0]]),)


ARGUMENTS = (arguments_0,)
