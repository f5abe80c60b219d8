"""Subscripts of the user's source to views: elements, rows, slices, flat indices."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Items

from deloop.dtype import Rank
from deloop.frontend import expression as build
from deloop.frontend.items import (
    Carried,
    Finished,
    FlatIndex,
    Item,
    Listed,
    Point,
    Tuple,
    View,
    Whole,
    whole,
)
from deloop.frontend.sequences import SequenceReader, as_sequence
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least, equal
from deloop.ir.observed import evaluate_affine
from deloop.ir.types import Integer, Opaque, Scalar, Sequence, Shape, Tensor


class SubscriptReader(SequenceReader):
    """A `Reader` that also reads subscripts."""

    def _read_Subscript(self, node: ast.Subscript) -> Item:
        base = self.evaluate(node.value)
        match base:
            case Shape() | Sequence() | Tuple():
                found = self._at_iterator(base, node)
                if found is not None:
                    return found
                parts = self.unpack(base, None, node)
                return self._constant_item(parts, node)
            case Tensor():
                return self.subscript(whole(base), node)
            case View():
                return self.subscript(base, node)
            case Listed(view) if not isinstance(node.slice, (ast.Slice, ast.Tuple)):
                return self.listed(self.subscript(view, node), node)
            case _ if isinstance(base, build.NODES) and base.type.rank is Rank.TENSOR:
                return self.part(base, node)
            case _ if isinstance(base, (*build.NODES, Integer, Scalar)):
                self.unsupported(
                    node, f"{ast.unparse(node)} indexes a computed value, not a tensor in memory"
                )
            case Carried() | Finished() | Opaque():
                self.to_expression(base, node.value)
        self.unsupported(node, f"{ast.unparse(node.value)} cannot be indexed here")

    def part(self, value: scalar.Expression, node: ast.Subscript) -> Item:
        """The part of a computed row that a subscript takes."""
        raise NotImplementedError

    def _at_iterator(self, base: Item, node: ast.Subscript) -> Item | None:
        """``mean[i]``: the item of a list that the iteration asks for."""
        sequence = as_sequence(base)
        if sequence is None or isinstance(node.slice, ast.Slice):
            return None
        position = self.evaluate(node.slice)
        if not isinstance(position, Integer) or not set(position.affine.symbols) & self.iterators:
            return None
        self.settle_length(position.affine, len(sequence.items), node)
        return self.sequence_element(sequence, position.affine, node.value)

    def _constant_item(self, parts: Items[Item], node: ast.Subscript) -> Item:
        if isinstance(node.slice, ast.Slice):
            bounds = [
                None if b is None else self._constant(b)
                for b in (node.slice.lower, node.slice.upper)
            ]
            return Tuple(tuple(parts[bounds[0] : bounds[1]]))
        position = self._constant(node.slice)
        if not -len(parts) <= position < len(parts):
            self.unsupported(node, f"{ast.unparse(node)} is out of range")
        return parts[position]

    def _constant(self, node: ast.expr) -> int:
        item = self.evaluate(node)
        if isinstance(item, Integer) and item.affine.is_constant:
            return item.affine.constant
        self.unsupported(node, f"{ast.unparse(node)} is not a constant")

    def looked_up(self, view: View, node: ast.AST) -> scalar.Expression:
        """The elements of a view that is indexed by a row."""
        raise NotImplementedError

    def subscript(self, view: View, node: ast.Subscript) -> View | scalar.Expression:
        """The part of a view that a subscript takes: ``x[i, :k]``."""
        return self.index(view, self.index_entries(node.slice), node)

    def index_entries(self, node: ast.expr) -> list[ast.expr | Item]:
        """What stands between the brackets, dimension by dimension."""
        if isinstance(node, ast.Tuple):
            return list(node.elts)
        if isinstance(node, ast.Slice):
            return [node]
        item = self.evaluate(node)
        return list(item.items) if isinstance(item, (Sequence, Tuple)) else [item]

    def index(
        self, view: View, entries: Items[ast.expr | Item], node: ast.AST
    ) -> View | scalar.Expression:
        """Index entries applied to the dimensions of a view that are left."""
        left = view.rank
        explicit = [e for e in entries if not (isinstance(e, ast.Constant) and e.value is Ellipsis)]
        if len(explicit) > left:
            self.unsupported(
                node, f"{ast.unparse(node)} has more subscripts than dimensions", "VEC915"
            )
        full: list[ast.expr | Item | None] = []
        for given in entries:
            if isinstance(given, ast.Constant) and given.value is Ellipsis:
                full.extend([None] * (left - len(explicit)))
            else:
                full.append(given)
        full.extend([None] * (left - len(full)))
        dimensions: list[Point | Whole] = []
        if (
            view.tensor.flat_of is not None
            and len(full) == 1
            and isinstance(view.dimensions[0], Whole)
        ):
            parts = self._flat_parts(view.tensor.flat_of, full[0], node)
            if parts is not None:
                return View(view.tensor.flat_of, tuple(Point(p) for p in parts))
        queue = iter(full)
        for dimension, size in zip(view.dimensions, view.tensor.type.shape, strict=True):
            if isinstance(dimension, Point):
                dimensions.append(dimension)
                continue
            entry = next(queue)
            if entry is None:
                dimensions.append(dimension)
            elif isinstance(entry, ast.Slice):
                dimensions.append(self.take_slice(dimension, entry))
            else:
                item = self.evaluate(entry) if isinstance(entry, ast.expr) else entry
                place = self.point(dimension, item, node)
                if not isinstance(place, Affine) and dimension.extent != size:
                    reason = f"{ast.unparse(node)} looks up in a whole dimension"
                    self.require(equal(dimension.extent, size), node, reason)
                dimensions.append(Point(place))
        found = View(view.tensor, tuple(dimensions), view.unbound)
        return self.looked_up(found, node) if any(map(_is_row, dimensions)) else found

    def _flat_parts(
        self, tensor: Tensor, entry: ast.expr | Item | None, node: ast.AST
    ) -> tuple[Affine, ...] | None:
        """The multi-index that a flat index means: ``i * m + j -> (i, j)`` where ``0 <= j < m``."""
        shape = tensor.type.shape
        item = (
            self.evaluate(entry)
            if isinstance(entry, ast.expr) and not isinstance(entry, ast.Slice)
            else entry
        )
        if isinstance(item, FlatIndex):
            return self._delinearised(tensor, item, node)
        parts: list[Affine] = []
        rest = item
        for size in reversed(shape[1:]):
            match rest:
                case scalar.Call("add", (scalar.Call("mul", (major, factor)), scalar.Index(minor))):
                    pass
                case scalar.Call("add", (scalar.Index(minor), scalar.Call("mul", (major, factor)))):
                    pass
                case _:
                    return None
            if factor != build.integer(size):
                major, factor = factor, major
            if factor != build.integer(size):
                return None
            parts.append(minor)
            rest = major
        if not isinstance(rest, scalar.Index):
            return None
        for minor, size in zip(parts, reversed(shape[1:]), strict=True):
            self.require(at_least(minor, 0), node, f"{ast.unparse(node)} stays in its row")
            self.require(at_least(size - 1, minor), node, f"{ast.unparse(node)} stays in its row")
        return (rest.affine, *reversed(parts))

    def _delinearised(
        self, tensor: Tensor, flat: FlatIndex, node: ast.AST
    ) -> tuple[Affine, ...] | None:
        """The iterators of a loop over all elements, where it runs over this tensor's shape."""
        if len(flat.factors) != len(tensor.type.shape):
            return None
        for factor, size in zip(flat.factors, tensor.type.shape, strict=True):
            gap = factor - size
            if gap != Affine():
                if gap.evaluate(self.hints) != 0:
                    return None
                reason = f"{tensor.name} has the shape that the loop runs over"
                self.require(equal(gap, 0), node, reason)
        return tuple(map(Affine.symbol, flat.iterators))

    def point(self, dimension: Whole, item: Item, node: ast.AST) -> scalar.Subscript:
        """The place in a dimension that an index means; -1 is the last one."""
        if isinstance(item, Integer):
            affine = item.affine
            if affine.is_constant and affine.constant < 0:
                affine = affine + dimension.extent  # x[-1] is the last element
            return dimension.at(affine)
        if isinstance(item, build.NODES) and (known := build.as_affine(item)) is not None:
            return self.point(dimension, Integer(known), node)  # torch.tensor(i) as an index
        index = self.to_expression(item, node)
        is_row = index.type.rank is Rank.TENSOR
        if is_row and index.type.dtype == "bool":
            self.unsupported(node, f"{ast.unparse(node)} selects by a mask", "VEC916")
        if isinstance(index, scalar.Index):
            return dimension.at(index.affine)
        narrow = () if is_row else ("int16", "int8")  # a whole tensor of these raises
        if index.type.dtype not in ("int64", "int32", *narrow):
            self.unsupported(
                node, f"{ast.unparse(node)} is indexed by a {index.type.dtype}", "VEC916"
            )
        if dimension.start != Affine() or dimension.step != 1:
            self.unsupported(
                node, f"{ast.unparse(node)} indexes a slice by a computed value", "VEC916"
            )
        return index

    def settled(self, item: Item, node: ast.AST) -> Item:
        """``i * d`` as affine in `i`, where the parameter `d` is asked to be what it was."""
        if not isinstance(item, (scalar.Call, scalar.Index)) or not build.is_number(item):
            return item
        found = self._settled_affine(item, node)
        return item if found is None else Integer(found)

    def _settled_affine(self, value: scalar.Expression, node: ast.AST) -> Affine | None:
        known = build.as_affine(value)
        if known is not None:
            return known
        if not isinstance(value, scalar.Call) or value.operator not in ("add", "sub", "mul"):
            return None
        left, right = (self._settled_affine(a, node) for a in value.arguments)
        if left is None or right is None:
            return None
        if value.operator != "mul":
            return left + right if value.operator == "add" else left - right
        if set(right.symbols) & self.iterators:
            left, right = right, left
        seen = evaluate_affine(right, self.hints)
        if set(right.symbols) & self.iterators or not seen or seen < 0:
            return None
        self.require(equal(right, seen), node, f"{right} is as it was seen")
        self.steps[seen] = right
        return left * seen

    def take_slice(self, dimension: Whole, node: ast.Slice) -> Whole:
        """The elements of a dimension that a slice takes; nothing must be clamped."""
        step = 1 if node.step is None else self._slice_step(node.step, node)
        start = self._bound(node.lower, Affine(), dimension.extent)
        stop = self._bound(node.upper, dimension.extent, dimension.extent)
        count = stop - start if step == 1 else self._every(step, start, stop, node)
        # A slice clamps where an index would raise: ask that nothing is clamped.
        text = ast.unparse(node)
        last = stop if step == 1 else start + (count - 1) * step + 1
        for constraint in (
            at_least(start, 0),
            at_least(stop - start, 0),
            at_least(dimension.extent - last, 0),
        ):
            if constraint.expression != Affine() and (
                not constraint.expression.is_constant or constraint.expression.constant < 0
            ):
                self.require(constraint, node, f"the slice {text} stays inside the tensor")
        return Whole(dimension.at(start), count, dimension.step * step)

    def _slice_step(self, given: ast.expr, node: ast.Slice) -> int:
        item = self.evaluate(given)
        if not isinstance(item, Integer):
            self.unsupported(
                node, f"the step {ast.unparse(given)} is not an int known before", "VEC916"
            )
        step = self.fixed_step(item.affine, given)
        if step < 1:
            self.unsupported(node, f"the slice {ast.unparse(node)} raises: its step", "VEC911")
        return step

    def fixed_step(self, given: Affine, node: ast.expr) -> int:
        """The step of a range or a slice; a parameter is asked to be what it was at this call."""
        if given.is_constant:
            return given.constant
        seen = given.evaluate(self.hints)
        if seen is None or set(given.symbols) & self.iterators:
            self.unsupported(node, f"the step {ast.unparse(node)} is not an int known before")
        self.require(equal(given, seen), node, f"the step {ast.unparse(node)} is as it was seen")
        self.steps[abs(seen)] = given if seen > 0 else -given
        return seen

    @staticmethod
    def ceiling(span: Affine, step: int) -> Affine:
        """How many steps begin within a span."""
        if span.is_constant:
            return Affine.number(max(0, -(-span.constant // step)))
        return Affine.symbol(f"({span + (step - 1)}) // {step}")

    def _every(self, step: int, start: Affine, stop: Affine, node: ast.Slice) -> Affine:
        """How many elements a slice with a step has.

        ``x[a:a + 2 * n:2]`` has n; ``x[i::2]`` half as many as a dimension that is a multiple of 2,
        wherever below 2 it starts.
        """
        gap = stop - start
        if all(factor % step == 0 for _, factor in gap.terms):
            halves = Affine(tuple((n, f // step) for n, f in gap.terms))
            return halves + -(-gap.constant // step)
        if not set(gap.symbols) & self.iterators:
            return self.ceiling(gap, step)
        size = Affine.symbol(f"({stop}) // {step}" if len(stop.terms) > 1 else f"{stop} // {step}")
        if set(stop.symbols) & self.iterators:
            text = f"how many elements {ast.unparse(node)} has differs between iterations"
            self.unsupported(node, text, "VEC916")
        reason = f"the slices {ast.unparse(node)} are of one length"
        self.require(at_least(-start + (step - 1), 0), node, reason)
        self.require(equal(size * step, stop), node, reason)
        return size

    def _bound(self, node: ast.expr | None, default: Affine, extent: Affine) -> Affine:
        if node is None:
            return default
        item = self.settled(self.evaluate(node), node)
        if not isinstance(item, Integer):
            self.unsupported(
                node, f"the slice bound {ast.unparse(node)} is not an int known before", "VEC916"
            )
        affine = item.affine
        return affine + extent if affine.is_constant and affine.constant < 0 else affine


def _is_row(dimension: Point | Whole) -> bool:
    """Whether a dimension is indexed by a row of indices."""
    place = dimension.subscript if isinstance(dimension, Point) else None
    return isinstance(place, build.NODES) and place.type.rank is Rank.TENSOR
