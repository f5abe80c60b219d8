"""Running sums with a bound: each step adds, and takes what another value is at least, or at most.

``s = max(0, s + x[t])`` and Kadane's ``cur = max(x[t], cur + x[t])`` are linear recurrences over
(max, +): two steps of them, ``h -> max(h + a, b)``, are one of that form again.
(G. L. Steele and W. D. Hillis, "Connection Machine Lisp", 1986; J. Bentley, "Programming pearls:
algorithm design techniques", CACM 1984.)
"""

from __future__ import annotations

from collections.abc import Sequence

from deloop.analysis.linear import read_shift
from deloop.analysis.recurrence import find_updated
from deloop.dtype import Rank
from deloop.frontend.expression import cast, number
from deloop.ir import scalar
from deloop.ir.plan import Accumulation, Statement
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Load, Select
from deloop.poly.dependence import Dependence

_WORDS = {"gt": 1, "ge": 1, "lt": -1, "le": -1}


def find_clipped_update(
    statement: Statement, dependences: Sequence[Dependence], level: int
) -> Accumulation | None:
    """``h = max(h + a[t], b[t]) -> Accumulation(above, b[t], {t}, factor=a[t])``, or None."""
    store = statement.store
    place = find_updated(statement, dependences, level)
    if place is None or len(place[1]) != 1 or store.dtype not in ("float32", "float64"):
        return None
    own, iterators = place
    value = store.value
    while isinstance(value, Cast) and value.type == value.value.type:
        value = value.value
    found = _read(value, own, store.dtype)
    if found is None:
        return None
    kind, sum_, bound = found
    added = read_shift(sum_, own, store.dtype)
    if added is None or scalar.requires_grad(added) or scalar.requires_grad(bound):
        return None  # where the two are equal, the gradient goes to one of them
    rank = max(own.type.rank, Rank.SCALAR) if own.type.rank is not Rank.NUMBER else own.type.rank
    settled = ElementType(store.dtype, rank)
    if added.type.rank is not Rank.NUMBER or rank is Rank.NUMBER:
        added = cast(added, ElementType(store.dtype, max(added.type.rank, Rank.NUMBER)))
    return Accumulation(kind, cast(bound, settled), iterators, factor=added)


def _read(value: Expression, own: Load, dtype: str) -> tuple[str, Expression, Expression] | None:
    """The kind, the sum that reads the variable, and its bound."""
    match value:
        case Call("maximum" | "minimum" as word, (first, second)) if value.type.dtype == dtype:
            kind = "above" if word == "maximum" else "below"
            return _sides(kind, first, second, own)
        case Call("relu", (sum_,)) if value.type.dtype == dtype:
            return "above", sum_, number(0)
        case Call("clamp", (sum_,), _, _, (("min", bound),)) if value.type.dtype == dtype:
            return _sides("above", sum_, bound, own)
        case Select(Call(word, (left, right)), then, otherwise) if word in _WORDS:
            sides = [_bare(e) for e in (left, right, then, otherwise)]
            if sides[2:] not in ([sides[0], sides[1]], [sides[1], sides[0]]):
                return None
            takes_greater = (_WORDS[word] > 0) == (sides[2] == sides[0])
            return _sides("above" if takes_greater else "below", then, otherwise, own)
    return None


def _sides(
    kind: str, first: Expression, second: Expression, own: Load
) -> tuple[str, Expression, Expression] | None:
    for sum_, bound in ((first, second), (second, first)):
        if scalar.reads(sum_, own.array) and not scalar.reads(bound, own.array):
            return kind, sum_, bound
    return None


def _bare(value: Expression) -> Expression:
    """A value as it is compared, whatever a store makes of it."""
    while isinstance(value, Cast):
        value = value.value
    return value
