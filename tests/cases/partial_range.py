"""Loops over a part of the tensor, with a stride, or at neighbours."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import matrices, vectors

FAMILY = Family()


def interior_mean(x):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(1, n - 1):
        out[i] = (x[i - 1] + x[i] + x[i + 1]) / 3
    return out


FAMILY.add(
    interior_mean,
    "out = torch.zeros_like(x)\nout[1:-1] = (x[:-2] + x[1:-1] + x[2:]) / 3\nreturn out",
    "n = len(x)\nout = torch.zeros_like(x)\n"
    "out[1:n - 1] = (x[:n - 2] + x[1:n - 1] + x[2:]) / 3\nreturn out",
    "n = len(x)\nout = torch.zeros_like(x)\n"
    "out[1:n - 1] = (x[:n - 2] + x[1:n - 1] + x[2:n]) / 3\nreturn out",
    inputs=vectors(),
)


def differences(x):
    out = torch.zeros(len(x) - 1)
    for i in range(len(x) - 1):
        out[i] = x[i + 1] - x[i]
    return out


FAMILY.add(
    differences,
    "return x[1:] - x[:-1]",
    "return x[1:] - x[:len(x) - 1]",
    "return torch.diff(x)",
    inputs=lambda: [args for args in vectors()() if len(args[0]) > 0],
)


def every_second(x):
    out = torch.zeros_like(x)
    for i in range(0, len(x), 2):
        out[i] = x[i] * 2
    return out


FAMILY.add(
    every_second,
    "out = torch.zeros_like(x)\nout[::2] = x[::2] * 2\nreturn out",
    inputs=vectors(),
)


def every_second_from_one(x):
    out = torch.zeros_like(x)
    for i in range(1, x.shape[0], 2):
        out[i] = x[i] * 2
    return out


FAMILY.add(
    every_second_from_one,
    "out = torch.zeros_like(x)\nout[1::2] = x[1::2] * 2\nreturn out",
    inputs=vectors(),
)


def every_second_downwards(x):
    out = torch.zeros_like(x)
    for i in range(len(x) - 1, -1, -2):
        out[i] = x[i] * 2
    return out


FAMILY.add(every_second_downwards, inputs=vectors())


def pairs_taken_apart(x):
    half = len(x) // 2
    even = torch.zeros(half)
    odd = torch.zeros(half)
    for i in range(half):
        even[i] = x[2 * i]
        odd[i] = x[2 * i + 1]
    return even, odd


FAMILY.add(pairs_taken_apart, inputs=vectors())


def first_rows(tensor, k):
    out = torch.zeros_like(tensor)
    for i in range(k):
        for j in range(tensor.shape[1]):
            out[i, j] = tensor[i, j] * 2
    return out


FAMILY.add(
    first_rows,
    "out = torch.zeros_like(tensor)\nout[:k] = tensor[:k] * 2\nreturn out",
    inputs=lambda: [(t, min(2, t.shape[0])) for (t,) in matrices()()] + [(torch.ones(3, 2), 0)],
)


def interior_of_a_grid(grid):
    n, m = grid.shape
    out = torch.zeros_like(grid)
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            out[i, j] = (
                grid[i - 1, j] + grid[i + 1, j] + grid[i, j - 1] + grid[i, j + 1] - 4 * grid[i, j]
            )
    return out


FAMILY.add(
    interior_of_a_grid,
    "out = torch.zeros_like(grid)\n"
    "out[1:-1, 1:-1] = grid[:-2, 1:-1] + grid[2:, 1:-1] + grid[1:-1, :-2] + grid[1:-1, 2:]"
    " - 4 * grid[1:-1, 1:-1]\nreturn out",
    "n, m = grid.shape\nout = torch.zeros_like(grid)\n"
    "out[1:n - 1, 1:m - 1] = grid[:n - 2, 1:m - 1] + grid[2:, 1:m - 1] + grid[1:n - 1, :m - 2]"
    " + grid[1:n - 1, 2:] - 4 * grid[1:n - 1, 1:m - 1]\nreturn out",
    inputs=matrices(),
)


def copy_with_interior_changed(x):
    out = x.clone()
    for i in range(1, len(x) - 1):
        out[i] = (x[i - 1] + x[i + 1]) / 2
    return out


FAMILY.add(copy_with_interior_changed, inputs=vectors())


def border_by_condition(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if i > 0:
            out[i] = x[i] - x[i - 1]
        else:
            out[i] = x[i]
    return out


FAMILY.add(border_by_condition, inputs=vectors())


def skip_first_by_continue(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if i == 0:
            continue
        out[i] = x[i] * 2
    return out


FAMILY.add(skip_first_by_continue, inputs=vectors())
