"""Seed carried 370198: a sum is a Python number still where ``or`` never asks a tensor."""
# ruff: noqa

import torch


def program(data):
    hits = 0
    for i in range(data.shape[0]):
        hits += i != 5 or data[i] >= 0
    return hits * 0.5


def arguments_0():
    return (torch.tensor([1.0, -2.0, 3.0]),)


def arguments_1():
    return (torch.tensor([1.0, -2.0, 3.0, 1.0, -2.0, 3.0]),)


ARGUMENTS = (arguments_0, arguments_1)
