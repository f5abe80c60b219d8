"""Parts of rows that data chooses: ``x[labels == c]``, ``x[i, :lengths[i]]``.

How many elements there are is known at run time alone, so the part is kept as the whole row under a
mask, ``select(mask, x, left out)``, until something combines its elements:
``x[i, :n].sum()   ->   sum over t of select(t < n, x[i, t], 0)``.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from typing import NoReturn

from deloop.dtype import Rank, category
from deloop.errors import RefusalError
from deloop.frontend import expression as build
from deloop.frontend.data_windows import Window, WindowReader
from deloop.frontend.items import Item, Places, Tuple, View
from deloop.frontend.needless_conditions import asks_for_some
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.types import Integer, Tensor
from deloop.ops.reductions import neutral_of

_LEFT_OUT = "_left_out"
_ONE = Affine.number(1)
_MASK = ElementType("bool", Rank.TENSOR)
_COUNT = ElementType("int64", Rank.SCALAR)
_KEPT = {"softmax": float("-inf"), "log_softmax": float("-inf"), "cumsum": 0}
_ALONG = frozenset({"softmax", "log_softmax", "normalize"})
_EXTREMES = {"amax": "max", "amin": "min", "first_max": "max", "first_min": "min",
             "argmax": "max", "argmin": "min"}  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """A row of which a mask chooses a part: all of it, the mask, and the mask's dimensions."""

    row: Expression
    mask: Expression
    dimensions: frozenset[str]


@dataclass(frozen=True)
class _Entry:
    """The entry of a subscript that chooses by data: a slice, or a mask of `rank` dimensions."""

    place: int
    given: ast.Slice | Expression
    rank: int


class SelectionReader(WindowReader):
    """A reader of rows of which data chooses a part."""

    # ------------------------------------------------------------------ subscripts
    def index(
        self, view: View, entries: Items[ast.expr | Item], node: ast.AST
    ) -> View | Expression:
        """As every reader's; the whole row under a mask where data says how much of it is meant."""
        plain: list[ast.expr | Item] = []
        chosen: list[_Entry] = []
        if not is_target(node) and (part := self._from_data(view, entries, node)) is not None:
            return part
        for entry in entries:
            found = self._choosing(entry, len(plain), is_target(node))
            if isinstance(found, _Entry):
                chosen.append(found)
                plain.extend([ast.Slice()] * found.rank)
            else:
                plain.append(found)
        if not chosen:
            return super().index(view, plain, node)
        base = super().index(view, plain, node)
        is_block = all(isinstance(e.given, ast.Slice) for e in chosen)
        if (len(chosen) > 1 and not is_block) or not isinstance(base, View):
            self.unsupported(node, f"{ast.unparse(node)} selects in two dimensions", "VEC916")
        self.note_part(base, node)
        skipped = view.rank - sum(not _is_dots(e) for e in plain)
        parts: list[Expression] = []
        windows: dict[str, Window] = {}
        for entry_ in chosen:
            before = [e for e in plain[: entry_.place] if isinstance(e, ast.Slice) or _is_dots(e)]
            place = len(before) + (skipped - 1 if any(map(_is_dots, before)) else 0)
            parts.append(self._under_mask(base, entry_, place, node))
            window = self.window_of(entry_.given) if isinstance(entry_.given, ast.Slice) else None
            if window is not None:
                windows[rows.dimension(base.rank - place)] = window
        part = parts[0]
        for other in parts[1:]:  # a block: both of its slices choose
            assert isinstance(part, scalar.Select) and isinstance(other, scalar.Select)
            part = replace(part, condition=build.both(part.condition, other.condition))
        if is_target(node) and len(windows) == len(chosen):
            assert isinstance(part, scalar.Select)
            self.windows_filled[part.condition] = windows
        return part

    def _from_data(
        self, view: View, entries: Items[ast.expr | Item], node: ast.AST
    ) -> Expression | None:
        """The part that slices take from where data says, of lengths that are known."""
        found: dict[int, Window] = {}
        rest: list[ast.expr | Item] = []
        for entry in entries:
            window = self.window_of(entry) if isinstance(entry, ast.Slice) else None
            if window is not None:
                found[len(rest)] = window
            rest.append(entry if window is None else ast.Slice())
        if not found or any(map(_is_dots, rest)):
            return None
        base = super().index(view, rest, node)
        if not isinstance(base, View):
            return None
        gone = [k for k, entry in enumerate(rest) if not isinstance(entry, ast.Slice)]
        windows = {k - sum(g < k for g in gone): w for k, w in found.items()}
        return self.take_windows(base, windows, node)

    def _choosing(
        self, entry: ast.expr | Item, place: int, for_store: bool
    ) -> _Entry | ast.expr | Item:
        """What an entry of a subscript chooses by data; any other entry as it is."""
        if isinstance(entry, ast.Slice):
            ends = [e for e in (entry.lower, entry.upper) if e is not None]
            by_data = entry.step is None and any(
                self.length_of(e) is not None or (for_store and self._clamped_end(e) is not None)
                for e in ends
            )
            return _Entry(place, entry, 1) if by_data else entry
        if isinstance(entry, ast.expr):
            if _is_dots(entry) or (isinstance(entry, ast.Constant) and entry.value is None):
                return entry
            entry = self.evaluate(entry)
        if isinstance(entry, Places) and not entry.is_column:
            return _Entry(place, entry.mask, 1)
        if not isinstance(entry, (Tensor, View, *build.NODES)):
            return entry
        mask = self.to_expression(entry, ast.Slice())
        if mask.type != _MASK or len(build.types_of(mask)) > 1:
            return entry
        return _Entry(place, mask, len(rows.shape(mask)))

    def _clamped_end(self, node: ast.expr) -> Expression | None:
        """The greatest or least of ints that move with an iteration: ``max(0, i - w)``."""
        try:
            item = self.evaluate(node)
        except RefusalError:
            return None
        if not isinstance(item, scalar.Select) or item.type.rank is not Rank.NUMBER:
            return None
        return item if category(item.type.dtype) == "int" else None

    def part(self, value: Expression, node: ast.Subscript) -> Item:
        """As every reader's; the whole row under a mask that chooses of it."""
        entries = self.index_entries(node.slice)
        found = self._choosing(entries[0], 0, False) if len(entries) == 1 else None
        if not isinstance(found, _Entry) or not isinstance(found.given, build.NODES):
            return super().part(value, node)
        sizes = self.row_shape(self._plain_row(value, node), node)
        if found.rank not in (1, len(sizes)):
            self.unsupported(node, f"{ast.unparse(node)} selects in two dimensions", "VEC916")
        return left_out_of(self._mask_over(found, sizes, node), value)

    def _mask_over(self, entry: _Entry, sizes: Items[Affine], node: ast.AST) -> Expression:
        """The mask of an entry at the first of a row's dimensions that are left."""
        assert not isinstance(entry.given, ast.Slice)
        mask = self._plain_row(entry.given, node)
        for mine, theirs in zip(self.row_shape(mask, node), sizes, strict=False):
            self.require_same_size(mine, theirs, node)
        behind = len(sizes) - entry.rank
        names = {rows.dimension(k): rows.dimension(k + behind) for k in range(1, entry.rank + 1)}
        return rows.moved(mask, names, {}, set())

    def _under_mask(self, base: View, entry: _Entry, place: int, node: ast.AST) -> Expression:
        """``x[i, :n]   ->   select(_d1 < n, x[i, _d1], left out)``"""
        row = self.load(base, node)
        first = base.rank - place
        if isinstance(entry.given, ast.Slice):
            extent = base.sizes[place]
            mask = self._within(entry.given, rows.dimension(first), extent, node)
        else:
            mask = self._mask_over(entry, base.sizes[place:], node)
        if entry.rank != 1 and entry.rank != base.rank and not is_target(node):
            self.unsupported(node, f"{ast.unparse(node)} selects in two dimensions", "VEC916")
        return left_out_of(mask, row)

    def _within(self, given: ast.Slice, name: str, extent: Affine, node: ast.AST) -> Expression:
        """Where a dimension's own index lies within a slice, asked to clamp and wrap nothing."""
        place = self.place(node)
        at: Expression = build.integer(Affine() if extent == _ONE else Affine.symbol(name))
        ends: list[Expression] = []
        for end in (given.lower, given.upper):
            if end is not None:
                ends.append(self._end(end, extent, node))
        if given.lower is not None and given.upper is not None:
            reason = f"{ast.unparse(given.lower)} is at most {ast.unparse(given.upper)}"
            self.require_data(build.compare("LtE", ends[0], ends[1], place), place, reason)
        tests = []
        if given.lower is not None:
            tests.append(build.compare("GtE", at, ends[0], place))
        if given.upper is not None:
            tests.append(build.compare("Lt", at, ends[-1], place))
        return tests[0] if len(tests) == 1 else build.both(tests[0], tests[1])

    def _end(self, end: ast.expr, extent: Affine, node: ast.AST) -> Expression:
        """A bound of a slice: an int between none and all of the dimension's elements."""
        place, text = self.place(node), ast.unparse(end)
        item = self.evaluate(end)
        if isinstance(item, Integer):
            for constraint in (at_least(item.affine, 0), at_least(extent, item.affine)):
                self.require(constraint, node, f"{text} is within {ast.unparse(node)}")
            return build.integer(item.affine)
        value = self.length_of(end) or self._clamped_end(end)
        if value is None:
            self.unsupported(
                end, f"the slice bound {text} is not an int known before", "VEC916"
            )
        value = build.cast(value, replace(value.type, dtype="int64"))
        for word, limit in (("GtE", Affine()), ("LtE", extent)):
            condition = build.compare(word, value, build.integer(limit), place)
            said = "not negative" if word == "GtE" else f"at most {limit}"
            self.require_data(condition, place, f"{text} is {said}")
        return value

    # ------------------------------------------------------------------ what combines them
    def reduced(
        self,
        kind: str,
        value: Expression,
        node: ast.AST,
        dims: Items[int] | None,
        keepdim: bool,
        result: ElementType,
        spelling: str = "",
        options: tuple[tuple[str, Expression], ...] = (),
    ) -> Expression:
        """As every reader's; what a mask leaves out of a row changes nothing."""
        found = self.chosen_in(value, node)
        if found is None:
            return super().reduced(kind, value, node, dims, keepdim, result, spelling, options)
        rank = len(self.row_shape(found.row, node))
        if self.is_flat(found):
            if keepdim or (dims and tuple(dims) not in ((0,), (-1,))):
                self._refuse_choice(node)
            dims = None
        combined = {rows.dimension(rank - p) for p in self._positions(dims, rank, node)}
        if found.dimensions & combined and not found.dimensions <= combined:
            self._refuse_choice(node)
        if not found.dimensions & combined:
            inner = super().reduced(kind, value, node, dims, keepdim, result, spelling, options)
            assert isinstance(inner, scalar.Reduce)
            within = self.chosen_in(inner.value, node)
            if within is None or not (inner.at is None or kind in _ALONG):
                self._refuse_choice(node)
            return left_out_of(within.mask, replace(inner, value=within.row))
        sizes = [
            s for p, s in enumerate(self.row_shape(found.row, node))
            if rows.dimension(rank - p) in combined - found.dimensions
        ]  # fmt: skip
        if kind in _KEPT and found.row.type.dtype in ("float32", "float64"):
            filled = self._filled(found, _KEPT[kind])
            kept = super().reduced(kind, filled, node, dims, keepdim, result, spelling, options)
            return left_out_of(found.mask, kept)
        if kind in ("var", "std") and not options and not sizes and not keepdim:
            return self._spread_of(kind, found, node, dims, result)
        if kind == "mean":
            return self._mean_of(found, node, dims, keepdim, result, sizes)
        masked = self._neutralised(kind, found, node, bool(options))
        if kind == "sum" and masked.type.dtype == "bool":
            masked = build.cast(masked, replace(masked.type, dtype=result.dtype))
        return super().reduced(kind, masked, node, dims, keepdim, result, spelling, options)

    def _neutralised(
        self, kind: str, found: Chosen, node: ast.AST, has_options: bool
    ) -> Expression:
        """The row with what changes nothing in the place of what is left out."""
        row, mask = found.row, found.mask
        if row.type.dtype == "bool" and kind in ("any", "sum"):
            return build.both(mask, row)
        if row.type.dtype == "bool" and kind == "all":
            return build.both(build.negate(mask), row, "logical_or")
        if kind == "logsumexp" and row.type.dtype in ("float32", "float64"):
            if scalar.requires_grad(row):
                self.require_some(found, node)
            return self._filled(found, float("-inf"))
        if kind in ("sum", "norm", "prod") and not has_options:
            return self._filled(found, 1 if kind == "prod" else 0)
        if kind not in _EXTREMES or category(row.type.dtype) not in ("int", "float"):
            self._refuse_choice(node)
        if kind.startswith("arg") and not _is_prefix(found):
            self._refuse_choice(node)
        self.require_some(found, node)
        is_first = kind.startswith("first_") and _is_prefix(found)  # those left out come last
        differs = category(row.type.dtype) == "float" and scalar.requires_grad(row)
        if differs and not is_first and not _is_bounded(_EXTREMES[kind], row):
            self._require_beyond(_EXTREMES[kind], found, node)
        neutral = neutral_of(_EXTREMES[kind], row.type.dtype)
        assert neutral is not None
        if (size := self._counted_to(row)) is not None:  # places: what lies beside all of them
            beside = build.integer(size if _EXTREMES[kind] == "min" else Affine.number(-1))
            return scalar.Select(mask, row, build.cast(beside, row.type))
        return self._filled(found, neutral)

    def _counted_to(self, row: Expression) -> Affine | None:
        """How far a row counts, ``torch.arange(n)``; None for other rows."""
        tensor = self.arrays.get(row.array) if isinstance(row, scalar.Load) else None
        if tensor is None or not tensor.made_of or tensor.type.rank != 1:
            return None
        (size,) = tensor.type.shape
        return size if tensor.name.endswith(f".arange({size})") else None

    @staticmethod
    def _filled(found: Chosen, number: int | float) -> Expression:
        other = build.cast(build.number(number), found.row.type)
        return scalar.Select(found.mask, found.row, other)

    def _mean_of(
        self,
        found: Chosen,
        node: ast.AST,
        dims: Items[int] | None,
        keepdim: bool,
        result: ElementType,
        others: list[Affine],
    ) -> Expression:
        """The sum over the number of elements; that of halves would leave their range."""
        if result.dtype not in ("float32", "float64"):
            self._refuse_choice(node)
        place = self.place(node)
        total = super().reduced("sum", self._filled(found, 0), node, dims, keepdim, result)
        count = self.number_chosen(found, node)
        for size in others:
            count = build.binary("Mult", count, build.integer(size), place)
        return build.binary("Div", total, count, place)

    def _spread_of(
        self, kind: str, found: Chosen, node: ast.AST, dims: Items[int] | None, result: ElementType
    ) -> Expression:
        """The squares of what differs from the mean, over one less than the number of elements."""
        if result.dtype not in ("float32", "float64"):
            self._refuse_choice(node)
        if scalar.requires_grad(found.row):
            self._refuse_choice(node)  # at no spread, and at infinities, its gradient is another
        place = self.place(node)
        self.require_some(found, node)
        kept = replace(result, rank=Rank.TENSOR)
        mean = self._mean_of(found, node, dims, True, kept, [])
        gap = build.binary("Sub", found.row, mean, place)
        squares = replace(found, row=build.binary("Pow", gap, build.number(2), place))
        total = super().reduced("sum", self._filled(squares, 0), node, dims, False, result)
        less = build.binary("Sub", self.number_chosen(found, node), build.number(1), place)
        variance = build.binary("Div", total, less, place)
        root = scalar.Call("sqrt", (variance,), variance.type, ".sqrt")
        return root if kind == "std" else variance

    def matmul(self, left: Item, right: Item, node: ast.AST) -> Expression:
        """As every reader's; what a mask leaves out of both adds nothing."""
        pair = [self.to_expression(side, node) for side in (left, right)]
        found = [self.chosen_in(side, node) for side in pair]
        first, second = found
        if first is None and second is None:
            return super().matmul(pair[0], pair[1], node)
        if first is not None and second is None:
            return self._product_of_chosen(first, pair[1], node)
        if first is None and second is not None:
            return self._product_with_chosen(pair[0], second, node)
        assert first is not None and second is not None
        rank = len(self.row_shape(second.row, node))
        inner = {rows.dimension(2 if rank > 1 else 1)}
        mine, theirs = _alone(first), _alone(second)
        if first.dimensions != {"_d1"} or second.dimensions != inner or mine != theirs:
            self._refuse_choice(node)
        return super().matmul(self._filled(first, 0), self._filled(second, 0), node)

    def _product_of_chosen(self, found: Chosen, right: Expression, node: ast.AST) -> Expression:
        """``x[mask] @ W``: the rows of ``x @ W`` that the mask chooses."""
        rank = len(self.row_shape(right, node))
        if found.dimensions != {"_d2"} or rank > 2 or len(self.row_shape(found.row, node)) != 2:
            self._refuse_choice(node)
        product = super().matmul(found.row, right, node)
        names = {"_d2": "_d1"} if rank == 1 else {}
        return left_out_of(rows.moved(found.mask, names, {}, set()), product)

    def _product_with_chosen(self, left: Expression, found: Chosen, node: ast.AST) -> Expression:
        """``q @ k[mask].T``: the columns of ``q @ k.T`` that the mask chooses."""
        rank = len(self.row_shape(left, node))
        if found.dimensions != {"_d1"} or rank > 2 or len(self.row_shape(found.row, node)) != 2:
            self._refuse_choice(node)
        return left_out_of(found.mask, super().matmul(left, found.row, node))

    def chooses_some(self, condition: Expression, target: Expression, node: ast.AST) -> bool:
        """Whether a condition holds wherever the mask of a target chooses something."""
        found = self.chosen_in(target, node)
        if found is None or not found.dimensions <= rows.extents(found.mask).keys():
            return False
        kind = ElementType("bool", Rank.SCALAR)
        some = super().reduced("any", _alone(found), node, None, False, kind)
        return asks_for_some(condition, some, self.number_chosen(found, node))

    def is_flat(self, found: Chosen) -> bool:
        """Whether what is chosen is a row, of elements of several dimensions."""
        return len(found.dimensions) > 1 and not is_block(found.mask)

    def number_chosen(self, found: Chosen, node: ast.AST) -> Expression:
        """How many elements are chosen: ``n`` of ``x[:n]``, else the number of true ones."""
        if (ends := ends_of(found)) is not None:
            start, stop = ends
            if stop is not None:
                gap = stop if start is None else build.binary("Sub", stop, start, self.place(node))
                return build.cast(gap, _COUNT)
        if len(found.dimensions) > 1 and is_block(found.mask):
            return self._size_of_block(found, node)
        if not found.dimensions <= rows.extents(found.mask).keys():
            self._refuse_choice(node)  # the mask alone does not say how long its dimension is
        counted = build.cast(_alone(found), replace(_COUNT, rank=Rank.TENSOR))
        return super().reduced("sum", counted, node, None, False, _COUNT)

    def _size_of_block(self, found: Chosen, node: ast.AST) -> Expression:
        """``(y2 - y1) * (x2 - x1)`` elements of ``x[y1:y2, x1:x2]``."""
        place = self.place(node)
        total: Expression = build.number(1)
        for name in sorted(found.dimensions, reverse=True):
            ends: dict[str, Expression] = {}
            for part in _conjuncts(found.mask):
                at, end = part.arguments
                assert isinstance(at, scalar.Index)
                if at.affine == Affine.symbol(name):
                    ends[part.operator] = build.cast(end, _COUNT)
            size = rows.extents(found.row)[name][0]
            gap = ends.get("lt", build.integer(size))
            if "ge" in ends:
                gap = build.binary("Sub", gap, ends["ge"], place)
            total = gap if total == build.number(1) else build.binary("Mult", total, gap, place)
        return build.cast(total, _COUNT)

    def chosen_count(self, value: Item, node: ast.AST) -> Expression | None:
        """The length of a row of which a mask chooses a part, a Python int; None for others."""
        found = self.chosen_in(value, node) if isinstance(value, build.NODES) else None
        if found is None:
            return None
        rank = len(self.row_shape(found.row, node))
        is_first = found.dimensions == {rows.dimension(rank)}
        if not is_first and (len(found.dimensions) != rank or not self.is_flat(found)):
            self._refuse_choice(node)
        return build.cast(self.number_chosen(found, node), build.INT)

    def _read_Attribute(self, node: ast.Attribute) -> Item:
        if node.attr == "shape":
            base = self.evaluate(node.value)
            if isinstance(base, build.NODES) and (sizes := self._chosen_sizes(base, node)):
                return Tuple(sizes)
        return super()._read_Attribute(node)

    def _chosen_sizes(self, value: Expression, node: ast.AST) -> tuple[Item, ...] | None:
        """The sizes of a row of which a mask chooses a part; None for others."""
        found = self.chosen_in(value, node)
        if found is None or len(found.dimensions) > 1:
            return None
        shape = self.row_shape(found.row, node)
        return tuple(
            build.cast(self.number_chosen(found, node), build.INT)
            if rows.dimension(len(shape) - place) in found.dimensions
            else Integer(size)
            for place, size in enumerate(shape)
        )

    def require_some(self, found: Chosen, node: ast.AST) -> None:
        """Ask that an element is chosen: PyTorch raises where there is nothing to compare."""
        place = self.place(node)
        if ends_of(found) is not None or is_block(found.mask):
            some = build.compare("GtE", self.number_chosen(found, node), build.number(1), place)
        else:
            kind = ElementType("bool", Rank.SCALAR)
            some = super().reduced("any", _alone(found), node, None, False, kind)
        self.require_data(some, place, f"{ast.unparse(node)} has elements")

    def _require_beyond(self, word: str, found: Chosen, node: ast.AST) -> None:
        """Ask that none ties with what stands for those left out: it would share the gradient."""
        place = self.place(node)
        limit = build.number(float("-inf") if word == "max" else float("inf"))
        ties = build.compare("Eq", found.row, limit, place)
        kind = ElementType("bool", Rank.SCALAR)
        found_ties = super().reduced("any", build.both(found.mask, ties), node, None, False, kind)
        self.require_data(
            build.negate(found_ties), place, f"{ast.unparse(node)} meets no {limit.value}"
        )

    def chosen_in(self, value: Expression, node: ast.AST) -> Chosen | None:
        """The whole row and the mask that chooses of it; None where nothing is left out."""
        masks = {m.condition: None for m in scalar.walk(value) if is_choice(m)}  # type: ignore[union-attr]
        if not masks:
            return None
        if len(masks) > 1:
            self._refuse_choice(node)
        (mask,) = masks
        dimensions = frozenset(
            n for n in (*rows.extents(mask), *rows.free_dimensions(mask)) if n.startswith("_d")
        )
        gone = scalar.Number(0, value.type)
        beside = _without(value, gone)
        if rows.free_dimensions(beside) & dimensions:
            self._refuse_choice(node)
        return Chosen(_without(value, None), mask, dimensions)

    def _refuse_choice(self, node: ast.AST) -> NoReturn:
        self.unsupported(node, f"{ast.unparse(node)} selects by a mask", "VEC916")


def left_out_of(mask: Expression, row: Expression) -> Expression:
    """A row of which a mask chooses a part."""
    return scalar.Select(mask, row, scalar.Invariant(_LEFT_OUT, row.type))


def is_choice(value: Expression) -> bool:
    """Whether a value is a row of which a mask leaves elements out."""
    if not isinstance(value, scalar.Select):
        return False
    other = value.otherwise
    while isinstance(other, scalar.Cast):
        other = other.value
    return isinstance(other, scalar.Invariant) and other.name == _LEFT_OUT


def _without(value: Expression, instead: Expression | None) -> Expression:
    """The value with each choice replaced, by the whole row where `instead` is None."""
    if is_choice(value):
        assert isinstance(value, scalar.Select)
        return value.then if instead is None else instead
    return scalar.rebuild(value, lambda child: _without(child, instead))


def _alone(found: Chosen) -> Expression:
    """The mask as a row of its own dimensions: ``m[_d2] -> m[_d1]``."""
    own = sorted(found.dimensions, key=lambda n: int(n.removeprefix("_d")))
    names = {name: rows.dimension(k) for k, name in enumerate(own, 1)}
    return rows.moved(found.mask, names, {}, set())


def ends_of(found: Chosen) -> tuple[Expression | None, Expression | None] | None:
    """The bounds of the slice that a mask means; None for any other mask."""
    parts = [found.mask]
    if isinstance(found.mask, scalar.Call) and found.mask.operator == "logical_and":
        parts = list(found.mask.arguments)
    ends: dict[str, Expression] = {}
    for part in parts:
        if not isinstance(part, scalar.Call) or part.operator not in ("ge", "lt"):
            return None
        at, end = part.arguments
        own = at.affine.symbols if isinstance(at, scalar.Index) else ()
        if tuple(found.dimensions) != own and not (not found.dimensions and build.is_number(at)):
            return None
        ends[part.operator] = end
    return ends.get("ge"), ends.get("lt")


def _conjuncts(mask: Expression) -> list[scalar.Call]:
    """The comparisons of a mask of slices."""
    assert isinstance(mask, scalar.Call)
    if mask.operator != "logical_and":
        return [mask]
    return [part for argument in mask.arguments for part in _conjuncts(argument)]


def is_block(mask: Expression) -> bool:
    """Whether a mask is of slices, each along a dimension: ``x[a:b, c:d]`` is no row."""
    if isinstance(mask, scalar.Call) and mask.operator == "logical_and":
        return all(map(is_block, mask.arguments))
    if not isinstance(mask, scalar.Call) or mask.operator not in ("ge", "lt"):
        return False
    at = mask.arguments[0]
    return isinstance(at, scalar.Index) and at.affine == Affine.symbol("".join(at.affine.symbols))


def _is_prefix(found: Chosen) -> bool:
    ends = ends_of(found)
    return ends is not None and ends[0] is None


_BELOW = frozenset({"tanh", "sigmoid", "relu", "exp", "abs", "sqrt", "square", "softplus", "gelu"})
_ABOVE = frozenset({"tanh", "sigmoid", "sin", "cos", "erf"})


def _is_bounded(word: str, value: Expression) -> bool:
    """Whether no element can be the infinity that an extreme leaves out."""
    known = _BELOW if word == "max" else _ABOVE
    return isinstance(value, scalar.Call) and value.operator in known


def is_target(node: ast.AST) -> bool:
    """Whether a subscript is stored to."""
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _is_dots(entry: object) -> bool:
    return isinstance(entry, ast.Constant) and entry.value is Ellipsis
