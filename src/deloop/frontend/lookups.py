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


class LookupReader(JoinReader):
    """A reader of subscripts that are rows of indices."""

    def looked_up(self, view: View, node: ast.AST) -> Expression:
        """The elements at a row of indices, whose dimensions stand where the index stood.

        ``x[i, index[i, _d1]]`` is a row along ``_d1``; unlike a view, it is new memory.
        """
        places = [d.subscript for d in view.dimensions if isinstance(d, Point)]
        others = [s for s in places if isinstance(s, build.NODES)]
        if len(others) != 1:
            self.unsupported(
                node, f"{ast.unparse(node)} is indexed by several tensors", "VEC916"
            )
        (index,) = others
        own = len(self.row_shape(self._plain_row(index, node), node))
        left = view.rank + own
        subscripts: list[scalar.Subscript] = []
        implicit: list[tuple[str, Affine]] = []
        for dimension in view.dimensions:
            if isinstance(dimension, Point) and dimension.subscript is index:
                behind = left - own
                names = {
                    rows.dimension(k): rows.dimension(k + behind) for k in range(1, own + 1)
                }
                subscripts.append(rows.moved(index, names, {}, set()))
                left = behind
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
