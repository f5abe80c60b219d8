"""Scans to PyTorch source: ``x.cumsum(0)``, read where the loop reads the running value."""

from __future__ import annotations

import ast
from dataclasses import replace

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.pieces import PieceEmitter
from deloop.dtype import Rank, category
from deloop.ir.affine import Affine
from deloop.ir.scalar import Reduce, Scan
from deloop.ops.reductions import find_reduction
from deloop.ops.scans import ScanOperator, find_scan


class ScanEmitter(PieceEmitter):
    """Emits values that grow along an axis."""

    def scan(self, node: Scan) -> Emitted:
        """``x.cumsum(1)``; one that leaves its own step out is padded in front."""
        if node.kind == "last":
            return self._shifted(node)
        if node.kind == "held":
            return self.held(node)
        operator = find_scan(node.kind)
        assert operator is not None
        bound = node.axis.iterator
        whole = Reduce(node.kind, node.value, (node.axis,), node.type)
        value, dtype = self._bare(whole, find_reduction(node.kind))
        inner = self.within([node.axis], self.natural_order(value, [node.axis]))
        piece = inner.emit(value)
        piece = self._repeated_along(piece, node, inner)
        if node.first is not None:
            piece = inner.cast(piece, node.type, value)
            piece = self._behind_first(piece, piece.axes.index(bound), node, inner)
        piece = self._scanned(piece, piece.axes.index(bound), operator, dtype)
        if node.exclusive and node.first is None:
            piece = self._padded(piece, piece.axes.index(bound), node)
        if category(node.type.dtype) in ("float", "complex") and node.kind in ("sum", "prod"):
            self.context.round_off(f"a running {node.kind} in another order than the loop's")
        elif node.kind in ("max", "min") and category(node.type.dtype) == "float":
            self.context.round_off("an extreme may be either zero where -0.0 and 0.0 tie")
        piece = self.cast(self._read_at(piece, node), node.type)
        return self.permute(piece)

    def typed_number(self, piece: Emitted, dtype: str) -> Emitted:
        """A Python number as a 0-d tensor of a dtype."""
        raise NotImplementedError

    def held(self, node: Scan) -> Emitted:
        """A value that stays until an iteration sets it anew."""
        raise NotImplementedError

    def _shifted(self, node: Scan) -> Emitted:
        """The values one iteration late, behind the first one: ``pad(x[:-1], (1, 0))``."""
        assert node.first is not None
        bound = node.axis.iterator
        inner = self.within([node.axis], self.natural_order(node.value, [node.axis]))
        piece = inner.cast(inner.emit(node.value), node.type, node.value)
        piece = self._repeated_along(piece, node, inner)
        piece = self._behind_first(piece, piece.axes.index(bound), node, inner)
        return self.permute(self._read_at(piece, node))

    def _repeated_along(self, piece: Emitted, node: Scan, inner: PieceEmitter) -> Emitted:
        """The value for each step, where all steps take the same one: ``x.expand(n, -1)``."""
        bound = node.axis.iterator
        if bound in piece.axes:
            return piece
        if piece.rank is Rank.NUMBER:
            raise self.refuse("the same number is added in each iteration")
        step = next((s for s in node.at.symbols if s in self.loops and s not in piece.axes), bound)
        mine = self.sorted_axes([*piece.axes, step])
        axes = tuple(bound if a == step else a for a in mine)
        if set(axes) != {*piece.axes, bound} or piece.axes != tuple(a for a in axes if a != bound):
            axes = (bound, *piece.axes)
        wide = inner._filled_out(piece, axes, bound, node.axis.extent)
        return replace(piece, node=wide, axes=axes, rank=Rank.TENSOR, is_view=True)

    def _behind_first(
        self, piece: Emitted, dim: int, node: Scan, inner: PieceEmitter
    ) -> Emitted:
        """The values behind the one that they start from."""
        assert node.first is not None
        first = inner.emit(node.first)
        if first.rank is Rank.NUMBER:
            return self._fill_in_front(piece, dim, first.node)
        return self._put_in_front(piece, dim, inner.cast(first, node.type, node.first))

    def _put_in_front(self, piece: Emitted, dim: int, first: Emitted) -> Emitted:
        rest = tuple(a for k, a in enumerate(piece.axes) if k != dim)
        if first.axes != rest:
            raise self.refuse("the first value has other dimensions than the later ones")
        entries = [*(ast.Slice() for _ in range(dim)), ast.Constant(None)]
        parts = ast.Tuple([syntax.index(first.node, entries), piece.node], ast.Load())
        keywords = {"dim": syntax.constant(dim)} if dim else {}
        node = syntax.call(f"{self.context.torch}.cat", [parts], **keywords)
        return replace(piece, node=node, is_view=False)

    def _fill_in_front(self, piece: Emitted, dim: int, value: ast.expr) -> Emitted:
        behind = len(piece.axes) - 1 - dim
        sizes = [syntax.constant(n) for n in (*(0 for _ in range(2 * behind)), 1, 0)]
        match value:
            case ast.Constant(complex() as number) if not number.imag:
                value = syntax.constant(number.real)  # `pad` takes no complex number
        zero = isinstance(value, ast.Constant) and not value.value
        keywords = {} if zero else {"value": value}
        pad = f"{self.context.torch}.nn.functional.pad"
        node = syntax.call(pad, [piece.node, ast.Tuple(sizes, ast.Load())], **keywords)
        return replace(piece, node=node, is_view=False)

    def _scanned(self, piece: Emitted, dim: int, operator: ScanOperator, wanted: str) -> Emitted:
        natural = piece.dtype
        keywords: dict[str, ast.expr] = {}
        if operator.widens:
            if category(natural) in ("bool", "int"):
                natural = "int64"
            if natural != wanted:
                keywords["dtype"] = syntax.name(f"{self.context.torch}.{wanted}")
                natural = wanted
        made = syntax.method(piece.node, operator.method, syntax.constant(dim), **keywords)
        if operator.has_indices:
            made = syntax.attribute(made, "values")
        return Emitted(made, piece.axes, natural, Rank.TENSOR)

    def _padded(self, piece: Emitted, dim: int, node: Scan) -> Emitted:
        """One element in front, which changes nothing."""
        neutral = find_reduction(node.kind).neutral
        if neutral is None:
            raise self.refuse("there is no value that an extreme starts from")
        return self._fill_in_front(piece, dim, syntax.constant(neutral))

    def _read_at(self, piece: Emitted, node: Scan) -> Emitted:
        """The running value of the iteration that `at` says, as an axis of the statement."""
        bound, axis = node.axis.iterator, node.axis
        at = self.context.canonical(node.at - axis.lower)
        lifted = [s for s in at.symbols if s in self.loops]
        if len(lifted) > 1 or (lifted and lifted[0] in piece.axes):
            raise self.refuse("a running value is read at several steps of one iteration")
        dim = piece.axes.index(bound)
        extent = self.context.canonical(axis.extent + int(node.exclusive))
        if not lifted:
            if axis.span is not None:
                raise self.refuse("a step of a loop with a stride is read by its number")
            entry = self.point(at, extent)
            entries = [*(ast.Slice() for _ in range(dim)), entry]
            axes = tuple(a for a in piece.axes if a != bound)
            rank = Rank.TENSOR if axes else Rank.SCALAR
            return replace(piece, node=syntax.index(piece.node, entries), axes=axes, rank=rank)
        axes = tuple(lifted[0] if a == bound else a for a in piece.axes)
        loop = self.loops[lifted[0]]
        late = int(node.exclusive)
        span = None if axis.span is None else axis.span + late * axis.stride
        ends = (loop.upper, loop.span) == (axis.upper + late, span)
        same = at == Affine.symbol(lifted[0]) and ends
        if same and loop.lower == axis.lower == Affine():
            return replace(piece, axes=axes)
        if axis.span is not None or loop.span is not None:
            raise self.refuse("steps of a loop with a stride are read in another order")
        entries = [*(ast.Slice() for _ in range(dim)), self.slice(at, lifted[0], extent)]
        made = syntax.index(piece.node, syntax.strip_full(entries))
        if at.coefficient(lifted[0]) < 0:
            made = syntax.method(made, "flip", syntax.constant(dim))
        return replace(piece, node=made, axes=axes)
