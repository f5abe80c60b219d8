"""Held values to PyTorch source: read where the last iteration is that has set them.

    last = torch.where(new, torch.arange(n), -1).cummax(0).values
    torch.where(last >= 0, x[last], start)

Positions only grow, so that their running maximum is the last one so far.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.scan import ScanEmitter
from deloop.dtype import Rank
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine
from deloop.ir.scalar import Call, ElementType, Expression, Index, Number, Scan, Select

_PLACE = ElementType("int64", Rank.NUMBER)


def negated(condition: Expression) -> Expression:
    """``not condition``; what it negates itself, where it does."""
    if isinstance(condition, Call) and condition.operator == "logical_not":
        return condition.arguments[0]
    return Call("logical_not", (condition,), ElementType("bool", condition.type.rank))


class HeldEmitter(ScanEmitter):
    """Emits values that stay until an iteration sets them anew."""

    def held(self, node: Scan) -> Emitted:
        """``torch.where(last >= 0, x[last], start)``, one step late where `node` is exclusive."""
        assert node.first is not None
        inner = self.within([node.axis], self.natural_order(node, [node.axis]))
        assert isinstance(inner, HeldEmitter)
        piece = inner._positions(node) or inner._held_values(node)
        if node.exclusive:
            piece = self._behind_first(piece, piece.axes.index(node.axis.iterator), node, inner)
        read = self._read_at(piece, node)
        is_number = node.type.rank is Rank.NUMBER
        if not is_number and not set(node.at.symbols) & set(self.loops):  # a value of its own
            read = replace(read, node=syntax.method(read.node, "clone"))
        return self.permute(self.cast(read, node.type))

    def _positions(self, node: Scan) -> Emitted | None:
        """``torch.where(new, torch.arange(n), -1).cummax(0).values`` where positions are held."""
        assert node.factor is not None and node.first is not None
        start = scalar.literal_value(node.first)
        if not isinstance(node.value, Index) or type(start) is not int:
            return None
        affine, bound = node.value.affine, node.axis.iterator
        rises = affine.coefficient(bound) == 1 and set(affine.symbols) == {bound}
        least = node.axis.lower + affine.constant - start
        if not rises or not least.is_constant or least.constant < 0:
            return None
        chosen = Select(negated(node.factor), node.value, Number(start, _PLACE))
        return self._last(replace(node, factor=None, value=chosen))

    def _last(self, node: Scan) -> Emitted:
        """The running maximum of positions."""
        bound = node.axis.iterator
        piece = self.emit(node.value)
        made = syntax.method(piece.node, "cummax", syntax.constant(piece.axes.index(bound)))
        return Emitted(syntax.attribute(made, "values"), piece.axes, "int64", Rank.TENSOR)

    def _held_values(self, node: Scan) -> Emitted:
        """The values of the iterations that have set them; the first one where none has."""
        assert node.factor is not None and node.first is not None
        bound = node.axis.iterator
        value = self.cast(self.emit(node.value), node.type, node.value)
        last = self._named_last(node)
        found = self._picked(value, last, bound) if bound in value.axes else value
        first = self.cast(self.emit(node.first), node.type, node.first)
        axes = self.sorted_axes([*last.axes, *found.axes, *first.axes])
        if set(axes) != {*last.axes, *found.axes, *first.axes}:
            raise self.refuse("what is held moves with a loop that it is not kept along")
        is_set = ast.Compare(last.node, [ast.GtE()], [syntax.constant(0)])
        pieces = [replace(last, node=is_set, is_view=False), found, first]
        if found.rank is first.rank is Rank.NUMBER:
            pieces[1] = self.typed_number(found, node.type.dtype)
        operands = [self.align(p, axes) for p in pieces]
        where = syntax.call(f"{self.context.torch}.where", operands)
        return Emitted(where, axes, node.type.dtype, Rank.TENSOR)

    def _named_last(self, node: Scan) -> Emitted:
        """The places, by a name; one for all that the same iterations set."""
        assert node.factor is not None
        axis = node.axis
        place = Index(Affine.symbol(axis.iterator) - axis.lower)
        if axis.span is not None:
            raise self.refuse("positions of a loop with a stride are no positions of its values")
        chosen = Select(negated(node.factor), place, Number(-1, _PLACE))
        scan = Scan("max", chosen, axis, Affine(), _PLACE, name="last")
        key: Expression = rows.bare(scan)
        known = self.context.names.get(key)
        if known is not None:
            return known[0]
        piece = self._last(scan)
        unique = self.context.unique("last")
        target = ast.Name(unique, ast.Store())
        self.context.written.append(ast.Assign([target], piece.node, lineno=0))
        piece = replace(piece, node=syntax.name(unique))
        self.context.names[key] = piece, ()
        return piece

    def _picked(self, value: Emitted, last: Emitted, bound: str) -> Emitted:
        """``x[last]``, ``x[:, last]`` or, where each row has places of its own, `gather`."""
        dim = value.axes.index(bound)
        if value.axes == (bound,):
            node = syntax.index(value.node, [last.node])
            return Emitted(node, last.axes, value.dtype, Rank.TENSOR)
        if last.axes == (bound,):
            entries = [*(ast.Slice() for _ in range(dim)), last.node]
            node = syntax.index(value.node, entries)
        elif last.axes == value.axes:
            places = syntax.method(last.node, "clamp", min=syntax.constant(0))
            node = syntax.method(value.node, "gather", syntax.constant(dim), places)
        elif set(last.axes) <= set(value.axes) and last.axes[0] == value.axes[0]:
            places = syntax.method(self.align(last, value.axes), "clamp", min=syntax.constant(0))
            keyword = syntax.constant(dim)
            node = syntax.method(value.node, "take_along_dim", places, dim=keyword)
        else:
            raise self.refuse("what is held moves with a loop that it is not kept along")
        return Emitted(node, value.axes, value.dtype, Rank.TENSOR)
