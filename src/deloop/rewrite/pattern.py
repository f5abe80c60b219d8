"""Shapes of expressions, as data, and what their names stand for where one matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deloop.dtype import Rank, category
from deloop.ir.scalar import Call, Expression, Number, Select

Bindings = Mapping[str, Expression]


@dataclass(frozen=True)
class Element:
    """Any expression that is a tensor in the loop; one name means equal expressions.

    `categories` says of which dtypes it may be: ``("int",)``.
    """

    name: str
    categories: tuple[str, ...] = ("int", "float")


@dataclass(frozen=True)
class Literal:
    """A real Python number written in the source, a bool excepted; `value` says which."""

    name: str
    value: int | None = None


@dataclass(frozen=True)
class Op:
    """An operator of `deloop.ops` on operands, however it is spelled, with just these keywords."""

    operator: str
    operands: tuple[Pattern, ...]
    keywords: tuple[tuple[str, Pattern], ...] = ()


@dataclass(frozen=True)
class Choice:
    """A `Select`: what ``if``, ``max`` and ``min`` become."""

    condition: Pattern
    then: Pattern
    otherwise: Pattern


Pattern = Element | Literal | Op | Choice


def find_match(pattern: Pattern, expression: Expression) -> Bindings | None:
    """What each name of the pattern stands for, or None: ``x[i] < 0`` -> ``{"x": x[i], …}``."""
    found: dict[str, Expression] = {}
    return found if _matches(pattern, expression, found) else None


def _matches(pattern: Pattern, expression: Expression, found: dict[str, Expression]) -> bool:
    match pattern:
        case Element(name, categories):
            kind = expression.type
            fits = kind.rank is not Rank.NUMBER and category(kind.dtype) in categories
            return fits and found.setdefault(name, expression) == expression
        case Literal(name, value):
            if not isinstance(expression, Number) or type(expression.value) not in (int, float):
                return False
            fits = value is None or expression.value == value
            return fits and found.setdefault(name, expression) == expression
        case Op():
            return isinstance(expression, Call) and _matches_call(pattern, expression, found)
        case Choice(condition, then, otherwise):
            return (
                isinstance(expression, Select)
                and _matches(then, expression.then, found)
                and _matches(otherwise, expression.otherwise, found)
                and _matches(condition, expression.condition, found)
            )


def _matches_call(pattern: Op, call: Call, found: dict[str, Expression]) -> bool:
    keywords = dict(call.keywords)
    if pattern.operator != call.operator or len(pattern.operands) != len(call.arguments):
        return False
    if len(keywords) != len(call.keywords) or keywords.keys() != dict(pattern.keywords).keys():
        return False
    pairs = [*zip(pattern.operands, call.arguments, strict=True)]
    pairs += [(wanted, keywords[name]) for name, wanted in pattern.keywords]
    return all(_matches(wanted, given, found) for wanted, given in pairs)
