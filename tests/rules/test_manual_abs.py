"""VEC102 gives what the loop gives, the smallest integer included."""

from __future__ import annotations

import pytest
import torch

import deloop

DTYPES = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]


def without_sign(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = -x[i] if x[i] < 0 else x[i]
    return out


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_integers_are_the_loops(dtype: torch.dtype) -> None:
    limits = torch.iinfo(dtype)
    values = [limits.min, limits.min + 1, 0, 1, 7, limits.max] * 9
    x = torch.tensor(values, dtype=dtype)
    rewritten = deloop.vectorize(without_sign)
    for same in (x, torch.stack([x, x], 1)[:, 0]):
        assert rewritten.explain(same).loops[0].rules == ("VEC102",)
        assert torch.equal(rewritten(same), without_sign(same))


def test_floats_keep_the_sign_of_zero_and_the_derivative_at_it() -> None:
    rewritten = deloop.vectorize(without_sign)
    x = torch.tensor([-0.0, 0.0, -2.0], requires_grad=True)
    found = rewritten(x)
    found.sum().backward()
    assert torch.signbit(found).tolist() == [True, False, False]
    assert x.grad is not None
    assert x.grad.tolist() == [1.0, 1.0, -1.0]
