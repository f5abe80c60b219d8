"""If-conversion: control dependence becomes data dependence (Allen et al., POPL 1983).

``if c: a[i] = x  else: a[i] = y   ->   a[i] = select(c, x, y)``
A condition on iterators alone restricts the statement's domain instead.
"""

from __future__ import annotations

from dataclasses import replace

from deloop.analysis.masks import comparison_of
from deloop.diagnostic import Refusal
from deloop.dtype import Rank
from deloop.errors import Unsupported
from deloop.frontend.expression import negate, select
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, Sign
from deloop.ir.loop import AffineBranch, Branch, Loop, Node, Store, is_touch, stores
from deloop.ir.rows import rename_implicit
from deloop.ir.scalar import ElementType, Expression, Load, Subscript
from deloop.ir.types import Tensor

Location = tuple[str, tuple[Subscript, ...]]


def if_convert(nodes: tuple[Node, ...], arrays: dict[str, Tensor]) -> tuple[Node, ...]:
    """The same nodes without branches: every store runs, under affine guards at most."""
    result: list[Node] = []
    for node in nodes:
        match node:
            case Store():
                result.append(node)
            case Loop(body=body):
                result.append(replace(node, body=if_convert(body, arrays)))
            case Branch(condition, then, otherwise):
                first, second = if_convert(then, arrays), if_convert(otherwise, arrays)
                result.extend(n for n in (*first, *second) if is_touch(n))
                first = tuple(n for n in first if not is_touch(n))
                second = tuple(n for n in second if not is_touch(n))
                merged = _merge(condition, first, second, arrays)
                if merged is None:
                    merged = [
                        *(_guarded(n, condition, True, arrays) for n in first),
                        *(_guarded(n, condition, False, arrays) for n in second),
                    ]
                result.extend(merged)
            case AffineBranch(guards, then, otherwise):
                result.extend(_restrict(n, guards) for n in if_convert(then, arrays))
                others = if_convert(otherwise, arrays)
                if len(guards) == 1 and _only_accumulate(guards[0], others):
                    unequal = negate(comparison_of(guards[0], set()))
                    sums = [n for n in others if not is_touch(n)]
                    others = tuple(n for n in others if is_touch(n))
                    result.extend(_guarded(n, unequal, True, arrays) for n in sums)
                result.extend(_split(others, _complement(guards)))
    return tuple(result)


def _only_accumulate(guard: Constraint, nodes: tuple[Node, ...]) -> bool:
    """Whether only ``i != j`` keeps an iteration from being added: a mask, and one sum over it.

    Other stores run before and behind the place apart: ``j < i``, ``j > i``.
    """
    return guard.sign is Sign.ZERO and all(
        isinstance(n, Store) and (is_touch(n) or (n.augmented and not n.guards)) for n in nodes
    )


def _split(nodes: tuple[Node, ...], pieces: list[tuple[Constraint, ...]]) -> list[Node]:
    """The nodes once for each piece of a domain; what they keep for themselves is kept once."""
    if len(pieces) == 1:
        return [_restrict(n, pieces[0]) for n in nodes]
    kept = [n for n in nodes if isinstance(n, Store) and _is_temporary(n)]
    written = {s.array for s in stores(nodes) if not s.local}
    for store in kept:
        if any(load.array in written for load in scalar.loads(store.value)):
            sentence = "loop kept: a value kept on the other side of an equality"
            raise Unsupported(Refusal("VEC943", store.place, sentence))
    rest = [n for n in nodes if not _is_temporary(n)]
    return [*kept, *(_restrict(n, piece) for piece in pieces for n in rest)]


def _is_temporary(node: Node) -> bool:
    return isinstance(node, Store) and node.local and not is_touch(node)


def _complement(guards: tuple[Constraint, ...]) -> list[tuple[Constraint, ...]]:
    """``not (g1 and g2)`` as disjoint conjunctions: ``not g1``; ``g1 and not g2``."""
    pieces: list[tuple[Constraint, ...]] = []
    for position, guard in enumerate(guards):
        before = guards[:position]
        below = Constraint(-guard.expression - 1)
        pieces.append((*before, below))
        if guard.sign is Sign.ZERO:
            pieces.append((*before, Constraint(guard.expression - 1)))
    return pieces


def _restrict(node: Node, guards: tuple[Constraint, ...]) -> Node:
    match node:
        case Store() if _is_temporary(node):
            return node  # a value may be computed where nobody uses it
        case Store():
            return replace(node, guards=(*node.guards, *guards))
        case Loop(body=body):
            return replace(node, body=tuple(_restrict(n, guards) for n in body))
    raise AssertionError("branches are converted inside out")


def _guarded(node: Node, condition: Expression, when: bool, arrays: dict[str, Tensor]) -> Node:
    match node:
        case Store() if node.local:
            return node
        case Store():
            old = _old_value(node, arrays)
            value = (
                select(condition, node.value, old) if when else select(condition, old, node.value)
            )
            return replace(node, value=value, augmented=False)
        case Loop(body=body):
            return replace(node, body=tuple(_guarded(n, condition, when, arrays) for n in body))
    raise AssertionError("branches are converted inside out")


def _old_value(store: Store, arrays: dict[str, Tensor]) -> Load:
    rank = Rank.TENSOR if store.implicit else Rank.SCALAR
    rank = store.cell.rank if store.cell is not None else rank
    implicit = tuple((loop.iterator, loop.upper) for loop in store.implicit)
    grad = arrays[store.array].type.requires_grad
    return Load(store.array, store.subscripts, ElementType(store.dtype, rank), implicit, grad)


def _merge(
    condition: Expression,
    first: tuple[Node, ...],
    second: tuple[Node, ...],
    arrays: dict[str, Tensor],
) -> list[Node] | None:
    """Both sides as one store a location, where no store of either feeds another."""
    sides: list[dict[Location, Store]] = []
    merged: list[Node] = []
    for nodes in (first, second):
        side: dict[Location, Store] = {}
        for node in nodes:
            if not isinstance(node, Store) or node.guards:
                return None
            if node.local:  # a value may be computed where nobody uses it
                if {load.array for load in scalar.loads(node.value)} & {a for a, _ in side}:
                    return None
                merged.append(node)
                continue
            node = _like(node, sides[0] if sides else {})
            location = (node.array, node.subscripts)
            if location in side:
                return None
            side[location] = node
        sides.append(side)
    everything = [*sides[0].values(), *sides[1].values()]
    locations = list(dict.fromkeys([*sides[0], *sides[1]]))
    if not _independent(everything, locations):
        return None
    for location in locations:
        then, otherwise = sides[0].get(location), sides[1].get(location)
        store = then or otherwise
        assert store is not None
        old = _old_value(store, arrays)
        value = select(
            condition, then.value if then else old, otherwise.value if otherwise else old
        )
        merged.append(replace(store, value=value, augmented=False))
    return merged


def _like(store: Store, side: dict[Location, Store]) -> Store:
    """The store with the implicit iterators of its counterpart on the other side."""
    for other in side.values():
        if (
            other.array != store.array
            or len(other.implicit) != len(store.implicit)
            or not store.implicit
        ):
            continue
        names = {
            mine.iterator: Affine.symbol(theirs.iterator)
            for mine, theirs in zip(store.implicit, other.implicit, strict=True)
        }
        subscripts = tuple(
            scalar.substituted(s, names) for s in store.subscripts
        )
        if subscripts == other.subscripts:
            value = rename_implicit(store.value, names)
            return replace(store, subscripts=subscripts, value=value, implicit=other.implicit)
    return store


def _independent(everything: list[Store], locations: list[Location]) -> bool:
    """Whether no value reads an array that another location's store writes."""
    written = {array for array, _ in locations}
    if len(locations) == 1:
        return True  # each side reads, then stores
    if len({array for array, _ in locations}) != len(locations):
        return False
    for store in everything:
        for load in scalar.loads(store.value):
            own = load.array == store.array and load.subscripts == store.subscripts
            if load.array in written and not own:
                return False
    return True
