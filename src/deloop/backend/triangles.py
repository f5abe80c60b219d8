"""Choices by place: ``torch.where(j > i, x, 0)`` is ``x.triu(1)``, ``max(i - 1, 0)`` a clamp."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.reduce import ReductionEmitter
from deloop.dtype import Rank, category
from deloop.ir.affine import Affine
from deloop.ir.scalar import Call, Index, Select, requires_grad, slack_of

_COMPARISONS = frozenset({"lt", "le", "gt", "ge"})


class TriangleEmitter(ReductionEmitter):
    """Emits choices between a value and 0 by the place in a matrix."""

    def triangle(
        self, select: Select, pieces: Sequence[Emitted], axes: tuple[str, ...], wanted: str
    ) -> Emitted | None:
        """The value above or below a diagonal, 0 elsewhere; None where the choice is another."""
        slack = slack_of(select.condition)
        if slack is None or len(axes) < 2:
            return None
        rows, columns = axes[-2:]
        slack = self.context.canonical(slack)
        rises = slack.coefficient(columns)
        if rises not in (1, -1) or slack.coefficient(rows) != -rises:
            return None
        offset = slack.without([rows, columns])  # of the loops' variables, now of places
        for axis in (rows, columns):
            if self.loops[axis].span is not None:
                return None
            lower = self.context.canonical(self.bounds(axis)[0])
            offset = offset + lower * slack.coefficient(axis)
        zero = [k for k, p in enumerate(pieces) if p.rank is Rank.NUMBER and is_zero(p.node)]
        if not zero:
            return None
        kept = pieces[1 - zero[-1]]
        upper = rises == 1
        bound = -offset if upper else offset
        if zero[-1] == 0:  # the other side of the diagonal is kept
            upper, bound = not upper, bound + (-1 if upper else 1)
        whole = self._filled(kept, axes, wanted)
        if whole is None or whole.dtype != wanted:
            return None
        arguments = [syntax.affine(self.context.spell(bound))] if bound != Affine() else []
        word = "triu" if upper else "tril"
        node = syntax.method(whole.node, word, *arguments)
        return replace(whole, node=node, rank=Rank.TENSOR, is_view=False)

    def off_diagonal(
        self, select: Select, pieces: Sequence[Emitted], axes: tuple[str, ...], wanted: str
    ) -> Emitted | None:
        """A new square matrix with a number on its diagonal; None where the choice is another.

        ``torch.where(i == j, 0, x @ x.T) -> (x @ x.T).fill_diagonal_(0)``
        """
        number, whole = pieces
        is_new = isinstance(whole.node, (ast.Call, ast.BinOp)) and not whole.is_view
        if len(axes) != 2 or whole.axes != axes or whole.dtype != wanted or not is_new:
            return None
        if requires_grad(select.otherwise, self.context.with_grad):
            return None  # what is computed may be kept for the backward pass
        if number.rank is not Rank.NUMBER or category(number.dtype) == "complex":
            return None
        match select.condition:
            case Call("eq", (Index(first), Index(second))):
                places = {first, second}
            case _:
                return None
        same = {self.bounds(axis) for axis in axes}
        if places != set(map(Affine.symbol, axes)) or len(same) != 1:
            return None
        if any(self.loops[axis].span is not None for axis in axes):
            return None
        return replace(whole, node=syntax.method(whole.node, "fill_diagonal_", number.node))

    def clamped(self, select: Select, pieces: Sequence[Emitted]) -> Emitted | None:
        """``max(i - 1, 0)`` of ints as ``torch.arange(-1, n - 1).clamp(min=0)``."""
        condition = select.condition
        if not isinstance(condition, Call) or condition.operator not in _COMPARISONS:
            return None
        branches = (select.then, select.otherwise)
        if condition.arguments not in (branches, branches[::-1]):
            return None
        if {b.type.dtype for b in branches} | {p.dtype for p in pieces} != {"int64"}:
            return None
        moving = [p for p in pieces if p.axes]
        if len(moving) != 1 or any(p.rank is not Rank.NUMBER for p in pieces if not p.axes):
            return None
        greater = condition.operator in ("gt", "ge")
        largest = greater == (condition.arguments == branches)
        (bound,) = (p for p in pieces if not p.axes)
        node = syntax.method(moving[0].node, "clamp", **{"min" if largest else "max": bound.node})
        return replace(moving[0], node=node, is_view=False)

    def _filled(self, kept: Emitted, axes: tuple[str, ...], wanted: str) -> Emitted | None:
        """The value with both dimensions of its own; a number as a matrix full of it."""
        if kept.axes == axes:
            return kept
        if kept.rank is not Rank.NUMBER or len(axes) != 2 or not isinstance(kept.node, ast.expr):
            return None
        sizes = []
        for axis in axes:
            lower, upper = self.bounds(axis)
            extent = self.context.canonical(upper - lower)
            sizes.append(syntax.affine(self.context.spell(extent)))
        keywords = self._device()
        if wanted != "float32":
            keywords["dtype"] = syntax.name(f"{self.context.torch}.{wanted}")
        one = isinstance(kept.node, ast.Constant) and kept.node.value == 1
        if one:
            node = syntax.call(f"{self.context.torch}.ones", sizes, **keywords)
        else:
            shape = ast.Tuple(sizes, ast.Load())
            node = syntax.call(f"{self.context.torch}.full", [shape, kept.node], **keywords)
        return Emitted(node, axes, wanted, Rank.TENSOR)


def is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0
