"""Iterations that do something besides computing tensors."""

from __future__ import annotations

import io
import logging
import math
import random

import numpy as np
import torch
from torch import nn

from .dependence import matrix, vector
from .program import Programs

PROGRAMS = Programs()
SEEN: list[float] = []
COUNTS = {"calls": 0}
LOG = logging.getLogger(__name__)


class Opaque:
    """A callable whose effect nobody can read off its source."""

    def __call__(self, value):
        SEEN.append(0.0)
        return value * 2


mystery = Opaque()


def unknown_call(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = mystery(x[i])  # refusal: mystery
    return out


PROGRAMS.add(unknown_call, lambda: (vector(),))


def call_of_compiled_code(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = float(np.interp(x[i].item(), [0.0, 1.0], [0.0, 2.0]))  # refusal: interp
    return out


PROGRAMS.add(call_of_compiled_code, lambda: (vector(),))


def print_inside(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        print(i, x[i])  # refusal: print
        out[i] = x[i] * 2
    return out


PROGRAMS.add(print_inside, lambda: (vector(),))


def print_in_a_branch(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] < -100:
            print("very small")  # refusal: print
        out[i] = x[i] * 2
    return out


PROGRAMS.add(print_in_a_branch, lambda: (vector(),))


def logging_inside(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        LOG.debug("row %d", i)  # refusal: LOG.debug
        out[i] = x[i] * 2
    return out


PROGRAMS.add(logging_inside, lambda: (vector(),))


def random_draw(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + torch.rand(())  # refusal: random
    return out


PROGRAMS.add(random_draw, lambda: (vector(),), "torch.rand")


def random_number(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * random.random()  # refusal: random
    return out


PROGRAMS.add(random_number, lambda: (vector(),))


def random_noise_like_the_element(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + torch.randn_like(x[i])  # refusal: random
    return out


PROGRAMS.add(random_noise_like_the_element, lambda: (vector(),))


def dropout_in_training(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = torch.dropout(x[i], 0.5, True)  # refusal: random
    return out


PROGRAMS.add(dropout_in_training, lambda: (vector(),), "dropout")


class Noisy(nn.Module):
    """A module whose dropout draws."""

    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = self.drop(x[i])  # refusal: self.drop
        return out


PROGRAMS.add(Noisy.forward, lambda: (Noisy(), vector()))


def global_changed(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        COUNTS["calls"] += 1  # refusal: COUNTS
        out[i] = x[i] * 2
    return out


PROGRAMS.add(global_changed, lambda: (vector(),))


def list_of_a_global(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        SEEN.append(i)  # refusal: SEEN
        out[i] = x[i] * 2
    return out


PROGRAMS.add(list_of_a_global, lambda: (vector(),))


class Counter:
    """An object that remembers."""

    def __init__(self):
        self.last = 0.0

    def forward(self, x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            self.last = i  # refusal: self.last
            out[i] = x[i] * 2
        return out


PROGRAMS.add(Counter.forward, lambda: (Counter(), vector()))


def assertion_inside(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        assert x[i] < 100, "too large"  # refusal: AssertionError
        out[i] = x[i] * 2
    return out


PROGRAMS.add(assertion_inside, lambda: (vector(),))


def exception_inside(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 100:
            raise ValueError("too large")  # refusal: raise
        out[i] = math.pi * x[i]
    return out


PROGRAMS.add(exception_inside, lambda: (vector(),))


def exception_caught_inside(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        try:  # refusal: exceptions are caught
            out[i] = x[i + 1]
        except IndexError:
            out[i] = 0
    return out


PROGRAMS.add(exception_caught_inside, lambda: (vector(),))


def file_written(rows, path):
    for i in range(len(rows)):
        path.write("a row")  # refusal: path.write
    return rows


PROGRAMS.add(file_written, lambda: (vector(), io.StringIO()))


def leaf_written_in_place(weight):
    for i in range(weight.shape[0]):
        for j in range(weight.shape[1]):
            weight[i, j] *= 2  # refusal: requires grad
    return weight


PROGRAMS.add(leaf_written_in_place, lambda: (matrix().requires_grad_(),), "weight")


def leaf_assigned_in_place(x, y):
    for i in range(len(x)):
        x[i] = y[i]  # refusal: requires grad
    return x


PROGRAMS.add(leaf_assigned_in_place, lambda: (vector().requires_grad_(), vector()), "x")
