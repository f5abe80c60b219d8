"""Affine conditions as expressions: what is left of a domain that is no rectangle."""

from __future__ import annotations

from deloop.frontend.expression import BOOL, integer
from deloop.ir.affine import Constraint, Sign
from deloop.ir.scalar import Call, Expression


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
