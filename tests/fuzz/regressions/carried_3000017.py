"""Seed carried 3000017: loop and rewrite differ.

result: 5 in the loop, 1 in the rewrite
"""
# ruff: noqa

import torch


def program(other):
    most = torch.tensor(5)
    for i in range(other.shape[0]):
        for j in range(other.shape[1]):
            most = torch.maximum(most, other[i, j])
    return most


def arguments_0():
    return (torch.tensor([[True, False], [False, False]]),)


def arguments_1():
    return (torch.tensor([[3, 7], [1, 2]]),)


ARGUMENTS = (arguments_0, arguments_1)
