"""Names in syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterable


def names_read(nodes: Iterable[ast.stmt]) -> set[str]:
    """Names that are read anywhere in the statements."""
    return {
        n.id
        for statement in nodes
        for n in ast.walk(statement)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    }
