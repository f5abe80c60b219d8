"""A function applied to every element, by a multi-index computed from a flat one."""

from __future__ import annotations

import math

import torch

from .case import Family
from .inputs import of_any_rank, positive

FAMILY = Family()


def slow_function_application(tensor, func):
    result = torch.zeros_like(tensor)
    for i in range(tensor.numel()):
        idx = torch.unravel_index(torch.tensor(i), tensor.shape)
        result[idx] = func(tensor[idx])
    return result


def twice_plus_one(x):
    return x * 2.0 + 1.0


def square_of_sine(x):
    y = torch.sin(x)
    return y * y


def steps(x, height=0.5):
    return x + height


FAMILY.add(slow_function_application, "return func(tensor)", inputs=of_any_rank(1, twice_plus_one))
FAMILY.add(
    slow_function_application,
    "return tensor * 2.0 + 1.0",
    inputs=of_any_rank(1, twice_plus_one),
    inline=True,
    suffix="-inlined",
)
FAMILY.add(
    slow_function_application,
    "return func(tensor)",
    inputs=of_any_rank(1, lambda x: x * 3 - 1),
    suffix="-lambda",
)
FAMILY.add(
    slow_function_application,
    "return tensor * 3 - 1",
    inputs=of_any_rank(1, lambda x: x * 3 - 1),
    inline=True,
    suffix="-lambda-inlined",
)
FAMILY.add(
    slow_function_application,
    "return func(tensor)",
    inputs=of_any_rank(1, torch.sin),
    exactness="rounding",
    suffix="-torch.sin",
)
FAMILY.add(
    slow_function_application,
    "return func(tensor)",
    inputs=of_any_rank(1, square_of_sine),
    exactness="rounding",
    suffix="-two-lines",
)
FAMILY.add(
    slow_function_application,
    "return func(tensor)",
    inputs=positive(of_any_rank(1, torch.sqrt)),
    suffix="-torch.sqrt",
)
FAMILY.add(
    slow_function_application,
    "return func(tensor)",
    inputs=of_any_rank(1, steps),
    suffix="-default",
)
FAMILY.add(
    slow_function_application,
    "return tensor + 0.5",
    inputs=of_any_rank(1, steps),
    inline=True,
    suffix="-default-inlined",
)


def application_of_global_helper(tensor):
    result = torch.zeros_like(tensor)
    for i in range(tensor.numel()):
        idx = torch.unravel_index(torch.tensor(i), tensor.shape)
        result[idx] = twice_plus_one(tensor[idx])
    return result


FAMILY.add(
    application_of_global_helper,
    "return twice_plus_one(tensor)",
    "return tensor * 2.0 + 1.0",
    inputs=of_any_rank(),
)
FAMILY.add(
    application_of_global_helper,
    "return tensor * 2.0 + 1.0",
    inputs=of_any_rank(),
    inline=True,
    suffix="-inlined",
)


def application_of_nested_helper(tensor):
    def func(x):
        return x * 2.0 + 1.0

    result = torch.zeros_like(tensor)
    for i in range(tensor.numel()):
        idx = torch.unravel_index(torch.tensor(i), tensor.shape)
        result[idx] = func(tensor[idx])
    return result


FAMILY.add(
    application_of_nested_helper,
    "def func(x):\n    return x * 2.0 + 1.0\n\nreturn func(tensor)",
    "return tensor * 2.0 + 1.0",
    "def func(x):\n    return x * 2.0 + 1.0\n\nreturn tensor * 2.0 + 1.0",
    inputs=of_any_rank(),
)
FAMILY.add(
    application_of_nested_helper,
    "return tensor * 2.0 + 1.0",
    "def func(x):\n    return x * 2.0 + 1.0\n\nreturn tensor * 2.0 + 1.0",
    inputs=of_any_rank(),
    inline=True,
    suffix="-inlined",
)


def application_written_out(tensor):
    result = torch.zeros_like(tensor)
    for i in range(tensor.numel()):
        idx = torch.unravel_index(torch.tensor(i), tensor.shape)
        result[idx] = tensor[idx] * 2.0 + 1.0
    return result


FAMILY.add(application_written_out, "return tensor * 2.0 + 1.0", inputs=of_any_rank())


def application_with_index_in_place(tensor):
    result = torch.empty_like(tensor)
    for i in range(tensor.numel()):
        result[torch.unravel_index(torch.tensor(i), tensor.shape)] = (
            tensor[torch.unravel_index(torch.tensor(i), tensor.shape)] * 2.0
        )
    return result


FAMILY.add(application_with_index_in_place, "return tensor * 2.0", inputs=of_any_rank())


def application_of_two_tensors(tensor, other):
    result = torch.zeros_like(tensor)
    for k in range(tensor.numel()):
        where = torch.unravel_index(torch.tensor(k), tensor.shape)
        result[where] = tensor[where] - other[where]
    return result


FAMILY.add(application_of_two_tensors, "return tensor - other", inputs=of_any_rank(2))


def application_by_row_and_column(tensor, func):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            result[i, j] = func(tensor[i, j])
    return result


def matrix_and_function():
    return [args for args in of_any_rank(1, twice_plus_one)() if args[0].dim() == 2]


FAMILY.add(application_by_row_and_column, "return func(tensor)", inputs=matrix_and_function)
FAMILY.add(
    application_by_row_and_column,
    "return tensor * 2.0 + 1.0",
    inputs=matrix_and_function,
    inline=True,
    suffix="-inlined",
)


def steep(x):
    return x * math.pi


def application_with_a_constant(tensor, func):
    result = torch.zeros_like(tensor)
    for i in range(tensor.numel()):
        idx = torch.unravel_index(torch.tensor(i), tensor.shape)
        result[idx] = func(tensor[idx])
    return result


FAMILY.add(
    application_with_a_constant,
    "return tensor * math.pi",
    inputs=of_any_rank(1, steep),
    inline=True,
    suffix="-inlined",
)
