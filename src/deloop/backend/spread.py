"""One value for many elements: ``torch.full((n,), 1.0)``, ``row.expand(n, -1).clone()``."""

from __future__ import annotations

import ast

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.emit import Emitter
from deloop.dtype import Rank

_PLAIN = {"float32": "float64", "int64": "int64", "bool": "bool"}
"""The dtypes that `torch.full` gives by itself, and the Python numbers for which it does."""


def spread(piece: Emitted, axes: tuple[str, ...], dtype: str, emitter: Emitter) -> ast.expr | None:
    """A new tensor over `axes` of a value that has fewer; None where it has others."""
    if set(piece.axes) - set(axes) or not axes:
        return None
    context = emitter.context
    sizes = [
        syntax.affine(context.spell(context.canonical(upper - lower)))
        for lower, upper in map(emitter.bounds, axes)
    ]
    if piece.rank is Rank.NUMBER:
        if context.device[0] != "cpu":
            return None
        shape = ast.Tuple(sizes, ast.Load())
        made = syntax.call(f"{context.torch}.full", [shape, piece.node])
        if _PLAIN.get(dtype) != piece.dtype:
            kind = syntax.name(f"{context.torch}.{dtype}")
            made = syntax.call(f"{context.torch}.full", [shape, piece.node], dtype=kind)
        return made
    if piece.dtype != dtype:
        return None
    aligned = emitter.align(piece, axes) if piece.axes else piece.node
    return syntax.method(syntax.method(aligned, "expand", *sizes), "clone")
