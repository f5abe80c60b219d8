"""Loops that change their argument."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import matrices, matrix_with_row, vectors

FAMILY = Family()


def accepted(name, expression, operator="", operand="", method=""):
    """The ways to write a whole tensor in place, with the return that follows."""
    end = f"\nreturn {name}"
    forms = [f"{name}{index} = {expression}" for index in ("[:]", "[...]", "[:, :]")]
    forms.append(f"{name}.copy_({expression})")
    if operator:
        indices = ("", "[:]", "[...]", "[:, :]")
        forms += [f"{name}{index} {operator}= {operand}" for index in indices]
    if method:
        forms.append(f"{name}.{method}({operand})")
    return [form + end for form in forms]


def add_onto_argument(tensor1, tensor2):
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            tensor1[i, j] += tensor2[i, j]
    return tensor1


FAMILY.add(
    add_onto_argument,
    *accepted("tensor1", "tensor1 + tensor2", "+", "tensor2", "add_"),
    inputs=matrices(2, grad=False),
)


def subtract_from_argument(tensor1, tensor2):
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            tensor1[i, j] -= tensor2[i, j]
    return tensor1


FAMILY.add(
    subtract_from_argument,
    *accepted("tensor1", "tensor1 - tensor2", "-", "tensor2", "sub_"),
    inputs=matrices(2, grad=False),
)


def scale_argument(tensor, factor):
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            tensor[i, j] *= factor
    return tensor


FAMILY.add(
    scale_argument,
    *accepted("tensor", "tensor * factor", "*", "factor", "mul_"),
    inputs=matrices(1, 1.5, grad=False),
)


def divide_argument(tensor, row):
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            tensor[i, j] = tensor[i, j] / row[j]
    return tensor


FAMILY.add(
    divide_argument,
    *accepted("tensor", "tensor / row", "/", "row", "div_"),
    inputs=lambda: matrix_with_row()[:-1],
)


def double_brackets_in_place(tensor):
    for i in range(len(tensor)):
        for j in range(len(tensor[0])):
            tensor[i][j] = tensor[i][j] * 3
    return tensor


FAMILY.add(
    double_brackets_in_place,
    *accepted("tensor", "tensor * 3", "*", "3", "mul_"),
    inputs=matrices(grad=False),
)


def nothing_returned(tensor1, tensor2):
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            tensor1[i, j] += tensor2[i, j]


FAMILY.add(
    nothing_returned,
    *[
        form.removesuffix("\nreturn tensor1")
        for form in accepted("tensor1", "tensor1 + tensor2", "+", "tensor2", "add_")
    ],
    inputs=matrices(2, grad=False),
)


def negatives_cut_off(tensor):
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] < 0:
                tensor[i, j] = 0
    return tensor


FAMILY.add(
    negatives_cut_off,
    "tensor[tensor < 0] = 0\nreturn tensor",
    "tensor.masked_fill_(tensor < 0, 0)\nreturn tensor",
    *accepted("tensor", "torch.where(tensor < 0, 0, tensor)"),
    "mask = tensor < 0\ntensor[:] = torch.where(mask, 0, tensor)\nreturn tensor",
    inputs=matrices(grad=False),
)


def argument_overwritten(target, source):
    for i in range(target.shape[0]):
        for j in range(target.shape[1]):
            target[i, j] = source[i, j]
    return target


FAMILY.add(
    argument_overwritten,
    *accepted("target", "source"),
    "target[:] = source\nreturn target",
    inputs=matrices(2, grad=False),
)


def shifted_down_in_place(x):
    for i in range(len(x) - 1):
        x[i] = x[i + 1]
    return x


FAMILY.add(
    shifted_down_in_place,
    "x[:-1] = x[1:].clone()\nreturn x",
    "x[:len(x) - 1] = x[1:].clone()\nreturn x",
    "x[:x.shape[0] - 1] = x[1:].clone()\nreturn x",
    inputs=vectors(grad=False),
)


def shifted_and_doubled_in_place(x):
    for i in range(x.shape[0] - 1):
        x[i] = x[i + 1] * 2
    return x


FAMILY.add(
    shifted_and_doubled_in_place,
    "x[:-1] = x[1:] * 2\nreturn x",
    "x[:x.shape[0] - 1] = x[1:] * 2\nreturn x",
    inputs=vectors(grad=False),
)


def copy_changed_in_place(x):
    out = x.clone()
    for i in range(len(out)):
        out[i] += 1
    return out


FAMILY.add(
    copy_changed_in_place,
    "return x + 1",
    "out = x.clone()\nout += 1\nreturn out",
    "return x.clone() + 1",
    inputs=vectors(),
)


def argument_scaled_then_used(x):
    for i in range(len(x)):
        x[i] *= 2
    return torch.zeros_like(x) + x


FAMILY.add(
    argument_scaled_then_used,
    *[
        form.replace("return x", "return torch.zeros_like(x) + x")
        for form in accepted("x", "x * 2", "*", "2", "mul_")
        if "[:, :]" not in form
    ],
    inputs=vectors(grad=False),
)
