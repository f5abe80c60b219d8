"""Windows that start where data says: ``x[b, y[b]:y[b] + s]``, as long in every iteration.

A slice whose ends differ by a size that is known is no selection: element `k` of it is element
``y[b] + k`` of the dimension, for as many dimensions of a tensor as are cut that way.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace

from deloop.diagnostic import Place
from deloop.dtype import Rank, category
from deloop.errors import RefusalError
from deloop.frontend import expression as build
from deloop.frontend.items import Point, View, Whole
from deloop.frontend.rows import RowReader
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.scalar import Expression
from deloop.ir.types import Integer, Tensor

_ONE = Affine.number(1)
_TERMS_OF_NONE: Mapping[Expression, int] = {}


@dataclass(frozen=True)
class Window:
    """A part of a dimension: its first place, which is data, and its length."""

    start: Expression
    length: Affine


class WindowReader(RowReader):
    """A reader of slices that start where data says."""

    def note_part(self, view: View, node: ast.AST) -> None:
        """A part of a view is read; a reader of loops sees to it that it is there."""

    @property
    def windows_filled(self) -> dict[Expression, dict[str, Window]]:
        """The windows that a mask of a target means, by their dimensions."""
        found: dict[Expression, dict[str, Window]] = self.__dict__.setdefault("_filled_at", {})
        return found

    def within_windows(
        self, value: Expression, windows: Mapping[str, Window], row: Expression, node: ast.AST
    ) -> Expression | None:
        """A row that goes to windows of a longer one, along that one's own dimensions.

        ``x[i, y:y + s] = p[i]``: element `k` of ``x[i]`` becomes ``p[i, k - y]``. None where an
        element's own place takes part in what it is.
        """
        sizes = rows.extents(value)
        longer = rows.extents(row)
        for name, window in windows.items():
            if name not in sizes or _ONE in (*sizes[name], window.length):
                return None
            for size in sizes[name]:
                self.require_same_size(size, window.length, node)
            found = _moved_to(value, name, window.start, self.place(node))
            if found is None:
                return None
            value = rows.resized(found, {name: longer[name][0]})
        return value

    def length_of(self, node: ast.expr) -> Expression | None:
        """An int that is read from data, as `range` and slices take it; None for any other."""
        try:
            item = self.evaluate(node)
            if isinstance(item, Integer) or not isinstance(item, (Tensor, View, *build.NODES)):
                return None
            value = self.to_expression(item, node)
        except RefusalError:
            return None
        kinds = build.types_of(value)
        if any(k.rank is Rank.TENSOR or category(k.dtype) != "int" for k in kinds):
            return None
        return value if scalar.loads(value) and build.as_affine(value) is None else None

    def window_of(self, given: ast.Slice) -> Window | None:
        """The window that a slice takes; None where its length is data, or its start is not."""
        if given.lower is None or given.upper is None or given.step is not None:
            return None
        first, last = (self._end_as_number(end) for end in (given.lower, given.upper))
        if first is None or last is None:
            return None
        start, stop = _terms(first), _terms(last)
        if start is None or stop is None or start[0] != stop[0] or not start[0]:
            return None
        length = stop[1] - start[1]
        if set(length.symbols) & self.iterators or not any(scalar.loads(t) for t in start[0]):
            return None
        return Window(first, length)

    def take_windows(
        self, view: View, windows: Mapping[int, Window], node: ast.AST
    ) -> Expression | None:
        """The part of a view: ``x[b, _d1]`` from `start` on is ``x[b, start + _d1]``.

        `windows` are by the places of the view's own dimensions. None where one of them is a part
        already, which says more of its ends than can be asked here.
        """
        text, place = ast.unparse(node), self.place(node)
        own = [k for k, d in enumerate(view.dimensions) if isinstance(d, Whole)]
        dimensions = list(view.dimensions)
        places: dict[int, Window] = {}
        for position, window in windows.items():
            k = own[position]
            if view.dimensions[k] != Whole(Affine(), view.tensor.type.shape[k]):
                return None
            dimensions[k] = Whole(Affine(), window.length)
            places[k] = window
        if any(isinstance(d, Point) and _is_row(d) for d in dimensions):
            return None
        for k, window in places.items():
            self.require(at_least(window.length, 0), node, f"{text} has a length")
            last = build.integer(view.tensor.type.shape[k] - window.length)
            low = build.compare("GtE", window.start, build.number(0), place)
            self.require_data(low, place, f"the start of {text} is not negative")
            high = build.compare("LtE", window.start, last, place)
            self.require_data(high, place, f"{text} ends inside the tensor")
        load = self.load(replace(view, dimensions=tuple(dimensions)), node)
        assert isinstance(load, scalar.Load)
        self.note_snapshot(view.tensor.name, node)
        subscripts = list(load.subscripts)
        for k, window in places.items():
            along = subscripts[k]
            assert isinstance(along, Affine)
            subscripts[k] = window.start
            if along != Affine():
                subscripts[k] = build.binary("Add", window.start, build.integer(along), place)
        return replace(load, subscripts=tuple(subscripts))

    def _end_as_number(self, node: ast.expr) -> Expression | None:
        """An end of a slice as an int or an element of int64, added up without bound."""
        item = self.evaluate(node)
        if isinstance(item, Integer):
            return build.integer(item.affine)
        found = self.length_of(node)
        return None if found is None else build.uncopied(found)


def _is_row(point: Point) -> bool:
    subscript = point.subscript
    return isinstance(subscript, build.NODES) and subscript.type.rank is Rank.TENSOR


def _moved_to(
    value: Expression, name: str, start: Expression, place: Place
) -> Expression | None:
    """The row with ``_d1 - start`` for its place ``_d1``; None where that has no form."""
    failed = False
    at = Affine.symbol(name)

    def shifted(subscript: scalar.Subscript) -> scalar.Subscript:
        nonlocal failed
        match subscript:
            case Affine():
                if name not in subscript.symbols:
                    return subscript
                failed |= subscript.coefficient(name) != 1
                moved = build.binary("Sub", scalar.Index(at), start, place)
                rest = subscript - at
                return moved if rest == Affine() else build.binary(
                    "Add", moved, build.integer(rest), place
                )
            case scalar.Call("add", (first, scalar.Index(affine))) if affine == at:
                if first == start:
                    return at
        failed |= any(
            isinstance(n, scalar.Index) and name in n.affine.symbols for n in scalar.walk(subscript)
        )
        return change(subscript)

    def change(node: Expression) -> Expression:
        nonlocal failed
        if isinstance(node, scalar.Load):
            return replace(node, subscripts=tuple(map(shifted, node.subscripts)))
        failed |= isinstance(node, scalar.Index) and name in node.affine.symbols
        failed |= isinstance(node, scalar.Reduce) and (
            node.at is not None and rows.free_dimensions(replace(node, axes=())) >= {name}
        )
        return scalar.rebuild(node, change)

    changed = change(value)
    return None if failed else changed


def _terms(value: Expression) -> tuple[Mapping[Expression, int], Affine] | None:
    """The value as data, each with how often it is added, and what is affine beside it."""
    known = build.as_affine(value)
    if known is not None:
        return _TERMS_OF_NONE, known
    match value:
        case scalar.Call("add" | "sub" as word, (left, right)) if value.type.dtype == "int64":
            first, second = _terms(left), _terms(right)
            if first is None or second is None:
                return None
            sign = 1 if word == "add" else -1
            terms = dict(first[0])
            for term, count in second[0].items():
                terms[term] = terms.get(term, 0) + sign * count
            gap = first[1] + second[1] * sign
            return {t: c for t, c in terms.items() if c}, gap
        case scalar.Cast(inner, kind) if (
            kind.dtype == inner.type.dtype == "int64" and not isinstance(inner, scalar.Select)
        ):
            return _terms(inner)
    return ({value: 1}, Affine()) if value.type.dtype == "int64" else None
