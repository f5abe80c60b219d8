"""Tensors that an iteration makes and fills: one row of a private array for each iteration.

    for i in range(n):                           for i in range(n):
        row = torch.zeros(m)                         row[i, _d1] = 0
        for j in range(m):               is          for j in range(m):
            row[j] = x[i, j] * w[j]                      row[i, j] = x[i, j] * w[j]
        out[i] = row.softmax(0)                      out[i, :] = softmax of row[i, :]

(Array expansion: P. Feautrier, "Array expansion", ICS 1988; privatization: P. Tu and D. Padua,
"Automatic array privatization", LCPC 1993.)
"""

from __future__ import annotations

import ast

from deloop.frontend import expression as build
from deloop.frontend.items import Item, Point, View, Whole
from deloop.frontend.row_updates import RowUpdateReader
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import PRIVATE, Store
from deloop.ir.scalar import Expression
from deloop.ir.types import Tensor, TensorType
from deloop.text.trees import walk


class PrivateReader(RowUpdateReader):
    """A reader of names that hold a new tensor in each iteration, and are written into."""

    filled: frozenset[str] | None = None

    def bound_to(self, name: str, item: Item, node: ast.AST) -> Item:
        """The item, or its own array where elements of it are written later on."""
        if not self.loops or not isinstance(item, build.NODES):
            return item
        is_tensor = not build.is_number(item) and len(build.types_of(item)) == 1
        if not is_tensor or name not in self._names_filled():
            return item
        shape = self.row_shape(item, node)
        fixed = not any(set(size.symbols) & self.iterators for size in shape)
        if not shape or not fixed or Affine.number(1) in shape or not self._is_new(item):
            return item
        if self.changes_at_once(name, node):
            self.note_updated(name, item)
            return item
        if self.guards:
            return item
        return self._private(name, item, shape, node)

    def _names_filled(self) -> frozenset[str]:
        """Names of tensors of which loops write elements, or which they change by calls."""
        if self.filled is None:
            self.filled = frozenset(_filled_names(self.function.node))
        return self.filled

    def _is_new(self, item: Expression) -> bool:
        """Whether nobody else has the tensor, nor a gradient the values that were in it first."""
        if isinstance(item, scalar.Load) and item.array in self.numbers:
            return True
        is_copy = isinstance(item, scalar.Cast) and item.type == item.value.type
        if not is_copy and build.aliased_arrays(item):
            return False
        return is_copy or not any(t.type.requires_grad for t in self.arrays.values())

    def _private(
        self, name: str, value: Expression, shape: tuple[Affine, ...], node: ast.AST
    ) -> View:
        unique, count = name, 1
        while unique in self.arrays or (
            unique in self.used_symbols and unique not in self.environment
        ):
            count += 1
            unique = f"{name}_{count}"
        iterators = [Affine.symbol(loop.iterator) for loop in self.loops]
        dtype = build.types_of(value)[0].dtype
        sizes = (*(Affine() for _ in iterators), *shape)
        tensor = Tensor(
            unique, TensorType(dtype, sizes, self._device_of_row(value)), f"{PRIVATE}{unique}",
            fresh=True,
        )  # fmt: skip
        self.arrays[unique] = tensor
        self.locals.add(unique)
        wholes = [Whole(Affine(), size) for size in shape]
        view = View(tensor, (*map(Point, iterators), *wholes))
        value, subscripts, implicit = self._align(view, value, node)
        self.out.append(Store(unique, subscripts, value, dtype, self.place(node), implicit))
        return view

    def _device_of_row(self, value: Expression) -> str:
        devices = {self.arrays[load.array].type.device for load in scalar.loads(value)}
        return min(devices - {"cpu"}, default="cpu")


def _filled_names(node: ast.AST) -> set[str]:
    found: set[str] = set()
    loops = [n for n in walk(node) if isinstance(n, (ast.For, ast.While))]
    for inner in (n for loop in loops for n in walk(loop)):
        match inner:
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                found.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=word)):
                if word.endswith("_") and not word.endswith("__"):
                    found.add(name)
    return found
