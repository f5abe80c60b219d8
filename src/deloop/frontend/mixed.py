"""Arithmetic on values that are a tensor's element or a small Python number: ``max(0, x) * y``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from deloop.dtype import Rank, category
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Number, Select

_FOLD: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
}
_COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
_MOST_EXACT = 256
"""Whole numbers up to this are the same in every floating dtype."""

_Choice = tuple[Expression, bool, Number]
"""A condition, whether it is to be true, and the number that is meant then."""


def settle_mixed(operator: str, arguments: Sequence[Expression]) -> Expression | None:
    """A sum or product with a number in a tensor's place as one of tensors; None where it is not.

    ``max(0, x) * y -> select(x > 0, x, 0.0) * y``: beside an element of the same floating dtype a
    number counts as one of that dtype. Of two such values, only what is a number on both sides
    stays one: ``max(0, x) * max(0, y) -> select(not x > 0 and not y > 0, 0, … * …)``. What is
    divided may be a number as well; a divisor is another one to a GPU, which takes its inverse.
    """
    if operator not in (*_FOLD, "div") or len(arguments) != 2:
        return None
    choices = [_choice(a) for a in arguments]
    if operator == "div" and choices[1] is not None:
        return None
    values = [a if c is None else _as_tensor(a, c) for a, c in zip(arguments, choices, strict=True)]
    kinds = {v.type.dtype for v in values}
    if len(kinds) != 1 or category(min(kinds)) != "float" or not any(choices):
        return None
    if any(v.type.rank is Rank.NUMBER or _is_mixed(v) for v in values):
        return None
    rank = max(v.type.rank for v in values)
    result = Call(operator, tuple(values), ElementType(min(kinds), rank))
    first, second = choices
    if first is None or second is None:
        return result
    folded = _folded(operator, first, second)
    if folded is None or rank is Rank.TENSOR:
        return None
    return Select(_both_chosen(first, second), folded, result)


def settle_compared(operator: str, arguments: Sequence[Expression]) -> Sequence[Expression]:
    """What is compared, a number in a tensor's place as one: ``max(0, x) < y`` asks the same."""
    if operator not in _COMPARISONS or not any(map(_is_mixed, arguments)):
        return arguments
    if any(isinstance(argument, Number) for argument in arguments):
        return arguments  # ``max(min(x, 2), -1)`` is read as a whole
    changed = [_as_one(a) or a for a in arguments]
    kinds = {a.type.dtype for a in changed if a.type.rank is not Rank.NUMBER}
    return arguments if len(kinds) != 1 or any(map(_is_mixed, changed)) else changed


def _as_one(value: Expression) -> Expression | None:
    """A choice between elements of one floating dtype and exact numbers, as elements alone."""
    if not isinstance(value, Select):
        return None
    leaves = _leaves(value)
    kinds = {leaf.type for leaf in leaves if leaf.type.rank is not Rank.NUMBER}
    numbers = [leaf for leaf in leaves if leaf.type.rank is Rank.NUMBER]
    exact = all(isinstance(n, Number) and _is_exact(n.value) for n in numbers)
    if len(kinds) != 1 or not exact or category(min(k.dtype for k in kinds)) != "float":
        return None
    (kind,) = kinds

    def change(node: Expression) -> Expression:
        if isinstance(node, Select):
            return Select(node.condition, change(node.then), change(node.otherwise))
        return Cast(node, kind) if isinstance(node, Number) else node

    return change(value)


def _leaves(value: Expression) -> list[Expression]:
    if not isinstance(value, Select):
        return [value]
    return [*_leaves(value.then), *_leaves(value.otherwise)]


def _is_mixed(value: Expression) -> bool:
    return isinstance(value, Select) and value.is_mixed


def _choice(value: Expression) -> _Choice | None:
    """When a value is a number, and which, where its other branch is an element of a tensor."""
    if not isinstance(value, Select) or not value.is_mixed:
        return None
    for chosen, branch, other in (
        (True, value.then, value.otherwise),
        (False, value.otherwise, value.then),
    ):
        if isinstance(branch, Number) and _is_exact(branch.value):
            return None if _is_mixed(other) else (value.condition, chosen, branch)
    return None


def _is_exact(value: object) -> bool:
    if type(value) is not int and type(value) is not float:
        return False
    in_range = 0 <= value <= _MOST_EXACT and math.copysign(1, value) > 0
    return in_range and value == int(value)


def _as_tensor(value: Expression, choice: _Choice) -> Expression:
    """The mixed value with its number in the tensor's dtype; without it, where it is computed."""
    assert isinstance(value, Select)
    condition, chosen, number = choice
    other = value.otherwise if chosen else value.then
    if _gives(other, condition, chosen, number):
        return other
    branch = Cast(number, other.type)
    return Select(condition, branch, other) if chosen else Select(condition, other, branch)


def settled(value: Expression) -> Expression | None:
    """A value that is a number or an element, as it counts beside elements of its dtype."""
    choice = _choice(value)
    return _as_one(value) if choice is None else _as_tensor(value, choice)


def settle_stored(value: Expression, dtype: str) -> Expression:
    """What is stored, without a number that the tensor beside it is anyway: ``0 if …``."""
    if not isinstance(value, Select) or category(dtype) != "float":
        return value
    if _is_mixed(value.then) or _is_mixed(value.otherwise):
        found = _as_one(value)
        return value if found is None or found.type.dtype != dtype else found
    choice = _choice(value)
    if choice is None:
        return value
    condition, chosen, number = choice
    other = value.otherwise if chosen else value.then
    is_same = other.type.dtype == dtype and _gives(other, condition, chosen, number)
    return other if is_same else value


def _gives(value: Expression, condition: Expression, chosen: bool, number: Number) -> bool:
    """Whether a value is the number anyway, where that is meant: a product of two such zeros."""
    if not isinstance(value, Call) or not chosen or value.operator not in _FOLD:
        return False
    return _value_where(value, dict(_parts(condition, True))) == number


def _parts(condition: Expression, holds: bool) -> list[tuple[Expression, bool]]:
    """What holds, and what does not, where a conjunction holds."""
    match condition:
        case Call("logical_not", (inner,)):
            return _parts(inner, not holds)
        case Call("logical_and", (left, right)) if holds:
            return [*_parts(left, True), *_parts(right, True)]
    return [(condition, holds)]


def _value_where(value: Expression, held: Mapping[Expression, bool]) -> Number | None:
    """The number that a value is under such conditions, exact in each floating dtype."""
    match value:
        case Select(condition, then, otherwise) if condition in held:
            return _value_where(then if held[condition] else otherwise, held)
        case Cast(Number() as number) if _is_exact(number.value):
            return number
        case Call(operator, (first, second)) if operator in _FOLD:
            sides = [_value_where(a, held) for a in (first, second)]
            if sides[0] is None or sides[1] is None:
                return None
            return _fold(operator, sides[0], sides[1])
    return None


def _folded(operator: str, first: _Choice, second: _Choice) -> Number | None:
    """The number that two numbers give; None where a tensor's dtype might not hold it."""
    return _fold(operator, first[2], second[2])


def _fold(operator: str, a: Number, b: Number) -> Number | None:
    if a.type != b.type or not isinstance(a.value, int | float) or isinstance(b.value, complex):
        return None
    value = _FOLD[operator](a.value, b.value)
    return Number(value, a.type) if _is_exact(value) else None


def _both_chosen(first: _Choice, second: _Choice) -> Expression:
    left, right = (
        c if chosen else Call("logical_not", (c,), ElementType("bool", c.type.rank))
        for c, chosen, _ in (first, second)
    )
    rank = max(left.type.rank, right.type.rank)
    return Call("logical_and", (left, right), ElementType("bool", rank))
