"""Subscripts that are in bounds only where a choice by place has been made.

``x[i - 1] if i > 0 else first`` reads ``x[i - 1]`` for some iterations alone. Such a subscript says
what has to hold, so that whatever becomes of the choice nobody reads it elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from deloop.dtype import Rank
from deloop.ir.affine import Affine
from deloop.ir.scalar import (
    Call,
    ElementType,
    Expression,
    Index,
    Number,
    Subscript,
    slack_of,
)

GUARDED = "guarded"
"""The operator of a guarded subscript: the index, then what is not negative where it counts."""

_INT = ElementType("int64", Rank.NUMBER)


@dataclass(frozen=True)
class Halves:
    """What is not negative where a condition by place holds, and where it fails.

    `around` is e of an equation ``e = 0``: where that fails, e is either positive or negative.
    """

    holds: tuple[Affine, ...] = ()
    fails: tuple[Affine, ...] = ()
    around: Affine | None = None
    swapped: bool = False
    """Whether it is where the condition *holds* that `around` is not 0."""
    is_all: tuple[bool, bool] = (False, False)
    """Whether `holds`, and whether `fails`, says all that the condition, or its opposite, does."""


def halves_of(condition: Expression) -> Halves | None:
    """A condition on places alone as affine inequalities; None for any other.

    ``i > 0  ->  i - 1 >= 0, else -i >= 0``
    """
    if not isinstance(condition, Call):
        return None
    slack = slack_of(condition)
    if slack is not None:
        return Halves((slack,), (-slack - 1,), is_all=(True, True))
    if condition.operator in ("eq", "ne"):
        sides = [_affine_of(a) for a in condition.arguments]
        if len(sides) != 2 or sides[0] is None or sides[1] is None:
            return None
        gap = sides[0] - sides[1]
        if condition.operator == "eq":
            return Halves((gap, -gap), (), gap, is_all=(True, False))
        return Halves((), (gap, -gap), gap, swapped=True, is_all=(False, True))
    inner = [halves_of(a) for a in condition.arguments]
    if condition.operator == "logical_not":
        found = inner[0]
        if found is None:
            return None
        around = found.around
        return Halves(found.fails, found.holds, around, not found.swapped, found.is_all[::-1])
    both = [h for h in inner if h is not None]
    if condition.operator == "logical_and":
        is_all = len(both) == len(inner) and all(h.is_all[0] for h in both)
        return Halves(tuple(a for h in both for a in h.holds), is_all=(is_all, False))
    if condition.operator == "logical_or":
        is_all = len(both) == len(inner) and all(h.is_all[1] for h in both)
        return Halves((), tuple(a for h in both for a in h.fails), is_all=(False, is_all))
    return None


def _affine_of(value: Expression) -> Affine | None:
    match value:
        case Index(affine):
            return affine
        case Number(int() as number):
            return Affine.number(number)
    return None


def guarded(subscript: Affine, slacks: tuple[Affine, ...]) -> Call:
    """The subscript, which counts only where none of `slacks` is negative."""
    return Call(GUARDED, (Index(subscript), *(Index(s) for s in slacks)), _INT)


def is_guarded(subscript: Subscript) -> bool:
    """Whether a subscript counts for some iterations only."""
    return isinstance(subscript, Call) and subscript.operator == GUARDED


def parts_of(subscript: Subscript) -> tuple[Affine, tuple[Affine, ...]] | None:
    """A guarded subscript's index, and what must not be negative; None for any other.

    None, too, for an index that data says: a search has put in its place what it finds.
    """
    if not isinstance(subscript, Call) or subscript.operator != GUARDED:
        return None
    parts = [a.affine for a in subscript.arguments if isinstance(a, Index)]
    return None if len(parts) < len(subscript.arguments) else (parts[0], tuple(parts[1:]))


def place_of(subscript: Subscript) -> Affine | None:
    """The index of an affine subscript, guarded or not; None where data says it."""
    if isinstance(subscript, Affine):
        return subscript
    found = parts_of(subscript)
    return None if found is None else found[0]
