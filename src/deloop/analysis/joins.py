"""What is known of names where several paths meet: at the top of a loop, and behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from deloop.frontend.evaluate import Environment
from deloop.frontend.items import Item, Tuple, View
from deloop.ir.types import (
    Function,
    Literal,
    Module,
    Object,
    Opaque,
    Scalar,
    Shape,
    Tensor,
    TensorType,
)
from deloop.ir.types import Sequence as Listed


def joined(
    states: Sequence[Environment],
    line: int,
    parameters: Collection[str],
    dead: frozenset[str] = frozenset(),
) -> Environment:
    """What holds on every one of the paths that meet at a line.

    A name that holds different tensors of one type (``u = new`` in an iteration) holds such a
    tensor, of which nobody else knows: two names that are one tensor on one path and two on another
    are not looked into. Names that are `dead` there give way first. What is neither made by the
    function nor one of its `parameters` may be reached otherwise: ``u = self.table``.
    """
    first, *others = states
    common = [name for name in first if all(name in other for other in others)]
    held = {name: [state[name] for state in states] for name in common}
    result = {name: items[0] for name, items in held.items() if are_same(items)}
    changed = [name for name in common if name not in result]
    for name in sorted(changed, key=lambda name: name not in dead):
        rivals = [items for other, items in held.items() if other != name]
        met = _met(name, held[name], rivals, line, parameters)
        result[name] = met
        if isinstance(met, Opaque):
            del held[name]
    return {name: result[name] for name in common}


def are_same(items: Sequence[Item]) -> bool:
    """Whether the items are equal, ``1.0`` and ``True``, ``0.0`` and ``-0.0`` told apart."""
    first = items[0]
    if any(item is not first and item != first for item in items):
        return False
    if isinstance(first, (Object, Function, Module)):
        return True
    return all(item is first or repr(item) == repr(first) for item in items)


def _met(
    name: str,
    items: Sequence[Item],
    rivals: Sequence[Sequence[Item]],
    line: int,
    parameters: Collection[str],
) -> Item:
    """What a name holds that stands for one of the items; what others hold are its rivals."""
    if all(isinstance(i, (Scalar, Literal)) for i in items):
        kinds = {_number_kind(i) for i in items}
        if kinds == {"float64"}:
            return Scalar("float64", name)
    tensors = [i for i in items if isinstance(i, Tensor)]
    if len(tensors) != len(items) or any(t.flat_of for t in tensors):
        return Opaque(f"{name} is set differently on two paths")
    kind = _common_type([t.type for t in tensors])
    if kind is None:
        return Opaque(f"the type of {name} differs between paths")
    fills = {repr(t.fill) for t in tensors}
    fill = tensors[0].fill if len(fills) == 1 else None
    fresh = all(t.fresh for t in tensors)
    if len({t.storage for t in tensors}) == 1:
        own = tensors[0].name if len({t.name for t in tensors}) == 1 else name
        return Tensor(own, kind, tensors[0].storage, fresh, fill)
    shared = _shared(tensors, rivals) | {
        t.memory
        for t in tensors
        if t.memory not in parameters and not t.memory.startswith(("fresh:", "loop:"))
    }
    if len(shared) > 1 or "" in shared or any(t.storage.endswith("?") for t in tensors):
        return Opaque(f"{name} may be a tensor that has another name too")
    storage = f"{shared.pop()}?" if shared else f"loop:{line}:{name}"
    return Tensor(name, kind, storage, fresh, fill)


def _shared(tensors: Sequence[Tensor], rivals: Sequence[Sequence[Item]]) -> set[str]:
    """The memory that a name's tensors share with what others hold on some path.

    An empty one stands for memory of names that hold different tensors themselves.
    """
    shared: set[str] = set()
    for rival in rivals:
        memories = [_memories(item) for item in rival]
        if any(t.memory in m for t, m in zip(tensors, memories, strict=True)):
            constant = all(m == memories[0] for m in memories) and len(memories[0]) == 1
            shared |= memories[0] if constant else {""}
    return shared


def _number_kind(item: Item) -> str:
    if isinstance(item, Scalar):
        return item.dtype
    return "float64" if isinstance(item, Literal) and type(item.value) is float else ""


def _common_type(kinds: Sequence[TensorType]) -> TensorType | None:
    """A type that says of each of the tensors no more than is true."""
    first = kinds[0]
    if any((k.dtype, k.shape, k.device) != (first.dtype, first.shape, first.device) for k in kinds):
        return None
    return replace(
        first,
        requires_grad=any(k.requires_grad for k in kinds),
        leaf=any(k.leaf and k.requires_grad for k in kinds) or all(k.leaf for k in kinds),
        contiguous=all(k.contiguous for k in kinds),
        overlapping=any(k.overlapping for k in kinds),
        unsure=any(k.unsure or k.requires_grad != first.requires_grad for k in kinds),
    )


def _memories(item: Item) -> set[str]:
    """The memory of every tensor in an item."""
    return {tensor.memory for tensor in _tensors(item)}


def _tensors(item: Item) -> Iterator[Tensor]:
    match item:
        case Tensor():
            yield item
            if item.flat_of is not None:
                yield item.flat_of
        case View(tensor=tensor) | Shape(of=tensor):
            yield tensor
        case Listed(items=parts) | Tuple(items=parts):
            for part in parts:
                yield from _tensors(part)
