"""Names in syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterable


def names_read(nodes: Iterable[ast.stmt]) -> set[str]:
    """Names that are read anywhere in the statements, ``x += 1`` included."""
    nodes = list(nodes)
    return {
        n.id
        for statement in nodes
        for n in ast.walk(statement)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    } | {
        n.target.id
        for statement in nodes
        for n in ast.walk(statement)
        if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    }
