"""What is declared bitwise stays so where whole-tensor kernels are used: long vectors, all values.

Short tensors never reach the vector instructions, and ordinary values never reach their corners.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from deloop.verification.run import run_side_by_side

from .case import Case
from .test_cases import CASES, exactness_of, vectorized

LENGTH = 301
CORNERS = (
    float("nan"),
    float("inf"),
    -float("inf"),
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    3e38,
    -3e38,
    1e-40,
    6e4,
)


def is_vector_case(case: Case) -> bool:
    """Whether every tensor that the case takes is a vector, and all are of one length."""
    tensors = [value for value in case.inputs()[0] if isinstance(value, torch.Tensor)]
    plain = not any(
        hasattr(value, "__dict__") and not callable(value) and not isinstance(value, torch.Tensor)
        for value in case.inputs()[0]
    )
    shapes = {tensor.shape for tensor in tensors}
    return plain and len(shapes) == 1 and tensors[0].dim() == 1


def lengthen(value: Any, seed: int, dtype: torch.dtype) -> Any:
    """A long vector of many magnitudes in place of a short one; anything else as it is."""
    if not isinstance(value, torch.Tensor):
        return value
    generator = torch.Generator().manual_seed(seed)
    if not value.dtype.is_floating_point:
        wide = torch.randint(-(10**6), 10**6, (LENGTH,), generator=generator)
        return wide > 0 if value.dtype == torch.bool else wide.to(value.dtype)
    exponents = torch.randint(-12, 12, (LENGTH,), generator=generator)
    long = torch.randn(LENGTH, generator=generator, dtype=torch.float64) * 2.0**exponents
    corners = torch.tensor(CORNERS, dtype=torch.float64).roll(seed)
    long[40 : 40 + len(CORNERS)] = corners
    # Functions such as sqrt are only asked about what their case is about.
    return (long.abs() if bool((value > 0).all()) else long).to(dtype)


VECTOR_CASES = [case for case in CASES if is_vector_case(case)]


def test_many_cases_are_about_vectors() -> None:
    assert len(VECTOR_CASES) >= 80


@pytest.mark.parametrize(
    "dtype",
    [torch.float32, torch.float64, torch.bfloat16, torch.float16],
    ids=lambda dtype: str(dtype).split(".")[1],
)
@pytest.mark.parametrize("case", VECTOR_CASES, ids=lambda case: case.name)
def test_long_vectors_of_all_values_agree_as_declared(case: Case, dtype: torch.dtype) -> None:
    arguments = tuple(lengthen(value, k, dtype) for k, value in enumerate(case.inputs()[0]))
    rewrite = vectorized(case)
    exactness = exactness_of(rewrite.explain(*arguments))
    outcome = run_side_by_side(case.before, rewrite, arguments, exactness=exactness)
    assert outcome.agrees, str(outcome)
