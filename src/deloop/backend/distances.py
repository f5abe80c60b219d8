"""Distances of all pairs of rows: ``((X[:, None] - Y) ** 2).sum(2).sqrt()`` is a `cdist`."""

from __future__ import annotations

import ast

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.reduce import ReductionEmitter
from deloop.dtype import Rank
from deloop.ir.scalar import Call, Expression, Load, Number, Reduce, requires_grad


class DistanceEmitter(ReductionEmitter):
    """Emits differences of all pairs, added up, without an intermediate of every coordinate."""

    def distance(self, node: Expression) -> Emitted | None:
        """``torch.cdist`` for a root of summed squares, or summed magnitudes; None for others.

        Only where no gradient flows: where two rows are equal, it would be another one.
        """
        found = _norm_of(node)
        if found is None or requires_grad(node, self.context.with_grad):
            return None
        total, power, (left, right) = found
        if total.type.dtype not in ("float32", "float64") or total.type.rank is Rank.NUMBER:
            return None
        (axis,) = total.axes
        pieces = []
        for load in (left, right):
            inner = self._within(total.axes, (*self.order, axis.iterator))
            pieces.append(inner.emit(load))
        pieces.sort(key=lambda p: self.order.index(p.axes[0]) if p.axes[0] in self.order else -1)
        first, second = pieces
        plain = all(len(p.axes) == 2 and p.axes[1] == axis.iterator for p in pieces)
        if not plain or first.axes == second.axes or {p.dtype for p in pieces} != {node.type.dtype}:
            return None
        keywords: dict[str, ast.expr] = {}
        if power == 1:
            keywords["p"] = ast.Constant(1)
        else:  # the plain way, not by a product that cancels
            keywords["compute_mode"] = ast.Constant("donot_use_mm_for_euclid_dist")
        self.context.round_off("distances in another order than the loop's")
        name = f"{self.context.torch}.cdist"
        made = syntax.call(name, [first.node, second.node], **keywords)
        return Emitted(made, (first.axes[0], second.axes[0]), first.dtype, Rank.TENSOR)


def _norm_of(node: Expression) -> tuple[Reduce, int, tuple[Load, Load]] | None:
    """The sum, its power and the two rows of a distance."""
    match node:
        case Call("sqrt", (Reduce() as total,), _, _, ()):
            power = 2
        case Call("pow", (Reduce() as total, Number(0.5)), _, "", ()):
            power = 2
        case Reduce() as total:
            power = 1
        case _:
            return None
    if total.kind != "sum" or len(total.axes) != 1:
        return None
    match total.value:
        case Call("pow", (difference, Number(2))) if power == 2:
            pass
        case Call("abs", (difference,)) if power == 1:
            pass
        case _:
            return None
    match difference:
        case Call("sub", (Load() as left, Load() as right), _, "", ()):
            return total, power, (left, right)
    return None
