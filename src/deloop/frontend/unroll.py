"""Inner loops over a few known items, read one item after the other.

    for di in (-1, 0, 1):            di = -1; total += x[i + di]
        total += x[i + di]     ->    di = 0;  total += x[i + di]
                                     di = 1;  total += x[i + di]
"""

from __future__ import annotations

import ast
import copy

from deloop.errors import RefusalError
from deloop.frontend.cells import CellReader
from deloop.frontend.header import HeaderReader
from deloop.frontend.items import Item, Tuple
from deloop.frontend.structure import has_jump
from deloop.ir.affine import Affine
from deloop.ir.types import Function, Integer, Literal, Sequence

MOST_COPIES = 32
"""How often a body is read at the most, also where one such loop stands in another."""


def unrolled(reader: CellReader, node: ast.For) -> list[tuple[Item, list[ast.stmt]]] | None:
    """What the loop's target is in each iteration, with a body for it; None for other loops.

    The bodies are the same from one reading of the nest to the next, as `Carrying` wants them.
    """
    if node.orelse or has_jump(node.body, ast.Break):
        return None
    items = few_items(reader, node.iter)
    if items is None or len(items) * reader.copies > MOST_COPIES:
        return None
    known = reader.carrying.copies.setdefault(id(node), [])
    while len(known) < len(items):
        known.append(copy.deepcopy(node.body))
    return list(zip(items, known, strict=False))


def few_items(reader: HeaderReader, node: ast.expr) -> list[Item] | None:
    """The items of a short sequence: displays of anything, others of constants."""
    try:
        if isinstance(node, ast.Call):
            return _combined(reader, node)
        item = reader.evaluate(node)
    except RefusalError:
        return None
    if not isinstance(item, (Sequence, Tuple)):
        return None
    items: list[Item] = list(item.items)
    if isinstance(node, (ast.Tuple, ast.List)) or all(map(_is_constant, items)):
        return items
    return None


def _combined(reader: HeaderReader, node: ast.Call) -> list[Item] | None:
    """The items of ``enumerate(s)`` and ``zip(s, t)``."""
    callee = reader.evaluate(node.func)
    name = callee.qualified if isinstance(callee, Function) else None
    if node.keywords or not node.args:
        return None
    parts = [few_items(reader, argument) for argument in node.args]
    if name == "builtins.enumerate" and len(parts) == 1 and parts[0] is not None:
        return [Tuple((Integer(Affine.number(k)), item)) for k, item in enumerate(parts[0])]
    if name == "builtins.zip" and all(part is not None for part in parts):
        together = zip(*(part for part in parts if part is not None), strict=False)
        return [Tuple(tuple(items)) for items in together]
    return None


def _is_constant(item: Item) -> bool:
    match item:
        case Integer(affine):
            return affine.is_constant
        case Literal():
            return True
        case Sequence(items=items) | Tuple(items=items):
            return all(map(_is_constant, items))
    return False
