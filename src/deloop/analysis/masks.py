"""Affine conditions as expressions: what is left of a domain that is no rectangle."""

from __future__ import annotations

from itertools import product

from deloop.frontend.expression import BOOL, as_affine, integer
from deloop.ir.affine import Affine, Constraint, Sign, at_least, equal, less_than
from deloop.ir.scalar import Call, Expression, Number


def comparison_of(mask: Constraint, iterators: set[str]) -> Expression:
    """A constraint as a comparison of two ints: ``j - i - 1 >= 0 -> j > i``."""
    left, right = mask.expression.sides
    constant = mask.expression.constant
    if mask.sign is Sign.ZERO:
        return Call("eq", (integer(left), integer(right - constant)), BOOL)
    if constant < 0:
        return Call("gt", (integer(left), integer(right - constant - 1)), BOOL)
    if constant > 0 and set(right.symbols) & iterators and not set(left.symbols) & iterators:
        return Call("lt", (integer(right), integer(left + constant + 1)), BOOL)
    return Call("ge", (integer(left + constant), integer(right)), BOOL)


def alternatives_of(condition: Expression, when: bool = True) -> list[tuple[Constraint, ...]]:
    """Constraints under which a condition is certain: ``i != j -> [(i < j,), (j < i,)]``.

    Each alternative is enough; there is none for a condition on data. With `when` False, those
    under which it is certain not to hold.
    """
    match condition:
        case Number(value):
            return [()] if bool(value) is when else []
        case Call("logical_not", (inner,)):
            return alternatives_of(inner, not when)
        case Call("logical_and" | "logical_or" as word, (first, second)):
            sides = alternatives_of(first, when), alternatives_of(second, when)
            if (word == "logical_and") is when:
                return [(*left, *right) for left, right in product(*sides)]
            return [*sides[0], *sides[1]]
        case Call(word, (first, second)) if word in _OPPOSITE:
            left, right = as_affine(first), as_affine(second)
            if left is None or right is None:
                return []
            return _constraints(word if when else _OPPOSITE[word], left, right)
    return []


_OPPOSITE = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}


def _constraints(word: str, left: Affine, right: Affine) -> list[tuple[Constraint, ...]]:
    match word:
        case "eq":
            return [(equal(left, right),)]
        case "ne":
            return [(less_than(left, right),), (less_than(right, left),)]
        case "lt":
            return [(less_than(left, right),)]
        case "gt":
            return [(less_than(right, left),)]
        case "le":
            return [(at_least(right, left),)]
    return [(at_least(left, right),)]
