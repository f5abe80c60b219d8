"""Seed carried 220045: loop and rewrite differ.

explain: deloop failed (KeyError: 'state')

Rewritten:
def program():
    state = torch.zeros(())
    for j in range(0):
        state = 0.5 * state
    return mean
"""
# ruff: noqa

import itertools
import math
from math import inf, nan

import torch
import torch.nn.functional as F


def program():
    state = torch.zeros(())
    for j in range(0):
        state = 0.5 * state
    return mean


def arguments_0():
    return ()


ARGUMENTS = (arguments_0,)
