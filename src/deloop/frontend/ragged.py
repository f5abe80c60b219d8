"""Lengths that are data: loops and slices over them, read as whole ranges under a condition.

``for t in range(lengths[i]): s += x[i, t]`` runs over all of the dimension that ``t`` walks along,
where ``t < lengths[i]``; ``mask[i, :lengths[i]] = 1`` is such a loop over the slice's elements.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from deloop.dtype import Rank
from deloop.errors import RefusalError
from deloop.frontend import expression as build
from deloop.frontend.cells import CellReader
from deloop.frontend.items import View
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.scalar import Expression
from deloop.ir.types import Function, Integer, Tensor
from deloop.text.names import names_in, names_stored


@dataclass(frozen=True)
class Bounded:
    """A loop to read in place of a statement; what `reads` are read once must not change in it."""

    loop: ast.For
    reads: tuple[Expression, ...]


def bounded_loop(reader: CellReader, node: ast.For) -> Bounded | None:
    """As `_bounded_loop`; what is looked at on the way does not count as read."""
    reader.speculative += 1
    try:
        return _bounded_loop(reader, node)
    finally:
        reader.speculative -= 1


def _bounded_loop(reader: CellReader, node: ast.For) -> Bounded | None:
    """The loop over a dimension, where its own end is data; None where it is not, or none is found.

    ``for t in range(n[i]): A   ->   for t in range(x.shape[1]): if t < n[i]: A``
    """
    call = node.iter
    if not isinstance(call, ast.Call) or not _is_range(reader, call) or node.orelse:
        return None
    start, end = (None, call.args[0]) if len(call.args) == 1 else call.args
    first = None if start is None else reader.length_of(start)
    length = reader.length_of(end)
    data = end if length is not None else start
    if (length is None) == (first is None) or data is None or _is_changed(data, node):
        return None  # both from data: each would walk along all of a dimension for a part of it
    if not isinstance(node.target, ast.Name):
        return None
    read = reader.element(data)
    if first is not None:
        _ask_not_negative(reader, data, node)
        arguments = [end]
    else:
        found = _walked(reader, node)
        if found is None:
            return None
        _ask_at_most(reader, data, found[1], node)
        arguments = [*call.args[:-1], found[0]]
    known = reader.carrying.bounded.get(id(node))
    if known is not None:
        return Bounded(known, (read,))
    header = ast.Call(func=call.func, args=arguments, keywords=[])
    word = ast.Lt() if first is None else ast.GtE()
    test = ast.Compare(ast.Name(node.target.id, ast.Load()), [word], [_as_number(reader, data)])
    made = _loop(node.target, header, test, node.body, node)
    reader.carrying.bounded[id(node)] = made
    return Bounded(made, (read,))


def sliced_store(reader: CellReader, node: ast.Assign | ast.AugAssign) -> Bounded | None:
    """As `_sliced_store`; what is looked at on the way does not count as read."""
    reader.speculative += 1
    try:
        return _sliced_store(reader, node)
    finally:
        reader.speculative -= 1


def _sliced_store(reader: CellReader, node: ast.Assign | ast.AugAssign) -> Bounded | None:
    """A store to a slice that ends or begins at data, as a loop over its elements; None for others.

    ``mask[i, :n[i]] = 1   ->   for t in range(mask.shape[1]): if t < n[i]: mask[i, t] = 1``
    """
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if isinstance(node, ast.Assign) and len(node.targets) != 1:
        return None
    if not isinstance(target, ast.Subscript) or not reader.loops:
        return None
    entries = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    slices = [(k, e) for k, e in enumerate(entries) if isinstance(e, ast.Slice)]
    if not slices or slices[0][1].step is not None:
        return None
    position, chosen = slices[0]
    if not all(_is_full(e) for _, e in slices[1:]):
        return None
    ends = [e for e in (chosen.lower, chosen.upper) if e is not None]
    lengths = [reader.length_of(e) for e in ends]
    if not any(length is not None for length in lengths):
        return None
    size = _dimension(reader, target.value, entries, position)
    leaves: list[Expression] = [reader.element(e) for e in ends]
    if size is None or not _is_elementwise(reader, node.value, chosen, leaves):
        return None
    for end in ends:
        _ask_not_negative(reader, end, node)
    if isinstance(chosen.upper, ast.expr):
        for base, entries_read, where in _slices_of(node.value, chosen):
            other = _dimension(reader, base, entries_read, where)
            if other is None or other[2] != size[2]:
                return None
            for extent in (size[1], other[1]):  # a slice that clamps has another length
                _ask_at_most(reader, chosen.upper, extent, node)
    elif any(True for _ in _slices_of(node.value, chosen)):
        return None
    known = reader.carrying.bounded.get(id(node))
    if known is not None:
        return Bounded(known, tuple(leaves))
    name = _fresh_name(reader, node)
    tests: list[ast.expr] = []
    variable = ast.Name(name, ast.Load())
    if chosen.lower is not None:
        tests.append(ast.Compare(variable, [ast.GtE()], [_as_number(reader, chosen.lower)]))
    if chosen.upper is not None:
        tests.append(ast.Compare(variable, [ast.Lt()], [_as_number(reader, chosen.upper)]))
    test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
    body = _Elements(chosen, name).visit(copy.deepcopy(node))
    header = ast.Call(func=ast.Name("range", ast.Load()), args=[size[0]], keywords=[])
    made = _loop(ast.Name(name, ast.Store()), header, test, [body], node)
    reader.carrying.bounded[id(node)] = made
    return Bounded(made, tuple(leaves))


def _ask_not_negative(reader: CellReader, end: ast.expr, node: ast.AST) -> None:
    """A negative bound of a slice counts from the end, and a negative subscript wraps."""
    reason = f"{ast.unparse(end)} is not negative"
    item = reader.evaluate(end)
    if isinstance(item, Integer):
        reader.require(at_least(item.affine, 0), node, reason)
        return
    condition = _compare("ge", reader.element(end), Affine())
    reader.require_data(condition, reader.place(node), reason)


def _ask_at_most(reader: CellReader, end: ast.expr, extent: Affine, node: ast.AST) -> None:
    """Beyond the dimension, a subscript raises and a slice is shorter than it says."""
    reason = f"{ast.unparse(end)} is at most {extent}"
    item = reader.evaluate(end)
    if isinstance(item, Integer):
        reader.require(at_least(extent, item.affine), node, reason)
        return
    condition = _compare("le", reader.element(end), extent)
    reader.require_data(condition, reader.place(node), reason)


class _Elements(ast.NodeTransformer):
    """``x[i, :n] -> x[i, t]``, for every slice that is written like the chosen one."""

    def __init__(self, chosen: ast.Slice, name: str) -> None:
        self.text = ast.dump(chosen)
        self.name = name

    def visit_Slice(self, node: ast.Slice) -> ast.expr:
        return ast.Name(self.name, ast.Load()) if ast.dump(node) == self.text else node


def _as_number(reader: CellReader, node: ast.expr) -> ast.expr:
    """The end as the int that Python makes of it: an index of a narrow dtype would wrap."""
    length = reader.length_of(node)
    if length is None or length.type.dtype == "int64" or build.is_number(length):
        return node
    made = ast.Call(ast.Attribute(copy.deepcopy(node), "item", ast.Load()), [], [])
    return ast.copy_location(made, node)


def _loop(
    target: ast.expr, header: ast.expr, test: ast.expr, body: list[ast.stmt], node: ast.stmt
) -> ast.For:
    inner = ast.If(test=test, body=body, orelse=[])
    made = ast.For(target=target, iter=header, body=[inner], orelse=[], type_comment=None)
    ast.copy_location(made, node)
    ast.copy_location(inner, node)
    for part in ast.walk(made):
        if isinstance(part, (ast.expr, ast.stmt)) and not hasattr(part, "lineno"):
            ast.copy_location(part, node)
    return made


def _is_range(reader: CellReader, call: ast.Call) -> bool:
    """Whether a header is a range with a step of one, of Python's own."""
    if not isinstance(call.func, ast.Name) or call.keywords or len(call.args) not in (1, 2):
        return False
    callee = reader.lookup(call.func.id, call.func)
    return isinstance(callee, Function) and callee.qualified == "builtins.range"


def _is_changed(end: ast.expr, loop: ast.For) -> bool:
    """Whether the body may change what the end is read from, which Python reads once."""
    used = names_in(end)
    for statement in loop.body:
        if used & names_stored(statement):
            return True
        for node in ast.walk(statement):
            stored = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
            if stored and used & names_in(node) & {
                n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)  # type: ignore[attr-defined]
            }:
                return True
    return False


def _walked(reader: CellReader, loop: ast.For) -> tuple[ast.expr, Affine, int] | None:
    """The dimension that the loop's variable walks along, the shortest as the sizes were seen."""
    assert isinstance(loop.target, ast.Name)
    found: list[tuple[ast.expr, Affine, int]] = []
    for node in (n for s in loop.body for n in ast.walk(s)):
        if not isinstance(node, ast.Subscript):
            continue
        entries = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for position, entry in enumerate(entries):
            if isinstance(entry, ast.Name) and entry.id == loop.target.id:
                size = _dimension(reader, node.value, entries, position)
                if size is not None:
                    found.append(size)
    sizes = [(s[1].evaluate(reader.hints), k) for k, s in enumerate(found)]
    known = [(value, k) for value, k in sizes if value is not None]
    return found[min(known)[1]] if known else None


def _dimension(
    reader: CellReader, base: ast.expr, entries: list[ast.expr], position: int
) -> tuple[ast.expr, Affine, int] | None:
    """The size of the dimension that an entry stands for, as source and as a value.

    And how many dimensions behind it the entries leave whole.
    """
    before = entries[:position]
    if any(isinstance(e, ast.Constant) and e.value in (None, Ellipsis) for e in before):
        return None
    try:
        item = reader.evaluate(base)
    except RefusalError:
        return None
    sizes: tuple[Affine, ...] = ()
    if isinstance(item, Tensor):
        sizes = item.type.shape
    elif isinstance(item, View):
        sizes = item.sizes
    if position >= len(sizes):
        return None
    shape = ast.Attribute(copy.deepcopy(base), "shape", ast.Load())
    size = ast.Subscript(shape, ast.Constant(position), ast.Load())
    _as_loads(size)
    points = [e for e in entries[position + 1 :] if not _is_full(e)]
    return size, sizes[position], len(sizes) - position - 1 - len(points)


def _as_loads(node: ast.expr) -> None:
    for part in ast.walk(node):
        if isinstance(part, (ast.Name, ast.Attribute, ast.Subscript)):
            part.ctx = ast.Load()


def _is_elementwise(
    reader: CellReader, node: ast.expr, chosen: ast.Slice, leaves: list[Expression]
) -> bool:
    """Whether each element of the value needs those at its own place alone: ``x[i, :n] * 2``.

    What else it reads, once for the whole slice, is added to `leaves`.
    """
    match node:
        case ast.BinOp(left, _, right):
            return all(_is_elementwise(reader, n, chosen, leaves) for n in (left, right))
        case ast.UnaryOp(_, operand):
            return _is_elementwise(reader, operand, chosen, leaves)
        case ast.Subscript() if _slice_of(node, chosen) is not None:
            return True
    try:
        value = reader.element(node)
    except RefusalError:
        return False
    leaves.append(value)
    return all(kind.rank is not Rank.TENSOR for kind in build.types_of(value))


def _slice_of(node: ast.Subscript, chosen: ast.Slice) -> tuple[list[ast.expr], int] | None:
    """The entries of a subscript whose first slice is the chosen one, others being whole."""
    entries = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    slices = [k for k, e in enumerate(entries) if isinstance(e, ast.Slice)]
    if not slices or ast.dump(entries[slices[0]]) != ast.dump(chosen):
        return None
    return (entries, slices[0]) if all(_is_full(entries[k]) for k in slices[1:]) else None


def _is_full(entry: ast.expr) -> bool:
    return isinstance(entry, ast.Slice) and entry.lower is entry.upper is entry.step is None


def _slices_of(
    value: ast.expr, chosen: ast.Slice
) -> Iterator[tuple[ast.expr, list[ast.expr], int]]:
    for node in ast.walk(value):
        if isinstance(node, ast.Subscript) and (found := _slice_of(node, chosen)) is not None:
            yield node.value, *found


def _fresh_name(reader: CellReader, node: ast.AST) -> str:
    taken = names_in(reader.function.node)
    taken |= set(reader.function.parameters) | reader.used_symbols
    name, count = "t", 1
    while name in taken:
        count += 1
        name = f"t_{count}"
    return name


def _compare(word: str, value: Expression, other: Affine) -> Expression:
    value = build.cast(value, scalar.ElementType("int64", value.type.rank))
    kind = scalar.ElementType("bool", value.type.rank)
    return scalar.Call(word, (value, build.integer(other)), kind)
