"""Rows joined in one iteration to PyTorch source: ``torch.stack([a, b], dim=1)``."""

from __future__ import annotations

import ast
from dataclasses import replace

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.rows import RowEmitter
from deloop.dtype import Rank
from deloop.ir.affine import Affine
from deloop.ir.axis import Axis
from deloop.ir.scalar import Call, Reduce
from deloop.ops.reductions import STACK_ROWS

_JOINED = "_joined"
_FLOATING = ("float32", "float64")


def _is_literal(piece: Emitted) -> bool:
    """Whether a piece is a number that the text says: ``0.0``, ``-1``."""
    node = piece.node.operand if isinstance(piece.node, ast.UnaryOp) else piece.node
    is_number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    return is_number and piece.rank is Rank.NUMBER


class JoinEmitter(RowEmitter):
    """Emits what is made of several rows."""

    def joined(self, node: Reduce) -> Emitted:
        """``torch.stack([a, b], dim=1)``, or the one part that is meant."""
        at = node.at
        assert isinstance(node.value, Call)
        if not isinstance(at, Affine):
            raise self.refuse("a row of several parts is looked up by data")
        at = self.context.canonical(at)
        lifted = [s for s in at.symbols if s in self.loops]
        if not lifted and at.is_constant and node.kind == STACK_ROWS:
            return self.emit(node.value.arguments[at.constant])
        if len(lifted) != 1:
            raise self.refuse("a row of several parts is read at a place that no axis says")
        along = [None] * len(node.value.arguments) if node.kind == STACK_ROWS else list(node.axes)
        pieces = [
            self._of_part(part, axis, lifted[0])
            for part, axis in zip(node.value.arguments, along, strict=True)
        ]
        if node.kind == STACK_ROWS and all(map(_is_literal, pieces)):
            row = self._of_numbers(pieces, node.type.dtype)
            return self._taken(row, 0, at, Axis(_JOINED, Affine(), Affine.number(len(pieces))))
        own = {a for piece in pieces for a in piece.axes if a != _JOINED}
        common = self.sorted_axes([*own, lifted[0]])
        names = tuple(_JOINED if a == lifted[0] else a for a in common)
        dim = names.index(_JOINED)
        shape = names if node.kind != STACK_ROWS else (*names[:dim], *names[dim + 1 :])
        parts = [self._shaped(piece, shape, pieces, axis) for piece, axis in zip(
            pieces, along, strict=True)]  # fmt: skip
        function = f"{self.context.torch}.{node.kind}"
        keywords: dict[str, ast.expr] = {"dim": syntax.constant(dim)} if dim else {}
        made = syntax.call(function, [ast.List(parts, ast.Load())], **keywords)
        piece = Emitted(made, names, node.type.dtype, Rank.TENSOR)
        size = Affine.number(len(pieces))
        if node.kind != STACK_ROWS:
            size = sum((axis.upper for axis in node.axes[1:]), node.axes[0].upper)
        return self._taken(piece, dim, at, Axis(_JOINED, Affine(), size))

    def _of_numbers(self, pieces: list[Emitted], dtype: str) -> Emitted:
        """``torch.tensor([0.0, 0.0, 1.0])``"""
        values = [ast.literal_eval(piece.node) for piece in pieces]
        floats = [float(v) if dtype in _FLOATING and type(v) is int else v for v in values]
        natural = {type(v) for v in floats} == {float} and dtype == "float32"
        keywords = {} if natural else {"dtype": syntax.name(f"{self.context.torch}.{dtype}")}
        row = ast.List([syntax.constant(v) for v in floats], ast.Load())
        made = syntax.call(f"{self.context.torch}.tensor", [row], **keywords, **self._device())
        return Emitted(made, (_JOINED,), dtype, Rank.TENSOR)

    def _of_part(self, part: object, axis: Axis | None, name: str) -> Emitted:
        if axis is None:
            order = [n for n in self.order if n != name]
            return self.within([], order).emit(part)  # type: ignore[arg-type]
        order = [axis.iterator if n == name else n for n in self.order]
        piece = self.within([axis], order).emit(part)  # type: ignore[arg-type]
        axes = tuple(_JOINED if a == axis.iterator else a for a in piece.axes)
        return replace(piece, axes=axes)

    def _shaped(
        self, piece: Emitted, shape: tuple[str, ...], others: list[Emitted], axis: Axis | None
    ) -> ast.expr:
        """The piece as large as all of them are: parts are joined, and not broadcast."""
        if piece.rank is Rank.NUMBER:
            like = next((o for o in others if o.axes == shape and o.rank is Rank.TENSOR), None)
            if axis is not None:
                raise self.refuse("a number is joined with rows of another shape")
            if like is None:
                return self._shaped(self.typed_number(piece, piece.dtype), shape, others, axis)
            known = {"0": "zeros_like", "1": "ones_like"}
            word = known.get(ast.unparse(piece.node), "full_like")
            given = [like.node] if word != "full_like" else [like.node, piece.node]
            return syntax.call(f"{self.context.torch}.{word}", given)
        if piece.axes == shape:
            return piece.node
        sizes: list[ast.expr] = []
        for name in shape:
            if name in piece.axes:
                sizes.append(syntax.constant(-1))
            elif name == _JOINED:
                sizes.append(syntax.constant(1))
            else:
                low, high = self.bounds(name)
                extent = self.context.spell(self.context.canonical(high - low))
                sizes.append(syntax.affine(extent))
        return syntax.method(self.align(piece, shape), "expand", *sizes)
