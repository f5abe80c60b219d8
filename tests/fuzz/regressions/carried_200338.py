"""Seed carried 200338: loop and rewrite differ.

explain: deloop failed (IndentationError: expected an indented block after function definition on line 1 (<unknown>, line 1))

Rewritten:
def program():
    for i in range(1):
        pass
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program():
    for i in range(1):
        pass


def arguments_0():
    return ()


ARGUMENTS = (arguments_0,)
