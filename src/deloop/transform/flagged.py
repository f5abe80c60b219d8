"""One value stored wherever some iteration asks for it, without the loop over the iterations.

    for k in range(n):                                   is    out[i] = v if any over k of
        out[starts[k]:ends[k]] = v                                 starts[k] <= i < ends[k]
                                                                 else what it held

Whichever iteration stores it, and however often, is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deloop.frontend import expression as build
from deloop.ir import scalar
from deloop.ir.loop import Loop, Nest, Node
from deloop.ir.scalar import ElementType, Reduce
from deloop.ir.types import Tensor
from deloop.transform.keyed import choice, find_waiting, moves, touches_of


def collapse_flagged(nest: Nest) -> Nest:
    """The nest without loops that only store one value where one of their iterations wants it."""
    return replace(nest, body=_nodes(nest.body, nest.arrays))


def _nodes(nodes: tuple[Node, ...], arrays: Mapping[str, Tensor]) -> tuple[Node, ...]:
    result: list[Node] = []
    for node in nodes:
        if not isinstance(node, Loop):
            result.append(node)
            continue
        found = _collapsed(node, arrays)
        result.extend((replace(node, body=_nodes(node.body, arrays)),) if found is None else found)
    return tuple(result)


def _collapsed(loop: Loop, arrays: Mapping[str, Tensor]) -> list[Node] | None:
    """What a loop does without itself; its reads stay for their bounds alone."""
    found = list(find_waiting(loop.body))
    if len(found) != 1 or (waiting := found[0]) is None:
        return None
    store, name = waiting.store, loop.iterator
    inner = [bound for x in waiting.loops for bound in (x.lower, x.upper)]
    if any(moves(s, name) for s in (*store.subscripts, *inner)):
        return None
    names = frozenset({name, *(x.iterator for x in (*waiting.loops, *store.implicit))})
    condition = waiting.tests[0]
    for test in waiting.tests[1:]:
        condition = build.both(condition, test)
    if scalar.iterators_of(store.value, names) or condition.type.dtype != "bool":
        return None
    if not scalar.iterators_of(condition, frozenset({name})):
        return None
    memory = arrays[store.array].memory
    read = (*scalar.loads(condition), *scalar.loads(store.value))
    if any(arrays[load.array].memory == memory for load in read):
        return None
    wanted = Reduce("any", condition, (loop.axis,), ElementType("bool", condition.type.rank))
    node: Node = replace(store, value=choice(wanted, store), augmented=False)
    for around in reversed(waiting.loops):
        node = replace(around, body=(node,))
    return [touches_of(loop), node]
