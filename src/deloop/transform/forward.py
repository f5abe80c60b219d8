"""Store-to-load forwarding within one iteration: two stores to one element become one.

``out[i] = x[i]; out[i] = out[i] + y[i]   ->   out[i] = x[i] + y[i]``
"""

from __future__ import annotations

from dataclasses import replace

from deloop.frontend.expression import cast, may_raise
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import Loop, Node, Store, is_touch
from deloop.ir.scalar import Call, Expression, Inlined, Load, Select
from deloop.transform.symmetry import is_symmetric


def forward_stores(
    nodes: tuple[Node, ...], growing: frozenset[str] = frozenset()
) -> tuple[Node, ...]:
    """Adjacent stores to one element merged, where the first one's value is used at most once.

    `growing` are arrays of the loop's own that a gradient may come to.
    """
    result: list[Node] = []
    for node in nodes:
        if isinstance(node, Loop):
            node = replace(node, body=forward_stores(node.body, growing))
        last = next((k for k in range(len(result) - 1, -1, -1) if not is_touch(result[k])), None)
        before = None if last is None else result[last]
        if isinstance(node, Store) and isinstance(before, Store) and not is_touch(node):
            merged = _merge(before, node, growing)
            if merged is not None and last is not None:
                del result[last]
                result.append(merged)
                continue
            node = _mirrored(before, node)
        result.append(node)
    return tuple(result)


def _merge(first: Store, second: Store, growing: frozenset[str]) -> Store | None:
    same = (first.array, first.subscripts, first.guards) == (
        second.array,
        second.subscripts,
        second.guards,
    )
    if not same or first.local or first.implicit or second.implicit:
        return None
    if any(not isinstance(s, Affine) for s in first.subscripts):
        return None
    reads = [load for load in scalar.loads(second.value) if load.array == first.array]
    if any(load.subscripts != first.subscripts for load in reads):
        return None
    uses = _count(second.value, first)
    if uses > 1 and any(isinstance(n, (Call, Select, Inlined)) for n in scalar.walk(first.value)):
        return None

    def change(node: Expression) -> Expression:
        if isinstance(node, Load) and node.array == first.array:
            return cast(first.value, node.type)
        return scalar.rebuild(node, change)

    if not uses and any(map(may_raise, scalar.walk(first.value))):
        return None  # nobody uses the value, but it raises
    if uses and isinstance(first.value, Select) and first.value.is_mixed:
        return None
    value = change(second.value)
    recorded = scalar.requires_grad(first.value, growing)
    if recorded and (not uses or not scalar.requires_grad(value, growing)):
        return None  # the first store is what makes the tensor require grad
    return replace(second, value=value, augmented=False)


def _mirrored(first: Store, second: Store) -> Store:
    """``g[i, j] = a[i] * a[j]; g[j, i] = g[i, j]   ->   …; g[j, i] = a[i] * a[j]``."""
    own = Load(first.array, first.subscripts, second.value.type)
    names = [s.symbols[0] for s in first.subscripts if isinstance(s, Affine) and s.symbols]
    plain = tuple(map(Affine.symbol, names))
    if first.guards != second.guards or len(names) != 2 or first.subscripts != plain:
        return second
    if (second.array, second.subscripts) != (first.array, plain[::-1]) or first.local:
        return second
    if second.value != own or first.value.type.dtype != first.dtype:
        return second
    return replace(second, value=first.value) if is_symmetric(first.value, *names) else second


def _count(value: Expression, store: Store) -> int:
    return sum(isinstance(n, Load) and n.array == store.array for n in scalar.walk(value))
