"""Loops whose length or whose way out depends on values."""

from __future__ import annotations

import torch

from .dependence import vector
from .program import Programs

PROGRAMS = Programs()


def break_on_a_value(x):
    out = torch.zeros_like(x)
    for i in range(len(x) - 1):
        if x[i] > 1:
            break  # refusal: break
        x[i + 1] = i * 0.5
    return out


PROGRAMS.add(break_on_a_value, lambda: (vector(),))


def return_on_a_value(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if out[i - 1] > 1:
            return out  # refusal: return
        out[i] = x[i] * 2
    return out


PROGRAMS.add(return_on_a_value, lambda: (vector(),))


def loop_while_a_value(x):
    i = 0
    while i < len(x) and x[0] < 1:
        x[0] = x[0] + x[i].abs()  # refusal: iteration i reads x[0]
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


def counter_that_another_function_sees(x):
    def counted():
        return i

    i = 0
    while i < len(x):  # refusal: while
        x[i] = x[i] * 2
        i += 1
    return x * counted()


PROGRAMS.add(counter_that_another_function_sees, lambda: (vector(),))


def bound_that_moves(x, n):
    i = 0
    while i < n:  # refusal: while
        x[i] = x[i] * 2
        n -= 1
        i += 1
    return x


PROGRAMS.add(bound_that_moves, lambda: (vector(), 5))


def counter_that_moves_within(x):
    i = 0
    while i < len(x) - 1:  # refusal: while
        x[i] = x[i] * 2
        if x[i] > 0:
            i += 1
        i += 1
    return x


PROGRAMS.add(counter_that_moves_within, lambda: (vector(),))


def step_that_is_skipped(x):
    i = 0
    while i < len(x):  # refusal: while
        if x[i] > 0:
            x[i] = -x[i]
            continue
        i += 1
    return x


PROGRAMS.add(step_that_is_skipped, lambda: (vector(),))


def step_that_is_no_int(x):
    t = 0.0
    while t < 2:  # refusal: while
        x += t
        t += 0.5
    return x


PROGRAMS.add(step_that_is_no_int, lambda: (vector(),))


def start_that_is_no_int(x):
    i = 0.0
    while i < len(x):  # refusal: the bound i is not an int
        x[int(i)] = x[int(i)] * 2
        i += 1
    return x


PROGRAMS.add(start_that_is_no_int, lambda: (vector(),))


def bound_that_is_no_int(x, n):
    i = 0
    while i < n:  # refusal: the bound n is not an int
        x[i] = x[i] * 2
        i += 1
    return x


PROGRAMS.add(bound_that_is_no_int, lambda: (vector(), 3.5))


def bound_that_is_a_tensor(x, n):
    i = 0
    while i < n:  # refusal: the trip count n is read from data
        x[i] = x[i] * 2
        i += 1
    return x


PROGRAMS.add(bound_that_is_a_tensor, lambda: (vector(), torch.tensor(3.5)))


def class_defined_inside(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):

        class Box:  # refusal: class
            value = x[i]

        out[i] = Box.value
    return out


PROGRAMS.add(class_defined_inside, lambda: (vector(),))


def factor_into_a_new_matrix(x):
    n = x.shape[0]
    lower = torch.eye(*x.shape)
    for k in range(n):
        lower[k, 0] = x[k, 0] / x[0, 0]  # refusal: makes
    return lower


PROGRAMS.add(
    factor_into_a_new_matrix,
    lambda: (torch.ones(3, 3),),
    "the tensor that torch.eye(*x.shape) makes",
)
