"""Seed parallel 2100177: loop and rewrite differ.

call: the loop raises RuntimeError (ZeroDivisionError), the rewrite returns
"""
# ruff: noqa

import torch


def program(data, mask):
    result = torch.zeros_like(data)
    for row in range(data.shape[0]):
        tmp = result[row] % mask[row]
        result[row] -= data[row]
    return result


def arguments_0():
    return (torch.tensor([1, 2, 3]), torch.tensor([1, 0, 2]))


def arguments_1():
    return (torch.tensor([1, 2, 3]), torch.tensor([1, 3, 2]))


ARGUMENTS = (arguments_0, arguments_1)
