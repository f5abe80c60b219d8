"""Loops whose length or whose way out depends on values."""

from __future__ import annotations

import torch

from .dependence import vector
from .program import Programs

PROGRAMS = Programs()


def break_on_a_value(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 1:
            break  # refusal: break
        out[i] = x[i] * 2
    return out


PROGRAMS.add(break_on_a_value, lambda: (vector(),))


def return_on_a_value(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 1:
            return out  # refusal: return
        out[i] = x[i] * 2
    return out


PROGRAMS.add(return_on_a_value, lambda: (vector(),))


def loop_while_a_value(x):
    i = 0
    while i < len(x) and x[i] < 1:  # refusal: while
        x[i] = x[i] * 2
        i += 1
    return x


PROGRAMS.add(loop_while_a_value, lambda: (vector(),))


def while_inside_for(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        value = x[i] + 0
        while value > 1:  # refusal: while
            value = value / 2
        out[i] = value
    return out


PROGRAMS.add(while_inside_for, lambda: (vector(),))


def class_defined_inside(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):

        class Box:  # refusal: class
            value = x[i]

        out[i] = Box.value
    return out


PROGRAMS.add(class_defined_inside, lambda: (vector(),))
