"""Matrices walked by one flat index."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import cubes, matrices

FAMILY = Family()
SUM = "return tensor1 + tensor2"


def through_views(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    flat = result.view(-1)
    left = tensor1.view(-1)
    right = tensor2.view(-1)
    for k in range(tensor1.numel()):
        flat[k] = left[k] + right[k]
    return result


FAMILY.add(
    through_views,
    SUM,
    "return (tensor1.view(-1) + tensor2.view(-1)).view(tensor1.shape)",
    "return (tensor1.view(-1) + tensor2.view(-1)).view_as(tensor1)",
    inputs=matrices(2),
)


def through_flattened_copies(tensor1, tensor2):
    left = tensor1.flatten()
    right = tensor2.flatten()
    out = torch.zeros_like(left)
    for k in range(left.numel()):
        out[k] = left[k] + right[k]
    return out.view(tensor1.shape)


FAMILY.add(
    through_flattened_copies,
    SUM,
    "left = tensor1.flatten()\nright = tensor2.flatten()\n"
    "return (left + right).view(tensor1.shape)",
    "return (tensor1.flatten() + tensor2.flatten()).view(tensor1.shape)",
    "out = tensor1.flatten() + tensor2.flatten()\nreturn out.view(tensor1.shape)",
    inputs=matrices(2),
)


def flat_to_flat(tensor):
    source = tensor.reshape(-1)
    out = torch.empty(tensor.numel())
    for k in range(source.shape[0]):
        out[k] = source[k] * 2
    return out


FAMILY.add(
    flat_to_flat,
    "return tensor.reshape(-1) * 2",
    "source = tensor.reshape(-1)\nreturn source * 2",
    "return (tensor * 2).reshape(-1)",
    "return (tensor * 2).flatten()",
    inputs=cubes(),
)


def by_divmod(tensor1, tensor2):
    n, m = tensor1.shape
    result = torch.zeros_like(tensor1)
    for k in range(n * m):
        i, j = divmod(k, m)
        result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(by_divmod, SUM, inputs=matrices(2))


def by_quotient_and_remainder(tensor1, tensor2):
    n, m = tensor1.shape
    result = torch.zeros_like(tensor1)
    for k in range(n * m):
        result[k // m, k % m] = tensor1[k // m, k % m] + tensor2[k // m, k % m]
    return result


FAMILY.add(by_quotient_and_remainder, SUM, inputs=matrices(2))


def by_named_quotient_and_remainder(tensor1, tensor2):
    m = tensor1.shape[1]
    result = torch.zeros_like(tensor1)
    for k in range(tensor1.numel()):
        row = k // m
        column = k % m
        result[row][column] = tensor1[row][column] + tensor2[row][column]
    return result


FAMILY.add(by_named_quotient_and_remainder, SUM, inputs=matrices(2))


def by_three_digits(tensor):
    a, b, c = tensor.shape
    result = torch.zeros_like(tensor)
    for k in range(a * b * c):
        result[k // (b * c), (k // c) % b, k % c] = tensor[k // (b * c), (k // c) % b, k % c] * 2
    return result


FAMILY.add(by_three_digits, "return tensor * 2", inputs=cubes())


def composed_flat_index(tensor):
    n, m = tensor.shape
    flat = tensor.reshape(-1)
    result = torch.zeros(n, m)
    for i in range(n):
        for j in range(m):
            result[i, j] = flat[i * m + j] * 2
    return result


FAMILY.add(
    composed_flat_index,
    "return tensor * 2",
    "n, m = tensor.shape\nflat = tensor.reshape(-1)\nreturn flat.view(n, m) * 2",
    "return tensor.reshape(-1).view(tensor.shape) * 2",
    inputs=matrices(),
)


def unravelled_and_unpacked(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for k in range(tensor1.numel()):
        i, j = torch.unravel_index(torch.tensor(k), tensor1.shape)
        result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


FAMILY.add(unravelled_and_unpacked, SUM, inputs=matrices(2))
