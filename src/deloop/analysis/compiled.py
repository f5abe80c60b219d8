"""What a loop must be for its nest to run as a kernel over the tensors' own memory.

The kernel does what the loop does in the loop's own order, so that no dependence matters. What
matters is what a kernel cannot leave behind: which very tensor a variable holds, gradients, lists.
"""

from __future__ import annotations

import ast
import math
import struct
from collections.abc import Iterator

from deloop.analysis.types import Candidate
from deloop.diagnostic import Place, Refusal
from deloop.dtype import RANGES, Rank, category
from deloop.errors import Unsupported
from deloop.frontend.build import NestBuilder
from deloop.frontend.expression import aliased_arrays
from deloop.ir.loop import (
    LIST,
    AffineBranch,
    Branch,
    Cell,
    Loop,
    Nest,
    Node,
    Store,
    expressions_of,
    stores,
)
from deloop.ir.scalar import (
    UNSET,
    Call,
    Cast,
    ElementType,
    Expression,
    Load,
    Number,
    Select,
    loads,
    walk,
)
from deloop.text.trees import walk as walk_tree


def check_compiled(
    candidate: Candidate, builder: NestBuilder, nest: Nest, escaping: frozenset[str]
) -> frozenset[str]:
    """The variables that some iteration must have set; raises `Unsupported` where none will do.

    `escaping` are the cells of which somebody could tell the very tensor.
    """
    place = nest.place
    _check_lists(candidate, builder, nest)
    if builder.data_requirements:
        raise _refuse(place, f"it is asked of data that {builder.data_requirements[0].reason}")
    for tensor in nest.arrays.values():
        if tensor.type.requires_grad or tensor.type.unsure:
            raise _refuse(place, f"a gradient of {tensor.name} is recorded")
        if tensor.type.device != "cpu":
            raise _refuse(place, f"{tensor.name} is not on the CPU")
    confirmed = set()
    for cell in nest.cells:
        _check_cell(cell, nest, place)
        if cell.key not in nest.live:
            continue
        _check_left(cell, nest, escaping)
        if cell.starts_unset or cell.starts_shared or cell.changes_type:
            confirmed.add(cell.key)
    return frozenset(confirmed)


def _check_lists(candidate: Candidate, builder: NestBuilder, nest: Nest) -> None:
    """Whether each list that is filled becomes one tensor, by one expression of the list alone."""
    arrays = {n for n, t in nest.arrays.items() if t.storage.startswith(LIST)}
    lists = {} if candidate.filling is None else candidate.filling.lists
    for name in sorted(arrays | set(lists)):
        filled = lists.get(name)
        plain = (
            filled is not None
            and name in arrays
            and isinstance(candidate.written, (ast.For, ast.While))
            and nest.arrays[name].type.rank == 1
            and not (filled.reason or filled.mask or filled.turned)
            and filled.settled
            and len(filled.uses) == 1
            and filled.uses[0].kind in ("stack", "tensor")
            and {n.id for n in walk_tree(filled.uses[0].node) if isinstance(n, ast.Name)}
            <= {name, "torch"}
            and name not in builder.positions
            and not builder.flattened.get(name)
        )
        if not plain:
            raise _refuse(nest.place, f"the list {name} is not made a tensor at once")


def _check_cell(cell: Cell, nest: Nest, place: Place) -> None:
    """Whether a carried variable is of one type that a kernel can keep."""
    if cell.kind.rank is Rank.TENSOR:
        raise _refuse(place, f"{cell.name} is carried as a whole row")
    if cell.starts_beyond:
        raise _refuse(place, f"{cell.name} begins as an infinity among ints")
    if any(isinstance(n, Call) and n.operator == UNSET for e in _values(nest.body)
           for n in walk(e)):  # fmt: skip
        raise _refuse(place, f"{cell.name} may be None still")
    is_read = any(x.array == cell.key for e in _values(nest.body) for x in loads(e))
    if cell.starts_unset and is_read:
        raise _refuse(place, f"{cell.name} is read where it may not be set")
    is_same = _is_exact(cell.start, cell.kind.dtype) and _is_unseen(cell, nest)
    if cell.changes_type and not is_same:
        raise _refuse(place, f"{cell.name} begins as another type than it has later")


_FLOAT = ElementType("float64", Rank.NUMBER)
"""Of an int and 0 Python makes 0, and a tensor may make -0.0."""


def _is_exact(start: Expression | None, dtype: str) -> bool:
    """Whether a number is the very same as an element of a dtype."""
    value = start.value if isinstance(start, Number) else None
    if isinstance(value, int) and not isinstance(value, bool):
        low, high = RANGES.get(dtype, (0, -1))
        return category(dtype) in ("int", "float") and low <= value <= high and abs(value) <= 2**24
    if not isinstance(value, float) or value != value:
        return False
    if dtype == "float32":
        if math.isinf(value) or abs(value) > 3.4e38:
            return math.isinf(value)
        return bool(struct.unpack("f", struct.pack("f", value))[0] == value)
    return dtype == "float64"


def _is_unseen(cell: Cell, nest: Nest) -> bool:
    """Whether nobody sees that a variable begins as a number: all that reads it is operators with
    tensors of the type that it has later, and stores."""
    return all(_is_converted(e, cell) for e in _values(nest.body))


def _is_converted(value: Expression, cell: Cell) -> bool:
    for part in walk(value):
        if isinstance(part, Cast) and _may_be(part.value, cell):
            return False  # a number has no ``item()``
        if not isinstance(part, Call) or _may_be(part, cell):
            continue  # 0 still
        mine = [a for a in part.arguments if _may_be(a, cell)]
        others = [a for a in part.arguments if not _may_be(a, cell)]
        plain = all(
            a.type.dtype == cell.kind.dtype and a.type.rank is not Rank.NUMBER for a in others
        )
        if mine and (part.spelling or not others or not plain):
            return False
    return True


def _may_be(value: Expression, cell: Cell) -> bool:
    """Whether a value is what the variable holds, on some path."""
    match value:
        case Select(_, then, otherwise):
            return _may_be(then, cell) or _may_be(otherwise, cell)
        case Call("mul", (first, second)) if (
            isinstance(cell.start, Number) and not cell.start.value
        ):
            pairs = ((first, second), (second, first))
            return any(_may_be(a, cell) and b.type == _FLOAT for a, b in pairs)
    return isinstance(value, Load) and value.array == cell.key


def _check_left(cell: Cell, nest: Nest, escaping: frozenset[str]) -> None:
    """Whether a variable is left with a number, or a tensor, of its own and of one type.

    What it began as does not count: some iteration has set it, or else the loop runs.
    """
    cells = {other.key: other for other in nest.cells}
    held, queue = set[str](), [cell.key]
    while queue:
        array = queue.pop()
        inside = [s for loop in nest.body if isinstance(loop, Loop) for s in stores(loop.body)]
        found = {a for s in inside if s.array == array for a in aliased_arrays(s.value)}
        queue += sorted((found & nest.locals) - held - {cell.key})
        held |= found
    for name in sorted(held - {cell.key}):
        other = cells.get(name)
        begins = other is not None and (
            other.starts_unset or other.changes_type or other.starts_shared
        )
        is_element = name not in nest.locals and cell.kind.rank is not Rank.NUMBER
        if begins or (is_element and cell.key in escaping):
            shown = nest.arrays[name].name
            raise _refuse(nest.place, f"{cell.name} may be left as the very element of {shown}")


def _values(nodes: tuple[Node, ...]) -> Iterator[Expression]:
    """All that the nodes evaluate."""
    for node in nodes:
        match node:
            case Store():
                yield from expressions_of(node)
            case Loop(body=body):
                yield from _values(body)
            case Branch(condition, then, otherwise):
                yield condition
                yield from _values((*then, *otherwise))
            case AffineBranch(_, then, otherwise):
                yield from _values((*then, *otherwise))


def _refuse(place: Place, sentence: str) -> Unsupported:
    return Unsupported(Refusal("VEC970", place, f"no kernel: {sentence}"))
