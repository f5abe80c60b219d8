"""Statement forms: chained assignment, annotations, tuples, `pass`, nested tuples of targets."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import matrices, vectors

FAMILY = Family()


def tuple_assignment(a, b):
    plus = torch.zeros_like(a)
    minus = torch.zeros_like(a)
    for i in range(len(a)):
        plus[i], minus[i] = a[i] + b[i], a[i] - b[i]
    return plus, minus


FAMILY.add(
    tuple_assignment,
    "return a + b, a - b",
    "plus = a + b\nminus = a - b\nreturn plus, minus",
    inputs=vectors(2),
)


def tuple_of_temporaries(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        x, y = a[i], b[i]
        out[i] = x * y
    return out


FAMILY.add(tuple_of_temporaries, "return a * b", inputs=vectors(2))


def annotated_names(x: torch.Tensor, scale: float = 2.0) -> torch.Tensor:
    out: torch.Tensor = torch.zeros_like(x)
    for i in range(len(x)):
        value: torch.Tensor = x[i] * scale
        out[i] = value
    return out


FAMILY.add(annotated_names, inputs=vectors())


def changed_temporary(tensor):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            value = tensor[i, j] * 2
            value = value + 1
            value = value * value
            result[i, j] = value
    return result


FAMILY.add(
    changed_temporary,
    "return (tensor * 2 + 1) * (tensor * 2 + 1)",
    "value = tensor * 2 + 1\nreturn value * value",
    inputs=matrices(),
)


def augmented_temporary(tensor):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            value = tensor[i, j] * 2
            value += 1
            result[i, j] = value
    return result


FAMILY.add(augmented_temporary, "return tensor * 2 + 1", inputs=matrices())


def both_branches_pass_or_store(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            pass
        else:
            out[i] = x[i]
    return out


FAMILY.add(
    both_branches_pass_or_store,
    "return torch.where(x > 0, 0, x)",
    "return torch.where(x > 0, 0.0, x)",
    "return torch.where(~(x > 0), x, 0)",
    "return torch.where(~(x > 0), x, 0.0)",
    inputs=vectors(),
)


def result_returned_in_a_branch(x, keep):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    if keep:
        return out
    return out + 1


FAMILY.add(result_returned_in_a_branch, inputs=vectors(1, True))


def loop_inside_a_condition(x, slow):
    if slow:
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * 2
        return out
    return x * 3


FAMILY.add(loop_inside_a_condition, inputs=vectors(1, True))


def early_return_before_the_loop(x):
    if x.numel() == 0:
        return x
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out


FAMILY.add(
    early_return_before_the_loop,
    "if x.numel() == 0:\n    return x\nreturn x * 2",
    inputs=vectors(),
)


def store_repeated(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
        out[i] = out[i] + x[i]
        out[i] *= 3
    return out


FAMILY.add(store_repeated, "return (x * 2 + x) * 3", inputs=vectors())


def result_first_argument(out, x):
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out


FAMILY.add(
    result_first_argument,
    "out[:] = x * 2\nreturn out",
    "out[...] = x * 2\nreturn out",
    "out.copy_(x * 2)\nreturn out",
    inputs=vectors(2, grad=False),
)


def inner_size_one_loop(tensor):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            for _ in range(1):
                result[i, j] = tensor[i, j] * 2
    return result


FAMILY.add(inner_size_one_loop, "return tensor * 2", inputs=matrices())
