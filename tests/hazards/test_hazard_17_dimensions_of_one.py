"""A store at a constant place of a dimension of one element fills it, and keeps the dimension."""

from __future__ import annotations

import torch

import deloop


@deloop.vectorize
def row(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros(1, x.shape[0])
    for i in range(x.shape[0]):
        out[0, i] = x[i] * 2
    return out


def test_dimension_of_one_stays() -> None:
    assert torch.equal(row(torch.ones(4)), torch.full((1, 4), 2.0))
