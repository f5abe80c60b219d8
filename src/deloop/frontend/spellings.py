"""Calls that are other words for what is read of rows: ``torch.trace``, ``x.index_select``."""

from __future__ import annotations

import ast
from dataclasses import replace

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.items import Item, View, whole
from deloop.frontend.lookups import LookupReader
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine
from deloop.ir.axis import Axis
from deloop.ir.scalar import Expression
from deloop.ir.types import Integer, Tensor


class SpellingReader(LookupReader):
    """A reader of rows in other words."""

    # ------------------------------------------------------------------ sums
    def _call_torch_trace(self, node: ast.Call) -> Item:
        return self._trace(self.element(node.args[0]), node)

    def _method_trace(self, base: Item, node: ast.Call) -> Item | None:
        return self._trace(self.to_expression(base, node), node)

    def _trace(self, value: Expression, node: ast.Call) -> Item:
        """``torch.trace(A)   ->   sum over _r1 of A[_r1, _r1]``"""
        sizes = self.row_shape(self._plain_row(value, node), node)
        one = Affine.number(1)
        if len(sizes) != 2 or one in sizes or category(value.type.dtype) != "float":
            self.unsupported(node, f"{ast.unparse(node)} on a row is not read yet", "VEC924")
        self.require_same_size(sizes[0], sizes[1], node)
        name = f"_r{rows.depth(value) + 1}"
        at = Affine.symbol(name)
        inner = rows.moved(value, {}, {"_d1": at, "_d2": at}, {"_d1", "_d2"})
        result = replace(value.type, rank=Rank.SCALAR)
        return scalar.Reduce("sum", inner, (Axis(name, Affine(), sizes[0]),), result)

    def _call_torch_dist(self, node: ast.Call) -> Item:
        """``torch.dist(a, b)``: the norm of what they differ by."""
        if len(node.args) != 2 or node.keywords:
            self.unsupported(node, f"{ast.unparse(node)} on a row is not read yet", "VEC924")
        a, b = (self._plain_row(self.element(n), node) for n in node.args)
        gap = build.binary("Sub", a, b, self.place(node))
        if category(gap.type.dtype) != "float" or gap.type.rank is not Rank.TENSOR:
            self.unsupported(node, f"{ast.unparse(node)} on a row is not read yet", "VEC924")
        self.row_shape(gap, node)
        return self.reduced("norm", gap, node, None, False, gap.type)

    # ------------------------------------------------------------------ lookups
    def _call_torch_index_select(self, node: ast.Call) -> Item:
        return self._selected(self.evaluate(node.args[0]), node.args[1:], node)

    def _method_index_select(self, base: Item, node: ast.Call) -> Item | None:
        return self._selected(base, node.args, node)

    def _selected(self, base: Item, given: list[ast.expr], node: ast.Call) -> Item:
        """``x.index_select(1, idx)`` as ``x[:, idx]``, where all indices are inside."""
        view = whole(base) if isinstance(base, Tensor) else base
        place = self.evaluate(given[0]) if len(given) == 2 else None
        plain = isinstance(place, Integer) and place.affine.is_constant and not node.keywords
        if not isinstance(view, View) or not plain or not isinstance(place, Integer):
            self.unsupported(node, f"{ast.unparse(node)} on a row is not read yet", "VEC924")
        index = self.element(given[1])
        dim = place.affine.constant % max(view.rank, 1)
        if index.type.rank is not Rank.TENSOR or index.type.dtype not in ("int64", "int32"):
            self.unsupported(node, f"{ast.unparse(node)} on a row is not read yet", "VEC924")
        if len(self.row_shape(index, node)) != 1 or not -view.rank <= place.affine.constant < (
            view.rank
        ):
            self.unsupported(node, f"{ast.unparse(node)} on a row is not read yet", "VEC924")
        kind = replace(index.type, dtype="bool")
        place_, size = self.place(node), build.integer(view.sizes[dim])
        beyond = build.both(
            build.compare("Lt", index, build.number(0), place_),
            build.compare("GtE", index, size, place_),
            "logical_or",
        )
        found = self.reduced("any", beyond, node, None, False, replace(kind, rank=Rank.SCALAR))
        self.require_data(build.negate(found), place_, f"{ast.unparse(node)} stays inside")
        return self.index(view, [*[ast.Slice()] * dim, index], node)

    # ------------------------------------------------------------------ the same memory
    def _method_detach(self, base: Item, node: ast.Call) -> Item | None:
        """What records no gradient is its own detached form."""
        if not isinstance(base, (Tensor, View, *build.NODES)):
            return None
        self.to_expression(base, node)  # what it reads is known as an array from here on
        held = [*self.arrays.values(), *self.environment.values()]
        tensors = [i.tensor if isinstance(i, View) else i for i in held]
        records = any(isinstance(t, Tensor) and t.type.requires_grad for t in tensors)
        return None if records or node.args else base

    def _read_Attribute(self, node: ast.Attribute) -> Item:
        if node.attr == "data":
            found = self._method_detach(self.evaluate(node.value), ast.Call(node, [], []))
            if found is not None:
                return found
        return super()._read_Attribute(node)

    def _method_cpu(self, base: Item, node: ast.Call) -> Item | None:
        """What lies on the CPU is left there."""
        if not isinstance(base, (Tensor, View, *build.NODES)) or node.args or node.keywords:
            return None
        loads = scalar.loads(self.to_expression(base, node))
        on_cpu = all(self.arrays[x.array].type.device == "cpu" for x in loads)
        return base if on_cpu and loads else None
