"""Loops over diagonals: the places of one diagonal as two vectors of indices.

``i = torch.arange(max(1, k - m), min(n + 1, k)); j = k - i``
"""

from __future__ import annotations

import ast

from deloop.backend import syntax
from deloop.backend.context import Context
from deloop.ir.affine import Affine
from deloop.ir.loop import Loop, Store
from deloop.ir.scalar import Expression, Load

_NEIGHBOURS = {
    (-1, 0): "above", (1, 0): "below", (0, -1): "left", (0, 1): "right", (-1, -1): "corner",
}  # fmt: skip


def write_places(loop: Loop, context: Context) -> list[ast.stmt]:
    """What an iteration starts with: the places on its diagonal, under the user's names."""
    found = loop.diagonal
    assert found is not None
    number = Affine.symbol(loop.iterator)

    def written(affine: Affine) -> ast.expr:
        return syntax.affine(context.spell(context.canonical(affine)))

    def part(affine: Affine, more: int = 0) -> ast.expr:
        if found.slope == 1:
            return written(affine + more)
        node: ast.expr = ast.BinOp(
            written(affine), ast.FloorDiv(), syntax.constant(found.slope)
        )
        return ast.BinOp(node, ast.Add(), syntax.constant(more)) if more else node

    (first, last), (left, right) = found.rows, found.columns
    ends = [
        syntax.call("max", [written(first), part(number - right + found.slope)]),
        syntax.call("min", [written(last), part(number - left, 1)]),
    ]
    kind, spelled = context.device
    device = {} if kind == "cpu" or not spelled else {"device": syntax.name(spelled)}
    rows = syntax.call(f"{context.torch}.arange", ends, **device)
    moved = number - Affine.symbol(found.row) * found.slope
    return [
        ast.Assign([ast.Name(found.row, ast.Store())], rows, lineno=0),
        ast.Assign([ast.Name(found.column, ast.Store())], syntax.affine(moved), lineno=0),
    ]


def places_of(loop: Loop) -> dict[str, tuple[tuple[str, Affine], ...]]:
    """The axis along a diagonal, with the vectors of places: their names and what they hold."""
    found = loop.diagonal
    assert found is not None
    row = Affine.symbol(found.row)
    column = Affine.symbol(loop.iterator) - row * found.slope
    return {found.row: ((found.row, row), (found.column, column))}


def name_neighbour(value: Expression, target: Store | None, context: Context) -> str | None:
    """What is read at the places of a diagonal, seen from where it is written to.

    ``D[i - 1, j]`` beside ``D[i, j] = …``  ->  ``above``
    """
    if not context.places or not isinstance(value, Load) or target is None:
        return None
    if value.array != target.array or value.implicit or len(value.subscripts) != 2:
        return None
    steps: list[int] = []
    for read, written in zip(value.subscripts, target.subscripts, strict=True):
        if not isinstance(read, Affine) or not isinstance(written, Affine):
            return None
        step = context.canonical(read - written)
        if not step.is_constant:
            return None
        steps.append(step.constant)
    return _NEIGHBOURS.get((steps[0], steps[1]), "neighbour")
