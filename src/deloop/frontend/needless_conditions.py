"""Conditions that a store to a chosen part needs not: ``if m.any(): out[m] = …``.

Where nothing is chosen, nothing is stored, whatever the condition says.
"""

from __future__ import annotations

from deloop.frontend import expression as build
from deloop.ir import scalar
from deloop.ir.scalar import Expression

_FLIPPED = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}


def asks_for_some(condition: Expression, found_any: Expression, count: Expression) -> bool:
    """Whether a condition holds wherever a mask chooses something.

    `found_any` is ``mask.any()``, `count` is ``mask.sum()``, in whatever type.
    """
    test = _bare(condition)
    if test == _bare(found_any) or _bare(count) == test:
        return True
    is_not = isinstance(test, scalar.Call) and test.operator == "logical_not"
    if is_not:
        assert isinstance(test, scalar.Call)
        test = _bare(test.arguments[0])
    if not isinstance(test, scalar.Call) or test.operator not in _FLIPPED:
        return False
    word = _FLIPPED[test.operator] if is_not else test.operator
    left, right = map(_bare, test.arguments)
    if left != _bare(count) or not isinstance(right, scalar.Number):
        return False
    return (word, right.value) in (("gt", 0), ("ne", 0), ("ge", 1), ("ge", 0))


def _bare(value: Expression) -> Expression:
    """The value without conversions, in itself and below."""
    if isinstance(value, scalar.Cast):
        return _bare(value.value)
    changed = scalar.rebuild(value, _bare)
    if isinstance(changed, scalar.Reduce):
        return scalar.Reduce(changed.kind, changed.value, changed.axes, build.INT)
    return changed
