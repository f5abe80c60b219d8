"""Several results, several loops."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import matrices, vectors

FAMILY = Family()


def sum_and_difference(tensor1, tensor2):
    plus = torch.zeros_like(tensor1)
    minus = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            plus[i, j] = tensor1[i, j] + tensor2[i, j]
            minus[i, j] = tensor1[i, j] - tensor2[i, j]
    return plus, minus


FAMILY.add(
    sum_and_difference,
    "return tensor1 + tensor2, tensor1 - tensor2",
    "plus = tensor1 + tensor2\nminus = tensor1 - tensor2\nreturn plus, minus",
    inputs=matrices(2),
)


def second_output_from_first(x):
    y = torch.zeros_like(x)
    z = torch.zeros_like(x)
    for i in range(len(x)):
        y[i] = x[i] * 2
        z[i] = y[i] + 1
    return y, z


FAMILY.add(
    second_output_from_first,
    "y = x * 2\nreturn y, y + 1",
    "y = x * 2\nz = y + 1\nreturn y, z",
    inputs=vectors(),
)


def named_outputs(x):
    doubled = torch.zeros_like(x)
    halved = torch.zeros_like(x)
    for i in range(len(x)):
        doubled[i] = x[i] * 2
        halved[i] = x[i] / 2
    return {"doubled": doubled, "halved": halved}


FAMILY.add(
    named_outputs,
    'return {"doubled": x * 2, "halved": x / 2}',
    'doubled = x * 2\nhalved = x / 2\nreturn {"doubled": doubled, "halved": halved}',
    inputs=vectors(),
)


def loops_in_sequence(x):
    y = torch.zeros_like(x)
    for i in range(len(x)):
        y[i] = x[i] * 2
    z = torch.zeros_like(y)
    for i in range(len(y)):
        z[i] = y[i] + 1
    return z


FAMILY.add(
    loops_in_sequence,
    "return x * 2 + 1",
    "y = x * 2\nreturn y + 1",
    inputs=vectors(),
)


def loops_with_a_line_between(x):
    y = torch.zeros_like(x)
    for i in range(len(x)):
        y[i] = x[i] * 2
    total = y.sum()
    z = torch.zeros_like(x)
    for i in range(len(x)):
        z[i] = y[i] - total
    return z


FAMILY.add(
    loops_with_a_line_between,
    "y = x * 2\ntotal = y.sum()\nreturn y - total",
    "y = x * 2\nreturn y - y.sum()",
    inputs=vectors(),
    exactness="rounding",  # the sum follows the new layout in memory
)


def halves_of_one_result(a, b):
    n = len(a)
    out = torch.zeros(2 * n)
    for i in range(n):
        out[i] = a[i] * 2
    for i in range(n):
        out[n + i] = b[i] * 3
    return out


FAMILY.add(halves_of_one_result, inputs=vectors(2))


def result_used_after(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] * tensor2[i, j]
    return result.sum()


FAMILY.add(
    result_used_after,
    "return (tensor1 * tensor2).sum()",
    "result = tensor1 * tensor2\nreturn result.sum()",
    inputs=matrices(2),
    exactness="rounding",  # the sum follows the new layout in memory
)


def result_and_its_shape(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    size = len(out)
    return out, size


FAMILY.add(
    result_and_its_shape,
    inputs=vectors(),
)


def two_inner_loops(a, b):
    left = torch.zeros_like(a)
    right = torch.zeros_like(b)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            left[i, j] = a[i, j] * 2
        for k in range(b.shape[1]):
            right[i, k] = b[i, k] * 3
    return left, right


FAMILY.add(
    two_inner_loops,
    "return a * 2, b * 3",
    "left = a * 2\nright = b * 3\nreturn left, right",
    inputs=matrices(2),
)


def outer_statement_and_inner_loop(tensor, column):
    scaled = torch.zeros_like(column)
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        scaled[i] = column[i] * 2
        for j in range(tensor.shape[1]):
            result[i, j] = tensor[i, j] * scaled[i]
    return result


FAMILY.add(
    outer_statement_and_inner_loop,
    inputs=lambda: [(t, t.sum(1)) for (t,) in matrices(grad=False)()],
)
