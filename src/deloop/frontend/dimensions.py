"""Dimensions of size 1 put in, taken out and stretched: ``x[i].unsqueeze(0)``, ``v[:, None]``.

A dimension along which nothing moves stands in the list of a read's own ones alone, with its size.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence as Items
from dataclasses import replace

from deloop.dtype import Rank
from deloop.frontend import expression as build
from deloop.frontend.clamped import ClampedReader
from deloop.frontend.items import Item, View
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, equal
from deloop.ir.scalar import Expression
from deloop.ir.types import Integer, Literal, Sequence, Shape, Tensor, TensorType

_ONE = Affine.number(1)


class DimensionReader(ClampedReader):
    """A reader of rows whose dimensions are told anew."""

    def index(
        self, view: View, entries: Items[ast.expr | Item], node: ast.AST
    ) -> View | Expression:
        """As every reader's; ``None`` puts a dimension of size 1 in."""
        if not any(map(_is_new, entries)):
            return super().index(view, entries, node)
        plain = [e for e in entries if not _is_new(e)]
        if any(isinstance(e, ast.Constant) and e.value is Ellipsis for e in plain):
            self.unsupported(node, f"{ast.unparse(node)} is not read yet")
        found = super().index(view, plain, node)
        value = found if not isinstance(found, View) else self.load(found, node)
        place = 0
        for entry in entries:
            if _is_new(entry):
                value = self.unsqueezed(value, place, node)
                place += 1
            elif isinstance(entry, ast.Slice):
                place += 1
            else:
                item = self.evaluate(entry) if isinstance(entry, ast.expr) else entry
                if not isinstance(item, Integer) and self.to_expression(item, node).type.rank is (
                    Rank.TENSOR
                ):
                    self.unsupported(node, f"{ast.unparse(node)} is not read yet")
        return value

    def _method_unsqueeze(self, base: Item, node: ast.Call) -> Item | None:
        given = [*node.args, *(k.value for k in node.keywords if k.arg == "dim")]
        if len(given) != 1 or not isinstance(base, (Tensor, View, *build.NODES)):
            return None
        value = self.to_expression(base, node)
        rank = len(self.row_shape(self._plain_row(value, node), node))
        place = self._constant(given[0])
        if not -rank - 1 <= place <= rank:
            self.unsupported(node, f"{ast.unparse(node)} raises: no such dimension", "VEC911")
        return self.unsqueezed(value, place % (rank + 1), node)

    def unsqueezed(self, value: Expression, place: int, node: ast.AST) -> Expression:
        """The value with a dimension of size 1 at a place: ``x[_d1] -> x[_d2]``."""
        rank = len(self.row_shape(self._plain_row(value, node), node))
        new = rank - place + 1
        names = {rows.dimension(k): rows.dimension(k + 1) for k in range(rank, new - 1, -1)}
        return self._with_dimension(rows.moved(value, names, {}, set()), new, _ONE, node)

    def _with_dimension(
        self, value: Expression, place: int, size: Affine, node: ast.AST
    ) -> Expression:
        """The value with one more dimension, along which it does not move."""
        done = False
        pair = (rows.dimension(place), size)

        def change(part: Expression) -> Expression:
            nonlocal done
            if not done and isinstance(part, (scalar.Load, scalar.Reduce)):
                done = True
                return replace(part, implicit=(*part.implicit, pair))
            if not done and isinstance(part, scalar.Select):
                then = change(part.then)  # a mask stays what it is
                return replace(part, then=then) if done else scalar.rebuild(part, change)
            return scalar.rebuild(part, change)

        kind = replace(value.type, rank=Rank.TENSOR)
        if isinstance(value, scalar.Load) and value.type.rank is Rank.SCALAR:
            value = replace(value, type=kind)
        changed = change(value)
        if not done:
            self.unsupported(node, f"{ast.unparse(node)} of a number is not read yet", "VEC924")
        return changed if changed.type == kind else scalar.Cast(changed, kind)

    def without_first(self, value: Expression, node: ast.AST) -> Expression | None:
        """A batch of one as the item alone: ``x[i].unsqueeze(0) -> x[i]``; None for others."""
        if not isinstance(value, scalar.Load) or not value.implicit:
            return None
        sizes = self.row_shape(value, node)
        first = rows.dimension(len(sizes))
        used = {s for a in value.subscripts if isinstance(a, Affine) for s in a.symbols}
        if sizes[0] != _ONE or first in used or len(value.implicit) != len(sizes):
            return None
        pairs = tuple(pair for pair in value.implicit if pair[0] != first)
        rank = Rank.TENSOR if pairs else Rank.SCALAR
        own = self.arrays[value.array].type.rank
        if own != sum(isinstance(s, Affine) for s in value.subscripts):
            return None
        return replace(value, implicit=pairs, type=replace(value.type, rank=rank))

    def _method_squeeze(self, base: Item, node: ast.Call) -> Item | None:
        """Without its dimensions of size 1, or one of them; others must be known to be longer."""
        given = [*node.args, *(k.value for k in node.keywords if k.arg == "dim")]
        if len(given) > 1 or not isinstance(base, (View, *build.NODES)):
            return None
        value = self.to_expression(base, node)
        sizes = self.row_shape(self._plain_row(value, node), node)
        places = [self._constant(given[0])] if given else list(range(len(sizes)))
        if any(not -len(sizes) <= p < max(len(sizes), 1) for p in places):
            self.unsupported(node, f"{ast.unparse(node)} raises: no such dimension", "VEC911")
        gone = [p % len(sizes) for p in places if sizes[p] == _ONE] if sizes else []
        for place in places:
            if sizes[place] != _ONE and not (sizes[place] - 1).is_constant:
                self.unsupported(
                    node, f"whether {ast.unparse(node)} finds a size of 1 is not known", "VEC924"
                )
        return self.squeezed(value, gone, len(sizes))

    @staticmethod
    def squeezed(value: Expression, gone: Items[int], rank: int) -> Expression:
        """The value of so many dimensions without some of size 1."""
        left = rank - len(gone)
        names, taken = {}, set()
        for place in range(rank):
            if place in gone:
                taken.add(rows.dimension(rank - place))
                continue
            names[rows.dimension(rank - place)] = rows.dimension(left)
            left -= 1
        moved = rows.moved(value, names, {}, taken)
        if len(gone) < rank:
            return moved
        kind = replace(moved.type, rank=Rank.SCALAR)
        return replace(moved, type=kind) if isinstance(moved, scalar.Load) else scalar.Cast(
            moved, kind
        )

    def _method_expand(self, base: Item, node: ast.Call) -> Item | None:
        return self._expanded(base, [self.evaluate(a) for a in node.args], node)

    def _method_expand_as(self, base: Item, node: ast.Call) -> Item | None:
        if len(node.args) != 1:
            return None
        other = self.to_expression(self.evaluate(node.args[0]), node)
        sizes = self.row_shape(self._plain_row(other, node), node)
        return self._expanded(base, [Integer(size) for size in sizes], node)

    def _expanded(self, base: Item, given: list[Item], node: ast.Call) -> Item | None:
        """``x.expand(n, -1)``: dimensions of size 1 as often as is said."""
        if node.keywords or not isinstance(base, (Tensor, View, *build.NODES)):
            return None
        if len(given) == 1 and isinstance(given[0], (Sequence, Shape)):
            given = list(self.unpack(given[0], None, node))
        wanted = [item.affine for item in given if isinstance(item, Integer)]
        value = self.to_expression(base, node)
        sizes = self.row_shape(self._plain_row(value, node), node)
        extra = len(wanted) - len(sizes)
        if len(wanted) != len(given) or extra < 0:
            return None
        shape = []
        for place, size in enumerate(wanted):
            own = sizes[place - extra] if place >= extra else _ONE
            if size == Affine.number(-1):
                size = own
            elif own not in (_ONE, size):
                self.require(equal(own, size), node, f"{ast.unparse(node)} fits")
            shape.append(size)
        if isinstance(base, Tensor):
            text = f"{base.name}.expand({', '.join(map(str, shape))})"
            kind = base.type
            made = TensorType(
                kind.dtype, tuple(shape), kind.device, kind.requires_grad, False, False, True
            )
            return Tensor(text, made, base.storage)
        if build.aliased_arrays(value) and not isinstance(base, View):
            self.unsupported(node, f"{ast.unparse(node)} may be a part of a tensor in memory")
        for place, size in enumerate(shape):
            is_new = place < extra
            if is_new or (sizes[place - extra] == _ONE and size != _ONE):
                value = self._with_dimension(value, len(shape) - place, size, node)
        return value


def _is_new(entry: object) -> bool:
    if isinstance(entry, Literal):
        return entry.value is None
    return isinstance(entry, ast.Constant) and entry.value is None
