"""Stores to places that a row of indices names: ``out[i, idx[i]] = v`` as a loop over them."""

from __future__ import annotations

import ast

from deloop.dtype import Rank
from deloop.frontend import expression as build
from deloop.frontend.items import Item
from deloop.frontend.lookups import LookupReader
from deloop.ir.affine import Affine
from deloop.ir.scalar import Expression
from deloop.ir.types import Integer

_ONE = Affine.number(1)


def loop_over_indices(
    reader: LookupReader, target: ast.Subscript, item: Item, node: ast.stmt, names: list[str]
) -> ast.For | None:
    """``for k in range(n): out[i, idx[k]] = v[k]``; None where the target is no such part.

    The three `names` are the loop's own: what they hold is in the reader's environment.
    """
    entries = list(target.slice.elts) if isinstance(target.slice, ast.Tuple) else [target.slice]
    found = [k for k, entry in enumerate(entries) if _is_index_row(reader, entry)]
    if len(found) != 1 or any(isinstance(e, (ast.Slice, ast.Constant)) for e in entries):
        return None
    (at,) = found
    index = reader.element(entries[at])
    sizes = reader.row_shape(index, node)
    value = reader.to_expression(item, node)
    into = reader.to_expression(reader.evaluate(target), node)
    if not build.is_number(value) and value.type.dtype != into.type.dtype:
        return None  # such a store of a tensor of another dtype raises
    shape = () if build.is_number(value) else reader.row_shape(value, node)
    if len(sizes) != 1 or sizes[0] == _ONE or at != len(entries) - 1 or len(shape) > 1:
        return None
    if shape:
        reader.require_same_size(shape[0], sizes[0], node)
    own, kept, counter = names
    reader.environment[own] = reader.evaluate(entries[at])
    reader.environment[kept] = item
    reader.environment[f"{counter}s"] = Integer(sizes[0])
    entries[at] = ast.parse(f"{own}[{counter}]", mode="eval").body
    text = f"for {counter} in range({counter}s):\n    target = {kept}{f'[{counter}]' * bool(shape)}"
    loop = ast.parse(text).body[0]
    assert isinstance(loop, ast.For) and isinstance(loop.body[0], ast.Assign)
    place: ast.expr = entries[0] if len(entries) == 1 else ast.Tuple(entries, ast.Load())
    loop.body[0].targets = [ast.Subscript(target.value, place, ast.Store())]
    for inner in ast.walk(loop):
        if isinstance(inner, (ast.stmt, ast.expr)) and not hasattr(inner, "lineno"):
            ast.copy_location(inner, node)
    for inner in (loop, *ast.walk(loop.iter), *ast.walk(loop.body[0])):
        if isinstance(inner, (ast.stmt, ast.expr)):
            ast.copy_location(inner, node)
    return loop


def _is_index_row(reader: LookupReader, entry: ast.expr) -> bool:
    if isinstance(entry, (ast.Slice, ast.Constant)):
        return False
    found = reader.evaluate(entry)
    if isinstance(found, Integer):
        return False
    value: Expression = reader.to_expression(found, entry)
    return value.type.rank is Rank.TENSOR and value.type.dtype in ("int64", "int32")
