"""What the variables of a loop hold behind it, so that the next loop may read them."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from deloop.analysis.types import Candidate
from deloop.dtype import Rank
from deloop.frontend.expression import aliased_arrays
from deloop.frontend.items import Item, View
from deloop.ir.loop import Cell, Nest, stores
from deloop.ir.types import Integer, Literal, Scalar, Tensor, TensorType


def find_results(
    candidate: Candidate,
    nest: Nest,
    with_grad: frozenset[str],
    in_place: set[str],
    guarded: Set[str] = frozenset(),
) -> dict[str, Item]:
    """The names that a rewritten loop leaves with a Python number or a 0-d tensor of their own.

    Their types are what the loop's last iteration gives; that there is one is assumed where else
    the type would be another. A name that may be an element of one other tensor perhaps shares its
    memory; one that may be of several is left out. Tensors changed `in_place` by ``x += …`` are
    what they were. Those set under a condition, `guarded`, may be either.
    """
    found: dict[str, Item] = {}
    for name in in_place:
        item = candidate.environment.get(name)
        if isinstance(item, Tensor) and item.name == name and name in nest.arrays:
            grad = name in with_grad
            kind = replace(
                item.type, requires_grad=grad, leaf=item.type.leaf and not grad, unsure=False
            )
            found[name] = replace(item, type=kind, fill=None)
    for cell in nest.cells:
        if cell.key not in nest.live or cell.key in guarded or cell.kind.rank is Rank.TENSOR:
            continue
        if cell.kind.rank is Rank.NUMBER:
            if cell.kind.dtype != "complex128":
                found[cell.name] = Scalar(cell.kind.dtype, cell.name)
            continue
        storage = _storage_of(candidate, nest, cell)
        if storage is not None:
            grad = cell.key in with_grad
            device = nest.arrays[cell.key].type.device
            fresh = storage.startswith("fresh:")
            kind = TensorType(cell.kind.dtype, (), device, grad, fresh and not grad)
            found[cell.name] = Tensor(cell.name, kind, storage, fresh=fresh)
    return found


def _storage_of(candidate: Candidate, nest: Nest, cell: Cell) -> str | None:
    """The memory of what a variable is left with, where it is its own or perhaps one tensor's."""
    held = {
        array
        for store in stores(nest.body)
        if store.array == cell.key
        for array in aliased_arrays(store.value) - {cell.key}
    }
    if any(array not in candidate.environment for array in held):
        return None  # another variable of the loop, whose memory changes with it
    taken = {nest.arrays[array].memory for array in held}
    start = candidate.environment.get(cell.name)
    if isinstance(start, Tensor):
        if not start.fresh or start.name != cell.name:
            taken.add(start.memory)
    elif isinstance(start, View):
        taken.add(start.tensor.memory)
    elif not isinstance(start, (Literal, Integer, Scalar)):
        return None
    if not taken:
        return f"fresh:{cell.name}:{candidate.node.lineno}"
    return f"{taken.pop()}?" if len(taken) == 1 else None
