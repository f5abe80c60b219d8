"""Rows looked up in a tensor: ``table[ids[i]]`` where ``ids[i]`` is a row of indices."""

from __future__ import annotations

import ast

from deloop.dtype import Rank
from deloop.frontend import expression as build
from deloop.frontend.items import Point, View
from deloop.frontend.joined import JoinReader
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine
from deloop.ir.scalar import ElementType, Expression

_ONE = Affine.number(1)


class LookupReader(JoinReader):
    """A reader of subscripts that are rows of indices."""

    def looked_up(self, view: View, node: ast.AST) -> Expression:
        """The elements at a row of indices, whose dimensions stand where the index stood.

        ``x[i, index[i, _d1]]`` is a row along ``_d1``; unlike a view, it is new memory.
        """
        others = self._indices_of(view, node)
        index = others[0]
        own = len(self.row_shape(self._plain_row(index, node), node))
        left = view.rank + own
        subscripts: list[scalar.Subscript] = []
        implicit: list[tuple[str, Affine]] = []
        for dimension in view.dimensions:
            if isinstance(dimension, Point) and any(dimension.subscript is i for i in others):
                left -= own if dimension.subscript is index else 0
                names = {rows.dimension(k): rows.dimension(k + left) for k in range(1, own + 1)}
                assert not isinstance(dimension.subscript, Affine)
                subscripts.append(rows.moved(dimension.subscript, names, {}, set()))
            elif isinstance(dimension, Point):
                subscripts.append(dimension.subscript)
            else:
                iterator, is_one = rows.dimension(left), dimension.extent == Affine.number(1)
                implicit.append((iterator, dimension.extent))
                place = Affine() if is_one else Affine.symbol(iterator)
                subscripts.append(dimension.at(place))
                left -= 1
        tensor = view.tensor
        self.arrays[tensor.name] = tensor
        kind = ElementType(tensor.type.dtype, Rank.TENSOR)
        return scalar.Load(
            tensor.name, tuple(subscripts), kind, tuple(implicit), tensor.type.requires_grad
        )

    def _indices_of(self, view: View, node: ast.AST) -> list[Expression]:
        """The rows of indices, one behind the other: ``w[a, b]`` takes them element by element."""
        places = [k for k, d in enumerate(view.dimensions)
                  if isinstance(d, Point) and isinstance(d.subscript, build.NODES)]  # fmt: skip
        found: list[Expression] = [d.subscript for d in view.dimensions
                 if isinstance(d, Point) and isinstance(d.subscript, build.NODES)]  # fmt: skip
        between = view.dimensions[places[0] : places[-1] + 1]
        apart = not all(isinstance(d, Point) for d in between)
        if len(found) > 1:
            shapes = [self.row_shape(self._plain_row(i, node), node) for i in found]
            plain = all(len(s) == len(shapes[0]) and _ONE not in s for s in shapes)
            if apart or not plain or not shapes[0]:
                self.unsupported(
                    node, f"{ast.unparse(node)} is indexed by several tensors", "VEC916"
                )
            for shape in shapes[1:]:
                for mine, theirs in zip(shape, shapes[0], strict=True):
                    self.require_same_size(mine, theirs, node)
        return found
