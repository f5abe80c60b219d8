"""Windows that end where their tensor does: ``x[max(0, i - r):min(n, i + r + 1)]``.

Such a window is a whole one, of which a mask leaves out what lies outside of the tensor:
``select(0 <= i - r + _d1 < n, x[i - r + _d1], left out)``. How many elements there are is what
the bounds of the slice say.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from deloop.frontend import expression as build
from deloop.frontend.items import Item, View, Whole
from deloop.frontend.selections import Chosen, SelectionReader, is_target, left_out_of
from deloop.ir import rows
from deloop.ir.affine import Affine, at_least
from deloop.ir.observed import evaluate_affine
from deloop.ir.scalar import Call, Expression, Select
from deloop.ir.types import Integer

_NONE = Affine()


@dataclass(frozen=True)
class _Clamped:
    """A window of `extent` elements from `start` on, cut at 0, and at `limit` if there is one."""

    start: Affine
    extent: Affine
    is_cut: bool
    limit: Affine | None
    count: Expression


class ClampedReader(SelectionReader):
    """A reader of windows that are cut at the ends of a tensor."""

    @property
    def window_counts(self) -> dict[Expression, Expression]:
        """How many elements the masks of windows leave."""
        counts: dict[Expression, Expression] = self.__dict__.setdefault("_window_counts", {})
        return counts

    def index(
        self, view: View, entries: Sequence[ast.expr | Item], node: ast.AST
    ) -> View | Expression:
        """As every reader's; a window that is cut is a whole one under a mask."""
        is_plain = len(entries) <= view.rank and all(
            not isinstance(e, ast.Constant) or isinstance(e.value, int) for e in entries
        )
        found: dict[int, _Clamped] = {}
        if is_plain and not is_target(node):  # a mask says where a part is stored
            pairs = zip(entries, _wholes(view), strict=False)
            for position, (entry, dimension) in enumerate(pairs):
                size = view.tensor.type.shape[dimension]
                cut = self._clamped(entry, size, node) if isinstance(entry, ast.Slice) else None
                if cut is not None and view.dimensions[dimension] == Whole(_NONE, size):
                    found[position] = cut
        if not found:
            return super().index(view, entries, node)
        plain = [ast.Slice() if k in found else e for k, e in enumerate(entries)]
        base = super().index(view, plain, node)
        if not isinstance(base, View):
            self.unsupported(node, f"{ast.unparse(node)} selects in two dimensions", "VEC916")
        left = [k for k, e in enumerate(plain) if isinstance(e, ast.Slice)]
        return self._cut_windows(base, {left.index(k): cut for k, cut in found.items()}, node)

    def _cut_windows(self, base: View, cuts: dict[int, _Clamped], node: ast.AST) -> Expression:
        """The part of which the dimensions named are windows."""
        dimensions = list(base.dimensions)
        places = _wholes(base)
        place = self.place(node)
        mask: Expression = build.number(True)
        count: Expression | None = None
        for k, cut in cuts.items():
            dimensions[places[k]] = Whole(cut.start, cut.extent)
            at = build.integer(cut.start + Affine.symbol(rows.dimension(base.rank - k)))
            for word, end in (("GtE", _NONE if cut.is_cut else None), ("Lt", cut.limit)):
                if end is not None:
                    mask = build.both(mask, build.compare(word, at, build.integer(end), place))
            count = cut.count if count is None else build.binary("Mult", count, cut.count, place)
        assert count is not None
        self.window_counts[mask] = count
        return left_out_of(mask, self.load(View(base.tensor, tuple(dimensions)), node))

    # ------------------------------------------------------------------ one slice
    def _clamped(self, entry: ast.Slice, size: Affine, node: ast.AST) -> _Clamped | None:
        """The window that a slice means; None where nothing is cut, or its length varies."""
        if entry.step is not None or entry.lower is None or entry.upper is None:
            return None
        lower, upper = (self._end_of(e) for e in (entry.lower, entry.upper))
        if lower is None or upper is None:
            return None
        start, stop = lower[0], upper[0]
        is_cut, passes = lower[1] is not None, self._may_pass(stop, size)
        limit = size if upper[1] is None and passes else upper[1]
        extent = stop - start
        if lower[1] not in (None, _NONE) or not (is_cut or limit is not None):
            return None
        if set(extent.symbols) & self.iterators:
            return None
        text = f"the slice {ast.unparse(entry)} stays inside the tensor"
        needed = [extent - 1, stop - 1, *([] if is_cut else [start])]
        needed += [size - stop] if limit is None else [limit - 1 - start, size - limit]
        for gap in needed:
            if not gap.is_constant or gap.constant < 0:
                self.require(at_least(gap, 0), node, text)
        place = self.place(node)
        first = self.to_expression(self.evaluate(entry.lower), node)
        last = self.to_expression(self.evaluate(entry.upper), node)
        if upper[1] is None and passes:
            last = build.integer(stop)
            test = build.compare("Lt", last, build.integer(size), place)
            last = build.select(test, last, build.integer(size))
        return _Clamped(start, extent, is_cut, limit, build.binary("Sub", last, first, place))

    def _end_of(self, node: ast.expr) -> tuple[Affine, Affine | None] | None:
        """A bound of a slice, and where it is cut: ``max(0, i - r) -> (i - r, 0)``."""
        item = self.settled(self.evaluate(node), node)
        if isinstance(item, Integer):
            return item.affine, None
        if not isinstance(item, Select) or not isinstance(item.condition, Call):
            return None
        test = item.condition
        if test.operator not in ("lt", "le", "gt", "ge") or len(test.arguments) != 2:
            return None
        sides = [build.as_affine(e) for e in (item.then, item.otherwise)]
        first, second = (build.as_affine(e) for e in test.arguments)
        if sides not in ([first, second], [second, first]) or first is None or second is None:
            return None
        is_greater = (test.operator in ("gt", "ge")) == (sides[0] == first)
        moving = [e for e in (first, second) if set(e.symbols) & self.iterators]
        limits = [e for e in (first, second) if not set(e.symbols) & self.iterators]
        if len(moving) != 1 or (is_greater and limits != [_NONE]):
            return None
        return (moving[0], limits[0]) if is_greater or limits[0] != _NONE else None

    def _may_pass(self, stop: Affine, size: Affine) -> bool:
        """Whether a bound was greater than a size for some iteration that was seen."""
        most = stop
        for name in stop.symbols:
            ends = self.range_of(Affine.symbol(name)) if name in self.iterators else None
            if ends is not None and stop.coefficient(name) > 0:
                most = most.substitute({name: ends[1] - 1})
        seen = evaluate_affine(most - size, self.hints)
        return seen is not None and seen > 0

    def range_of(self, place: Affine) -> tuple[Affine, Affine] | None:
        """The ends of the range of a loop's own variable; a reader of loops knows."""
        raise NotImplementedError

    # ------------------------------------------------------------------ what combines them
    def number_chosen(self, found: Chosen, node: ast.AST) -> Expression:
        """As every reader's; what the bounds of a slice say."""
        count = self.window_counts.get(found.mask)
        return super().number_chosen(found, node) if count is None else count

    def require_some(self, found: Chosen, node: ast.AST) -> None:
        """As every reader's; a window that is cut has elements, or was refused."""
        if found.mask not in self.window_counts:
            super().require_some(found, node)

    def is_flat(self, found: Chosen) -> bool:
        """As every reader's; a window keeps its dimensions."""
        return found.mask not in self.window_counts and super().is_flat(found)


def _wholes(view: View) -> list[int]:
    return [k for k, d in enumerate(view.dimensions) if isinstance(d, Whole)]
