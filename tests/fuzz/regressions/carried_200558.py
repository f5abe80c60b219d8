"""Seed carried 200558: loop and rewrite differ.

explain: deloop failed (IndentationError: expected an indented block after function definition on line 1 (<unknown>, line 1))

Rewritten:
def program(data):
    rows, cols = data.shape
    for i in range(rows):
        pass
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program(data):
    rows, cols = data.shape
    for i in range(rows):
        pass


def arguments_0():
    data = torch.tensor([0.0, 0.0, 0.5], dtype=torch.float64).reshape((3, 1))
    return (data,)


ARGUMENTS = (arguments_0,)
