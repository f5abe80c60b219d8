"""Values that grow along two loops, one inside of the other, as along one: row by row.

    x.flatten().cummax(0).values.unflatten(0, (n, m))
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.held import negated
from deloop.backend.linear import LinearEmitter
from deloop.dtype import Rank
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint
from deloop.ir.axis import Axis
from deloop.ir.scalar import Call, ElementType, Expression, Load, Scan
from deloop.ir.types import Tensor, TensorType


class FlatEmitter(LinearEmitter):
    """Emits values that grow along one loop, or along two."""

    def scan(self, node: Scan) -> Emitted:
        """As of a `Scan`; one that goes on along an outer axis is one of a flattened tensor."""
        if node.outer is None:
            return super().scan(node)
        outer, axis = node.outer, node.axis
        sizes = [self._written(a.extent) for a in (outer, axis)]
        length = Affine.symbol(f"({ast.unparse(ast.BinOp(sizes[0], ast.Mult(), sizes[1]))})")
        bound = self.context.unique(f"{axis.iterator.rstrip(chr(39))}_flat")
        flat = Axis(bound, Affine(), length)
        value = self._flat(node.value, node.type, node, flat)
        factor = None if node.factor is None else self._flat(node.factor, None, node, flat)
        at = node.around - outer.lower, node.at - axis.lower
        lifted = [s for place in at for s in place.symbols if s in self.loops]
        ends = (outer.extent - 1, axis.extent - 1)
        inside = replace(flat, iterator=f"{bound}'")
        before = self.context.assume
        self.context.assume = self._assuming(length)
        try:
            if not lifted and tuple(map(self.context.canonical, at)) == tuple(
                map(self.context.canonical, ends)
            ):
                last = self._along(node, value, factor, inside, length - 1)
                return super().scan(last)
            turned = [self._is_turned(*pair) for pair in zip(at, (outer, axis), strict=True)]
            inner = self.within([flat], (bound, *(a for a in self.order if a not in lifted)))
            assert isinstance(inner, FlatEmitter)
            upper = length - int(node.exclusive)
            grown = self._along(node, value, factor, replace(inside, upper=upper),
                               Affine.symbol(bound))  # fmt: skip
            piece = super(FlatEmitter, inner).scan(grown)
        finally:
            self.context.assume = before
        dim = piece.axes.index(bound)
        made = syntax.method(
            piece.node, "unflatten", syntax.constant(dim), ast.Tuple(sizes, ast.Load())
        )
        if any(turned):
            dims = [syntax.constant(dim + k) for k, is_turned in enumerate(turned) if is_turned]
            made = syntax.method(made, "flip", *dims)
        axes = (*piece.axes[:dim], *lifted, *piece.axes[dim + 1 :])
        return self.permute(replace(piece, node=made, axes=axes))

    @staticmethod
    def _along(
        node: Scan, value: Expression, factor: Expression | None, axis: Axis, at: Affine
    ) -> Scan:
        names = {axis.iterator.rstrip("'"): Affine.symbol(axis.iterator)}
        value = scalar.substitute_symbols(value, names)
        factor = None if factor is None else scalar.substitute_symbols(factor, names)
        return replace(
            node, value=value, factor=factor, axis=axis, at=at, outer=None, around=Affine()
        )

    def _assuming(self, length: Affine) -> Callable[[Constraint, str], bool]:
        """Takes for granted that the flat axis is not empty, which both of its loops were asked."""
        before, (symbol,) = self.context.assume, length.symbols

        def assume(constraint: Constraint, reason: str) -> bool:
            left = constraint.expression.without([symbol])
            if symbol in constraint.expression.symbols:
                return left.is_constant and left.constant >= -1
            return before(constraint, reason)

        return assume

    def _is_turned(self, place: Affine, axis: Axis) -> bool:
        """Whether the iterations read the steps from the last one on; refused if not their own."""
        lifted = [s for s in place.symbols if s in self.loops]
        loop = self.loops[lifted[0]] if len(lifted) == 1 else None
        if loop is not None and loop.span is None and axis.span is None:
            own = Affine.symbol(loop.iterator)
            extents = loop.upper - loop.lower, axis.extent
            if self.context.canonical(extents[0]) == self.context.canonical(extents[1]):
                moved = self.context.canonical(place - own + loop.lower)
                back = self.context.canonical(place + own - loop.lower - axis.extent + 1)
                if Affine() in (moved, back):
                    return moved != Affine()
        raise self.refuse("a running value is read at other iterations than it grows in")

    def _flat(
        self, value: Expression, kind: ElementType | None, node: Scan, flat: Axis
    ) -> Expression:
        """The value as a read of a flattened tensor; itself where it does not move."""
        assert node.outer is not None
        pair = [node.outer, node.axis]
        own = frozenset(a.iterator for a in pair)
        if not scalar.iterators_of(value, own):
            return value
        if isinstance(value, Call) and value.operator == "logical_not":
            return negated(self._flat(value.arguments[0], None, node, flat))
        names = tuple(a.iterator for a in pair)
        inner = self.within(pair, (*names, *(a for a in self.order if a not in names)))
        piece = inner.emit(value)
        kind = kind or value.type
        if piece.dtype != kind.dtype:
            piece = inner.cast(piece, kind, value)
        axes = tuple(a for a in inner.order if a in piece.axes or a in own)
        wide = inner._filled_out(piece, axes, names[1], node.axis.extent)
        made = syntax.method(wide, "flatten", *map(syntax.constant, _dims(len(axes))))
        rest = [inner.loops[a] for a in axes[2:]]
        shape = (flat.extent, *(x.upper - x.lower for x in rest))
        name = ast.unparse(ast.fix_missing_locations(made))
        key = f"flat:{name}"
        tensor = Tensor(name, TensorType(piece.dtype, shape, requires_grad=False), key, fresh=True)
        self.context.arrays = {**self.context.arrays, key: tensor}
        places = (Affine.symbol(flat.iterator),
                  *(Affine.symbol(x.iterator) - x.lower for x in rest))  # fmt: skip
        grad = scalar.requires_grad(value, self.context.with_grad)
        self.context.with_grad |= {key} if grad else set()
        rank = max(value.type.rank, Rank.SCALAR)
        return Load(key, places, ElementType(piece.dtype, rank), requires_grad=grad)


def _dims(rank: int) -> tuple[int, ...]:
    return () if rank == 2 else (0, 1)
