"""`deloop.testing` fails a test where a rewrite differs, and only there."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from hypothesis import given, settings

import deloop
from deloop.testing import arguments_like, assert_same


def double(x: Any) -> Any:
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = x[i] * 2
    return result


def double_wrongly(x: Any) -> Any:
    return x * 2 if x.shape[0] != 1 else x


def follow(x: Any) -> Any:
    for i in range(1, x.shape[0]):
        x[i] = x[i] * x[i - 1] + x[i] / (1 + x[i - 1])
    return x


def test_same_passes_and_returns_what_was_tried() -> None:
    found = assert_same(double, inputs=[torch.rand(3), torch.rand(4, 2)], must_rewrite=True)
    assert isinstance(found, deloop.Verification)
    assert len(found.attempts) == 52


def test_difference_fails_with_the_smallest_input() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_same(double, torch.rand(3), rewrite=double_wrongly)
    assert "double: loop and rewrite differ (sizes: ones" in str(caught.value)
    assert "x = torch.tensor([1.0])" in str(caught.value)


def test_kept_loop_fails_only_where_a_rewrite_is_asked_for() -> None:
    assert assert_same(follow, torch.rand(5), count=3).rewritten == 0
    with pytest.raises(AssertionError, match="VEC902"):
        assert_same(follow, torch.rand(5), count=3, must_rewrite=True)


def test_it_is_reached_from_the_top_package() -> None:
    assert deloop.testing.assert_same is assert_same


@settings(max_examples=30)
@given(arguments_like(torch.ones(3, 2), 0.5))
def test_strategy_draws_arguments_of_the_same_kinds(arguments: Any) -> None:
    tensor, number = arguments
    assert isinstance(tensor, torch.Tensor) and tensor.dim() == 2
    assert isinstance(number, float)


def test_missing_hypothesis_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(deloop.DeloopError, match=r"deloop\[testing\]"):
        arguments_like(torch.ones(3))
