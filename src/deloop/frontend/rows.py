"""Operations on whole rows: reductions of them, and products of rows and matrices.

``x[i].sum()`` is ``sum over _r1 of x[i, _r1]``; ``W @ x[i]`` is a sum of products likewise, so that
all that is known of reductions and contractions holds for them.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.apply import ApplyReader
from deloop.frontend.items import Item, Tuple, View, Whole, whole
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, at_least, equal
from deloop.ir.axis import Axis
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.types import Tensor, TensorType
from deloop.ops.reductions import find_reduction

_ONE = Affine.number(1)
_PARTS = frozenset(
    {"Q", "R", "U", "S", "Vh", "sign", "logabsdet", "eigenvalues", "eigenvectors"}
)


class RowReader(ApplyReader):
    """A reader that combines the elements of rows."""

    # ------------------------------------------------------------------ shapes
    def row_shape(self, value: Expression, node: ast.AST) -> tuple[Affine, ...]:
        """The sizes of a row; its operands must agree, or have size 1."""
        found: list[Affine] = []
        for sizes in rows.shape(value):
            for other in sizes[1:]:
                if other != _ONE:
                    text = f"the rows of {ast.unparse(node)} have one length"
                    self.require(equal(other, sizes[0]), node, text)
            found.append(sizes[0])
        return tuple(found)

    def _plain_row(self, value: Expression, node: ast.AST) -> Expression:
        """The value, which must be of one type and no Python number."""
        if len(build.types_of(value)) != 1:
            self.unsupported(node, f"{ast.unparse(node)} of one of two types", "VEC924")
        if value.type.rank is Rank.NUMBER:
            self.unsupported(
                node, f"{ast.unparse(node)} raises: a Python number is no tensor", "VEC911"
            )
        return value

    def somewhere(self, condition: Expression, node: ast.AST) -> Expression:
        """``isinf(x[i, _d1])   ->   any over _r1 of isinf(x[i, _r1])``"""
        if condition.type.rank is not Rank.TENSOR:
            return condition
        return self.reduced("any", condition, node, None, False, ElementType("bool", Rank.SCALAR))

    def require_elements(self, size: Affine, node: ast.AST) -> None:
        """Ask that a dimension is not empty: PyTorch raises where nothing is to be combined."""
        self.require(at_least(size, 1), node, f"{ast.unparse(node)} has elements")

    def require_same_size(self, size: Affine, other: Affine, node: ast.AST) -> None:
        """Ask that two dimensions are equally long."""
        if size != other:
            self.require(equal(size, other), node, f"{ast.unparse(node)} has rows of one length")

    # ------------------------------------------------------------------ reductions
    def reduced(
        self,
        kind: str,
        value: Expression,
        node: ast.AST,
        dims: Sequence[int] | None,
        keepdim: bool,
        result: ElementType,
        spelling: str = "",
        options: tuple[tuple[str, Expression], ...] = (),
    ) -> Expression:
        """A row combined along `dims` (all of them for None), in the dtype of `result`.

        ``x[i, _d2, _d1]`` along dimension 1 is ``kind over _r1 of x[i, _d1, _r1]``.
        """
        value = self._plain_row(value, node)
        sizes = self.row_shape(value, node)
        rank = len(sizes)
        chosen = self._positions(dims, rank, node)
        is_plain = kind == "mean" and result.dtype in ("float32", "float64")
        if is_plain and any(set(sizes[k].symbols) & self.iterators for k in chosen):
            total = self.reduced("sum", value, node, dims, keepdim, result)
            for k in chosen:  # ``x[:t + 1].mean(0)``
                total = build.binary("Div", total, build.integer(sizes[k]), self.place(node))
            return total
        reduction = find_reduction(kind)
        level = rows.depth(value) + 1
        bound: dict[str, Affine] = {}
        names: dict[str, str] = {}
        axes: list[Axis] = []
        kept: list[tuple[str, Affine]] = []
        left = rank if keepdim or reduction.keeps_axis else rank - len(chosen)
        ends = left
        for position, size in enumerate(sizes):
            old = rows.dimension(rank - position)
            if position not in chosen:
                names[old] = rows.dimension(left)
                left -= 1
                continue
            if keepdim or reduction.keeps_axis:
                kept.append((rows.dimension(left), size if reduction.keeps_axis else _ONE))
                left -= 1
            if reduction.needs_values:
                self.require_elements(size, node)
            unique = f"_r{level}" if len(chosen) == 1 else f"_r{level}_{len(axes) + 1}"
            if size != _ONE:
                bound[old] = Affine.symbol(unique)
            axes.append(Axis(unique, Affine(), size))
        kind_of = replace(result, rank=Rank.TENSOR if ends else Rank.SCALAR)
        inner = rows.moved(value, names, bound, {rows.dimension(rank - p) for p in chosen})
        long = tuple(axis for axis in axes if axis.upper != _ONE)
        if not long:
            return self._of_one(kind, inner, kind_of, node)
        at = Affine.symbol(kept[0][0]) if reduction.keeps_axis else None
        return scalar.Reduce(kind, inner, long, kind_of, tuple(kept), at, spelling, options)

    def _of_one(
        self, kind: str, value: Expression, result: ElementType, node: ast.AST
    ) -> Expression:
        """The combination of one element alone: of a 0-d tensor, or of dimensions of size 1."""
        if kind in ("any", "all"):
            if result.rank is Rank.TENSOR:
                self.unsupported(node, f"{ast.unparse(node)} of single elements", "VEC924")
            return build.truth(replace_rank(value, Rank.SCALAR), self.place(node))
        plain = kind in ("sum", "prod", "mean", "max", "min", "amax", "amin")
        if not plain or result.rank is Rank.TENSOR or value.type.rank is Rank.TENSOR:
            self.unsupported(node, f"{ast.unparse(node)} of a single element", "VEC924")
        return build.cast(value, result)

    def _positions(self, dims: Sequence[int] | None, rank: int, node: ast.AST) -> tuple[int, ...]:
        """Dimensions counted from the first, in order; those of a 0-d tensor are none."""
        if not dims:
            return tuple(range(rank))
        least = max(rank, 1)
        for d in dims:
            if not -least <= d < least:
                self.unsupported(
                    node, f"{ast.unparse(node)} raises: there are {rank} dimensions", "VEC911"
                )
        found = sorted({d % least for d in dims})
        if len(found) != len(dims):
            self.unsupported(node, f"{ast.unparse(node)} raises: a dimension twice", "VEC911")
        return tuple(found) if rank else ()

    # ------------------------------------------------------------------ products
    def matmul(self, left: Item, right: Item, node: ast.AST) -> Expression:
        """``A @ b``: a sum of products over the last dimension of one and the second last of two.

        ``A[_d2, _d1] @ b[_d1]   ->   sum over _r1 of A[_d1, _r1] * b[_r1]``
        """
        a = self._plain_row(self.to_expression(left, node), node)
        b = self._plain_row(self.to_expression(right, node), node)
        first, second = self.row_shape(a, node), self.row_shape(b, node)
        if not first or not second:
            self.unsupported(node, f"{ast.unparse(node)} raises: a 0-d operand", "VEC911")
        self._check_factors(a, b, node)
        rank_a, rank_b = len(first), len(second)
        size, other = first[-1], second[-2] if rank_b > 1 else second[-1]
        if size != other:
            self.require(equal(size, other), node, f"{ast.unparse(node)} fits")
        axis = f"_r{max(rows.depth(a), rows.depth(b)) + 1}"
        down = {rows.dimension(k): rows.dimension(k - 1) for k in range(3, max(rank_a, rank_b) + 1)}
        names_a: Mapping[str, str] = down | {"_d2": "_d1"} if rank_b == 1 else {}
        names_b: Mapping[str, str] = down if rank_a == 1 else {}
        a = self._factor(a, names_a, "_d1", axis, size)
        b = self._factor(b, names_b, "_d2" if rank_b > 1 else "_d1", axis, other)
        rank = Rank.SCALAR if rank_a == rank_b == 1 else Rank.TENSOR
        result = ElementType(a.type.dtype, rank)
        product = scalar.Call("mul", (a, b), ElementType(a.type.dtype, Rank.TENSOR))
        if size == other == _ONE:  # a column times a row; the sum of one is one added to 0
            product = scalar.Call("mul", (a, b), result)
            zero = build.cast(build.number(0), result)
            return scalar.Call("add", (zero, product), result)
        bound = Axis(axis, Affine(), size if size != _ONE else other)
        return scalar.Reduce("sum", product, (bound,), result, spelling="@")

    @staticmethod
    def _factor(
        value: Expression, names: Mapping[str, str], inner: str, axis: str, size: Affine
    ) -> Expression:
        bound = {inner: Affine.symbol(axis)} if size != _ONE else {}
        return rows.moved(value, {k: v for k, v in names.items() if k != inner}, bound, {inner})

    def _check_factors(self, a: Expression, b: Expression, node: ast.AST) -> None:
        if a.type.dtype != b.type.dtype:
            self.unsupported(
                node,
                f"{ast.unparse(node)} raises: a {a.type.dtype} meets a {b.type.dtype}",
                "VEC911",
            )
        if a.type.dtype == "bool":
            self.unsupported(node, f"{ast.unparse(node)} of bool is not read yet", "VEC924")

    def outer(self, left: Expression, right: Expression, node: ast.AST) -> Expression:
        """``torch.outer(a, b)``: each element of one times each of the other."""
        a, b = self._plain_row(left, node), self._plain_row(right, node)
        self.check_rank(a, 1, node)
        self.check_rank(b, 1, node)
        a = rows.moved(a, {"_d1": "_d2"}, {}, set())
        return build.binary("Mult", a, b, self.place(node))

    def transposed(self, value: Expression, order: Sequence[int], node: ast.AST) -> Expression:
        """The row with its dimensions in another order: ``order[k]`` is what becomes the k-th."""
        rank = len(self.row_shape(self._plain_row(value, node), node))
        names = {
            rows.dimension(rank - old): rows.dimension(rank - new) for new, old in enumerate(order)
        }
        return rows.moved(value, names, {}, set())

    def _read_Attribute(self, node: ast.Attribute) -> Item:
        if node.attr in ("T", "mT", "values", "indices", *_PARTS):
            base = self.evaluate(node.value)
            if isinstance(base, Tuple) and node.attr in base.names:
                return base.items[base.names.index(node.attr)]
            if isinstance(base, Tuple) and len(base.items) == 2 and node.attr not in ("T", "mT"):
                return base.items[node.attr == "indices"]
            flipped = self.flipped(base, node) if node.attr in ("T", "mT") else None
            if flipped is not None:
                return flipped
        return super()._read_Attribute(node)

    def flipped(self, base: Item, node: ast.AST) -> Item | None:
        """A matrix with its rows as columns; None for what is read elsewhere.

        A view stays one: ``x[b].T`` is row `b` of ``x.mT``, in the same memory.
        """
        if isinstance(base, Tensor) and base.type.rank == 2:
            return self.transposed_tensor(base)
        if isinstance(base, View) and base.rank == 2:
            *before, first, second = base.dimensions
            if isinstance(first, Whole) and isinstance(second, Whole):
                turned = self.transposed_tensor(base.tensor)
                return View(turned, (*before, second, first), base.unbound)
            return self._turned_part(base, (1, 0), node)
        if not isinstance(base, build.NODES) or base.type.rank is not Rank.TENSOR:
            return None
        if build.aliased_arrays(base) and not isinstance(base, (scalar.Load, scalar.Select)):
            return None  # a read stays one, and is known to be a part of a tensor
        if len(self.row_shape(base, node)) != 2:
            return None
        for array in build.aliased_arrays(base) if isinstance(base, scalar.Select) else ():
            self.note_snapshot(array, node)
        return self.transposed(base, (1, 0), node)

    def _turned_part(self, view: View, order: Sequence[int], node: ast.AST) -> Expression:
        """``x[b, :, h].T``: what is read of it; a loop that writes the tensor stays."""
        self.note_snapshot(view.tensor.name, node)
        return self.transposed(self.load(view, node), order, node)

    def note_snapshot(self, array: str, node: ast.AST) -> None:
        """Note that a value may be memory of a tensor; a reader of loops sees to it."""

    def permuted(self, base: Item, order: Sequence[int], node: ast.AST) -> Item | None:
        """A row with its dimensions in another order, a view of it where it is one.

        ``x[b].permute(1, 2, 0)`` is row `b` of ``x.permute(0, 2, 3, 1)``.
        """
        if isinstance(base, (View, Tensor)):
            view = whole(base) if isinstance(base, Tensor) else base
            lead = len(view.dimensions) - view.rank
            rest = view.dimensions[lead:]
            if not all(isinstance(d, Whole) for d in rest):
                return self._turned_part(view, order, node)
            old = view.tensor
            kind, places = old.type, [*range(lead), *(lead + k for k in order)]
            moved = [k for k, place in enumerate(places) if k != place]
            text = f"permute({', '.join(map(str, places))})"
            if len(moved) == 2:
                text = f"transpose({moved[0]}, {moved[1]})"
            if moved == [len(places) - 2, len(places) - 1]:
                text = "mT"
            shape = tuple(kind.shape[k] for k in places)
            made = TensorType(kind.dtype, shape, kind.device, kind.requires_grad, False)
            tensor = Tensor(f"{old.name}.{text}", made, old.storage)
            dimensions = (*view.dimensions[:lead], *(rest[k] for k in order))
            return View(tensor, dimensions, view.unbound)
        if not isinstance(base, build.NODES):
            return None
        if build.aliased_arrays(base) and not isinstance(base, scalar.Load):
            return None
        return self.transposed(base, order, node)

    @staticmethod
    def transposed_tensor(base: Tensor) -> Tensor:
        """The tensor whose last two dimensions are the other way round, in the same memory."""
        kind, word = base.type, "T" if base.type.rank == 2 else "mT"
        *before, first, second = kind.shape
        turned = TensorType(
            kind.dtype, (*before, second, first), kind.device, kind.requires_grad, False
        )
        return Tensor(f"{base.name}.{word}", turned, base.storage)

    def part(self, value: Expression, node: ast.Subscript) -> Item:
        """``(A @ x[i])[k]``: the value with its dimensions put at the places that are taken.

        ``y[i, _d1][k] -> y[i, k]``; ``y[i, _d1][1:] -> y[i, _d1 + 1]``
        """
        if build.aliased_arrays(value):
            self.unsupported(node, f"{ast.unparse(node)} may be a part of a tensor in memory")
        sizes = self.row_shape(self._plain_row(value, node), node)
        rank = len(sizes)
        entries = self._full_entries(self.index_entries(node.slice), rank, node)
        left = sum(isinstance(e, ast.Slice) for e in entries)
        rest = left
        names: dict[str, str] = {}
        bound: dict[str, Affine] = {}
        lengths: dict[str, Affine] = {}
        gone: set[str] = set()
        for position, (entry, size) in enumerate(zip(entries, sizes, strict=True)):
            old = rows.dimension(rank - position)
            if isinstance(entry, ast.Slice):
                taken = self.take_slice(Whole(Affine(), size), entry)
                names[old] = rows.dimension(rest)
                bound[old] = taken.at(Affine.symbol(rows.dimension(rest)))
                lengths[old] = taken.extent
                if size == _ONE:
                    if taken.extent != _ONE:
                        self.unsupported(node, f"{ast.unparse(node)} of a row of size 1")
                    bound[old] = Affine.symbol(rows.dimension(rest))
                rest -= 1
            else:
                gone.add(old)
                place = self._place_in(entry, size, node)
                if isinstance(place, Affine):
                    bound[old] = place
                    continue
                found = rows.looked_up(value, old, place, self._takes_all)
                if found is None:
                    self.unsupported(node, f"{ast.unparse(node)} looks up a part of a row")
                value = found
        shorter = rows.resized(value, lengths)
        taken_part = rows.moved(shorter, names, bound, gone)
        return taken_part if left else replace_rank(taken_part, Rank.SCALAR)

    def unpack(self, item: Item, count: int | None, node: ast.AST) -> list[Item]:
        """As every reader's; ``i, j = (p * res).long()`` takes the places of a computed row."""
        is_row = isinstance(item, build.NODES) and item.type.rank is Rank.TENSOR
        if not is_row or count is None or not isinstance(item, build.NODES):
            return super().unpack(item, count, node)
        sizes = self.row_shape(self._plain_row(item, node), node)
        if len(sizes) != 1 or build.aliased_arrays(item):
            return super().unpack(item, count, node)
        self.require(equal(sizes[0], count), node, f"{ast.unparse(node)} has {count} parts")
        first = rows.dimension(1)
        return [
            replace_rank(rows.moved(item, {}, {first: Affine.number(k)}, {first}), Rank.SCALAR)
            for k in range(count)
        ]

    def _full_entries(
        self, entries: Sequence[ast.expr | Item], rank: int, node: ast.Subscript
    ) -> list[ast.expr | Item]:
        """One entry a dimension, ``...`` written out."""
        full: list[ast.expr | Item] = []
        for entry in entries:
            if isinstance(entry, ast.Constant) and entry.value is Ellipsis:
                full.extend([ast.Slice()] * (rank - len(entries) + 1))
            else:
                full.append(entry)
        if len(full) > rank:
            self.unsupported(
                node, f"{ast.unparse(node)} has more subscripts than dimensions", "VEC915"
            )
        return [*full, *[ast.Slice()] * (rank - len(full))]

    def _place_in(
        self, entry: ast.expr | Item, size: Affine, node: ast.Subscript
    ) -> scalar.Subscript:
        """The place that an index means; where it is an int, it must be within the row."""
        item = self.evaluate(entry) if isinstance(entry, ast.expr) else entry
        place = self.point(Whole(Affine(), size), item, node)
        if isinstance(place, Affine):
            reason = f"{ast.unparse(node)} is within its row"
            self.require(at_least(place, 0), node, reason)
            self.require(at_least(size - 1, place), node, reason)
        elif place.type.rank is Rank.TENSOR:
            self.unsupported(node, f"{ast.unparse(node)} is indexed by a whole tensor", "VEC916")
        return place

    def _takes_all(self, load: scalar.Load, position: int) -> bool:
        """Whether a read takes all of a dimension, so that an index means the same in both."""
        sizes = dict(load.implicit)
        subscript = load.subscripts[position]
        assert isinstance(subscript, Affine)
        return self.arrays[load.array].type.shape[position] == sizes[subscript.symbols[0]]

    def check_rank(self, value: Expression, rank: int, node: ast.AST) -> None:
        """Refuse where the row has not as many dimensions as the call takes."""
        if len(self.row_shape(value, node)) != rank:
            self.unsupported(
                node, f"{ast.unparse(node)} raises: it takes {rank} dimensions", "VEC911"
            )

    def binary(self, name: str, left: Item, right: Item, node: ast.AST) -> Item:
        """A Python binary operator; ``@`` is a sum of products."""
        if name == "MatMult":
            return self.matmul(left, right, node)
        return super().binary(name, left, right, node)


def replace_rank(value: Expression, rank: Rank) -> Expression:
    """The value as if it had another rank; nothing else about it changes."""
    return scalar.Cast(value, replace(value.type, rank=rank)) if value.type.rank != rank else value


def is_floating(value: Expression) -> bool:
    """Whether the value is of a real floating dtype."""
    return category(value.type.dtype) == "float"
