"""Syntax trees with parts replaced."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping


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
