"""Variables that are set to a Python number on some paths, and to elements on the others.

``run = run + x[t]; out[t] = run; if done[t]: run = 0.0`` keeps a number where it starts again. To
the analysis it keeps an element; `analysis.unseen` asks that nobody sees the difference.
"""

from __future__ import annotations

from deloop.dtype import Rank, category
from deloop.ir import scalar
from deloop.ir.scalar import ElementType, Expression, Load, Number, Select


def find_resets(
    value: Expression, own: str, held: ElementType
) -> tuple[ElementType, tuple[Number, ...]] | None:
    """The type of a value's elements and the numbers on other paths; None where it is not that.

    `own` is the cell that is set, which keeps what it holds on some paths: of the type `held`.
    """
    kinds: set[ElementType] = set()
    numbers: list[Number] = []

    def visit(part: Expression) -> bool:
        match part:
            case Select(_, then, otherwise):
                return visit(then) and visit(otherwise)
            case Load(array) if array == own:
                return True
            case Number(number) if not isinstance(number, complex):
                numbers.append(part)
                return True
        kinds.add(part.type)
        return part.type.rank is Rank.SCALAR

    if not visit(value) or not numbers:
        return None
    if not kinds and held.rank is Rank.SCALAR:
        kinds.add(held)
    if len(kinds) != 1 or any(category(k.dtype) not in ("float", "int") for k in kinds):
        return None
    return kinds.pop(), tuple(dict.fromkeys(numbers))


def has_resets(value: Expression) -> bool:
    """Whether a value is a number on some of its paths, and on others not."""
    leaves = {n.type.rank is Rank.NUMBER for n in _leaves(value)}
    return len(leaves) > 1


def _leaves(value: Expression) -> list[Expression]:
    if isinstance(value, scalar.Select):
        return [*_leaves(value.then), *_leaves(value.otherwise)]
    return [value]
