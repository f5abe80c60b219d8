"""Hostile review: loop and rewrite differed.

A value two iterations late crashed, and began as a number, an alias or without a gradient.
"""
# ruff: noqa

import torch


def program(x, y):
    a, b = 0, 0
    c, d = x[0], y[0]
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = b
        b = a
        a = x[i]
    for i in range(len(x)):
        out[i] += c * d
        c, d = d, x[i]
    return out, a, b, c, d


def arguments_0():
    return (torch.ones(1), torch.ones(1))


def arguments_1():
    return (torch.arange(4.0), torch.ones(4))


ARGUMENTS = (arguments_0, arguments_1,)
