"""Rows of a tensor that rows of indices select: ``table[ids[i]]``."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import random_tensor

FAMILY = Family()


def indices(shape, below, seed, dtype=torch.int64):
    """Indices of both signs, duplicates among them."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-below, below, shape, generator=generator).to(dtype)


def rows_and_indices():
    return [
        (random_tensor(shape, 1, grad=grad), indices(places, shape[1], 2, dtype))
        for shape, places, dtype, grad in (
            ((3, 5, 2), (3, 4), torch.int64, False),
            ((3, 5, 2), (3, 4), torch.int32, False),
            ((1, 1, 1), (1, 1), torch.int64, False),
            ((2, 5, 2), (2, 0), torch.int64, False),
            ((3, 5, 2), (3, 4), torch.int64, True),
        )
    ]


def batch_gathered(x, index):
    output = []
    for i in range(x.shape[0]):
        output.append(x[i, index[i]])
    return torch.stack(output)


FAMILY.add(
    batch_gathered,
    "return x[torch.arange(x.shape[0])[:, None], index]",
    inputs=rows_and_indices,
)

# 16-bit rows, masks and places outside keep what the loop does: it raises, or selects.
FAMILY.add(
    batch_gathered,
    "return x[torch.arange(x.shape[0])[:, None], index]",
    inputs=lambda: [
        rows_and_indices()[0],
        (random_tensor((3, 5), 1), indices((3, 4), 5, 2, torch.int16)),
        (random_tensor((2, 4), 1), torch.tensor([[True, False] * 2] * 2)),
        (random_tensor((3, 5), 1), indices((3, 4), 5, 2) + 3),
        (random_tensor((3, 0), 1), indices((3, 0), 1, 2)),
    ],
    suffix=" that may raise",
)


def embedding_bag(table, ids):
    out = torch.zeros(ids.shape[0], table.shape[1])
    for i in range(ids.shape[0]):
        out[i] = table[ids[i]].mean(0)
    return out


FAMILY.add(
    embedding_bag,
    "return table[ids].mean(1)",
    inputs=lambda: [
        (random_tensor((6, 3), 1, grad=grad), indices(shape, 6, 2))
        for shape, grad in (((4, 5), False), ((1, 1), False), ((2, 3), False), ((4, 5), True))
    ],
    exactness="rounding",
)


def greatest_of_neighbours(x, neighbours):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[neighbours[i]].max(dim=0)[0] - x[i]
    return out


FAMILY.add(
    greatest_of_neighbours,
    "return x[neighbours].max(1).values - x",
    inputs=lambda: [
        (random_tensor((n, 3), 1), indices((n, k), n, 2)) for n, k in ((5, 4), (1, 1), (2, 3))
    ],
)


def rows_permuted_in_place(x, order):
    for b in range(x.shape[0]):
        x[b] = x[b, order[b]]
    return x


FAMILY.add(
    rows_permuted_in_place,
    "x[:] = x[torch.arange(x.shape[0])[:, None], order]\nreturn x",
    inputs=lambda: [
        (random_tensor((n, k), 1), indices((n, k), k, 2)) for n, k in ((3, 5), (1, 1), (2, 1))
    ],
)


def shifted_lookups(x, places):
    out = torch.zeros(places.shape)
    for i in range(x.shape[0]):
        out[i] = x[i, (places[i] + i) % 3]
    return out


FAMILY.add(
    shifted_lookups,
    "return x[torch.arange(x.shape[0])[:, None], "
    "(places + torch.arange(x.shape[0])[:, None]) % 3]",
    inputs=lambda: [(random_tensor((n, 3), 1), indices((n, 4), 5, 2)) for n in (5, 1, 2)],
)
