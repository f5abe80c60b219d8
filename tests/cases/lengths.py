"""Loops and slices that end, or begin, where data says.

Each runs over the whole dimension under a condition. A length beyond the dimension, where the loop
raises, and a negative one, which counts from the end, keep the loop.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .inputs import random_tensor
from .scatter import index

FAMILY = Family()

LENGTHS = (2, 0, 4)


def padded(*shape, others=()):
    """Sequences with ordinary lengths; too long, negative, all empty; other dtypes; a gradient."""
    ordinary = index(*LENGTHS)

    def make():
        made = [
            (random_tensor(shape, k), lengths, *others)
            for k, lengths in enumerate(
                (ordinary, ordinary + 1, ordinary - 1, ordinary * 0, ordinary.int(),
                 ordinary.to(torch.uint8), ordinary.to(torch.int16))
            )
        ]  # fmt: skip
        return [*made, (random_tensor(shape, 9, grad=True), ordinary, *others)]

    return make


def lengths_only(*others):
    return lambda: [
        (index(*LENGTHS), *others),
        (index(2, 5, 1), *others),
        (index(2, -1, 1), *others),
        (index(), *others),
        (index(*LENGTHS).int(), *others),
    ]


def mask_of_lengths(lengths, max_len):
    mask = torch.zeros(len(lengths), max_len)
    for i in range(len(lengths)):
        for t in range(lengths[i]):
            mask[i, t] = 1
    return mask


FAMILY.add(
    mask_of_lengths,
    "return torch.where(torch.arange(max_len) < lengths[:, None], 1.0, 0.0)",
    "return (torch.arange(max_len) < lengths[:, None]).float()",
    inputs=lengths_only(4),
)


def mask_of_lengths_by_slices(lengths, max_len):
    mask = torch.zeros((lengths.size(0), max_len), dtype=torch.bool)
    for i in range(lengths.size(0)):
        mask[i, : lengths[i]] = 1
    return mask


FAMILY.add(
    mask_of_lengths_by_slices,
    "return torch.arange(max_len) < lengths[:, None]",
    "return torch.where(torch.arange(max_len) < lengths[:, None], True, False)",
    inputs=lengths_only(4),
)


def padding_cleared(x, lengths):
    for i in range(len(lengths)):
        x[i, lengths[i] :] = 0
    return x


FAMILY.add(
    padding_cleared,
    "x[:] = torch.where(torch.arange(x.shape[1]) >= lengths[:, None], 0, x)\nreturn x",
    inputs=padded(3, 4),
)


def padding_of_rows_cleared(x, lengths):
    for i in range(len(lengths)):
        n = int(lengths[i])
        x[i, n:, :] = 0
    return x


FAMILY.add(
    padding_of_rows_cleared,
    """
    x[:] = torch.where((torch.arange(x.shape[1]) >= lengths[:, None])[:, :, None], 0, x)
    return x
    """,
    inputs=padded(3, 4, 2),
)


def scores_masked_from_a_length_on(x, lengths):
    for i in range(x.shape[0]):
        for j in range(int(lengths[i]), x.shape[1]):
            x[i, j] = float("-inf")
    return x


FAMILY.add(
    scores_masked_from_a_length_on,
    """
    x[:] = torch.where(torch.arange(x.shape[1]) >= lengths[:, None], float("-inf"), x)
    return x
    """,
    inputs=padded(3, 4),
)


def sums_of_sequences(x, lengths):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for t in range(lengths[i]):
            out[i] += x[i, t]
    return out


FAMILY.add(
    sums_of_sequences,
    "return torch.where(torch.arange(x.shape[1]) < lengths[:, None], x, 0).sum(1)",
    inputs=padded(3, 4), exactness="rounding",
)  # fmt: skip


def sequences_copied(x, lengths):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i, : lengths[i]] = x[i, : lengths[i]] * 2
    return out


FAMILY.add(
    sequences_copied,
    "return torch.where(torch.arange(x.shape[1]) < lengths[:, None], x * 2, 0)",
    inputs=padded(3, 4),
)


def spans_filled(x, first, last):
    for i in range(x.shape[0]):
        x[i, first[i] : last[i]] = -1
    return x


FAMILY.add(
    spans_filled,
    inputs=lambda: [
        (random_tensor((3, 4), 1), index(0, 2, 3), index(2, 1, 4)),
        (random_tensor((3, 4), 1), index(0, 2, 3), index(9, 2, 9)),
        (random_tensor((3, 4), 1), index(0, -2, 3), index(2, 1, 4)),
    ],
)


def tokens_counted(tokens, lengths, size):
    counts = torch.zeros(size)
    for i in range(tokens.shape[0]):
        for t in range(lengths[i]):
            counts[tokens[i, t]] += 1
    return counts


FAMILY.add(
    tokens_counted,
    """
    mask = torch.arange(tokens.shape[1]) < lengths[:, None]
    return torch.bincount(tokens[mask], minlength=size).float()
    """,
    inputs=lambda: [
        (torch.tensor([[1, 2, 9, 9], [9, 9, 9, 9], [0, 1, 2, 4]]), index(*LENGTHS), 5),
        (torch.tensor([[1, 2, 9, 9], [9, 9, 9, 9], [0, 1, 2, 4]]), index(3, 0, 0), 5),
    ],
)
