"""Operands that have some of the result's axes, other orders, other places."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import (
    cubes,
    matrices,
    matrix_with_column,
    matrix_with_row,
    random_tensor,
    tensors,
    two_vectors_of_own_length,
    vectors,
)

FAMILY = Family()


def row_added_to_every_row(tensor, row):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            result[i, j] = tensor[i, j] + row[j]
    return result


FAMILY.add(row_added_to_every_row, "return tensor + row", inputs=matrix_with_row)


def column_added_to_every_column(tensor, column):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            result[i, j] = tensor[i, j] + column[i]
    return result


FAMILY.add(
    column_added_to_every_column,
    "return tensor + column[:, None]",
    "return tensor + column.unsqueeze(1)",
    inputs=matrix_with_column,
)


def outer_product(a, b):
    result = torch.zeros(len(a), len(b))
    for i in range(len(a)):
        for j in range(len(b)):
            result[i, j] = a[i] * b[j]
    return result


FAMILY.add(
    outer_product,
    "return a[:, None] * b",
    "return a[:, None] * b[None, :]",
    "return torch.outer(a, b)",
    "return a.unsqueeze(1) * b",
    inputs=two_vectors_of_own_length,
)


def differences_of_pairs(a, b):
    result = torch.empty(a.shape[0], b.shape[0])
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            result[i, j] = (a[i] - b[j]).abs()
    return result


FAMILY.add(
    differences_of_pairs,
    "return (a[:, None] - b).abs()",
    "return torch.abs(a[:, None] - b)",
    "return (a[:, None] - b[None, :]).abs()",
    inputs=two_vectors_of_own_length,
)


def transposed_store(tensor):
    out = torch.zeros(tensor.shape[1], tensor.shape[0])
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            out[j, i] = tensor[i, j] * 2
    return out


FAMILY.add(
    transposed_store,
    "return tensor.T * 2",
    "return (tensor * 2).T",
    "return tensor.t() * 2",
    "return (tensor * 2).t()",
    "return tensor.mT * 2",
    "return (tensor * 2).mT",
    "return tensor.transpose(0, 1) * 2",
    "return (tensor * 2).transpose(0, 1)",
    "return (tensor * 2).T.contiguous()",
    "return tensor.permute(1, 0) * 2",
    inputs=matrices(),
)


def transposed_copy(tensor):
    n, m = tensor.shape
    out = torch.empty(m, n)
    for i in range(n):
        for j in range(m):
            out[j, i] = tensor[i, j]
    return out


FAMILY.add(
    transposed_copy,
    "return tensor.T.clone()",
    "return tensor.t().clone()",
    "return tensor.mT.clone()",
    "return tensor.T.contiguous().clone()",
    "return tensor.transpose(0, 1).clone()",
    "return tensor.permute(1, 0).clone()",
    inputs=matrices(),
)


def symmetric_part(tensor):
    n = tensor.shape[0]
    out = torch.zeros_like(tensor)
    for i in range(n):
        for j in range(n):
            out[i, j] = (tensor[i, j] + tensor[j, i]) / 2
    return out


def square_matrices():
    made = [(random_tensor((n, n), 5 + n),) for n in (4, 2, 1, 0)]
    return [*made, (random_tensor((4, 4), 50, grad=True),)]


FAMILY.add(
    symmetric_part,
    "return (tensor + tensor.T) / 2",
    "return (tensor + tensor.t()) / 2",
    "return (tensor + tensor.mT) / 2",
    "return (tensor + tensor.transpose(0, 1)) / 2",
    "return (tensor + tensor.permute(1, 0)) / 2",
    inputs=square_matrices,
)


def axes_rotated(tensor):
    a, b, c = tensor.shape
    out = torch.zeros(c, a, b)
    for i in range(a):
        for j in range(b):
            for k in range(c):
                out[k, i, j] = tensor[i, j, k] + 1
    return out


FAMILY.add(
    axes_rotated,
    "return tensor.permute(2, 0, 1) + 1",
    "return (tensor + 1).permute(2, 0, 1)",
    "return torch.permute(tensor, (2, 0, 1)) + 1",
    "return tensor.permute((2, 0, 1)) + 1",
    inputs=cubes(),
)


def diagonal_read(tensor):
    n = tensor.shape[0]
    out = torch.zeros(n)
    for i in range(n):
        out[i] = tensor[i, i] * 2
    return out


FAMILY.add(
    diagonal_read,
    "return tensor.diagonal() * 2",
    "return torch.diagonal(tensor) * 2",
    "return tensor.diag() * 2",
    "return torch.diag(tensor) * 2",
    inputs=square_matrices,
)


def diagonal_written(tensor, values):
    for i in range(len(values)):
        tensor[i, i] = values[i]
    return tensor


FAMILY.add(
    diagonal_written,
    inputs=lambda: [(random_tensor((n, n), n), random_tensor((n,), n + 9)) for n in (4, 1, 0, 2)],
)


def reversed_read(x):
    n = len(x)
    out = torch.empty_like(x)
    for i in range(n):
        out[i] = x[n - 1 - i] * 2
    return out


FAMILY.add(
    reversed_read,
    "return x.flip(0) * 2",
    "return torch.flip(x, (0,)) * 2",
    "return x.flip((0,)) * 2",
    "return (x * 2).flip(0)",
    "return torch.flip(x, [0]) * 2",
    inputs=vectors(),
)


def column_taken(tensor):
    out = torch.zeros(tensor.shape[0])
    for i in range(tensor.shape[0]):
        out[i] = tensor[i, 0] + tensor[i, -1]
    return out


FAMILY.add(
    column_taken,
    "return tensor[:, 0] + tensor[:, -1]",
    inputs=matrices(),
)


def channels_read_one_by_one(image):
    height, width, _ = image.shape
    grey = torch.zeros(height, width)
    for y in range(height):
        for x in range(width):
            grey[y, x] = 0.3 * image[y, x, 0] + 0.59 * image[y, x, 1] + 0.11 * image[y, x, 2]
    return grey


FAMILY.add(
    channels_read_one_by_one,
    "return 0.3 * image[:, :, 0] + 0.59 * image[:, :, 1] + 0.11 * image[:, :, 2]",
    "return 0.3 * image[..., 0] + 0.59 * image[..., 1] + 0.11 * image[..., 2]",
    inputs=tensors(((4, 5, 3), (1, 1, 3), (0, 2, 3), (2, 0, 3))),
)


def iterator_as_value(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * i
    return out


FAMILY.add(
    iterator_as_value,
    "return x * torch.arange(len(x))",
    "return x * torch.arange(x.shape[0])",
    "return x * torch.arange(len(x), device=x.device)",
    "return x * torch.arange(x.shape[0], device=x.device)",
    inputs=vectors(),
)


def both_iterators_as_value(n, m):
    table = torch.zeros(n, m)
    for i in range(n):
        for j in range(m):
            table[i, j] = i * m + j
    return table


FAMILY.add(
    both_iterators_as_value,
    inputs=lambda: [(4, 5), (1, 1), (0, 3), (3, 0)],
    exactness=("bitwise", "rounding"),
)


def upper_triangle(tensor):
    out = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if j > i:
                out[i, j] = tensor[i, j]
    return out


FAMILY.add(upper_triangle, inputs=matrices())


def lower_triangle_by_range(tensor):
    n = tensor.shape[0]
    out = torch.zeros_like(tensor)
    for i in range(n):
        for j in range(i + 1):
            out[i, j] = tensor[i, j]
    return out


FAMILY.add(lower_triangle_by_range, inputs=square_matrices)


def identity_matrix(n):
    out = torch.zeros(n, n)
    for i in range(n):
        for j in range(n):
            if i == j:
                out[i, j] = 1.0
    return out


FAMILY.add(identity_matrix, inputs=lambda: [(4,), (1,), (0,), (2,)])


def diagonal_raised(tensor):
    out = tensor.clone()
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if i == j:
                out[i, j] = tensor[i, j] + 1
            else:
                out[i, j] = tensor[i, j] * 2
    return out


FAMILY.add(diagonal_raised, inputs=matrices())


def even_columns_negated(tensor):
    out = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if j % 2 == 0:
                out[i, j] = -tensor[i, j]
            else:
                out[i, j] = tensor[i, j]
    return out


FAMILY.add(even_columns_negated, inputs=matrices())
