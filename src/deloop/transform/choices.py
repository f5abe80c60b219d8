"""Choices within choices that leave the same value over: one choice, under all that must hold.

``select(p & y == 1, 0, select(p & y == 0, 1, 0)) -> select(p & y == 0, 1, 0)``: who is taken by the
second condition is not missed because of the first.
"""

from __future__ import annotations

import operator
from dataclasses import replace

from deloop.dtype import category
from deloop.frontend.expression import both, cast, is_number, needs_its_condition, negate
from deloop.ir import scalar
from deloop.ir.scalar import Call, Expression, Load, Select, slack_of
from deloop.transform.exact import holds_exactly

_OPPOSITE = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt", "eq": "ne", "ne": "eq"}
"""What holds of two values, none of them NaN, where a comparison does not."""
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_ORDERED = frozenset({"lt", "le", "gt", "ge", "eq"})
"""Comparisons that no NaN passes."""
_NEVER_BOTH = frozenset(
    map(frozenset, (("gt", "le"), ("gt", "lt"), ("gt", "eq"), ("ge", "lt"), ("eq", "lt"),
                    ("eq", "ne")))
)  # fmt: skip
"""Comparisons of the same two values of which at most one holds, NaN or not."""


def conjuncts(condition: Expression, holds: bool = True) -> list[Expression]:
    """What holds, all of it, where a condition does, or where it does not."""
    match condition:
        case Call("logical_not", (inner,)):
            return conjuncts(inner, not holds)
        case Call("logical_and" | "logical_or" as word, (first, second)) if (
            (word == "logical_and") is holds
        ):
            return [*conjuncts(first, holds), *conjuncts(second, holds)]
        case Call("gt" | "ge" | "lt" | "le" as word) if not holds and is_number(condition):
            return [replace(condition, operator=_OPPOSITE[word])]
    return [condition if holds else negate(condition)]


def as_one_choice(value: Expression) -> Expression:
    """A choice between a choice and what that one leaves over as well, as one of them.

    ``select(a, z, select(b, v, z)) -> select(b and not a, v, z)``, and the other three places that
    ``z`` can have; a condition that another one decides is not asked.
    """
    if not isinstance(value, Select):
        return value
    then, otherwise = as_one_choice(value.then), as_one_choice(value.otherwise)
    value = _in_turn(replace(value, then=then, otherwise=otherwise))
    first, then, otherwise = value.condition, value.then, value.otherwise
    for inner, other, here in ((otherwise, then, False), (then, otherwise, True)):
        if not isinstance(inner, Select) or not _can_join(first, inner, other):
            continue
        second = inner.condition
        if other == inner.otherwise:
            return Select(_together(second, first, here), inner.then, other)
        if other == inner.then:
            if here:
                return Select(_together(first, second, False), inner.otherwise, other)
            return Select(_either(first, second), other, inner.otherwise)
    return value


def _in_turn(value: Select) -> Select:
    """``select(not a and b, v, select(a, w, x)) -> select(a, w, select(b, v, x))``."""
    inner = value.otherwise
    if not isinstance(inner, Select):
        return value
    parts = conjuncts(value.condition)
    left = [part for part in parts if part != negate(inner.condition)]
    if not left or len(left) == len(parts):
        return value
    second = left[0]
    for part in left[1:]:
        second = both(second, part)
    return replace(inner, otherwise=Select(second, value.then, inner.otherwise))


def _can_join(first: Expression, inner: Select, other: Expression) -> bool:
    """Whether both conditions may be asked wherever one of them is."""
    second = inner.condition
    if scalar.literal_of(other) is None and not isinstance(other, Load):
        return False  # what is computed may be half of a clamp, and is not computed twice
    if other not in (inner.then, inner.otherwise):
        return False
    if slack_of(first) is not None or slack_of(second) is not None:
        return False  # triangles have forms of their own
    kinds = {first.type, second.type}
    return len(kinds) == 1 and first.type.dtype == "bool" and not needs_its_condition(second)


def _together(first: Expression, second: Expression, holds: bool) -> Expression:
    """``first and second``, or ``first and not second``."""
    if not holds:
        if never_both(first, second):
            return first
        second = _negated(second, first)
    if _implies(first, second):
        return first
    if _implies(second, first):
        return second
    # as the loop asks: what held of the outer condition comes first
    return both(second, first) if holds else both(first, second)


def _either(first: Expression, second: Expression) -> Expression:
    if _implies(first, second):
        return second
    if _implies(second, first):
        return first
    parts = conjuncts(second, False)  # flat, as one would write it: a | b | c
    for part in parts:
        first = both(first, negate(part), "logical_or")
    return first


def _negated(condition: Expression, beside: Expression) -> Expression:
    """``not condition`` where `beside` holds: ``x <= 1`` for ``not x > 1`` beside ``x > 0``."""
    match condition:
        case Call(word, (left, right), _, "", ()) if word in _OPPOSITE:
            ordered = {
                operand
                for test in conjuncts(beside)
                if isinstance(test, Call) and test.operator in _ORDERED
                for operand in test.arguments
            }
            if word in ("eq", "ne") or all(
                side in ordered or category(side.type.dtype) != "float" or _is_plain(side)
                for side in (left, right)
            ):
                return replace(condition, operator=_OPPOSITE[word])
    return negate(condition)


def _is_plain(value: Expression) -> bool:
    literal = scalar.literal_value(value)
    return isinstance(literal, (int, float)) and literal == literal


# ---------------------------------------------------------------------- what conditions say
def never_both(first: Expression, second: Expression) -> bool:
    """Whether two conditions exclude each other, whatever the data: ``x > 1`` and ``x <= 1``."""
    return any(_exclude(p, q) for p in conjuncts(first) for q in conjuncts(second))


def _implies(first: Expression, second: Expression) -> bool:
    """Whether one condition holds wherever another one does: ``x > 1``, therefore ``x > 0``."""
    return all(any(_entails(p, q) for p in conjuncts(first)) for q in conjuncts(second))


def _entails(first: Expression, second: Expression) -> bool:
    if first == second:
        return True
    match first, second:
        case Call(word, (left, _)), Call(other, (left2, _)) if (
            word in _ORDERED and other in _OPPOSITE and left == left2
        ):
            return _exclude(first, replace(second, operator=_OPPOSITE[other]))
    return False


def _exclude(first: Expression, second: Expression) -> bool:
    if first == negate(second) or second == negate(first):
        return True
    match first, second:
        case (
            Call(one, (left, right), _, _, ()),
            Call(other, (left2, right2), _, _, ()),
        ) if one in _MIRRORED and other in _MIRRORED:
            if (left, right) == (right2, left2):
                left2, right2, other = right2, left2, _MIRRORED[other]
            if left != left2:
                return False
            if right == right2:
                return frozenset((one, other)) in _NEVER_BOTH
            return _apart(one, right, other, right2, left.type.dtype)
    return False


def _apart(one: str, first: Expression, other: str, second: Expression, dtype: str) -> bool:
    """Whether no value compares as it should with both of two literals.

    They are compared as the dtype holds them: two that round to one number are not apart.
    """
    low, high = scalar.literal_value(first), scalar.literal_value(second)
    if not (isinstance(low, (int, float)) and isinstance(high, (int, float))):
        return False
    if not all(_is_exact(number, dtype) for number in (low, high)):
        return False
    if low > high:
        one, other, low, high = other, one, high, low
    return low < high and one in ("lt", "le", "eq") and other in ("gt", "ge", "eq")


def _is_exact(number: int | float, dtype: str) -> bool:
    if dtype in ("bool", "int64"):  # compared as 64-bit integers
        return type(number) is int and holds_exactly(number, "float64")
    return holds_exactly(number, dtype)


# ---------------------------------------------------------------------- choices compared
def as_its_condition(value: Expression) -> Expression:
    """``select(c, 1, 0) == 1 -> c``: a choice of literals compared with one."""
    match value:
        case Call(word, (Select(condition, then, otherwise), right), kind, "", ()) if (
            word in _OPPOSITE and kind.dtype == "bool" and condition.type.dtype == "bool"
            and slack_of(condition) is None
        ):
            sides = [scalar.literal_value(side) for side in (then, otherwise, right)]
            dtypes = {then.type.dtype, otherwise.type.dtype}
            if not all(type(side) is int and 0 <= side < 128 for side in sides):
                return value
            if len(dtypes) != 1 or category(then.type.dtype) not in ("int", "float"):
                return value
            test = getattr(operator, word)
            outcomes = (test(sides[0], sides[2]), test(sides[1], sides[2]))
            if outcomes[0] == outcomes[1] or condition.type.rank < kind.rank:
                return value
            # the choice of numbers that a tensor makes is a number
            return cast(condition if outcomes[0] else negate(condition), kind)
    return value
