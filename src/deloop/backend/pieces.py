"""Choices by place along one axis: the axis in two pieces, each with its own value.

``torch.where(torch.arange(n) > 0, x.roll(1), first)`` is ``torch.cat([first[None], x[:-1]])``: each
side is evaluated where it is chosen and nowhere else, as the loop does (index-set splitting; M.
Wolfe, "High Performance Compilers for Parallel Computing", 1996, chapter 9).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from deloop.backend import syntax
from deloop.backend.context import Emitted, Padding
from deloop.backend.triangles import TriangleEmitter, is_zero
from deloop.dtype import Rank
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.guarded import Halves, halves_of, is_guarded, parts_of
from deloop.ir.scalar import ElementType, Expression, Load, Select, Subscript

_Self = TypeVar("_Self", bound="PieceEmitter")


@dataclass(frozen=True)
class Cut:
    """Where a condition changes along an axis: it holds below `place`, or else from there on."""

    axis: str
    place: Affine
    holds_below: bool


class PieceEmitter(TriangleEmitter):
    """Emits choices by place."""

    def decided(self, condition: Expression, assume: bool = False) -> bool | None:
        """Whether a condition by place holds everywhere here, or nowhere; None where it varies.

        With `assume`, sizes may be taken for what they were seen to be.
        """
        if condition in self.context.holding:
            return self.context.holding[condition]
        halves = halves_of(condition)
        if halves is None or not self._moves(halves):
            return None
        if halves.around is not None and self._is_apart(halves.around):
            return halves.swapped
        for says_all, slacks, answer in zip(
            halves.is_all, (halves.holds, halves.fails), (True, False), strict=True
        ):
            if says_all and slacks and all(self._is_held(a, assume) for a in slacks):
                return answer
        return None

    def is_cut(self, condition: Expression) -> bool:
        """Whether a condition by place cuts an axis in two, so that nobody needs it as a tensor."""
        return self._cut(condition) is not None or self.decided(condition) is not None

    def _moves(self, halves: Halves) -> bool:
        return any(s in self.loops for a in (*halves.holds, *halves.fails) for s in a.symbols)

    def _is_apart(self, gap: Affine) -> bool:
        return self._is_held(gap - 1) or self._is_held(-gap - 1)

    def _is_held(self, slack: Affine, assume: bool = False) -> bool:
        """Whether an expression is not negative anywhere in the ranges at hand."""
        slack = self.context.canonical(slack)
        if any(slack == self.context.canonical(s) for s in self._held()):
            return True
        for axis in [s for s in slack.symbols if s in self.loops]:
            coefficient, (lower, upper) = slack.coefficient(axis), self.bounds(axis)
            if self.loops[axis].span is not None:
                return False
            slack = slack.substitute({axis: lower if coefficient > 0 else upper - 1})
        slack = self.context.canonical(slack)
        if slack.is_constant or not assume:
            return slack.is_constant and slack.constant >= 0
        return self._inside(slack)

    def _held(self) -> list[Affine]:
        """What is not negative by the conditions on numbers around this place."""
        found: list[Affine] = []
        for condition, holds in self.context.holding.items():
            halves = halves_of(condition)
            if halves is not None:
                found.extend(halves.holds if holds else halves.fails)
                if halves.around is not None and halves.swapped == holds:
                    found.extend((halves.around - 1, -halves.around - 1))
        return found

    # ------------------------------------------------------------------ guarded reads
    def load(self, load: Load) -> Emitted:
        """A read, its subscripts as plain as the ranges at hand allow."""
        plain = tuple(self._settled(s) for s in load.subscripts)
        return super().load(replace(load, subscripts=plain))

    def _settled(self, subscript: Subscript) -> Subscript:
        """A guarded subscript as the index that it is here."""
        if isinstance(subscript, Select):
            holds = self.decided(subscript.condition, assume=True)
            if holds is not None:
                return self._settled(subscript.then if holds else subscript.otherwise)
            return subscript
        found = parts_of(subscript)
        if found is None and is_guarded(subscript):
            raise self.refuse("an element is read where it may not be there")
        if found is None:
            return subscript
        place, slacks = found
        if not all(self._is_held(s, assume=True) for s in slacks):
            raise self.refuse(f"an element at {place} is read where it may not be there")
        return place

    def reads_beyond(self, value: Expression, held: tuple[Affine, ...] = ()) -> bool:
        """Whether a value reads what is only there under a condition around it."""
        if isinstance(value, Select):
            halves = halves_of(value.condition) or Halves()
            ends = () if halves.around is None else (halves.around - 1, -halves.around - 1)
            sides = ((), ends)[:: -1 if halves.swapped else 1]
            return (
                self.reads_beyond(value.condition, held)
                or self.reads_beyond(value.then, (*held, *halves.holds, *sides[0]))
                or self.reads_beyond(value.otherwise, (*held, *halves.fails, *sides[1]))
            )
        found = parts_of(value)
        if found is not None:
            return not all(s in held or self._is_held(s) for s in found[1])
        return any(self.reads_beyond(child, held) for child in scalar.children(value))

    # ------------------------------------------------------------------ pieces
    def in_pieces(self, select: Select, wanted: str) -> Emitted | None:
        """The two sides side by side; None where the axis is not cut in two."""
        sides = (select.then, select.otherwise)
        if not any(scalar.loads(side) for side in sides) or not self._at_one_place(sides):
            return None
        cut = self._cut(select.condition)
        if cut is None:
            return None
        below, above = sides if cut.holds_below else sides[::-1]
        lower, upper = self.bounds(cut.axis)
        if not self._inside(cut.place - lower):
            return self._side(above, wanted) if self._inside(lower - cut.place) else None
        if not self._inside(upper - cut.place):
            return self._side(below, wanted) if self._inside(cut.place - upper) else None
        first = self._over(cut.axis, lower, cut.place)._side(below, wanted)
        second = self._over(cut.axis, cut.place, upper)._side(above, wanted)
        return self._joined(cut.axis, (first, cut.place - lower), (second, upper - cut.place))

    def _inside(self, gap: Affine) -> bool:
        return self.context.assume(at_least(gap, 0), "a condition cuts the loop there")

    def _at_one_place(self, sides: Sequence[Expression]) -> bool:
        """Whether all that is read is on one device, as parts of one tensor must be."""
        arrays = self.context.arrays
        read = {load.array for side in sides for load in scalar.loads(side)}
        return len({arrays[a].type.device for a in read if a in arrays}) <= 1

    def _side(self, value: Expression, wanted: str) -> Emitted:
        piece = self.emit(value)
        return self.cast(piece, ElementType(wanted, piece.rank), value)

    def _over(self: _Self, axis: str, lower: Affine, upper: Affine) -> _Self:
        """An emitter over a part of one axis."""
        canonical = self.context.canonical
        part = replace(self.loops[axis], lower=canonical(lower), upper=canonical(upper))
        loops = [part if name == axis else loop for name, loop in self.loops.items()]
        inner = type(self)(self.context, loops, self.order, self.place)
        inner.count = self.count
        return inner

    def _cut(self, condition: Expression) -> Cut | None:
        halves = halves_of(condition)
        if halves is None:
            return None
        if halves.around is not None:
            return self._end(halves.around, not halves.swapped)
        if len(halves.holds) != 1 or len(halves.fails) != 1:
            return None
        slack = self.context.canonical(halves.holds[0])
        axis = self._axis_of(slack)
        if axis is None:
            return None
        rest = slack.without([axis])
        rises = slack.coefficient(axis) == 1
        return Cut(axis, -rest if rises else rest + 1, not rises)

    def _end(self, gap: Affine, equal: bool) -> Cut | None:
        """``i == 0`` of all i from 0 on holds below 1."""
        gap = self.context.canonical(gap)
        axis = self._axis_of(gap)
        if axis is None:
            return None
        place = gap.without([axis]) * -gap.coefficient(axis)
        lower, upper = map(self.context.canonical, self.bounds(axis))
        if place == lower:
            return Cut(axis, place + 1, equal)
        return Cut(axis, place, not equal) if place == upper - 1 else None

    def _axis_of(self, slack: Affine) -> str | None:
        """The one axis that an expression moves with, one by one."""
        moving = [s for s in slack.symbols if s in self.loops]
        if len(moving) != 1 or abs(slack.coefficient(moving[0])) != 1:
            return None
        return None if self.loops[moving[0]].span is not None else moving[0]

    # ------------------------------------------------------------------ joining
    def _joined(
        self, axis: str, first: tuple[Emitted, Affine], second: tuple[Emitted, Affine]
    ) -> Emitted | None:
        pieces = [first[0], second[0]]
        axes = self.sorted_axes([axis, *(a for p in pieces for a in p.axes)])
        dim = axes.index(axis)
        numbers = [p.rank is Rank.NUMBER for p in pieces]
        if all(numbers):
            return None
        if any(numbers):
            kept, count = (first[0], second[1]) if numbers[1] else (second[0], first[1])
            if kept.axes != axes:
                return None
            number = pieces[numbers.index(True)].node
            node = self._pad(kept, dim, count, numbers[0], number)
        else:
            lengths = (first[1], second[1])
            parts = [
                part
                for piece, length in zip(pieces, lengths, strict=True)
                for part in self._parts(piece, axes, axis, length)
            ]
            node = _as_roll(parts, dim, len(axes)) or self._cat(parts, dim)
        return Emitted(node, axes, pieces[0 if numbers[1] else 1].dtype, Rank.TENSOR)

    def _parts(
        self, piece: Emitted, axes: tuple[str, ...], axis: str, length: Affine
    ) -> list[ast.expr]:
        """The piece with all of the axes, as the tensors that follow each other along one."""
        node = self._filled_out(piece, axes, axis, length)
        known = self.context.joined.get(id(node))
        return known[1] if known is not None and known[0] == axes.index(axis) else [node]

    def _filled_out(
        self, piece: Emitted, axes: tuple[str, ...], axis: str, length: Affine
    ) -> ast.expr:
        if piece.axes == axes:
            return piece.node
        entries: list[ast.expr] = [
            ast.Slice() if a in piece.axes else ast.Constant(None) for a in axes
        ]
        node = _as_slices(self._insert(piece, syntax.strip_full(entries)))
        sizes: list[ast.expr] = []
        for name in axes:
            lower, upper = self.bounds(name)
            extent = self.context.canonical(length if name == axis else upper - lower)
            same = name in piece.axes or extent == Affine.number(1)
            sizes.append(syntax.constant(-1) if same else self._written(extent))
        if all(syntax.same(s, syntax.constant(-1)) for s in sizes):
            return node
        return syntax.method(node, "expand", *sizes)

    def _written(self, affine: Affine) -> ast.expr:
        return syntax.affine(self.context.spell(self.context.canonical(affine)))

    def _cat(self, parts: list[ast.expr], dim: int) -> ast.expr:
        keywords = {"dim": syntax.constant(dim)} if dim else {}
        list_ = ast.List(parts, ast.Load())
        node = syntax.call(f"{self.context.torch}.cat", [list_], **keywords)
        self.context.joined[id(node)] = (dim, parts, node)
        return node

    def _pad(
        self, kept: Emitted, dim: int, count: Affine, in_front: bool, value: ast.expr
    ) -> ast.expr:
        """Elements of one number beside a value, together with those that it has."""
        none = (Affine(), Affine())
        own = self.context.padded.get(id(kept.node))
        if own is None or not syntax.same(own.value, value):
            own = Padding(kept.node, kept.node, (none,) * len(kept.axes), value)
        amounts = list(own.amounts)
        before, behind = amounts[dim]
        amounts[dim] = (before + count, behind) if in_front else (before, behind + count)
        moved = next(k for k, a in enumerate(amounts) if a != none)
        sizes = [self._written(a) for pair in reversed(amounts[moved:]) for a in pair]
        keywords = {} if is_zero(value) else {"value": value}
        pad = f"{self.context.torch}.nn.functional.pad"
        node = syntax.call(pad, [own.inner, ast.Tuple(sizes, ast.Load())], **keywords)
        self.context.padded[id(node)] = Padding(node, own.inner, tuple(amounts), value)
        return node


def _as_slices(node: ast.expr) -> ast.expr:
    """``x[0, None] -> x[:1]``, ``x[-1, None] -> x[-1:]``."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple):
        return node
    given, entries = list(node.slice.elts), []
    while given:
        entry = given.pop(0)
        place = _literal(entry)
        added = given and isinstance(given[0], ast.Constant) and given[0].value is None
        if place is None or not added:
            entries.append(entry)
            continue
        given.pop(0)
        first = None if place == 0 else entry
        last = None if place == -1 else syntax.constant(place + 1)
        entries.append(ast.Slice(first, last, None))
    return syntax.index(node.value, syntax.strip_full(entries))


def _literal(entry: ast.expr) -> int | None:
    match entry:
        case ast.Constant(value=int() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return -value
    return None


def _as_roll(parts: Sequence[ast.expr], dim: int, count: int) -> ast.expr | None:
    """``torch.cat([x[k:], x[:k]]) -> x.roll(-k)``."""
    if len(parts) != 2:
        return None
    later, earlier = (_slice_along(part, dim) for part in parts)
    if later is None or earlier is None:
        return None
    (base, start), (other, stop) = later, earlier
    plain = start.upper is None and stop.lower is None and start.step is stop.step is None
    if not plain or start.lower is None or stop.upper is None or not syntax.same(base, other):
        return None
    if not syntax.same(start.lower, stop.upper):
        return None
    shift = start.lower
    turned = shift.operand if isinstance(shift, ast.UnaryOp) else ast.UnaryOp(ast.USub(), shift)
    dims = [syntax.constant(dim)] if count > 1 else []
    return syntax.method(base, "roll", turned, *dims)


def _slice_along(node: ast.expr, dim: int) -> tuple[ast.expr, ast.Slice] | None:
    """The tensor of which a piece is a slice along one dimension, all others being whole."""
    if not isinstance(node, ast.Subscript):
        return None
    given = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    others = [e for k, e in enumerate(given) if k != dim]
    own = given[dim] if dim < len(given) else None
    whole = all(map(syntax.is_full, others))
    return (node.value, own) if isinstance(own, ast.Slice) and whole else None
