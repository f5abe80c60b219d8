"""Affine conditions as expressions: what is left of a domain that is no rectangle."""

from __future__ import annotations

from deloop.frontend.expression import BOOL, number
from deloop.ir.affine import Affine, Constraint, Sign
from deloop.ir.scalar import Call, Expression, Index


def comparison_of(mask: Constraint, iterators: set[str]) -> Expression:
    """A constraint as a comparison of two ints: ``j - i - 1 >= 0 -> j > i``."""
    terms = dict(mask.expression.terms)
    left = Affine.build({s: c for s, c in terms.items() if c > 0}, 0)
    right = Affine.build({s: -c for s, c in terms.items() if c < 0}, 0)
    constant = mask.expression.constant
    if mask.sign is Sign.ZERO:
        return Call("eq", (int_of(left), int_of(right - constant)), BOOL)
    if constant < 0:
        return Call("gt", (int_of(left), int_of(right - constant - 1)), BOOL)
    if constant > 0 and set(right.symbols) & iterators and not set(left.symbols) & iterators:
        return Call("lt", (int_of(right), int_of(left + constant + 1)), BOOL)
    return Call("ge", (int_of(left + constant), int_of(right)), BOOL)


def int_of(affine: Affine) -> Expression:
    """An affine expression as a Python int."""
    return number(affine.constant) if affine.is_constant else Index(affine)
