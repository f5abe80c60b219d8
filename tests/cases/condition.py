"""Elements that go one way or another."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import matrices, vectors

FAMILY = Family()
WHERE = "return torch.where(tensor > threshold, tensor * 2, tensor / 2)"
MASKED = "mask = tensor > threshold\nreturn torch.where(mask, tensor * 2, tensor / 2)"


def slow_conditional(tensor, threshold):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > threshold:
                result[i, j] = tensor[i, j] * 2
            else:
                result[i, j] = tensor[i, j] / 2
    return result


FAMILY.add(slow_conditional, WHERE, MASKED, inputs=matrices(1, 0.25))
FAMILY.add(slow_conditional, WHERE, MASKED, inputs=matrices(1, 0), suffix="-int-threshold")
FAMILY.add(
    slow_conditional,
    WHERE,
    MASKED,
    inputs=matrices(1, torch.tensor(0.25)),
    suffix="-tensor-threshold",
)
FAMILY.add(
    slow_conditional,
    WHERE,
    MASKED,
    inputs=matrices(1, 0.25, dtypes=(torch.float64,)),
    suffix="-float64",
)
FAMILY.add(
    slow_conditional,
    "return torch.where(tensor > threshold, tensor * 2, (tensor / 2).to(tensor.dtype))",
    "return torch.where(tensor > threshold, tensor * 2, (tensor / 2).to(torch.int64))",
    "return torch.where(tensor > threshold, tensor * 2, tensor / 2).to(tensor.dtype)",
    "return torch.where(tensor > threshold, tensor * 2, tensor / 2).to(torch.int64)",
    "return torch.where(tensor > threshold, tensor * 2, (tensor / 2).long())",
    inputs=matrices(1, 2, dtypes=(torch.int64,), grad=False),
    suffix="-int64",
)


def condition_as_expression(tensor, threshold):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            result[i, j] = tensor[i, j] * 2 if tensor[i, j] > threshold else tensor[i, j] / 2
    return result


FAMILY.add(condition_as_expression, WHERE, MASKED, inputs=matrices(1, 0.25))


def condition_on_a_temporary(tensor, threshold):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            value = tensor[i, j]
            if value > threshold:
                result[i, j] = value * 2
            else:
                result[i, j] = value / 2
    return result


FAMILY.add(condition_on_a_temporary, WHERE, MASKED, inputs=matrices(1, 0.25))


def condition_choosing_a_temporary(tensor, threshold):
    result = torch.empty_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > threshold:
                value = tensor[i, j] * 2
            else:
                value = tensor[i, j] / 2
            result[i, j] = value
    return result


FAMILY.add(condition_choosing_a_temporary, WHERE, MASKED, inputs=matrices(1, 0.25))


def condition_named_first(tensor, threshold):
    result = torch.empty_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            large = tensor[i, j] > threshold
            if large:
                result[i, j] = tensor[i, j] * 2
            else:
                result[i, j] = tensor[i, j] / 2
    return result


FAMILY.add(
    condition_named_first,
    WHERE,
    MASKED,
    "large = tensor > threshold\nreturn torch.where(large, tensor * 2, tensor / 2)",
    inputs=matrices(1, 0.25),
)


def condition_with_default_first(tensor, threshold):
    result = torch.empty_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            result[i, j] = tensor[i, j] / 2
            if tensor[i, j] > threshold:
                result[i, j] = tensor[i, j] * 2
    return result


FAMILY.add(condition_with_default_first, WHERE, MASKED, inputs=matrices(1, 0.25))


def condition_with_continue(tensor, threshold):
    result = torch.empty_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > threshold:
                result[i, j] = tensor[i, j] * 2
                continue
            result[i, j] = tensor[i, j] / 2
    return result


FAMILY.add(condition_with_continue, WHERE, MASKED, inputs=matrices(1, 0.25))


def ladder(tensor, low, high):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > high:
                result[i, j] = tensor[i, j] * 2
            elif tensor[i, j] > low:
                result[i, j] = tensor[i, j]
            else:
                result[i, j] = tensor[i, j] / 2
    return result


FAMILY.add(
    ladder,
    "return torch.where(tensor > high, tensor * 2, torch.where(tensor > low, tensor, tensor / 2))",
    inputs=matrices(1, -0.5, 0.5),
)


def long_ladder(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 1:
            out[i] = 3
        elif x[i] > 0:
            out[i] = 2
        elif x[i] > -1:
            out[i] = 1
        else:
            out[i] = 0
    return out


FAMILY.add(long_ladder, inputs=vectors())


def nested_conditions(tensor):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > 0:
                if tensor[i, j] > 1:
                    result[i, j] = tensor[i, j] * 3
                else:
                    result[i, j] = tensor[i, j] * 2
            else:
                result[i, j] = -tensor[i, j]
    return result


FAMILY.add(
    nested_conditions,
    "return torch.where(tensor > 0, torch.where(tensor > 1, tensor * 3, tensor * 2), -tensor)",
    inputs=matrices(),
)


def rectifier_onto_zeros(tensor):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > 0:
                result[i, j] = tensor[i, j]
    return result


FAMILY.add(
    rectifier_onto_zeros,
    "return torch.where(tensor > 0, tensor, 0)",
    "return torch.where(tensor > 0, tensor, 0.0)",
    inputs=matrices(),
)


def rectifier_by_continue(tensor):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] <= 0:
                continue
            result[i, j] = tensor[i, j]
    return result


FAMILY.add(
    rectifier_by_continue,
    "return torch.where(tensor <= 0, 0, tensor)",
    "return torch.where(tensor <= 0, 0.0, tensor)",
    "return torch.where(~(tensor <= 0), tensor, 0)",
    "return torch.where(~(tensor <= 0), tensor, 0.0)",
    inputs=matrices(),
)


def chained_comparison(tensor, low, high):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if low < tensor[i, j] < high:
                result[i, j] = tensor[i, j]
    return result


FAMILY.add(
    chained_comparison,
    "return torch.where((low < tensor) & (tensor < high), tensor, 0)",
    "return torch.where((tensor > low) & (tensor < high), tensor, 0)",
    "return torch.where((low < tensor) & (tensor < high), tensor, 0.0)",
    "return torch.where((tensor > low) & (tensor < high), tensor, 0.0)",
    inputs=matrices(1, -0.5, 0.5),
)


def both_of_two(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        if a[i] > 0 and b[i] > 0:
            out[i] = a[i] * b[i]
    return out


FAMILY.add(
    both_of_two,
    "return torch.where((a > 0) & (b > 0), a * b, 0)",
    "return torch.where((a > 0) & (b > 0), a * b, 0.0)",
    inputs=vectors(2),
)


def either_of_two(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        if a[i] > 0 or b[i] > 0:
            out[i] = a[i]
        else:
            out[i] = b[i]
    return out


FAMILY.add(either_of_two, "return torch.where((a > 0) | (b > 0), a, b)", inputs=vectors(2))


def not_larger(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        if not a[i] > b[i]:
            out[i] = b[i] - a[i]
        else:
            out[i] = a[i] - b[i]
    return out


FAMILY.add(
    not_larger,
    "return torch.where(~(a > b), b - a, a - b)",
    "return torch.where(a > b, a - b, b - a)",
    inputs=vectors(2),
)


def comparison_stored(x, threshold):
    mask = torch.zeros(len(x), dtype=torch.bool)
    for i in range(len(x)):
        mask[i] = x[i] > threshold
    return mask


FAMILY.add(comparison_stored, "return x > threshold", inputs=vectors(1, 0.25))


def flag_set_to_one(x, threshold):
    flags = torch.zeros_like(x)
    for i in range(x.shape[0]):
        if x[i] >= threshold:
            flags[i] = 1
    return flags


FAMILY.add(
    flag_set_to_one,
    "return (x >= threshold).to(x.dtype)",
    "return (x >= threshold).float()",
    "return (x >= threshold).to(torch.float32)",
    "return torch.where(x >= threshold, 1, 0).to(x.dtype)",
    "return torch.where(x >= threshold, 1.0, 0.0)",
    "return torch.where(x >= threshold, 1, torch.zeros_like(x))",
    "flags = torch.zeros_like(x)\nflags[x >= threshold] = 1\nreturn flags",
    "return torch.where(x >= threshold, 1, 0).to(torch.float32)",
    inputs=vectors(1, 0.25),
)


def masked_by_another_tensor(x, mask):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if mask[i]:
            out[i] = x[i] * 2
        else:
            out[i] = x[i]
    return out


def vector_and_mask():
    return [(x, y > 0) for x, y in vectors(2)()]


FAMILY.add(
    masked_by_another_tensor,
    "return torch.where(mask, x * 2, x)",
    inputs=vector_and_mask,
)


def equality(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        if a[i] == b[i]:
            out[i] = a[i]
        else:
            out[i] = -1
    return out


FAMILY.add(
    equality,
    "return torch.where(a == b, a, -1)",
    inputs=vectors(2, dtypes=(torch.int64,), grad=False),
)


def sign_of_each(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = 1 if x[i] > 0 else (-1 if x[i] < 0 else 0)
    return out


FAMILY.add(sign_of_each, inputs=vectors())


def option_outside_the_elements(tensor, double):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if double:
                result[i, j] = tensor[i, j] * 2
            else:
                result[i, j] = tensor[i, j] / 2
    return result


FAMILY.add(
    option_outside_the_elements,
    "return tensor * 2 if double else tensor / 2",
    "return tensor * 2",
    "if double:\n    return tensor * 2\nelse:\n    return tensor / 2",
    "if double:\n    return tensor * 2\nreturn tensor / 2",
    inputs=matrices(1, True),
)
