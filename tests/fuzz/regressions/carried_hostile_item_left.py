"""Hostile review: loop and rewrite differed.

A Python number kept in a tensor was left as a tensor.
"""
# ruff: noqa

import torch


def program(x):
    prev = x[0].item()
    for i in range(1, len(x)):
        t = x[i].item()
        x[i] = t - prev
        prev = t
    return x, prev


def arguments_0():
    return (torch.tensor([3.0, 1.0, 2.0], dtype=torch.float64),)


ARGUMENTS = (arguments_0,)
