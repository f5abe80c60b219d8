"""Type promotion, held against torch itself for every pair of dtypes and ranks."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
import torch

from deloop.dtype import (
    CATEGORIES,
    DTYPES,
    NUMBER_DTYPES,
    Rank,
    can_cast,
    category,
    complex_dtype,
    is_floating,
    promote,
    promote_tensors,
    real_dtype,
)

WITH_HALF_COMPLEX = (*DTYPES, "complex32")
NUMBERS: dict[str, Any] = {"bool": True, "int64": 2, "float64": 1.5, "complex128": 1j}
OPERANDS = [(d, r) for d in DTYPES for r in (Rank.SCALAR, Rank.TENSOR)] + [
    (d, Rank.NUMBER) for d in NUMBER_DTYPES
]


def value(dtype: str, rank: Rank) -> Any:
    if rank is Rank.NUMBER:
        return NUMBERS[dtype]
    return torch.zeros((2,) if rank is Rank.TENSOR else (), dtype=getattr(torch, dtype))


def name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def result_type(a: tuple[str, Rank], b: tuple[str, Rank]) -> str:
    return name(torch.result_type(value(*a), value(*b)))


def observed_of_three(operands: list[tuple[str, Rank]]) -> str:
    """The dtype that three operands promote to together, observed on ``addcmul``."""
    return name(torch.addcmul(*[value(*operand) for operand in operands]).dtype)


def test_categories_are_those_of_torch() -> None:
    for dtype in WITH_HALF_COMPLEX:
        theirs = getattr(torch, dtype)
        expected = (
            "complex"
            if theirs.is_complex
            else "float"
            if theirs.is_floating_point
            else "bool"
            if theirs is torch.bool
            else "int"
        )
        assert category(dtype) == expected
        assert is_floating(dtype) == theirs.is_floating_point


def test_unknown_dtype_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown dtype 'float8'"):
        category("float8")


def test_lattice_is_that_of_torch_for_every_pair() -> None:
    for a, b in itertools.product(WITH_HALF_COMPLEX, repeat=2):
        expected = name(torch.promote_types(getattr(torch, a), getattr(torch, b)))
        assert promote_tensors(a, b) == expected, (a, b)


def test_casting_is_allowed_where_torch_allows_it() -> None:
    for a, b in itertools.product(WITH_HALF_COMPLEX, repeat=2):
        assert can_cast(a, b) == torch.can_cast(getattr(torch, a), getattr(torch, b)), (a, b)


def test_real_and_complex_dtypes_are_those_of_torch() -> None:
    for dtype in ("float16", "float32", "float64"):
        assert complex_dtype(dtype) == name(getattr(torch, dtype).to_complex())
        assert real_dtype(complex_dtype(dtype)) == dtype
    for dtype in WITH_HALF_COMPLEX:
        assert real_dtype(dtype) == name(getattr(torch, dtype).to_real())


@pytest.mark.parametrize("default", ["float32", "float64", "float16", "bfloat16"])
def test_promotion_of_every_pair_of_operands_is_that_of_torch(default: str) -> None:
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, default))
    try:
        for pair in itertools.product(OPERANDS, repeat=2):
            assert promote(pair, default) == result_type(*pair), pair
    finally:
        torch.set_default_dtype(before)


def test_promotion_of_three_operands_is_that_of_torch() -> None:
    generator = random.Random(2)
    tensors = [operand for operand in OPERANDS if operand[1] is not Rank.NUMBER]
    checked = 0
    for _ in range(3000):
        operands = [generator.choice(tensors) for _ in range(3)]
        if promote(operands) in ("bool", "complex32"):
            continue  # addcmul has no kernel there
        assert promote(operands) == observed_of_three(operands), operands
        checked += 1
    assert checked > 2500


def test_promotion_does_not_depend_on_the_order_of_operands() -> None:
    generator = random.Random(3)
    for _ in range(2000):
        operands = [generator.choice(OPERANDS) for _ in range(4)]
        shuffled = generator.sample(operands, 4)
        assert promote(operands) == promote(shuffled), operands


def test_promotion_of_one_operand_is_its_own_dtype() -> None:
    for dtype in DTYPES:
        assert promote([(dtype, Rank.SCALAR)]) == dtype
    assert promote([("float64", Rank.NUMBER)]) == "float32"
    assert promote([("float64", Rank.NUMBER)], "float64") == "float64"


def test_promotion_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one operand"):
        promote([])


def test_categories_are_ordered() -> None:
    assert CATEGORIES == ("bool", "int", "float", "complex")
