"""Loops that count with ``while``, and loops with an ``else``."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import matrices, tensors, vectors

FAMILY = Family()


def counting_up(x):
    out = torch.zeros_like(x)
    i = 0
    while i < len(x):
        out[i] = x[i] * 2
        i += 1
    return out


FAMILY.add(counting_up, "return x * 2", inputs=vectors())


def counting_down(x):
    out = torch.zeros_like(x)
    i = x.shape[0] - 1
    while i >= 0:
        out[i] = x[i] * 2
        i -= 1
    return out


FAMILY.add(counting_down, "return x * 2", inputs=vectors())


def counting_down_to_one(x):
    out = torch.zeros_like(x)
    i = x.size(0) - 1
    while i > 0:
        out[i] = x[i] * 2
        i = i - 1
    return out


FAMILY.add(
    counting_down_to_one,
    """
    out = torch.zeros_like(x)
    out[1:] = x[1:] * 2
    return out
    """,
    inputs=vectors(),
)


def counting_to_the_last_included(x):
    n = len(x)
    out = torch.zeros_like(x)
    i = 0
    while i <= n - 1:
        out[i] = x[i] * 2
        i = 1 + i
    return out


FAMILY.add(counting_to_the_last_included, "return x * 2", inputs=vectors())


def counting_until_equal(x):
    n = x.numel()
    out = torch.zeros_like(x)
    i = 0
    while n != i:
        out[i] = x[i] * 2
        i += 1
    return out


FAMILY.add(counting_until_equal, "return x * 2", inputs=vectors())


def counting_with_the_bound_first(x):
    out = torch.zeros_like(x)
    i = 0
    while len(x) > i:
        out[i] = x[i] * 2
        i += 1
    return out


FAMILY.add(counting_with_the_bound_first, "return x * 2", inputs=vectors())


def counting_by_two(x):
    out = torch.zeros_like(x)
    i = 0
    while i < len(x):
        out[i] = x[i] * 2
        i += 2
    return out


FAMILY.add(
    counting_by_two,
    """
    out = torch.zeros_like(x)
    out[::2] = x[::2] * 2
    return out
    """,
    inputs=vectors(),
)


def counting_while_a_neighbour_is_left(x):
    out = torch.zeros_like(x)
    i = 0
    while i + 1 < len(x):
        out[i] = x[i + 1] - x[i]
        i += 1
    return out


FAMILY.add(
    counting_while_a_neighbour_is_left,
    """
    out = torch.zeros_like(x)
    out[:-1] = x[1:] - x[:-1]
    return out
    """,
    """
    out = torch.zeros_like(x)
    out[:x.shape[0] - 1] = x[1:] - x[:x.shape[0] - 1]
    return out
    """,
    inputs=tensors(((7,), (2,), (1,), (3,))),
)


def leaving_at_the_end(x):
    out = torch.zeros_like(x)
    i = 0
    while True:
        if i >= len(x):
            break
        out[i] = x[i] * 2
        i += 1
    return out


FAMILY.add(leaving_at_the_end, "return x * 2", inputs=vectors())


def nested_counting(x):
    n, m = x.shape
    out = torch.zeros_like(x)
    i = 0
    while i < n:
        j = 0
        while j < m:
            out[i, j] = x[i, j] + 1
            j += 1
        i += 1
    return out


FAMILY.add(nested_counting, "return x + 1", inputs=matrices())


def counting_inside_of_for(x):
    n, m = x.shape
    out = torch.zeros_like(x)
    for i in range(n):
        j = 0
        while j < m:
            out[i, j] = x[i, j] + 1
            j += 1
    return out


FAMILY.add(counting_inside_of_for, "return x + 1", inputs=matrices())


def counting_with_a_branch(x):
    out = torch.zeros_like(x)
    i = 0
    while i < len(x):
        if x[i] > 0:
            out[i] = x[i]
        else:
            out[i] = -x[i] / 2
        i += 1
    return out


FAMILY.add(counting_with_a_branch, "return torch.where(x > 0, x, -x / 2)", inputs=vectors())


def counting_twice_with_one_name(x):
    out = torch.zeros_like(x)
    i = 0
    while i < len(x):
        out[i] = x[i] * 2
        i += 1
    i = 0
    while i < len(x):
        out[i] = out[i] + 1
        i += 1
    return out


FAMILY.add(
    counting_twice_with_one_name,
    """
    out = x * 2
    out += 1
    return out
    """,
    inputs=vectors(),
)


def counting_to_a_parameter(x, n):
    out = torch.zeros_like(x)
    i = 0
    while i < n:
        out[i] = x[i] * 2
        i += 1
    return out


FAMILY.add(
    counting_to_a_parameter,
    """
    out = torch.zeros_like(x)
    out[:n] = x[:n] * 2
    return out
    """,
    inputs=tensors(((7,), (3,), (4,)), 1, 3),
)


def for_with_an_else(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    else:
        out = out + 1
    return out


FAMILY.add(
    for_with_an_else,
    """
    out = x * 2
    out = out + 1
    return out
    """,
    inputs=vectors(),
)


def while_with_a_return_in_its_else(x):
    out = torch.zeros_like(x)
    i = 0
    while i < len(x):
        out[i] = x[i] * 2
        i += 1
    else:
        return out


FAMILY.add(while_with_a_return_in_its_else, "return x * 2", inputs=vectors())


def inner_for_with_an_else(x):
    n, m = x.shape
    out = torch.zeros_like(x)
    for i in range(n):
        for j in range(m):
            out[i, j] = x[i, j] * 2
        else:
            out[i, 0] = 1
    return out


FAMILY.add(
    inner_for_with_an_else,
    """
    out = x * 2
    out[:, 0] = 1
    return out
    """,
    inputs=tensors(((5, 7), (3, 3), (1, 1), (4, 1), (0, 3))),
)
