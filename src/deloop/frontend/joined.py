"""Rows joined inside of an iteration: ``torch.stack([a, b])``, ``torch.cat([x[i], y[i]])``.

Element `_d1` of what is joined is ``stack at _d1 of (a, b)``: a `Reduce` that keeps its place. The
parts of ``cat`` move along axes of their own, one behind the other.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import reduce

from deloop.dtype import Rank, category, promote_tensors
from deloop.frontend import expression as build
from deloop.frontend.dimensions import DimensionReader
from deloop.frontend.items import Item, Tuple, View
from deloop.frontend.rows import replace_rank
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, equal
from deloop.ir.axis import Axis
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.types import Integer, Literal, Scalar, Sequence, Tensor
from deloop.ops.reductions import CAT, STACK_ROWS

_ONE = Affine.number(1)
_DEFAULTS = {"bool": "bool", "int64": "int64", "float64": "float32"}


class JoinReader(DimensionReader):
    """A reader of rows that are made of others."""

    def _call_torch_stack(self, node: ast.Call) -> Item:
        parts, place = self._joined_parts(node)
        return self.stacked(parts, place, node)

    def _call_torch_cat(self, node: ast.Call) -> Item:
        parts, place = self._joined_parts(node)
        return self._concatenated(parts, place, node)

    _call_torch_concat = _call_torch_concatenate = _call_torch_cat

    def _call_torch_hstack(self, node: ast.Call) -> Item:
        parts, _ = self._joined_parts(node)
        ranks = {len(self.row_shape(p, node)) for p in parts}
        if ranks == {0}:
            return self.stacked(parts, 0, node)
        return self._concatenated(parts, 0 if ranks == {1} else 1, node)

    def _joined_parts(self, node: ast.Call) -> tuple[list[Expression], int]:
        """What a call joins, and along which dimension."""
        given = [*node.args, *(k.value for k in node.keywords if k.arg in ("dim", "axis"))]
        rest = [k for k in node.keywords if k.arg not in ("dim", "axis")]
        if rest or not 1 <= len(given) <= 2:
            self.unsupported(node, f"{ast.unparse(node)} is not read yet", "VEC924")
        item = self.evaluate(given[0])
        place = self._constant(given[1]) if len(given) == 2 else 0
        if not isinstance(item, (Sequence, Tuple)) or not item.items:
            self.unsupported(
                node, f"the tensor that {ast.unparse(node)} makes is not read yet", "VEC924"
            )
        parts = [self._part(part, node) for part in item.items]
        if len({p.type.dtype for p in parts}) != 1:
            self.unsupported(node, f"{ast.unparse(node)} of several dtypes", "VEC924")
        return parts, place

    def _part(self, item: Item, node: ast.Call) -> Expression:
        if isinstance(item, (Integer, Literal, Scalar)):
            self.unsupported(node, f"{ast.unparse(node)} raises: not all are tensors", "VEC911")
        if not isinstance(item, (Tensor, View, *build.NODES)):
            return self.to_expression(item, node)  # which refuses what has no value here
        return self._plain_row(self.to_expression(item, node), node)

    def stacked(self, parts: list[Expression], place: int, node: ast.AST) -> Expression:
        """``torch.stack([a, b])   ->   stack at _d1 of (a, b)``"""
        shapes = [self.row_shape(p, node) for p in parts]
        rank = len(shapes[0])
        self._check_shapes(shapes, None, node)
        if not -rank - 1 <= place <= rank:
            self.unsupported(node, f"{ast.unparse(node)} raises: no such dimension", "VEC911")
        new = rank - place % (rank + 1) + 1
        names = {rows.dimension(k): rows.dimension(k + 1) for k in range(rank, new - 1, -1)}
        moved = tuple(rows.moved(p, names, {}, set()) for p in parts)
        count = Affine.number(len(parts))
        at = Affine() if count == _ONE else Affine.symbol(rows.dimension(new))
        return _joined(STACK_ROWS, moved, (), (rows.dimension(new), count), at)

    def _concatenated(self, parts: list[Expression], place: int, node: ast.AST) -> Expression:
        """``torch.cat([a, b])   ->   cat at _d1 of (a[_r1_1], b[_r1_2])``"""
        shapes = [self.row_shape(p, node) for p in parts]
        rank = len(shapes[0])
        if not rank or not -rank <= place < rank:
            self.unsupported(node, f"{ast.unparse(node)} raises: no such dimension", "VEC911")
        self._check_shapes(shapes, place % rank, node)
        if len(parts) == 1:
            return parts[0]
        old = rows.dimension(rank - place % rank)
        level = max(map(rows.depth, parts)) + 1
        total = Affine()
        moved, axes = [], []
        for count, (part, shape) in enumerate(zip(parts, shapes, strict=True), 1):
            size = shape[place % rank]
            name = f"_r{level}_{count}"
            bound = {} if size == _ONE else {old: Affine.symbol(name)}
            moved.append(rows.moved(part, {}, bound, {old}))
            axes.append(Axis(name, Affine(), size))
            total = total + size
        return _joined(CAT, tuple(moved), tuple(axes), (old, total), Affine.symbol(old))

    def _check_shapes(
        self, shapes: list[tuple[Affine, ...]], but: int | None, node: ast.AST
    ) -> None:
        """Ask that all parts have one shape, but for the dimension along which they are joined."""
        first = shapes[0]
        if len({len(s) for s in shapes}) != 1:
            self.unsupported(
                node, f"{ast.unparse(node)} raises: the parts have other dimensions", "VEC911"
            )
        for shape in shapes[1:]:
            for place, (mine, theirs) in enumerate(zip(shape, first, strict=True)):
                if place != but and mine != theirs:
                    self.require(equal(mine, theirs), node, f"{ast.unparse(node)} fits")

    # ------------------------------------------------------------------ numbers
    def tensor_of(self, item: Sequence | Tuple, dtype: str | None, node: ast.AST) -> Expression:
        """``torch.tensor([a.item(), 2.0])``: numbers, or lists of them, as a row."""
        numbers = self._numbers_in(item, node)
        if dtype is None:
            kinds = [
                _DEFAULTS.get(v.type.dtype, "") if v.type.rank is Rank.NUMBER else v.type.dtype
                for v in numbers
            ]
            if "" in kinds:
                self.unsupported(node, f"the dtype of {ast.unparse(node)} is not known", "VEC924")
            dtype = reduce(promote_tensors, kinds)
        return self._stack_of(item, dtype, node)

    def _stack_of(self, item: Item, dtype: str, node: ast.AST) -> Expression:
        if isinstance(item, (Sequence, Tuple)):
            return self.stacked([self._stack_of(i, dtype, node) for i in item.items], 0, node)
        value = self.to_expression(item, node)
        if category(value.type.dtype) == "float" and category(dtype) != "float":
            self.unsupported(node, f"{ast.unparse(node)} cuts floats to ints", "VEC924")
        if value.type.rank is not Rank.NUMBER:  # what becomes of a tensor records no gradient
            value = build.cast(value, replace(value.type, rank=Rank.NUMBER))
        return build.cast(value, ElementType(dtype, Rank.SCALAR))

    def _numbers_in(self, item: Item, node: ast.AST) -> list[Expression]:
        if isinstance(item, (Sequence, Tuple)):
            if not item.items:
                self.unsupported(node, f"{ast.unparse(node)} is empty", "VEC924")
            return [n for part in item.items for n in self._numbers_in(part, node)]
        if not isinstance(item, (Integer, Scalar, Literal, Tensor, View, *build.NODES)):
            self.unsupported(node, f"{ast.unparse(node)} is not read yet", "VEC924")
        value = self.to_expression(item, node)
        if value.type.rank is Rank.TENSOR or len(build.types_of(value)) != 1:
            self.unsupported(node, f"{ast.unparse(node)} of rows is not read yet", "VEC924")
        return [value]


def _joined(
    kind: str,
    parts: tuple[Expression, ...],
    axes: tuple[Axis, ...],
    dimension: tuple[str, Affine],
    at: Affine,
) -> Expression:
    result = ElementType(parts[0].type.dtype, Rank.TENSOR)
    inner = scalar.Call(kind, tuple(replace_rank(p, Rank.TENSOR) for p in parts), result)
    return scalar.Reduce(kind, inner, axes, result, (dimension,), at)
