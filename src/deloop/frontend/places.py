"""Where a mask is true, as an index: ``ids = torch.nonzero(labels == c).squeeze(1)``.

``x[ids]`` is ``x[labels == c]``, and how many there are is the sum of the mask.
"""

from __future__ import annotations

import ast

from deloop.dtype import Rank
from deloop.frontend import expression as build
from deloop.frontend.items import Item, Places, Tuple
from deloop.frontend.library import LibraryReader
from deloop.frontend.selections import left_out_of
from deloop.ir import rows
from deloop.ir.affine import Affine
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.types import Integer, Literal

_ONE = Affine.number(1)
_COUNT = ElementType("int64", Rank.SCALAR)


class PlaceReader(LibraryReader):
    """A reader of the places at which a mask is true."""

    def _call_torch_nonzero(self, node: ast.Call) -> Item | None:
        return self._places(node.args[0], node) if len(node.args) == 1 else None

    def _call_torch_where(self, node: ast.Call) -> Item | None:
        if len(node.args) != 1 or node.keywords:
            return None
        found = self._mask_of(self.evaluate(node.args[0]), node)
        return None if found is None else self._along_each(found, node)

    def _method_nonzero(self, base: Item, node: ast.Call) -> Item | None:
        return self._places(base, node) if not node.args else None

    def _places(self, given: ast.expr | Item, node: ast.Call) -> Item | None:
        """A row of places, or a column of them, which is what ``nonzero`` gives by itself."""
        flags = [k for k in node.keywords if k.arg == "as_tuple"]
        if len(flags) != len(node.keywords):
            return None
        wanted = self.evaluate(flags[0].value) if flags else Literal(False)
        item = self.evaluate(given) if isinstance(given, ast.expr) else given
        found = self._mask_of(item, node)
        if found is None or not isinstance(wanted, Literal):
            return None
        if wanted.value is True:
            return self._along_each(found, node)
        return Places(found.mask, is_column=True)

    def _along_each(self, found: Places, node: ast.AST) -> Tuple:
        """``ys, xs = torch.where(mask)``: the places along each dimension of a mask."""
        rank = len(self.row_shape(found.mask, node))
        if rank == 1:
            return Tuple((found,))
        return Tuple(tuple(self.places_along(found.mask, k, node) for k in range(rank)))

    def places_along(self, mask: Expression, place: int, node: ast.AST) -> Expression:
        """The places along one dimension, as a row of numbers of which the mask chooses."""
        sizes = self.row_shape(mask, node)
        counted = self.counted(sizes[place], node)
        row = rows.moved(counted, {"_d1": rows.dimension(len(sizes) - place)}, {}, set())
        for k, size in enumerate(sizes):
            if k != place:
                row = self._with_dimension(row, len(sizes) - k, size, node)
        return left_out_of(mask, row)

    def _place_at(self, base: Places, is_first: bool, node: ast.AST) -> Expression | None:
        """``ids[0]``, the first place of a row, ``ids[-1]``, the last; of a column, a row."""
        if len(self.row_shape(base.mask, node)) > 1:
            return None
        row = self.places_along(base.mask, 0, node)
        found = self.reduced("amin" if is_first else "amax", row, node, None, False, _COUNT)
        return self.unsqueezed(found, 0, node) if base.is_column else found

    def counted(self, size: Affine, node: ast.AST) -> Expression:
        """``torch.arange(size)`` as a row; a reader of tensors that are made knows."""
        self.unsupported(node, f"the places of {ast.unparse(node)} are not read yet", "VEC916")

    def _mask_of(self, item: Item, node: ast.Call) -> Places | None:
        """The places of an iteration's row of bools; None for anything else."""
        mask = self.to_expression(item, node) if self.scope_iterators else None
        is_mask = mask is not None and mask.type == ElementType("bool", Rank.TENSOR)
        if mask is None or not is_mask or len(build.types_of(mask)) > 1:
            return None
        sizes = self.row_shape(mask, node)
        return Places(mask) if len(sizes) == 1 or _ONE not in sizes else None

    def _method(self, base: Item, node: ast.Call, func: ast.Attribute) -> Item:
        if isinstance(base, Places):
            found = self._of_places(base, func.attr, [self.evaluate(a) for a in node.args], node)
            if found is not None and not node.keywords:
                return found
            if not base.is_column:
                return super()._method(self.places_along(base.mask, 0, node), node, func)
            self.unsupported(node, f"{ast.unparse(node)} of places is not read yet", "VEC916")
        return super()._method(base, node, func)

    def _of_places(
        self, base: Places, word: str, given: list[Item], node: ast.Call
    ) -> Item | None:
        last, first = Integer(Affine.number(-1)), Integer(Affine())
        if base.is_column and len(self.row_shape(base.mask, node)) > 1:
            return None
        if base.is_column:
            is_row = (word == "squeeze" and given in ([last], [Integer(Affine.number(1))])) or (
                word in ("flatten", "ravel") and not given
            )
            is_row |= word in ("view", "reshape") and given == [last]
            return Places(base.mask) if is_row else None
        if (word in ("numel", "nelement") and not given) or (word == "size" and given == [first]):
            return self.count_of(base, node)
        return None

    def count_of(self, places: Places, node: ast.AST) -> Item:
        """How many places there are, a Python int."""
        kind = ElementType("int64", Rank.TENSOR)
        total = self.reduced("sum", build.cast(places.mask, kind), node, None, False, _COUNT)
        return build.cast(total, build.INT)

    def _call_builtins_len(self, node: ast.Call) -> Item:
        item = self.evaluate(node.args[0]) if node.args else None
        if isinstance(item, Places):
            return self.count_of(item, node)
        return super()._call_builtins_len(node)

    def _read_Attribute(self, node: ast.Attribute) -> Item:
        if node.attr == "shape":
            base = self.evaluate(node.value)
            if isinstance(base, Places) and not base.is_column:
                return Tuple((self.count_of(base, node),))
        return super()._read_Attribute(node)

    def _read_Subscript(self, node: ast.Subscript) -> Item:
        """``torch.nonzero(mask)[:, 0]``."""
        match node.slice:
            case ast.Tuple(elts=[ast.Slice(None, None, None), ast.Constant(value=int(k))]):
                base = self.evaluate(node.value)
                if isinstance(base, Places) and base.is_column:
                    found = self._along_each(Places(base.mask), node).items
                    if 0 <= k < len(found):
                        return found[k]
            case ast.Constant(value=0) | ast.UnaryOp(ast.USub(), ast.Constant(value=1)):
                base = self.evaluate(node.value)
                if isinstance(base, Places):
                    found_at = self._place_at(base, isinstance(node.slice, ast.Constant), node)
                    if found_at is not None:
                        return found_at
        return super()._read_Subscript(node)
