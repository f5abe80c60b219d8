"""Rules fire bottom-up, a bounded number of times, and never change a type."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deloop.dtype import Rank
from deloop.ir.affine import Affine
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Load, Number, Select
from deloop.rewrite.apply import RuleError, apply_rules
from deloop.rewrite.pattern import Bindings, Element, Op
from deloop.rewrite.rule import Page, Place, Rule
from deloop.rules import RULES

FLOAT, BOOL = ElementType("float32", Rank.SCALAR), ElementType("bool", Rank.SCALAR)
X = Load("x", (Affine.symbol("i"),), FLOAT)
HALF = Number(0.5, ElementType("float64", Rank.NUMBER))
AT_LEAST_HALF = Select(Call("lt", (X, HALF), BOOL), HALF, X)
CLAMP = Call("clamp", (X,), FLOAT, ".clamp", (("min", HALF),))


def rule_for_neg(rewrite: Callable[[Bindings], Expression]) -> Rule:
    pattern = Op("neg", (Element("x"),))
    page = Page("", "", "", "")
    return Rule("VEC199", "test", (pattern,), lambda found, place: True, rewrite, page, (), ())


def neg(value: Expression) -> Call:
    return Call("neg", (value,), FLOAT)


def test_operands_come_first_and_every_place_is_visited() -> None:
    rule = rule_for_neg(lambda found: found["x"])
    assert apply_rules(neg(neg(Call("sin", (neg(X),), FLOAT))), [rule], Place()) == (
        Call("sin", (X,), FLOAT),
        ("VEC199",),
    )


def test_rule_that_always_fires_again_ends() -> None:
    rule = rule_for_neg(lambda found: neg(found["x"]))
    assert apply_rules(neg(X), [rule], Place()) == (neg(X), ("VEC199",))


def test_rule_that_changes_the_type_is_a_mistake() -> None:
    rule = rule_for_neg(lambda found: Cast(found["x"], ElementType("float64", Rank.SCALAR)))
    with pytest.raises(RuleError, match="VEC199"):
        apply_rules(neg(X), [rule], Place())


def test_no_match_gives_the_same_expression_and_no_code() -> None:
    assert apply_rules(X, RULES, Place("float32")) == (X, ())


def test_number_in_a_branch_is_replaced_only_where_it_is_stored_in_the_dtype() -> None:
    assert apply_rules(AT_LEAST_HALF, RULES, Place("float32")) == (CLAMP, ("VEC101",))
    assert apply_rules(AT_LEAST_HALF, RULES, Place("float64")) == (AT_LEAST_HALF, ())
    as_number = Cast(AT_LEAST_HALF, ElementType("float64", Rank.NUMBER))
    assert apply_rules(as_number, RULES, Place("float64")) == (as_number, ())


def test_branch_of_a_stored_select_is_stored_too() -> None:
    condition = Call("gt", (X, X), BOOL)
    chosen = Select(condition, HALF, AT_LEAST_HALF)
    assert apply_rules(chosen, RULES, Place("float32"))[0] == Select(condition, HALF, CLAMP)


def test_gradient_that_comes_by_a_store_counts() -> None:
    place = Place("float32", frozenset({"x"}))
    assert apply_rules(AT_LEAST_HALF, RULES, place) == (AT_LEAST_HALF, ())
