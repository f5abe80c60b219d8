"""What deloop cannot read gets one clear sentence, and runs as before."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest
import torch

import deloop


def make_without_source() -> Any:
    namespace: dict[str, Any] = {}
    exec("def double(x):\n    return x * 2\n", namespace)
    return namespace["double"]


double_in_a_lambda = lambda x: x * 2  # noqa: E731 - a lambda is what is tested


def generate_rows(x: torch.Tensor) -> Any:
    for i in range(len(x)):
        yield x[i] * 2


async def double_later(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out


async def generate_later(x: torch.Tensor) -> Any:
    for i in range(len(x)):
        yield x[i] * 2


class Doubled:
    """A class: calling it makes an object."""

    def __init__(self, x: torch.Tensor) -> None:
        self.value = x * 2


class Doubling:
    """An object that can be called."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


def add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x + y


UNREADABLE = {
    "without_source": (make_without_source(), "source"),
    "lambda": (double_in_a_lambda, "lambda"),
    "builtin": (len, "built in"),
    "torch_builtin": (torch.sin, "built in"),
    "generator": (generate_rows, "generator"),
    "async": (double_later, "async"),
    "async_generator": (generate_later, "async"),
    "class": (Doubled, "class"),
    "callable_object": (Doubling(), "object"),
    "partial": (functools.partial(add, torch.ones(3)), "object"),
}
unreadable = pytest.mark.parametrize(
    ("function", "word"), list(UNREADABLE.values()), ids=list(UNREADABLE)
)


@unreadable
def test_explanation_is_one_sentence_that_says_what_it_is(function: Any, word: str) -> None:
    report = deloop.vectorize(function).explain(torch.ones(3))
    assert report.status == "kept"
    assert len(report.loops) == 1
    refusal = report.loops[0].refusal
    assert refusal is not None
    assert word in refusal.sentence
    assert "\n" not in str(refusal)
    assert 10 < len(refusal.sentence) < 120


@unreadable
def test_explanation_names_the_function(function: Any, word: str) -> None:
    refusal = deloop.vectorize(function).explain(torch.ones(3)).loops[0].refusal
    assert refusal is not None
    name = getattr(function, "__qualname__", type(function).__qualname__)
    assert name in refusal.sentence or "lambda" in refusal.sentence


@unreadable
def test_those_who_want_to_know_get_the_sentence_raised(function: Any, word: str) -> None:
    strict = deloop.vectorize(function, on_refusal="raise")
    with pytest.raises(deloop.DeloopError, match=word):
        strict(torch.ones(3))


def test_function_without_source_still_runs() -> None:
    function = deloop.vectorize(make_without_source())
    assert torch.equal(function(torch.ones(3)), torch.full((3,), 2.0))


def test_lambda_still_runs() -> None:
    assert torch.equal(deloop.vectorize(double_in_a_lambda)(torch.ones(3)), torch.full((3,), 2.0))


def test_builtins_still_run() -> None:
    assert deloop.vectorize(len)([1, 2, 3]) == 3
    assert torch.equal(deloop.vectorize(torch.sin)(torch.zeros(2)), torch.zeros(2))


def test_generator_still_yields() -> None:
    values = list(deloop.vectorize(generate_rows)(torch.ones(3)))
    assert [float(value) for value in values] == [2.0, 2.0, 2.0]


def test_async_function_can_still_be_awaited() -> None:
    result = asyncio.run(deloop.vectorize(double_later)(torch.ones(3)))
    assert torch.equal(result, torch.full((3,), 2.0))


def test_class_still_makes_objects() -> None:
    made = deloop.vectorize(Doubled)(torch.ones(3))
    assert isinstance(made, Doubled)
    assert torch.equal(made.value, torch.full((3,), 2.0))


def test_callable_object_still_runs() -> None:
    assert torch.equal(deloop.vectorize(Doubling())(torch.ones(3)), torch.full((3,), 2.0))


def test_what_cannot_be_called_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="function"):
        deloop.vectorize(3)  # type: ignore[call-overload]


def test_unknown_policy_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="on_refusal"):
        deloop.vectorize(add, on_refusal="explode")


def test_arguments_that_do_not_fit_raise_as_the_function_does() -> None:
    with pytest.raises(TypeError):
        deloop.vectorize(add)(torch.ones(3))
    with pytest.raises(TypeError):
        deloop.vectorize(add)(torch.ones(3), z=1)


def test_function_without_loops_runs_and_reports_no_loop() -> None:
    report = deloop.vectorize(add).explain(torch.ones(3), torch.ones(3))
    assert report.status == "kept"
    assert report.loops == ()
    assert torch.equal(deloop.vectorize(add)(torch.ones(2), torch.ones(2)), torch.full((2,), 2.0))


def test_name_and_docstring_survive() -> None:
    decorated = deloop.vectorize(double_later)
    assert decorated.__name__ == "double_later"
    assert decorated.__wrapped__ is double_later
