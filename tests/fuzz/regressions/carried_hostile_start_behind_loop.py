"""Hostile review: loop and rewrite differed.

A start was put where a value is read behind the loop that updates it.
"""
# ruff: noqa

import torch


def program(m):
    rows, cols = m.shape
    out = torch.zeros(rows)
    res = torch.zeros(rows)
    for i in range(rows):
        top = -1e9
        where = 0
        for j in range(cols):
            if m[i, j] > top:
                top = m[i, j]
                where = j
        out[i] = where
        res[i] = top
    return res, out, where


def arguments_0():
    return (torch.tensor([[0.5, 2.0, 1.0], [3.0, -1.0, 0.0]]),)


def arguments_1():
    return (torch.tensor([[4]]),)


ARGUMENTS = (arguments_0, arguments_1,)
