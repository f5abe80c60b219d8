"""Hostile review: loop and rewrite differed.

A read that went with its update still ordered the statements: a crash.
"""
# ruff: noqa

import torch


def program(x):
    m = x[0]
    s = 0
    out = torch.zeros_like(x)
    for i in range(len(x)):
        m = torch.minimum(m, x[i])
        s = s + (x[i] - m)
        out[i] = s
    return out, s, m


def arguments_0():
    return (torch.tensor([3.0, 1.0, 2.0], dtype=torch.float16),)


def arguments_1():
    return (torch.tensor([3.0, 1.0, 2.0]),)


ARGUMENTS = (arguments_0, arguments_1,)
