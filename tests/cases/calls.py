"""Helper functions, methods, and what they read from outside."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .case import Family
from .inputs import matrices, random_tensor, vectors

FAMILY = Family()
# The kernels for whole tensors may give the other one of 0.0 and -0.0.
EITHER_ZERO = ("bitwise", "rounding")


def activate(value, slope=0.1):
    if value > 0:
        return value
    return value * slope


def affine(value, weight, bias):
    scaled = value * weight
    return scaled + bias


def larger(a, b):
    return a if a > b else b


def helper_with_a_branch(tensor):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            result[i, j] = activate(tensor[i, j])
    return result


FAMILY.add(
    helper_with_a_branch,
    "return torch.where(tensor > 0, tensor, tensor * 0.1)",
    inputs=matrices(),
)


def helper_with_a_keyword(tensor, leak):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            result[i, j] = activate(tensor[i, j], slope=leak)
    return result


FAMILY.add(
    helper_with_a_keyword,
    "return torch.where(tensor > 0, tensor, tensor * leak)",
    inputs=matrices(1, 0.2),
)


def helper_of_three(x, weight, bias):
    out = torch.empty_like(x)
    for i in range(len(x)):
        out[i] = affine(x[i], weight[i], bias)
    return out


FAMILY.add(
    helper_of_three,
    "return x * weight + bias",
    "return affine(x, weight, bias)",
    inputs=vectors(2, 0.5),
)
FAMILY.add(
    helper_of_three,
    "return x * weight + bias",
    inputs=vectors(2, 0.5),
    inline=True,
    suffix="-inlined",
)


def helper_choosing(a, b):
    out = torch.empty_like(a)
    for i in range(len(a)):
        out[i] = larger(a[i], b[i])
    return out


FAMILY.add(helper_choosing, "return torch.where(a > b, a, b)", inputs=vectors(2))


def helper_of_a_helper(a, b):
    def twice_larger(x, y):
        return larger(x, y) * 2

    out = torch.empty_like(a)
    for i in range(len(a)):
        out[i] = twice_larger(a[i], b[i])
    return out


FAMILY.add(helper_of_a_helper, inputs=vectors(2))


class Scale:
    """A plain object with tensors and a number."""

    def __init__(self, n: int) -> None:
        self.weight = random_tensor((n,), 3)
        self.shift = 0.5

    def slow(self, x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = self.weight[i] * x[i] + self.shift
        return out

    def curve(self, value):
        return value * value + self.shift

    def slow_curve(self, x):
        out = torch.zeros_like(x)
        for i in range(x.shape[0]):
            out[i] = self.curve(x[i])
        return out


def object_and_vector():
    return [(Scale(len(x)), x) for (x,) in vectors()()]


FAMILY.add(Scale.slow, "return self.weight * x + self.shift", inputs=object_and_vector)
FAMILY.add(
    Scale.slow_curve,
    "return x * x + self.shift",
    "return self.curve(x)",
    inputs=object_and_vector,
)


class Gate(nn.Module):
    """A module with a parameter."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(random_tensor((n,), 4))

    def forward(self, x):
        out = torch.zeros_like(x)
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                out[i, j] = x[i, j] * self.weight[j]
        return out


def module_and_matrix():
    return [(Gate(x.shape[1]), x) for (x,) in matrices()()]


FAMILY.add(Gate.forward, "return x * self.weight", inputs=module_and_matrix)


def sine_of_each(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = torch.sin(x[i])
    return out


FAMILY.add(
    sine_of_each, "return torch.sin(x)", "return x.sin()", inputs=vectors(), exactness="rounding"
)


def sine_by_method(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i].sin()
    return out


FAMILY.add(
    sine_by_method, "return x.sin()", "return torch.sin(x)", inputs=vectors(), exactness="rounding"
)


def rectifier_by_name(tensor):
    out = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            out[i, j] = F.relu(tensor[i, j])
    return out


FAMILY.add(
    rectifier_by_name, "return F.relu(tensor)", "return torch.relu(tensor)", inputs=matrices()
)


def rectifier_from_torch(tensor):
    out = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            out[i, j] = torch.relu(tensor[i, j])
    return out


FAMILY.add(
    rectifier_from_torch, "return torch.relu(tensor)", "return tensor.relu()", inputs=matrices()
)


def clamped(tensor, low, high):
    out = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            out[i, j] = torch.clamp(tensor[i, j], low, high)
    return out


FAMILY.add(
    clamped,
    "return torch.clamp(tensor, low, high)",
    "return tensor.clamp(low, high)",
    inputs=matrices(1, -0.5, 0.5),
    exactness=EITHER_ZERO,
)


def larger_of_two_tensors(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = torch.maximum(a[i], b[i])
    return out


FAMILY.add(
    larger_of_two_tensors,
    "return torch.maximum(a, b)",
    inputs=vectors(2),
    exactness=EITHER_ZERO,
)


def chosen_by_where(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = torch.where(a[i] > b[i], a[i], -b[i])
    return out


FAMILY.add(chosen_by_where, "return torch.where(a > b, a, -b)", inputs=vectors(2))


def several_functions(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = torch.exp(-(x[i] ** 2)) * torch.cos(x[i]).abs() + torch.sigmoid(x[i])
    return out


FAMILY.add(
    several_functions,
    "return torch.exp(-x ** 2) * torch.cos(x).abs() + torch.sigmoid(x)",
    inputs=vectors(),
    exactness="rounding",
)


def through_torch_tensor(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = torch.sqrt(x[i] * x[i] + torch.tensor(1.0))
    return out


FAMILY.add(through_torch_tensor, inputs=vectors())


def curve(k):
    c = (k * 0.5) ** 1.5
    return c + 1


def helper_with_a_power_of_the_place(x):
    out = torch.zeros(x.shape[0], dtype=torch.float64)
    for k in range(x.shape[0]):
        out[k] = curve(k)
    return out


FAMILY.add(helper_with_a_power_of_the_place, inputs=vectors(), exactness="rounding")


def root(value):
    return value**2.5


def helper_with_a_power_of_a_number(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = root(abs(x[i].item()) + 1)
    return out


FAMILY.add(helper_with_a_power_of_a_number, inputs=vectors(), exactness="rounding")
