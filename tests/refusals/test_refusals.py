"""A loop that must stay is kept, and the reason is said at the right line."""

from __future__ import annotations

import contextlib
import io
import random
from typing import Any

import pytest
import torch

import deloop

from . import article, control, dependence, effects, recurrence
from .program import Program

PROGRAMS = [
    program
    for module in (dependence, effects, control, article, recurrence)
    for program in module.PROGRAMS
    if program.name not in recurrence.NOT_YET
]
by_name = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)


def run(function: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Everything that can be seen of one call: result, arguments after, output, exception."""
    torch.manual_seed(3)
    random.seed(3)
    output = io.StringIO()
    seen: dict[str, Any] = {"result": None, "raised": None}
    with contextlib.redirect_stdout(output):
        try:
            seen["result"] = function(*arguments)
        except Exception as error:
            seen["raised"] = (type(error), str(error).partition("\n")[0])
    return {**seen, "arguments": arguments, "output": output.getvalue()}


def assert_equal(left: Any, right: Any) -> None:
    """Equality that looks into tensors, tuples and dictionaries."""
    assert type(left) is type(right)
    if isinstance(left, torch.Tensor):
        assert left.dtype == right.dtype
        assert left.requires_grad == right.requires_grad
        assert torch.equal(left.detach(), right.detach())
    elif isinstance(left, tuple | list):
        assert len(left) == len(right)
        for a, b in zip(left, right, strict=True):
            assert_equal(a, b)
    elif isinstance(left, dict):
        assert left.keys() == right.keys()
        for key in left:
            assert_equal(left[key], right[key])
    elif isinstance(left, io.StringIO):
        assert left.getvalue() == right.getvalue()
    elif left is not right:
        plain = not hasattr(left, "__dict__") or type(left).__eq__ is not object.__eq__
        assert left == right if plain else vars(left).keys() == vars(right).keys()


@by_name
def test_loop_is_kept_with_a_reason_at_its_line(program: Program) -> None:
    report = deloop.vectorize(program.function).explain(*program.arguments())
    assert report.status == "kept"
    refusals = [loop.refusal for loop in report.loops if loop.refusal is not None]
    assert refusals
    told = [(refusal.place.line, str(refusal)) for refusal in refusals]
    assert any(line == program.line and program.fragment in text for line, text in told), (
        f"expected {program.fragment!r} at line {program.line}, told {told}"
    )


@by_name
def test_reason_names_the_evidence(program: Program) -> None:
    report = deloop.vectorize(program.function).explain(*program.arguments())
    text = " ".join(str(loop.refusal) for loop in report.loops)
    assert [part for part in program.mentions if part not in text] == []


@by_name
def test_kept_source_is_the_loop_itself(program: Program) -> None:
    report = deloop.vectorize(program.function).explain(*program.arguments())
    assert "for " in report.source or "while " in report.source


@by_name
def test_decorated_function_behaves_as_the_loop(program: Program) -> None:
    expected = run(program.function, program.arguments())
    actual = run(deloop.vectorize(program.function), program.arguments())
    assert_equal(actual, expected)


@by_name
def test_those_who_want_to_know_get_the_reason_raised(program: Program) -> None:
    strict = deloop.vectorize(program.function, on_refusal="raise")
    with pytest.raises(deloop.DeloopError) as caught:
        strict(*program.arguments())
    assert program.fragment in str(caught.value)


def test_article_loop_gets_a_working_form_as_way_out() -> None:
    program = next(iter(article.PROGRAMS))
    report = deloop.vectorize(program.function).explain(*program.arguments())
    refusal = report.loops[0].refusal
    assert "torch.unravel_index" in refusal.way_out


def test_article_loop_raises_as_before() -> None:
    program = next(iter(article.PROGRAMS))
    with pytest.raises(RuntimeError, match="no dimensions"):
        deloop.vectorize(program.function)(*program.arguments())
