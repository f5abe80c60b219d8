"""Patterns match expressions of one shape, and a name stands for one expression."""

from __future__ import annotations

from deloop.dtype import Rank
from deloop.ir.affine import Affine
from deloop.ir.scalar import Call, ElementType, Load, Number, Select
from deloop.rewrite.pattern import Choice, Element, Literal, Op, find_match

FLOAT, BOOL = ElementType("float32", Rank.SCALAR), ElementType("bool", Rank.SCALAR)
X = Load("x", (Affine.symbol("i"),), FLOAT)
Y = Load("y", (Affine.symbol("i"),), FLOAT)
HALF = Number(0.5, ElementType("float64", Rank.NUMBER))
BELOW = Call("lt", (X, HALF), BOOL)


def test_names_stand_for_what_was_found() -> None:
    pattern = Op("lt", (Element("x"), Literal("low")))
    assert find_match(pattern, BELOW) == {"x": X, "low": HALF}


def test_one_name_means_one_expression() -> None:
    pattern = Choice(Op("lt", (Element("x"), Literal("low"))), Literal("low"), Element("x"))
    assert find_match(pattern, Select(BELOW, HALF, X)) == {"x": X, "low": HALF}
    assert find_match(pattern, Select(BELOW, HALF, Y)) is None


def test_number_of_the_loop_is_no_element_and_an_element_no_literal() -> None:
    assert find_match(Element("x"), HALF) is None
    assert find_match(Literal("low"), X) is None


def test_categories_and_values_restrict_a_match() -> None:
    assert find_match(Element("x", ("int",)), X) is None
    assert find_match(Literal("zero", 0), HALF) is None
    assert find_match(Literal("low"), Number(True, ElementType("bool", Rank.NUMBER))) is None


def test_keywords_are_all_matched_or_none() -> None:
    clamp = Call("clamp", (X,), FLOAT, ".clamp", (("min", HALF),))
    assert find_match(Op("clamp", (Element("x"),)), clamp) is None
    assert find_match(Op("clamp", (Element("x"),), (("max", Literal("b")),)), clamp) is None
    assert find_match(Op("clamp", (Element("x"),), (("min", Literal("b")),)), clamp) == {
        "x": X, "b": HALF,
    }  # fmt: skip
