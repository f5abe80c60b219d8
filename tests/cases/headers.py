"""One loop body under every way of writing the iteration."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from itertools import product
from pathlib import Path

import numpy as np
import torch

from .case import Family
from .inputs import matrices, vectors

if importlib.util.find_spec("tqdm") is None:
    sys.path.append(str(Path(__file__).with_name("fakes")))

from tqdm import tqdm, trange  # noqa: E402 - the stand-in must be on the path first

FAMILY = Family()
SUM = "return tensor1 + tensor2"


def over_unpacked_shape(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    n, m = tensor1.shape
    for i in range(n):
        for j in range(m):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_unpacked_shape, SUM, inputs=matrices(2))


def over_named_sizes(tensor1, tensor2):
    rows = tensor1.shape[0]
    columns = tensor1.shape[1]
    result = torch.zeros_like(tensor1)
    for i in range(rows):
        for j in range(columns):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_named_sizes, SUM, inputs=matrices(2))


def over_size_calls(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.size(0)):
        for j in range(tensor1.size(1)):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_size_calls, SUM, inputs=matrices(2))


def over_unpacked_size(tensor1, tensor2):
    n, m = tensor1.size()
    result = torch.zeros(n, m, dtype=tensor1.dtype)
    for i in range(0, n):
        for j in range(0, m, 1):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_unpacked_size, SUM, inputs=matrices(2))


def over_negative_dimensions(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[-2]):
        for j in range(tensor1.size(-1)):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_negative_dimensions, SUM, inputs=matrices(2))


def over_lengths(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(len(tensor1)):
        for j in range(len(tensor1[i])):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_lengths, SUM, inputs=matrices(2))


def over_the_result_shape(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_the_result_shape, SUM, inputs=matrices(2))


def over_reversed_range(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in reversed(range(tensor1.shape[0])):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_reversed_range, SUM, inputs=matrices(2))


def over_falling_range(tensor1, tensor2):
    n, m = tensor1.shape
    result = torch.zeros_like(tensor1)
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_falling_range, SUM, inputs=matrices(2))


def over_product(tensor1, tensor2):
    n, m = tensor1.shape
    result = torch.zeros_like(tensor1)
    for i, j in itertools.product(range(n), range(m)):
        result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_product, SUM, inputs=matrices(2))


def over_product_of_mapped_ranges(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i, j in product(*map(range, tensor1.shape)):
        result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_product_of_mapped_ranges, SUM, inputs=matrices(2))


def over_product_by_whole_index(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for idx in product(*map(range, tensor1.shape)):
        result[idx] = tensor1[idx] + tensor2[idx]
    return result


FAMILY.add(over_product_by_whole_index, SUM, inputs=matrices(2))


def over_ndindex(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for idx in np.ndindex(tensor1.shape):
        result[idx] = tensor1[idx] + tensor2[idx]
    return result


FAMILY.add(over_ndindex, SUM, inputs=matrices(2))


def over_unpacked_ndindex(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i, j in np.ndindex(*tensor1.shape):
        result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_unpacked_ndindex, SUM, inputs=matrices(2))


def over_enumerated_rows(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i, row in enumerate(tensor1):
        for j, value in enumerate(row):
            result[i, j] = value + tensor2[i, j]
    return result


FAMILY.add(over_enumerated_rows, SUM, inputs=matrices(2))


def over_enumerated_vector(x):
    out = torch.empty_like(x)
    for i, value in enumerate(x):
        out[i] = value * value
    return out


FAMILY.add(over_enumerated_vector, "return x * x", inputs=vectors())


def over_enumerate_from_one(x):
    out = torch.zeros(len(x) + 1)
    for i, value in enumerate(x, 1):
        out[i] = value * 2
    return out


FAMILY.add(
    over_enumerate_from_one,
    "out = torch.zeros(len(x) + 1)\nout[1:] = x * 2\nreturn out",
    "out = torch.zeros(len(x) + 1)\nout[1:len(x) + 1] = x * 2\nreturn out",
    "out = torch.zeros(x.shape[0] + 1)\nout[1:] = x * 2\nreturn out",
    inputs=vectors(),
)


def over_zip(a, b):
    out = torch.empty_like(a)
    for i, (left, right) in enumerate(zip(a, b)):
        out[i] = left + right
    return out


FAMILY.add(over_zip, "return a + b", inputs=vectors(2))


def over_zip_of_indices(a, b):
    out = torch.empty_like(a)
    for i, left, right in zip(range(len(a)), a, b):
        out[i] = left + right
    return out


FAMILY.add(over_zip_of_indices, "return a + b", inputs=vectors(2))


def over_zipped_rows(tensor1, tensor2, result):
    for row1, row2, target in zip(tensor1, tensor2, result):
        for j in range(len(row1)):
            target[j] = row1[j] + row2[j]
    return result


FAMILY.add(
    over_zipped_rows,
    "result[:] = tensor1 + tensor2\nreturn result",
    "result[...] = tensor1 + tensor2\nreturn result",
    "result[:, :] = tensor1 + tensor2\nreturn result",
    "result.copy_(tensor1 + tensor2)\nreturn result",
    inputs=matrices(3, grad=False),
)


def over_elements_in_place(x):
    for value in x:
        value *= 2
    return x


FAMILY.add(
    over_elements_in_place,
    "x *= 2\nreturn x",
    "x.mul_(2)\nreturn x",
    "x[:] *= 2\nreturn x",
    "x[...] *= 2\nreturn x",
    "x[:] = x * 2\nreturn x",
    "x[...] = x * 2\nreturn x",
    "x.copy_(x * 2)\nreturn x",
    inputs=vectors(grad=False),
)


def over_tqdm(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in tqdm(range(tensor1.shape[0])):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_tqdm, SUM, inputs=matrices(2))


def over_described_tqdm(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i, row in enumerate(tqdm(tensor1, desc="rows", leave=False)):
        for j in range(tensor1.shape[1]):
            result[i, j] = row[j] + tensor2[i, j]
    return result


FAMILY.add(over_described_tqdm, SUM, inputs=matrices(2))


def over_trange(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in trange(tensor1.shape[0]):
        for j in trange(tensor1.shape[1], leave=False):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(over_trange, SUM, inputs=matrices(2))


def over_a_number_of_rows(x, n):
    out = torch.zeros(n)
    for i in range(n):
        out[i] = x[i] * 2
    return out


FAMILY.add(
    over_a_number_of_rows,
    "return x[:n] * 2",
    inputs=lambda: [
        (torch.arange(6.0), 4),
        *[(torch.arange(float(n)), n) for n in (5, 1, 0, 3)],
        (torch.arange(6.0), 0),
        (torch.arange(6.0), 7),
    ],
)
