"""Lengths that are data: loops and slices over them, read as whole ranges under a condition.

``for t in range(lengths[i]): s += x[i, t]`` runs over all of the dimension that ``t`` walks along,
where ``t < lengths[i]``; ``mask[i, :lengths[i]] = 1`` is such a loop over the elements of the slice.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from deloop.dtype import Rank, category
from deloop.errors import RefusalError
from deloop.frontend import expression as build
from deloop.frontend.cells import CellReader
from deloop.frontend.items import Item, View
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.scalar import Expression
from deloop.ir.types import Function, Integer, Tensor
from deloop.text.names import names_stored


def bounded_loop(reader: CellReader, node: ast.For) -> ast.For | None:
    """The loop over a dimension, where its own end is data; None where it is not, or none is found.

    ``for t in range(n[i]): A   ->   for t in range(x.shape[1]): if t < n[i]: A``
    """
    call = node.iter
    if not isinstance(call, ast.Call) or not _is_range(reader, call) or node.orelse:
        return None
    end = call.args[-1]
    length = _length(reader, end)
    if length is None or not isinstance(node.target, ast.Name) or _is_changed(end, node):
        return None
    found = _walked(reader, node)
    if found is None:
        return None
    size, extent = found
    inside = _compare("le", length, extent)
    reader.require_data(inside, reader.place(node), f"{ast.unparse(end)} is at most {extent}")
    known = reader.carrying.bounded.get(id(node))
    if known is not None:
        return known
    header = ast.Call(func=call.func, args=[*call.args[:-1], size], keywords=[])
    test = ast.Compare(ast.Name(node.target.id, ast.Load()), [ast.Lt()], [end])
    made = _loop(node.target, header, test, node.body, node)
    reader.carrying.bounded[id(node)] = made
    return made


def sliced_store(reader: CellReader, node: ast.Assign | ast.AugAssign) -> ast.For | None:
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
    if len(slices) != 1 or slices[0][1].step is not None:
        return None
    position, chosen = slices[0]
    ends = [e for e in (chosen.lower, chosen.upper) if e is not None]
    lengths = [_length(reader, e) for e in ends]
    if not any(length is not None for length in lengths):
        return None
    size = _dimension(reader, target.value, entries, position)
    if size is None or not _is_elementwise(reader, node.value, chosen):
        return None
    for end, length in zip(ends, lengths, strict=True):
        value = reader.element(end) if length is None else length
        start = _compare("ge", value, Affine())
        reader.require_data(start, reader.place(node), f"{ast.unparse(end)} is not negative")
    if isinstance(chosen.upper, ast.expr):
        for base, entries_read, where in _slices_of(node.value, chosen):
            other = _dimension(reader, base, entries_read, where)
            if other is None:
                return None
            for extent in (size[1], other[1]):  # a slice that clamps has another length
                inside = _compare("le", reader.element(chosen.upper), extent)
                reason = f"{ast.unparse(chosen.upper)} is at most {extent}"
                reader.require_data(inside, reader.place(node), reason)
    elif any(True for _ in _slices_of(node.value, chosen)):
        return None
    known = reader.carrying.bounded.get(id(node))
    if known is not None:
        return known
    name = _fresh_name(reader, node)
    tests: list[ast.expr] = []
    variable = ast.Name(name, ast.Load())
    if chosen.lower is not None:
        tests.append(ast.Compare(variable, [ast.GtE()], [chosen.lower]))
    if chosen.upper is not None:
        tests.append(ast.Compare(variable, [ast.Lt()], [chosen.upper]))
    test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
    body = _Elements(chosen, name).visit(copy.deepcopy(node))
    header = ast.Call(func=ast.Name("range", ast.Load()), args=[size[0]], keywords=[])
    made = _loop(ast.Name(name, ast.Store()), header, test, [body], node)
    reader.carrying.bounded[id(node)] = made
    return made


class _Elements(ast.NodeTransformer):
    """``x[i, :n] -> x[i, t]``, for every slice that is written like the chosen one."""

    def __init__(self, chosen: ast.Slice, name: str) -> None:
        self.text = ast.dump(chosen)
        self.name = name

    def visit_Slice(self, node: ast.Slice) -> ast.expr:
        return ast.Name(self.name, ast.Load()) if ast.dump(node) == self.text else node


def _loop(
    target: ast.expr, header: ast.expr, test: ast.expr, body: list[ast.stmt], node: ast.stmt
) -> ast.For:
    inner = ast.If(test=test, body=body, orelse=[])
    made = ast.For(target=target, iter=header, body=[inner], orelse=[], type_comment=None)
    for part in (made, inner):
        ast.copy_location(part, node)
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


def _length(reader: CellReader, node: ast.expr) -> Expression | None:
    """An integer that is read from data, as `range` and slices take it; None for any other."""
    try:
        item: Item = reader.evaluate(node)
        if isinstance(item, Integer) or not isinstance(item, (Tensor, View, *build.NODES)):
            return None
        value = reader.to_expression(item, node)
    except RefusalError:
        return None
    kinds = build.types_of(value)
    if any(k.rank is Rank.TENSOR or category(k.dtype) != "int" for k in kinds):
        return None
    return value if scalar.loads(value) and build.as_affine(value) is None else None


def _is_changed(end: ast.expr, loop: ast.For) -> bool:
    """Whether the body may change what the end is read from, which Python reads once."""
    used = {n.id for n in ast.walk(end) if isinstance(n, ast.Name)}
    for statement in loop.body:
        if used & names_stored(statement):
            return True
        for node in ast.walk(statement):
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                if used & {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}:
                    return True
    return False


def _walked(reader: CellReader, loop: ast.For) -> tuple[ast.expr, Affine] | None:
    """The dimension that the loop's variable walks along, the shortest as the sizes were seen."""
    assert isinstance(loop.target, ast.Name)
    found: list[tuple[ast.expr, Affine]] = []
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
) -> tuple[ast.expr, Affine] | None:
    """The size of the dimension that an entry stands for, as source and as a value."""
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
    return size, sizes[position]


def _as_loads(node: ast.expr) -> None:
    for part in ast.walk(node):
        if isinstance(part, (ast.Name, ast.Attribute, ast.Subscript)):
            part.ctx = ast.Load()


def _is_elementwise(reader: CellReader, node: ast.expr, chosen: ast.Slice) -> bool:
    """Whether each element of the value needs those at its own place alone: ``x[i, :n] * 2``."""
    match node:
        case ast.BinOp(left, _, right):
            return _is_elementwise(reader, left, chosen) and _is_elementwise(reader, right, chosen)
        case ast.UnaryOp(_, operand):
            return _is_elementwise(reader, operand, chosen)
        case ast.Subscript() if _slice_of(node, chosen) is not None:
            return True
    try:
        value = reader.element(node)
    except RefusalError:
        return False
    return all(kind.rank is not Rank.TENSOR for kind in build.types_of(value))


def _slice_of(node: ast.Subscript, chosen: ast.Slice) -> tuple[list[ast.expr], int] | None:
    """The entries of a subscript whose one slice, in the last place, is the chosen one."""
    entries = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    slices = [k for k, e in enumerate(entries) if isinstance(e, ast.Slice)]
    if slices != [len(entries) - 1] or ast.dump(entries[-1]) != ast.dump(chosen):
        return None
    return entries, slices[0]


def _slices_of(
    value: ast.expr, chosen: ast.Slice
) -> Iterator[tuple[ast.expr, list[ast.expr], int]]:
    for node in ast.walk(value):
        if isinstance(node, ast.Subscript) and (found := _slice_of(node, chosen)) is not None:
            yield node.value, *found


def _fresh_name(reader: CellReader, node: ast.AST) -> str:
    taken = {n.id for n in ast.walk(reader.function.node) if isinstance(n, ast.Name)}
    taken |= set(reader.function.parameters) | reader.used_symbols
    name, count = "t", 1
    while name in taken:
        count += 1
        name = f"t_{count}"
    return name


def _compare(word: str, value: Expression, other: Affine) -> Expression:
    kind = scalar.ElementType("bool", max(value.type.rank, Rank.NUMBER))
    return scalar.Call(word, (value, build.integer(other)), kind)
