"""Python's operators and builtins on elements."""

from __future__ import annotations

import math

import torch

from .case import Family
from .inputs import positive, vectors

FAMILY = Family()
INTEGERS = {"dtypes": (torch.int64,), "grad": False}


def polynomial(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] ** 2 + x[i] * 3 - 1
    return out


FAMILY.add(
    polynomial, "return x ** 2 + x * 3 - 1", inputs=vectors(), exactness=("bitwise", "rounding")
)


def negation_and_division(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = -a[i] / (b[i] * b[i] + 1)
    return out


FAMILY.add(negation_and_division, "return -a / (b * b + 1)", inputs=vectors(2))


def reciprocal(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = 1 / x[i]
    return out


FAMILY.add(reciprocal, "return 1 / x", inputs=positive(vectors()))


def absolute_value(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = abs(x[i])
    return out


FAMILY.add(
    absolute_value, "return abs(x)", "return x.abs()", "return torch.abs(x)", inputs=vectors()
)


def power_by_builtin(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = pow(x[i], 2)
    return out


FAMILY.add(
    power_by_builtin,
    "return pow(x, 2)",
    "return x ** 2",
    "return torch.pow(x, 2)",
    inputs=vectors(),
    exactness=("bitwise", "rounding"),
)


def at_least_zero(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = max(x[i], 0)
    return out


FAMILY.add(
    at_least_zero,
    "return torch.where(0 > x, 0, x)",
    "return torch.where(0 > x, 0.0, x)",
    "return torch.where(x < 0, 0, x)",
    "return torch.where(x < 0, 0.0, x)",
    inputs=vectors(),
)


def smaller_of_two(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = min(a[i], b[i])
    return out


FAMILY.add(
    smaller_of_two,
    "return torch.where(b < a, b, a)",
    "return torch.where(a > b, b, a)",
    inputs=vectors(2),
)


def clipped_by_builtins(x, low, high):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = min(max(x[i], low), high)
    return out


FAMILY.add(clipped_by_builtins, inputs=vectors(1, -0.5, 0.5))


def rounded(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = torch.round(x[i]) + x[i].floor() + torch.ceil(x[i])
    return out


FAMILY.add(rounded, "return torch.round(x) + x.floor() + torch.ceil(x)", inputs=vectors())


def floor_division(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] // 4
    return out


FAMILY.add(floor_division, "return x // 4", inputs=vectors(1, **INTEGERS))


def remainder(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] % 4
    return out


FAMILY.add(remainder, "return x % 4", inputs=vectors(1, **INTEGERS))


def bits(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = (a[i] & 7) | (b[i] ^ 3)
    return out


FAMILY.add(bits, "return a & 7 | b ^ 3", inputs=vectors(2, **INTEGERS))


def shifts(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = (x[i] << 2) + (x[i] >> 1)
    return out


FAMILY.add(shifts, "return (x << 2) + (x >> 1)", inputs=vectors(1, **INTEGERS))


def integer_halves(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] / 2
    return out


FAMILY.add(
    integer_halves,
    "return (x / 2).to(x.dtype)",
    "return (x / 2).to(torch.int64)",
    "return (x / 2).long()",
    inputs=vectors(1, **INTEGERS),
)


def integers_as_floats(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i] * 0.5
    return out


FAMILY.add(integers_as_floats, "return x * 0.5", inputs=vectors(1, **INTEGERS))


def circle_area(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = math.pi * x[i] * x[i]
    return out


FAMILY.add(circle_area, "return math.pi * x * x", inputs=vectors())


def constant_functions(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] / math.sqrt(2 * math.pi) + math.exp(1) * math.inf**0
    return out


FAMILY.add(
    constant_functions,
    inputs=vectors(),
    exactness=("bitwise", "rounding"),
)


def normal_density(x, mean, deviation):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        z = (x[i] - mean) / deviation
        out[i] = torch.exp(-0.5 * z * z) / (deviation * math.sqrt(2 * math.pi))
    return out


FAMILY.add(normal_density, inputs=vectors(1, 0.1, 1.5), exactness="rounding")


def sine_of_the_number(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = math.sin(x[i])
    return out


FAMILY.add(sine_of_the_number, inputs=vectors(grad=False), exactness="rounding")


def number_taken_out(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i].item() * 2.0
    return out


FAMILY.add(number_taken_out, inputs=vectors(grad=False), exactness=("bitwise", "rounding"))


def float_of_each(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = float(x[i])
    return out


FAMILY.add(float_of_each, inputs=vectors(1, **INTEGERS), exactness=("bitwise", "rounding"))


def comparisons_as_numbers(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = (a[i] > b[i]) * a[i]
    return out


FAMILY.add(comparisons_as_numbers, "return (a > b) * a", inputs=vectors(2))


def inverted_mask(mask):
    out = torch.zeros_like(mask)
    for i in range(len(mask)):
        out[i] = ~mask[i]
    return out


FAMILY.add(
    inverted_mask, "return ~mask", inputs=lambda: [(x > 0,) for (x,) in vectors(grad=False)()]
)
