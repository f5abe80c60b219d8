"""Sums of neighbours that not every place has, as updates of the parts that have them.

``s = -4 * u[i, j]; if i > 0: s = s + u[i - 1, j]; …; out[i, j] = s`` chooses by place again and
again. ``out[i, j] = -4 * u[i, j]``, and behind it ``out[i, j] = out[i, j] + u[i - 1, j]`` for the
places with ``i > 0`` alone, is the same, and reads as it would be said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from deloop.dtype import Rank, category
from deloop.frontend.expression import types_of
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, Sign
from deloop.ir.guarded import halves_of
from deloop.ir.loop import Loop, Node, Store, stores
from deloop.ir.scalar import Call, ElementType, Expression, Load, Number, Select
from deloop.ir.types import Tensor

_WIDE = ("float32", "float64", "int64")
_SMALL = 2**20
_FEWEST = 2
"""One choice alone is two pieces joined."""


@dataclass(frozen=True)
class _Update:
    """A value computed from another one, the argument at `position`, for places under guards."""

    guards: tuple[Constraint, ...]
    call: Call
    position: int
    before: Expression

    def of(self, own: Load) -> Expression:
        """The update of what is stored."""
        arguments = list(self.call.arguments)
        arguments[self.position] = own
        return replace(self.call, arguments=tuple(arguments), type=own.type)

    def reads(self) -> tuple[Expression, ...]:
        """The operands beside the value that is updated."""
        return tuple(a for k, a in enumerate(self.call.arguments) if k != self.position)


def spread_updates(
    nodes: tuple[Node, ...], arrays: Mapping[str, Tensor]
) -> tuple[Node, ...]:
    """Stores of what is updated for some places only, as stores one behind the other."""
    count = Counter(s.array for s in stores(nodes))
    fills = {n: t.fill for n, t in arrays.items() if t.fresh and count[n] == 1}
    return _spread_all(nodes, frozenset(), fills)


def _spread_all(
    nodes: tuple[Node, ...], around: frozenset[str], fills: Mapping[str, object]
) -> tuple[Node, ...]:
    result: list[Node] = []
    for node in nodes:
        match node:
            case Loop(body=body):
                inside = around | {node.iterator}
                result.append(replace(node, body=_spread_all(body, inside, fills)))
            case Store():
                base, *updates = _spread(node)
                moving = {s for x in node.subscripts if isinstance(x, Affine) for s in x.symbols}
                fill, value = fills.get(node.array), scalar.literal_value(base.value)
                is_there = value is not None and value == fill and around <= moving
                result.extend(updates if updates and is_there else (base, *updates))
            case _:
                result.append(node)
    return tuple(result)


def _spread(store: Store) -> list[Store]:
    base, updates = _peeled(store.value)
    is_element = not store.local and store.cell is None and not store.augmented
    plain = all(isinstance(s, Affine) for s in store.subscripts)
    if len(updates) < _FEWEST or not is_element or not plain or store.dtype not in _WIDE:
        return [store]
    if scalar.reads(store.value, store.array):
        return [store]
    kinds = {k for v in (base, *(u.call for u in updates)) for k in types_of(v)}
    if any(k.dtype != store.dtype for k in kinds if k.rank is not Rank.NUMBER):
        return [store]
    if any(k.rank is Rank.NUMBER for k in kinds) and not _is_exact(base, store.dtype):
        return [store]
    kind = ElementType(store.dtype, Rank.TENSOR if store.implicit else Rank.SCALAR)
    implicit = tuple((x.iterator, x.upper) for x in store.implicit)
    grads = any(load.requires_grad for load in scalar.loads(store.value))
    own = Load(store.array, store.subscripts, kind, implicit, grads)
    return [
        replace(store, value=base),
        *(replace(store, value=u.of(own), guards=(*store.guards, *u.guards)) for u in updates),
    ]


def _is_exact(base: Expression, dtype: str) -> bool:
    """Whether a number that all begins with is one of the dtype, an updated number a tensor."""
    base = _bare(base)
    if not isinstance(base, Number) or isinstance(base.value, complex):
        return False
    small = base.value == int(base.value) if abs(base.value) < _SMALL else False
    return small and (category(dtype) == "float" or type(base.value) is int)


def _peeled(value: Expression) -> tuple[Expression, list[_Update]]:
    """What a value is everywhere, and the updates of it in their order."""
    found: list[_Update] = []
    while (update := _update_of(value)) is not None:
        found.append(update)
        value = update.before
    return value, found[::-1]


def _update_of(value: Expression) -> _Update | None:
    if not isinstance(value, Select):
        return None
    for holds, changed, kept in (
        (True, value.then, value.otherwise),
        (False, value.otherwise, value.then),
    ):
        guards = _guards_of(value.condition, holds)
        found = None if guards is None else _updated(changed, kept)
        if guards is not None and found is not None:
            return _Update(guards, *found, kept)
    return None


def _updated(changed: Expression, kept: Expression) -> tuple[Call, int] | None:
    """The operator, and which operand it is, that makes one value of the other.

    Where a number became a tensor for some places, the operator stands in each branch.
    """
    if isinstance(changed, Call):
        plain = _bare(kept)
        found = [k for k, a in enumerate(changed.arguments) if _bare(a) == plain]
        others = [a for k, a in enumerate(changed.arguments) if k not in found]
        inside = any(kept in set(scalar.walk(a)) for a in others) and not _is_number(kept)
        if len(found) == 1 and not inside and not changed.keywords:
            return changed, found[0]
    if isinstance(changed, Select) and isinstance(kept, Select):
        if changed.condition != kept.condition:
            return None
        first = _updated(changed.then, kept.then)
        second = _updated(changed.otherwise, kept.otherwise)
        if first is None or second is None or first[1] != second[1]:
            return None
        sides = [_without(*side) for side in (first, second)]
        tensors = [s for s in (first, second) if s[0].type.rank is not Rank.NUMBER]
        return tensors[0] if tensors and sides[0] == sides[1] else None
    return None


def _without(call: Call, position: int) -> tuple[object, ...]:
    others = tuple(a for k, a in enumerate(call.arguments) if k != position)
    return call.operator, call.spelling, others


def _bare(value: Expression) -> Expression:
    """A value with numbers as they are written, whatever they count as beside a tensor."""
    literal = scalar.literal_of(value)
    return scalar.rebuild(value, _bare) if literal is None else literal


def _is_number(value: Expression) -> bool:
    return isinstance(value, Number)


def _guards_of(condition: Expression, holds: bool) -> tuple[Constraint, ...] | None:
    """A condition by place as constraints that are all of it, where it holds or where it fails."""
    halves = halves_of(condition)
    if halves is None:
        return None
    if halves.around is not None:
        return (Constraint(halves.around, Sign.ZERO),) if holds is not halves.swapped else None
    if not halves.is_all[not holds]:
        return None
    slacks = halves.holds if holds else halves.fails
    return tuple(Constraint(s) for s in slacks)
