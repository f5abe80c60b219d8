"""Calls bind to an operator's parameters as they do in torch."""

from __future__ import annotations

import pytest

from deloop.ops.kinds import Accepts, Kind, Operator
from deloop.ops.table import find_function


def operator(name: str) -> Operator:
    found = find_function(name)
    assert found is not None
    return found


def names(name: str, positional: int, *keywords: str) -> tuple[str, ...] | None:
    bound = operator(name).bind(positional, keywords)
    return None if bound is None else tuple(p.name for p in bound)


def test_positional_arguments_bind_in_order() -> None:
    assert names("torch.clamp", 3) == ("input", "min", "max")
    assert names("torch.nn.functional.leaky_relu", 2) == ("input", "negative_slope")


def test_keywords_bind_by_name() -> None:
    assert names("torch.clamp", 1, "max") == ("input", "max")
    assert names("torch.where", 0, "condition", "input", "other") == ("condition", "input", "other")


@pytest.mark.parametrize(
    ("name", "positional", "keywords"),
    [
        ("torch.sin", 1, ["out"]),
        ("torch.sin", 0, []),
        ("torch.sin", 2, []),
        ("torch.add", 2, ["other"]),
        ("torch.add", 3, []),
        ("torch.where", 1, []),
        ("torch.max", 1, []),
        ("torch.div", 2, ["rounding_mode"]),
        ("torch.clamp", 1, ["min", "min"]),
    ],
)
def test_calls_that_are_not_elementwise_do_not_bind(
    name: str, positional: int, keywords: list[str]
) -> None:
    assert operator(name).bind(positional, keywords) is None


def test_counts_follow_from_the_parameters() -> None:
    add = operator("torch.add")
    assert (add.min_args, add.max_args, add.keywords) == (2, 2, ("input", "other", "alpha"))
    clamp = operator("torch.clamp")
    assert (clamp.min_args, clamp.max_args) == (1, 3)
    assert str(clamp) == "clamp"


def test_only_kinds_of_elements_are_elementwise() -> None:
    elementwise = {kind for kind in Kind if kind.is_elementwise}
    assert elementwise == {
        Kind.ELEMENTWISE, Kind.COMPARISON, Kind.LOGICAL, Kind.PREDICATE, Kind.CAST,
    }  # fmt: skip


def test_only_operands_take_elements() -> None:
    assert {a for a in Accepts if a.is_operand} == {Accepts.TENSOR, Accepts.EITHER}
