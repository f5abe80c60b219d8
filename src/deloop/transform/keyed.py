"""Stores that data gives to one iteration each, without the loop over the iterations.

    for c in range(n):                    is    out[i, _d] = palette[labels[i, _d]]
        out[labels == c] = palette[c]           if each label is one of 0, …, n - 1

An element of `out` is set where its label is `c`, so by one iteration at most, the label's own.
Reads at `c` are reads at the label then (compare the inspectors of J. Saltz et al., "Run-time
parallelization and scheduling of loops", 1991).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.apply import DataRequirement
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import TOUCH, Branch, Loop, Nest, Node, Store, is_touch
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Index, Load, Select
from deloop.ir.types import Tensor, TensorType


@dataclass(frozen=True)
class _Keyed:
    """A store that the iteration alone makes which `key` names; `rest` are its other conditions."""

    store: Store
    key: Expression
    rest: tuple[Expression, ...]
    loops: tuple[Loop, ...]


def collapse_keyed(nest: Nest) -> tuple[Nest, list[DataRequirement]]:
    """The nest without loops of which data names one iteration an element, and what that needs."""
    collapsing = _Collapsing(nest.arrays)
    body = collapsing.nodes(nest.body)
    if not collapsing.needed:
        return nest, []
    touch = {TOUCH: Tensor(TOUCH, TensorType("bool", ()), TOUCH, fresh=True)}
    arrays, locals_ = {**touch, **nest.arrays}, nest.locals | {TOUCH}
    return replace(nest, body=body, arrays=arrays, locals=locals_), collapsing.needed


class _Collapsing:
    def __init__(self, arrays: Mapping[str, Tensor]) -> None:
        self.arrays = arrays
        self.needed: list[DataRequirement] = []

    def nodes(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """The nodes with such loops in them collapsed."""
        result: list[Node] = []
        for node in nodes:
            found = self._collapsed(node) if isinstance(node, Loop) else None
            if found is not None:
                result.extend(found)
            elif isinstance(node, Loop):
                result.append(replace(node, body=self.nodes(node.body)))
            else:
                result.append(node)
        return tuple(result)

    def _collapsed(self, loop: Loop) -> list[Node] | None:
        """What a loop does without itself; its reads stay for their bounds alone."""
        if loop.span is not None or loop.stride != 1:
            return None
        touches: list[Node] = [*touches_of(loop).body]
        found = [_keyed(w, loop.iterator) for w in find_waiting(loop.body)]
        if not found or None in found:
            return None
        stores = [k for k in found if k is not None]
        if not self._are_apart(stores, loop):
            return None
        result: list[Node] = []
        needed: list[DataRequirement] = []
        for keyed in stores:
            value = _at_key(keyed.store.value, loop.iterator, keyed.key)
            rest = [_at_key(c, loop.iterator, keyed.key) for c in keyed.rest]
            if value is None or None in rest:
                return None
            touches.extend(self._touches(keyed, loop.iterator))
            for condition in rest:
                assert condition is not None
                value = choice(condition, replace(keyed.store, value=value))
            node: Node = replace(keyed.store, value=value)
            for around in reversed(keyed.loops):
                node = replace(around, body=(node,))
            result.append(node)
            needed.append(_within(keyed, loop))
        self.needed.extend(needed)
        return [replace(loop, body=tuple(touches)), *result]

    def _are_apart(self, stores: list[_Keyed], loop: Loop) -> bool:
        """Whether a store sets an element once, and none reads what another iteration sets."""
        memory = [self.arrays[k.store.array].memory for k in stores]
        if len(set(memory)) < len(memory):
            return False
        for keyed in stores:
            store = keyed.store
            iterators = [x.iterator for x in (*keyed.loops, *store.implicit)]
            own = {
                s.symbols[0]
                for s in store.subscripts
                if isinstance(s, Affine) and s == Affine.symbol("".join(s.symbols))
            }
            moving = any(loop.iterator in _symbols(x.lower, x.upper) for x in keyed.loops)
            if moving or not set(iterators) <= own:
                return False
            if scalar.iterators_of(keyed.key, frozenset({loop.iterator})):
                return False
            if any(not isinstance(s, Affine) or moves(s, loop.iterator) for s in store.subscripts):
                return False
            if any(self.arrays[x.array].memory in memory for x in scalar.loads(keyed.key)):
                return False  # what an iteration stores may be the key of a later one
            for expression in (store.value, *keyed.rest):
                for load in scalar.loads(expression):
                    is_own = (load.array, load.subscripts) == (store.array, store.subscripts)
                    if self.arrays[load.array].memory in memory and not is_own:
                        return False
        return True

    def _touches(self, keyed: _Keyed, iterator: str) -> Iterator[Store]:
        """Reads at places that the loop counts, of which those that no key names must be there."""
        for load in dict.fromkeys(scalar.loads(keyed.store.value)):
            moving = [k for k, s in enumerate(load.subscripts) if moves(s, iterator)]
            if not moving:
                continue
            subscripts = tuple(
                s if moves(s, iterator) else Index(Affine()) for s in load.subscripts
            )  # an index tensor is not checked for bounds
            kind = replace(load.type, rank=Rank.SCALAR)
            read = Load(load.array, subscripts[: moving[-1] + 1], kind)
            yield Store(TOUCH, (), read, kind.dtype, keyed.store.place, local=True)


@dataclass(frozen=True)
class Waiting:
    """A store of `store.value` in some loops, made where all `tests` hold."""

    store: Store
    tests: tuple[Expression, ...]
    loops: tuple[Loop, ...]


def find_waiting(nodes: Iterable[Node], loops: tuple[Loop, ...] = ()) -> Iterator[Waiting | None]:
    """Every store that waits for a condition on data; None for anything else but touches."""
    for node in nodes:
        match node:
            case Store() if is_touch(node):
                pass
            case Loop(body=body):
                yield from find_waiting(body, (*loops, node))
            case Branch(condition, then, ()) if (store := _only_store(then)) is not None:
                yield Waiting(store, tuple(_conjunction(condition)), loops)
            case Store(value=Select(condition, then, otherwise)) if (
                is_own(otherwise, node) and _is_plain(node)
            ):
                tests = tuple(_conjunction(condition))
                yield Waiting(replace(node, value=then), tests, loops)
            case _:
                yield None


def choice(condition: Expression, store: Store) -> Select:
    """What is stored where a condition holds, and elsewhere what the element held."""
    rank = Rank.TENSOR if store.implicit else Rank.SCALAR
    own = Load(store.array, store.subscripts, ElementType(store.dtype, rank))
    return Select(condition, build.cast(store.value, own.type), own)


def _only_store(nodes: tuple[Node, ...]) -> Store | None:
    """The one store of a block, touches aside."""
    match [n for n in nodes if not is_touch(n)]:
        case [Store() as store] if _is_plain(store):
            return store
    return None


def touches_of(loop: Loop) -> Loop:
    """The loop with nothing in it but reads that must be in bounds."""
    return replace(loop, body=tuple(_touches_in(loop.body)))


def _touches_in(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        if is_touch(node):
            yield node
        elif isinstance(node, Loop):
            yield touches_of(node)
        elif isinstance(node, Branch) and (then := tuple(_touches_in(node.then))):
            yield replace(node, then=then)


def _is_plain(store: Store) -> bool:
    return not (store.local or store.cell is not None or store.guards)


def _keyed(waiting: Waiting | None, iterator: str) -> _Keyed | None:
    """The store as one that a key decides, with the other conditions."""
    for test in waiting.tests if waiting is not None else ():
        key = _key_of(test, iterator)
        if key is not None and waiting is not None:
            rest = tuple(t for t in waiting.tests if t is not test)
            return _Keyed(waiting.store, key, rest, waiting.loops)
    return None


def _conjunction(condition: Expression) -> Iterator[Expression]:
    if isinstance(condition, Call) and condition.operator in ("logical_and", "bitwise_and"):
        for argument in condition.arguments:
            yield from _conjunction(argument)
    else:
        yield condition


def _key_of(test: Expression, iterator: str) -> Expression | None:
    """``labels[i]`` of ``labels[i] == c``."""
    match test:
        case Call("eq", (first, second)):
            for key, count in ((first, second), (second, first)):
                is_counted = isinstance(count, Index) and count.affine == Affine.symbol(iterator)
                if is_counted and category(key.type.dtype) == "int" and scalar.loads(key):
                    return key
    return None


def is_own(value: Expression, store: Store) -> bool:
    """Whether a value is what the store's element held."""
    while isinstance(value, Cast):
        value = value.value
    return isinstance(value, Load) and (value.array, value.subscripts) == (
        store.array,
        store.subscripts,
    )


def _at_key(value: Expression, iterator: str, key: Expression) -> Expression | None:
    """The value with the key in place of the iterator; None where that has no form."""
    place = build.cast(key, replace(key.type, dtype="int64"))
    failed = False

    def change(node: Expression) -> Expression:
        nonlocal failed
        if isinstance(node, Index) and iterator in node.affine.symbols:
            failed |= node.affine != Affine.symbol(iterator)
            return build.cast(place, node.type)
        node = scalar.rebuild(node, change)
        if isinstance(node, Load):
            subscripts = list(node.subscripts)
            for position, subscript in enumerate(subscripts):
                if moves(subscript, iterator):
                    failed |= subscript != Affine.symbol(iterator)
                    subscripts[position] = place
            return replace(node, subscripts=tuple(subscripts))
        bound = scalar.bound_axes(node)
        failed |= bool(bound) and bool(scalar.iterators_of(node, frozenset({iterator})))
        return node

    changed = change(value)
    return None if failed or scalar.iterators_of(changed, frozenset({iterator})) else changed


def _within(keyed: _Keyed, loop: Loop) -> DataRequirement:
    place = keyed.store.place
    condition = build.both(
        build.compare("GtE", keyed.key, build.integer(loop.lower), place),
        build.compare("Lt", keyed.key, build.integer(loop.upper), place),
    )
    name = loop.variable[0] if loop.variable is not None else loop.iterator
    return DataRequirement(condition, place, f"each element belongs to some {name} of the loop")


def moves(subscript: scalar.Subscript, iterator: str) -> bool:
    return isinstance(subscript, Affine) and iterator in subscript.symbols


def _symbols(*bounds: Affine) -> set[str]:
    return {s for bound in bounds for s in bound.symbols}
