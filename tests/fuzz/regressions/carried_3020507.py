"""Seed carried 3020507: loop and rewrite differ.

call: the loop returns, the rewrite raises UnboundLocalError (cannot access local variable 't2' where it is not associated with a value)

Rewritten:
def program(data, weight):
    stop = torch.where((torch.where(torch.arange(3) != 0, 0, 1) < 1) & (torch.arange(3) != 0), 0, 1)
    for t in range(3):
        t2 = torch.where(stop[t] < 1, t2, 1).item()
    return t2
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data, weight):
    rows = len(data)
    for t in range(len(weight)):
        for i in range(1, rows):
            if t:
                break
            t2 = i
    return t2


def arguments_0():
    data = [5, 9]
    weight = [1, 1, 1]
    return (data, weight)


ARGUMENTS = (arguments_0,)
