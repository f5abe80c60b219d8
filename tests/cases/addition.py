"""Adding two matrices: how the result is made, and how its elements are named."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import cubes, hypercubes, matrices, vectors

FAMILY = Family()
SUM = "return tensor1 + tensor2"


def slow_addition(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(slow_addition, SUM, inputs=matrices(2))
FAMILY.add(slow_addition, SUM, inputs=matrices(2, dtypes=(torch.float64,)), suffix="-float64")
FAMILY.add(
    slow_addition, SUM, inputs=matrices(2, dtypes=(torch.int64,), grad=False), suffix="-int64"
)
FAMILY.add(slow_addition, SUM, inputs=matrices(2, dtypes=(torch.bfloat16,)), suffix="-bfloat16")


def addition_into_empty_like(tensor1, tensor2):
    result = torch.empty_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(addition_into_empty_like, SUM, inputs=matrices(2))


def addition_into_empty(tensor1, tensor2):
    result = torch.empty(tensor1.shape, dtype=tensor1.dtype, device=tensor1.device)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(addition_into_empty, SUM, inputs=matrices(2))


def addition_into_new_zeros(tensor1, tensor2):
    result = tensor1.new_zeros(tensor1.shape)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(addition_into_new_zeros, SUM, inputs=matrices(2))


def addition_into_zeros_of_sizes(tensor1, tensor2):
    n, m = tensor1.shape
    result = torch.zeros(n, m)
    for i in range(n):
        for j in range(m):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(addition_into_zeros_of_sizes, SUM, inputs=matrices(2))
FAMILY.add(
    addition_into_zeros_of_sizes,
    "return (tensor1 + tensor2).to(torch.float32)",
    "return (tensor1 + tensor2).float()",
    "return (tensor1 + tensor2).to(dtype=torch.float32)",
    inputs=matrices(2, dtypes=(torch.float64,)),
    suffix="-float64",
)
FAMILY.add(
    addition_into_zeros_of_sizes,
    "return (tensor1 + tensor2).to(torch.float32)",
    "return (tensor1 + tensor2).float()",
    "return (tensor1 + tensor2).to(dtype=torch.float32)",
    inputs=matrices(2, dtypes=(torch.int64,), grad=False),
    suffix="-int64",
)


def addition_into_zeros_of_shape(tensor1, tensor2):
    result = torch.zeros(tensor1.shape)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(addition_into_zeros_of_shape, SUM, inputs=matrices(2))


def addition_into_zeros_with_dtype_and_device(tensor1, tensor2):
    result = torch.zeros(
        tensor1.shape[0], tensor1.shape[1], dtype=tensor1.dtype, device=tensor1.device
    )
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(addition_into_zeros_with_dtype_and_device, SUM, inputs=matrices(2))
FAMILY.add(
    addition_into_zeros_with_dtype_and_device,
    SUM,
    inputs=matrices(2, dtypes=(torch.float64,)),
    suffix="-float64",
)


def addition_into_double_zeros(tensor1, tensor2):
    result = torch.zeros(tensor1.size(0), tensor1.size(1), dtype=torch.float64)
    for i in range(tensor1.size(0)):
        for j in range(tensor1.size(1)):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(
    addition_into_double_zeros,
    "return (tensor1 + tensor2).to(torch.float64)",
    "return (tensor1 + tensor2).double()",
    "return (tensor1 + tensor2).to(dtype=torch.float64)",
    inputs=matrices(2),
)


def addition_into_full(tensor1, tensor2):
    result = torch.full_like(tensor1, -1.0)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(addition_into_full, SUM, inputs=matrices(2))


def addition_into_clone(tensor1, tensor2):
    result = tensor1.clone()
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(addition_into_clone, SUM, inputs=matrices(2))


def addition_column_by_column(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for j in range(tensor1.shape[1]):
        for i in range(tensor1.shape[0]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(addition_column_by_column, SUM, inputs=matrices(2))


def addition_by_double_brackets(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i][j] = tensor1[i][j] + tensor2[i][j]
    return result


FAMILY.add(addition_by_double_brackets, SUM, inputs=matrices(2))


def addition_by_mixed_brackets(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i][j] + tensor2[i, j]
    return result


FAMILY.add(addition_by_mixed_brackets, SUM, inputs=matrices(2))


def addition_through_temporaries(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            left = tensor1[i, j]
            right = tensor2[i, j]
            total = left + right
            result[i, j] = total
    return result


FAMILY.add(addition_through_temporaries, SUM, inputs=matrices(2))


def addition_through_row_views(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        row1 = tensor1[i]
        row2 = tensor2[i]
        for j in range(tensor1.shape[1]):
            result[i, j] = row1[j] + row2[j]
    return result


FAMILY.add(addition_through_row_views, SUM, inputs=matrices(2))


def addition_row_by_row(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        result[i] = tensor1[i] + tensor2[i]
    return result


FAMILY.add(addition_row_by_row, SUM, inputs=matrices(2))


def addition_accumulated_onto_zeros(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] += tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(
    addition_accumulated_onto_zeros,
    SUM,
    "return 0 + (tensor1 + tensor2)",
    "return 0.0 + (tensor1 + tensor2)",
    "return tensor1 + tensor2 + 0",
    "return tensor1 + tensor2 + 0.0",
    "result = torch.zeros_like(tensor1)\nresult += tensor1 + tensor2\nreturn result",
    "return torch.zeros_like(tensor1) + (tensor1 + tensor2)",
    inputs=matrices(2),
    exactness=("bitwise", "rounding"),
)


def addition_in_two_steps(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j]
            result[i, j] += tensor2[i, j]
    return result


FAMILY.add(addition_in_two_steps, SUM, inputs=matrices(2))


def addition_with_a_docstring(tensor1, tensor2):
    """Adds two matrices of one shape."""
    # the slow way
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(
    addition_with_a_docstring,
    '"""Adds two matrices of one shape."""\nreturn tensor1 + tensor2',
    inputs=matrices(2),
)


def addition_of_vectors(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(len(tensor1)):
        result[i] = tensor1[i] + tensor2[i]
    return result


FAMILY.add(addition_of_vectors, SUM, inputs=vectors(2))


def addition_of_cubes(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            for k in range(tensor1.shape[2]):
                result[i, j, k] = tensor1[i, j, k] + tensor2[i, j, k]
    return result


FAMILY.add(addition_of_cubes, SUM, inputs=cubes(2))


def addition_of_hypercubes(tensor1, tensor2):
    a, b, c, d = tensor1.shape
    result = torch.zeros_like(tensor1)
    for i in range(a):
        for j in range(b):
            for k in range(c):
                for l in range(d):
                    result[i, j, k, l] = tensor1[i, j, k, l] + tensor2[i, j, k, l]
    return result


FAMILY.add(addition_of_hypercubes, SUM, inputs=hypercubes(2))
