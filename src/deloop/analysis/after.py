"""What the variables of a loop hold behind it, so that the next loop may read them."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from deloop.analysis.types import Candidate
from deloop.dtype import Rank
from deloop.frontend.expression import aliased_arrays
from deloop.frontend.items import Item
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
    the type would be another. A name that may be an element of another tensor is left out. Tensors
    changed `in_place` by ``x += …`` are what they were. Those set under a condition, `guarded`, may
    be either.
    """
    found: dict[str, Item] = {}
    for name in in_place:
        item = candidate.environment.get(name)
        if isinstance(item, Tensor) and item.name == name and name in nest.arrays:
            grad = name in with_grad
            kind = replace(item.type, requires_grad=grad, leaf=item.type.leaf and not grad)
            found[name] = replace(item, type=kind, fill=None)
    for cell in nest.cells:
        if cell.key not in nest.live or cell.key in guarded or cell.kind.rank is Rank.TENSOR:
            continue
        if cell.kind.rank is Rank.NUMBER:
            if cell.kind.dtype != "complex128":
                found[cell.name] = Scalar(cell.kind.dtype, cell.name)
        elif _is_of_its_own(candidate, nest, cell):
            grad = cell.key in with_grad
            device = nest.arrays[cell.key].type.device
            kind = TensorType(cell.kind.dtype, (), device, grad, not grad)
            storage = f"fresh:{cell.name}:{candidate.node.lineno}"
            found[cell.name] = Tensor(cell.name, kind, storage, fresh=True)
    return found


def _is_of_its_own(candidate: Candidate, nest: Nest, cell: Cell) -> bool:
    """Whether every value that the variable gets is a new one, also before the loop."""
    start = candidate.environment.get(cell.name)
    if not isinstance(start, (Literal, Integer, Scalar)) and not (
        isinstance(start, Tensor) and start.fresh and start.name == cell.name
    ):
        return False
    return all(
        aliased_arrays(store.value) <= {cell.key}
        for store in stores(nest.body)
        if store.array == cell.key
    )
