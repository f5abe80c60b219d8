"""`torch.chunk` and `torch.split`: a row or a tensor cut into equal pieces."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from deloop.frontend import expression as build
from deloop.frontend.items import Item, Tuple, View, Whole, whole
from deloop.frontend.row_calls import RowCallReader
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, at_least, equal
from deloop.ir.types import Integer, Sequence, Tensor

_WORDS = {"chunk": "chunks", "split": "split_size_or_sections"}


@dataclass(frozen=True)
class Cut:
    """What is cut, along which dimension, into how many pieces of which length."""

    base: Item
    dim: int
    count: Affine
    length: Affine
    spelled: str = ""
    """The sizes of the two dimensions that the cut one becomes, as ``unflatten`` takes them."""


class PieceReader(RowCallReader):
    """A reader of calls that cut."""

    def _call_torch_chunk(self, node: ast.Call) -> Item:
        return self._pieces(self.evaluate(node.args[0]), node, node.args[1:], "chunk")

    def _call_torch_split(self, node: ast.Call) -> Item:
        return self._pieces(self.evaluate(node.args[0]), node, node.args[1:], "split")

    def _method_chunk(self, base: Item, node: ast.Call) -> Item | None:
        return self._pieces(base, node, node.args, "chunk")

    def _method_split(self, base: Item, node: ast.Call) -> Item | None:
        return self._pieces(base, node, node.args, "split")

    def _pieces(self, base: Item, node: ast.Call, given: list[ast.expr], word: str) -> Item:
        """The pieces as a tuple, where it is known how many they are."""
        lengths = self._lengths(base, node, given, word)
        if lengths is None:
            cut = self._cut(base, node, given, word)
            if not cut.count.is_constant:
                self.unsupported(
                    node, f"how many pieces {ast.unparse(node)} makes is not known", "VEC924"
                )
            lengths = cut.dim, [cut.length] * cut.count.constant
        dim, sizes = lengths
        found: list[Item] = []
        start = Affine()
        for size in sizes:
            found.append(self._piece(base, dim, start, size, node))
            start = start + size
        return Tuple(tuple(found))

    def _lengths(
        self, base: Item, node: ast.Call, given: list[ast.expr], word: str
    ) -> tuple[int, list[Affine]] | None:
        """The lengths where `split` is given each of them."""
        if word != "split" or not given:
            return None
        item = self.evaluate(given[0])
        if not isinstance(item, (Sequence, Tuple)):
            return None
        sizes = [i.affine for i in item.items if isinstance(i, Integer)]
        shape = self._shape_of(base, node)
        dim = self._dimension(shape, node, given)
        total = sum(sizes[1:], sizes[0]) if sizes else Affine()
        if len(sizes) != len(item.items) or not sizes:
            self.refuse_row(node)
        self.require(equal(total, shape[dim]), node, f"the parts of {ast.unparse(node)} add up")
        for size in sizes:
            self.require(at_least(size, 0), node, f"no part of {ast.unparse(node)} is negative")
        return dim, sizes

    def _shape_of(self, base: Item, node: ast.AST) -> tuple[Affine, ...]:
        match base:
            case Tensor():
                return base.type.shape
            case View():
                return base.sizes
        return self.row_shape(self.to_expression(base, node), node)

    def _dimension(
        self, shape: tuple[Affine, ...], node: ast.Call, given: list[ast.expr]
    ) -> int:
        places = [*given[1:], *(k.value for k in node.keywords if k.arg == "dim")]
        place = self._constant(places[0]) if places else 0
        if not -len(shape) <= place < len(shape):
            self.unsupported(node, f"{ast.unparse(node)} raises: no such dimension", "VEC911")
        return place % len(shape)

    def _cut(self, base: Item, node: ast.Call, given: list[ast.expr], word: str) -> Cut:
        """Equal pieces; where the last one would be shorter the loop stays."""
        named = {k.arg: k.value for k in node.keywords}
        if set(named) - {"dim", _WORDS[word], "input", "tensor"} or len(given) > 2:
            self.refuse_row(node)
        if not given and _WORDS[word] in named:
            given = [named[_WORDS[word]]]
        if not given:
            self.refuse_row(node)
        item = self.evaluate(given[0])
        if not isinstance(item, Integer):
            self.refuse_row(node)
        shape = self._shape_of(base, node)
        dim = self._dimension(shape, node, given)
        size, number = shape[dim], item.affine
        if set(size.symbols) & self.iterators or set(number.symbols) & self.iterators:
            self.refuse_row(node)
        other = self._quotient(size, number)
        reason = f"the pieces of {ast.unparse(node)} are of one length"
        self.require(equal(self._times(other, number), size), node, reason)
        for least in (size, number):
            self.require(at_least(least, 1), node, reason)
        text = str(number)
        if word == "chunk":
            return Cut(base, dim, number, other, f"({text}, -1)")
        return Cut(base, dim, other, number, f"(-1, {text})")

    @staticmethod
    def _quotient(size: Affine, number: Affine) -> Affine:
        if size.is_constant and number.is_constant and number.constant > 0:
            return Affine.number(size.constant // number.constant)
        return Affine.symbol(f"{_atom(size)} // {_atom(number)}")

    @staticmethod
    def _times(first: Affine, second: Affine) -> Affine:
        if first.is_constant or second.is_constant:
            return first * second.constant if second.is_constant else second * first.constant
        return Affine.symbol(f"{_atom(first)} * {_atom(second)}")

    def _piece(self, base: Item, dim: int, start: Affine, size: Affine, node: ast.AST) -> Item:
        view = whole(base) if isinstance(base, Tensor) else base
        if isinstance(view, View):
            places = [k for k, d in enumerate(view.dimensions) if isinstance(d, Whole)]
            dimensions = list(view.dimensions)
            old = dimensions[places[dim]]
            assert isinstance(old, Whole)
            dimensions[places[dim]] = Whole(old.at(start), size, old.step)
            return View(view.tensor, tuple(dimensions), unbound=True)
        value = self.to_expression(base, node)
        if build.aliased_arrays(value):
            self.unsupported(node, f"{ast.unparse(node)} may be a part of a tensor in memory")
        name = rows.dimension(len(self.row_shape(value, node)) - dim)
        moved = {name: Affine.symbol(name) + start}
        return scalar.substitute_symbols(rows.resized(value, {name: size}), moved)

    # ------------------------------------------------------------------ iterated
    def cut_of(self, node: ast.expr) -> Cut | None:
        """What ``for piece in torch.chunk(x, n)`` goes over; None for any other iterable."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return None
        word = node.func.attr
        if word not in ("chunk", "split"):
            return None
        owner = self.evaluate(node.func.value)
        given = list(node.args)
        if not isinstance(owner, Tensor):
            named = [k.value for k in node.keywords if k.arg in ("input", "tensor")]
            owner = self.evaluate(given.pop(0) if given else named[0]) if given or named else owner
        if not isinstance(owner, Tensor):
            return None
        if given and isinstance(self.evaluate(given[0]), (Sequence, Tuple)):
            return None
        return self._cut(owner, node, given, word)

    @staticmethod
    def unflattened(cut: Cut) -> Tensor:
        """``torch.chunk(x, n)`` as ``x.unflatten(0, (n, -1))``, in the same memory."""
        assert isinstance(cut.base, Tensor)
        kind = cut.base.type
        shape = (*kind.shape[: cut.dim], cut.count, cut.length, *kind.shape[cut.dim + 1 :])
        name = f"{cut.base.name}.unflatten({cut.dim}, {cut.spelled})"
        return replace(cut.base, name=name, fill=None, fresh=False,
                       type=replace(kind, shape=shape, leaf=False))  # fmt: skip


def _atom(affine: Affine) -> str:
    text = str(affine)
    return text if text.isidentifier() or affine.is_constant or _is_size(text) else f"({text})"


def _is_size(text: str) -> bool:
    return text.endswith("]") and " " not in text
