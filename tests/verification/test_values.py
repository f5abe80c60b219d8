"""Generated numbers have the dtype, the range and the peculiarities that were asked for."""

from __future__ import annotations

import random

import pytest
import torch

from deloop.verification.values import fill_values, special_tensor, vary_number

DTYPES = [
    torch.bool, torch.uint8, torch.int8, torch.int32, torch.int64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.complex64, torch.complex128,
]  # fmt: skip
SCHEMES = ["ordinary", "signed", "special", "ties", "extreme", "zeros", "as given"]


def fill(
    example: torch.Tensor, dtype: torch.dtype, scheme: str, limit: int | None = None
) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return fill_values(example, (6, 7), dtype, scheme, generator, limit)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_makes_every_dtype(dtype: torch.dtype, scheme: str) -> None:
    made = fill(torch.ones(2), dtype, scheme)
    assert made.dtype is dtype
    assert made.shape == (6, 7)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ordinary_values_differ_from_each_other(dtype: torch.dtype) -> None:
    assert len(set(fill(torch.ones(2), dtype, "ordinary").flatten().tolist())) >= 2


def test_ordinary_integers_have_both_signs_and_indices_stay_below_their_limit() -> None:
    example = torch.tensor([0, 1])
    free = fill(example, torch.int64, "ordinary")
    index = fill(example, torch.int64, "ordinary", limit=3)
    signed = fill(example, torch.int64, "signed", limit=3)
    assert free.min() < 0 < free.max()
    assert index.min() >= 0 and index.max() == 2
    assert signed.min() < 0


def test_values_as_given_are_the_examples_own() -> None:
    made = fill(torch.tensor([3.0, 4.0]), torch.float32, "as given")
    assert made.flatten()[:4].tolist() == [3.0, 4.0, 3.0, 4.0]


def test_ties_are_few_distinct_values() -> None:
    assert len(fill(torch.ones(2), torch.float32, "ties").unique()) <= 3


def test_denormals_are_not_zero_in_their_dtype() -> None:
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        special = special_tensor(dtype, "special")
        tiny = special[(special > 0) & special.isfinite()]
        assert tiny.numel() == 1
        assert 0 < float(tiny) < torch.finfo(dtype).smallest_normal


def test_complex_specials_have_nan_in_either_part() -> None:
    special = special_tensor(torch.complex64, "special")
    assert special.real.isnan().any()
    assert special.imag.isnan().any()


def test_numbers_keep_their_type_and_other_things_stay() -> None:
    choose = random.Random(0)
    assert {type(vary_number(3, choose)) for _ in range(20)} == {int}
    assert {type(vary_number(0.5, choose)) for _ in range(20)} == {float}
    assert vary_number(True, choose) is True
    assert vary_number("text", choose) == "text"
