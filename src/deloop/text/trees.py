"""Syntax trees walked, and with parts replaced."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all nodes below it in the order of `ast.walk`, at a third of its time.

    Left out are contexts, ``Load()`` and the like, which every name has.
    """
    found = [node]
    for inner in found:
        for name in _FIELDS[type(inner)]:
            part = getattr(inner, name, None)
            if isinstance(part, ast.AST):
                found.append(part)
            elif isinstance(part, list):
                found += [p for p in part if isinstance(p, ast.AST)]
    return found


def _find_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes."""
    if issubclass(kind, (ast.Constant, ast.Name, ast.alias)):
        return ()
    return tuple(name for name in kind._fields if name not in _WITHOUT_NODES)


_WITHOUT_NODES = frozenset({"ctx", "attr", "type_comment", "is_async", "simple"})
_FIELDS = {
    kind: _find_fields(kind)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


def swap(statement: ast.stmt, swaps: Mapping[int, ast.expr]) -> ast.stmt:
    """A statement with expressions, found by identity, replaced; what stays is not copied."""
    found = _swapped(statement, swaps)
    assert isinstance(found, ast.stmt)
    return found


def _swapped(node: ast.AST, swaps: Mapping[int, ast.expr]) -> ast.AST:
    if id(node) in swaps:
        return swaps[id(node)]
    result = node
    for name, value in ast.iter_fields(node):
        changed: object = value
        if isinstance(value, ast.AST):
            changed = _swapped(value, swaps)
        elif isinstance(value, list):
            parts = [_swapped(v, swaps) if isinstance(v, ast.AST) else v for v in value]
            if any(new is not old for new, old in zip(parts, value, strict=True)):
                changed = parts
        if changed is not value:
            result = copy.copy(node) if result is node else result
            setattr(result, name, changed)
    return result
