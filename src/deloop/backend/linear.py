"""Linear recurrences to PyTorch source: a loop of as many steps as the axis has doublings.

    h = x.clone()
    step = 1
    while step < len(x):
        h[step:] += a ** step * h[:-step]
        step *= 2

After each step, an element holds what its last ``2 * step`` iterations bring.
(W. D. Hillis and G. L. Steele, "Data parallel algorithms", CACM 1986.)
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deloop.backend import syntax
from deloop.backend.context import Context, Emitted
from deloop.backend.held import HeldEmitter
from deloop.dtype import Rank, category
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.axis import Axis
from deloop.ir.loop import Loop
from deloop.ir.plan import Vector
from deloop.ir.scalar import (
    Call,
    Cast,
    ElementType,
    Expression,
    Load,
    Number,
    Scan,
    Select,
    requires_grad,
)
from deloop.ops.scans import CLIPPED
from deloop.ops.table import find_operator


@dataclass(frozen=True)
class _Run:
    """The running values under way: a tensor by its name, and the dimension that grows."""

    node: Scan
    name: str
    axes: tuple[str, ...]
    backwards: bool

    @property
    def dim(self) -> int:
        return self.axes.index(self.node.axis.iterator)

    def part(self, start: ast.expr | None, stop: ast.expr | None) -> ast.expr:
        """``name[:, start:stop]``."""
        entries = [*(ast.Slice() for _ in range(self.dim)), ast.Slice(start, stop)]
        return syntax.index(syntax.name(self.name), entries)


@dataclass(frozen=True)
class Chained:
    """A linear recurrence over the elements that it stores, the one before the first included.

    `loop` runs over all of them; `term` is what each of the others begins as.
    """

    node: Scan
    term: Expression
    loop: Loop
    backwards: bool


def find_chain(step: Vector, context: Context) -> Chained | None:
    """``x[i] = a * x[i - 1] + b[i]`` as a change of `x` in place; None where it must not be one."""
    store = step.statement.store
    value = store.value
    while isinstance(value, Cast) and value.type.dtype == value.value.type.dtype:
        value = value.value
    if not isinstance(value, Scan) or value.kind != "linear" or value.exclusive or step.conditions:
        return None
    factor, first, axis = value.factor, value.first, value.axis
    assert factor is not None
    if not isinstance(first, Load) or first.array != store.array:
        return None
    if requires_grad(factor, context.with_grad) or scalar.reads(factor, store.array):
        return None  # the backward pass needs what it would change
    if value.type.dtype != store.dtype:
        return None
    for loop in step.axes:
        own, ends = Affine.symbol(loop.iterator), axis.lower + axis.upper - 1
        if value.at not in (own, ends - own) or loop.axis != replace(axis, iterator=loop.iterator):
            continue
        backwards = value.at != own
        before = {loop.iterator: loop.upper if backwards else loop.lower - 1}
        found = tuple(
            s.substitute(before) if isinstance(s, Affine) else s for s in store.subscripts
        )
        if tuple(map(context.canonical, _affine(found))) != tuple(
            map(context.canonical, _affine(first.subscripts))
        ):
            return None
        values = {axis.iterator: value.at}
        term = scalar.substitute_symbols(value.value, values)
        if backwards:
            factor = scalar.substitute_symbols(
                factor, {axis.iterator: ends - Affine.symbol(axis.iterator)}
            )
            loop, axis = replace(loop, upper=loop.upper + 1), replace(axis, upper=axis.upper + 1)
        else:
            loop, axis = replace(loop, lower=loop.lower - 1), replace(axis, lower=axis.lower - 1)
        return Chained(replace(value, factor=factor, axis=axis), term, loop, backwards)
    return None


def _affine(subscripts: Sequence[scalar.Subscript]) -> list[Affine]:
    return [s for s in subscripts if isinstance(s, Affine)]


class LinearEmitter(HeldEmitter):
    """Emits values that are scaled and added to along an axis."""

    def filled(self, piece: Emitted, sizes: Sequence[ast.expr], dtype: str) -> Emitted:
        """A Python number as a new tensor of such sizes: ``torch.zeros(n)``."""
        raise NotImplementedError

    def scan(self, node: Scan) -> Emitted:
        """As of a `Scan`; a linear one takes statements of its own, written in front."""
        if node.kind not in ("linear", *CLIPPED):
            return super().scan(node)
        turned, backwards = self._turned(node)
        if (found := self._known(turned)) is not None:
            base = found
        elif not backwards and (found := self._known(against := _reversed(node))) is not None:
            turned, base = against, found
        else:
            base = self._computed(turned, backwards)
            self._note(turned, base)
        if node.exclusive:
            inner = self.within([node.axis], base.axes)
            base = self._behind_first(base, base.axes.index(node.axis.iterator), node, inner)
        piece = self._read_at(base, turned)
        if not set(turned.at.symbols) & set(self.loops):  # a variable takes a value of its own
            piece = replace(piece, node=syntax.method(piece.node, "clone"))
        elif piece.node is not base.node:
            piece = replace(piece, is_view=True)
        return self.permute(piece)

    def _turned(self, node: Scan) -> tuple[Scan, bool]:
        """The scan in the order in which it is read, and whether it runs against that order."""
        lifted = [s for s in node.at.symbols if s in self.loops]
        if node.exclusive or len(lifted) != 1 or node.at.coefficient(lifted[0]) != -1:
            return node, False
        return _reversed(node), True

    def _dimensions(self) -> dict[str, str]:
        """What the dimensions of rows are called in every statement: ``_d1_2 -> _d1``."""
        rows = [name for name in self.loops if name.startswith("_d")]
        plain = {name: "_".join(name.split("_")[:2]) for name in rows}
        return plain if len(set(plain.values())) == len(plain) else {}

    def _key(self, node: Scan) -> Expression:
        names = {name: Affine.symbol(plain) for name, plain in self._dimensions().items()}
        bare = replace(node, at=Affine(), name="")
        return rows.bare(scalar.substitute_symbols(bare, names))

    def _known(self, node: Scan) -> Emitted | None:
        """The running values, where an earlier statement has computed them."""
        found = self.context.names.get(self._key(node))
        if found is None:
            return None
        back = {plain: name for name, plain in self._dimensions().items()}
        piece = found[0]
        return replace(piece, axes=tuple(back.get(a, a) for a in piece.axes))

    def _note(self, node: Scan, base: Emitted) -> None:
        plain = self._dimensions()
        kept = replace(base, axes=tuple(plain.get(a, a) for a in base.axes), is_view=True)
        self.context.names[self._key(node)] = (kept, ())

    def _computed(self, node: Scan, backwards: bool) -> Emitted:
        assert node.factor is not None and node.first is not None
        inner = self.within([node.axis], self._order_of(node))
        value = inner.cast(inner.emit(node.value), node.type, node.value)
        value, is_filled = self._whole(value, node, inner)
        if node.name in self.context.variables:
            self.context.taken.add(node.name)  # what it starts from may be read on the way
        name = self.context.scan_name or self.context.unique(node.name)
        self.context.scan_name = ""
        run = _Run(node, name, value.axes, backwards)
        grads = requires_grad(node.value, self.context.with_grad)
        fresh = not value.is_view and _is_own_memory(value.node, node.value, grads)
        fresh |= is_filled
        start = value.node if fresh else syntax.method(value.node, "clone")
        written = self.context.written
        written.append(ast.Assign([ast.Name(name, ast.Store())], start, lineno=0))
        if node.kind in CLIPPED:
            written.append(self._clipped_start(run))
        elif scalar.literal_value(node.first) != 0:
            written.append(self._started(run))
        elif requires_grad(node.factor, self.context.with_grad) and not grads:
            two = at_least(node.axis.extent, 2)  # of one value alone nothing would be recorded
            if not self.context.assume(two, "a factor takes part"):
                raise self.refuse("no factor takes part for these sizes")
        written.extend(self.doubling(run, inner.order))
        if category(node.type.dtype) == "float":
            self.context.round_off("a linear recurrence in another order than the loop's")
        return Emitted(syntax.name(name), value.axes, value.dtype, Rank.TENSOR)

    def _order_of(self, node: Scan) -> tuple[str, ...]:
        """The axes as where the running values go has them."""
        lifted = [s for s in node.at.symbols if s in self.order]
        if len(lifted) != 1:
            return self.natural_order(node.value, [node.axis])
        bound = node.axis.iterator
        order = [bound if a == lifted[0] else a for a in self.order]
        return (*(n for n in self.loops if n not in order and n != lifted[0]), *order)

    def _whole(self, value: Emitted, node: Scan, inner: LinearEmitter) -> tuple[Emitted, bool]:
        """What is added, along every axis of the running values; whether it was made for that."""
        assert node.factor is not None and node.first is not None
        names = frozenset(inner.loops)
        parts = [node.factor] if scalar.literal_of(node.first) else [node.factor, node.first]
        used = {node.axis.iterator, *value.axes}
        for part in parts:
            used |= scalar.iterators_of(part, names)
        axes = inner.sorted_axes([*used])
        if set(axes) != used:
            raise self.refuse("running values move with a loop that they are not kept along")
        if axes == value.axes:
            return value, False
        extents = [self.context.canonical(u - lo) for lo, u in map(inner.bounds, axes)]
        sizes = [syntax.affine(self.context.spell(extent)) for extent in extents]
        if value.rank is Rank.NUMBER:
            filled = inner.filled(value, sizes, node.type.dtype)
            return replace(filled, axes=axes, rank=Rank.TENSOR), True
        wide = syntax.method(inner.align(value, axes), "expand", *sizes)
        return replace(value, node=wide, axes=axes, rank=Rank.TENSOR, is_view=True), False

    def chain(self, found: Chained, name: str, axes: tuple[str, ...]) -> list[ast.stmt]:
        """The recurrence done in place on a tensor by its name."""
        bound = found.node.axis.iterator
        names = tuple(bound if a == found.loop.iterator else a for a in axes)
        run = _Run(found.node, name, names, found.backwards)
        if category(found.node.type.dtype) == "float":
            self.context.round_off("a linear recurrence in another order than the loop's")
        return self.doubling(run, names)

    def _started(self, run: _Run) -> ast.stmt:
        """``h[0] += a[0] * start``: what the first iteration finds."""
        node = run.node
        factor, first = self._first_of(run)
        kind = replace(node.type, rank=max(node.type.rank, Rank.SCALAR))
        if factor.type.dtype == "bool":
            assert node.first is not None
            added: Expression = Select(
                factor, _typed(node.first, kind), Cast(Number(0, kind), kind)
            )
        else:
            if factor.type.rank is first.type.rank is Rank.NUMBER:
                kind = factor.type
            added = Call("mul", (factor, first), kind)
        target, piece, rest = self._first_place(run, added)
        value = self.align(piece, rest) if piece.axes else piece.node
        return ast.AugAssign(target, ast.Add(), value)  # type: ignore[arg-type]

    def _clipped_start(self, run: _Run) -> ast.stmt:
        """``s[0] = torch.maximum(s[0], start + x[0])``: what the first iteration finds."""
        node = run.node
        factor, first = self._first_of(run)
        kind = replace(node.type, rank=max(node.type.rank, factor.type.rank))
        is_zero = scalar.literal_value(first) == 0
        added = factor if is_zero else Call("add", (factor, first), kind)
        target, piece, rest = self._first_place(run, added)
        if piece.rank is Rank.NUMBER:
            piece = self.typed_number(piece, node.type.dtype)
        value = self.align(piece, rest) if piece.axes else piece.node
        return _assigned(target, self._bounded(node, target, value))

    def _first_of(self, run: _Run) -> tuple[Expression, Expression]:
        """The first iteration's factor, and what it finds; refused where there may be none."""
        node, axis = run.node, run.node.axis
        assert node.factor is not None and node.first is not None
        if not self.context.assume(at_least(axis.extent, 1), "the loop runs"):
            raise self.refuse("whether an iteration runs is not known")
        place = axis.upper - 1 if run.backwards else axis.lower
        first = node.first
        while isinstance(first, Cast) and first.value.type.rank is Rank.NUMBER:
            first = first.value
        return scalar.substitute_symbols(node.factor, {axis.iterator: place}), first

    def _first_place(
        self, run: _Run, added: Expression
    ) -> tuple[ast.expr, Emitted, tuple[str, ...]]:
        """Where the first iteration's value is, what it is changed by, and their axes."""
        rest = tuple(a for a in run.axes if a != run.node.axis.iterator)
        piece = type(self)(
            self.context, [self.loops[a] for a in rest if a in self.loops], rest, self.place
        ).emit(added)
        if set(piece.axes) - set(rest):
            raise self.refuse("what a recurrence starts from has more dimensions than it adds")
        end = syntax.constant(-1 if run.backwards else 0)
        entries = [*(ast.Slice() for _ in range(run.dim)), end]
        target = syntax.index(ast.Name(run.name, ast.Load()), entries)
        syntax.set_store(target)
        return target, piece, rest

    def _bounded(self, node: Scan, old: ast.expr, new: ast.expr) -> ast.expr:
        """``torch.maximum(s[step:], s[:-step] + sums)``."""
        word = "maximum" if node.kind == "above" else "minimum"
        return syntax.call(f"{self.context.torch}.{word}", [old, new])

    def doubling(self, run: _Run, order: Sequence[str]) -> list[ast.stmt]:
        """The loop that adds what came ``step`` iterations before, for doubled steps."""
        node = run.node
        assert node.factor is not None
        axis = node.axis
        step = self.context.unique("step")
        late, early = run.part(syntax.name(step), None), run.part(None, _minus(step))
        target, source = (early, late) if run.backwards else (late, early)
        later = replace(axis, lower=axis.lower + 1)
        factor = self._factor(run, order, replace(axis, upper=axis.upper - 1)
                              if run.backwards else later)  # fmt: skip
        is_mask = node.factor.type.dtype == "bool"
        is_clipped = node.kind in CLIPPED
        before: list[ast.stmt] = []
        after: list[ast.stmt] = []
        if axis.iterator in factor.axes:
            held = self.context.unique("keep" if is_mask else "sums" if is_clipped else "decay")
            word = ast.BitAnd() if is_mask else ast.Add() if is_clipped else ast.Mult()
            before, after = self._factors_held(factor, held, run, step, word)
            scale: ast.expr = syntax.name(held)
        elif is_mask:
            raise self.refuse("whether a running value is kept is the same in all iterations")
        else:
            scale = self.align(factor, run.axes) if factor.axes else factor.node
            scale = ast.BinOp(scale, ast.Mult() if is_clipped else ast.Pow(), syntax.name(step))
        if is_mask:
            zero = syntax.constant(0)
            added: ast.expr = syntax.call(f"{self.context.torch}.where", [scale, source, zero])
        elif is_clipped:
            added = ast.BinOp(source, ast.Add(), scale)
        else:
            added = ast.BinOp(scale, ast.Mult(), source)
        grads = not is_mask and requires_grad(node.factor, self.context.with_grad)
        body = [self._new_sum(run, step, target, added) if grads else _added_to(target, added)]
        if is_clipped:
            body = [_assigned(target, self._bounded(node, target, added))]
        doubled = ast.AugAssign(ast.Name(step, ast.Store()), ast.Mult(), syntax.constant(2))
        extent = syntax.affine(self.context.spell(self.context.canonical(axis.extent)))
        test = ast.Compare(syntax.name(step), [ast.Lt()], [extent])
        first = ast.Assign([ast.Name(step, ast.Store())], syntax.constant(1), lineno=0)
        return [*before, first, ast.While(test, [*body, *after, doubled], [])]

    def _factor(self, run: _Run, order: Sequence[str], axis: Axis) -> Emitted:
        """The factor over the iterations that have one before them."""
        node = run.node
        assert node.factor is not None
        counts = any(isinstance(n, scalar.Index) for n in scalar.walk(node.factor))
        extent = at_least(self.context.canonical(axis.extent), 0)
        if counts and not self.context.assume(extent, "the loop runs that often"):
            raise self.refuse("whether the loop runs at all is not known")  # `arange` would raise
        inner = self.within([axis], order)
        piece = inner.emit(node.factor)
        is_mask = node.factor.type.dtype == "bool"
        if not is_mask and piece.rank is not Rank.NUMBER:
            piece = inner.cast(piece, ElementType(node.type.dtype, piece.rank), node.factor)
        if set(piece.axes) - set(run.axes):
            raise self.refuse("a factor has more dimensions than what is added")
        return piece

    def _factors_held(
        self, factor: Emitted, held: str, run: _Run, step: str, word: ast.operator
    ) -> tuple[list[ast.stmt], list[ast.stmt]]:
        """``decay = a[1:]``, and ``decay = decay[step:] * decay[:-step]`` for the next step."""
        first = run.axes.index(factor.axes[0])
        dim = run.dim - first
        node = self.align(factor, run.axes)
        full = [ast.Slice() for _ in range(dim)]
        base = syntax.name(held)
        late = syntax.index(base, [*full, ast.Slice(syntax.name(step), None)])
        early = syntax.index(base, [*full, ast.Slice(None, _minus(step))])
        joined = ast.BinOp(late, word, early)
        return (
            [ast.Assign([ast.Name(held, ast.Store())], node, lineno=0)],
            [ast.Assign([ast.Name(held, ast.Store())], joined, lineno=0)],
        )

    def _new_sum(self, run: _Run, step: str, target: ast.expr, added: ast.expr) -> ast.stmt:
        """A new tensor, where the backward pass needs the old one."""
        total = ast.BinOp(target, ast.Add(), added)
        if run.backwards:
            parts = [total, run.part(_minus(step), None)]
        else:
            parts = [run.part(None, syntax.name(step)), total]
        keywords = {"dim": syntax.constant(run.dim)} if run.dim else {}
        node = syntax.call(
            f"{self.context.torch}.cat", [ast.Tuple(parts, ast.Load())], **keywords
        )
        return ast.Assign([ast.Name(run.name, ast.Store())], node, lineno=0)


def _reversed(node: Scan) -> Scan:
    """The scan with its iterations counted from the last one."""
    assert node.factor is not None
    axis = node.axis
    ends = axis.lower + axis.upper - 1
    values = {axis.iterator: ends - Affine.symbol(axis.iterator)}
    value = scalar.substitute_symbols(node.value, values)
    factor = scalar.substitute_symbols(node.factor, values)
    return replace(node, value=value, factor=factor, at=ends - node.at)


def _typed(value: Expression, kind: ElementType) -> Expression:
    return value if value.type == kind else Cast(value, kind)


def _minus(step: str) -> ast.expr:
    return ast.UnaryOp(ast.USub(), syntax.name(step))


def _assigned(target: ast.expr, value: ast.expr) -> ast.stmt:
    assert isinstance(target, ast.Subscript)
    return ast.Assign([ast.Subscript(target.value, target.slice, ast.Store())], value, lineno=0)


def _added_to(target: ast.expr, added: ast.expr) -> ast.stmt:
    assert isinstance(target, ast.Subscript)
    place = ast.Subscript(target.value, target.slice, ast.Store())
    return ast.AugAssign(place, ast.Add(), added)


def _is_own_memory(node: ast.expr, value: Expression, records: bool) -> bool:
    """Whether a value is a new tensor that may be changed, the backward pass recorded or not."""
    if isinstance(node, (ast.BinOp, ast.UnaryOp)):
        op = node.op
        return isinstance(op, (ast.Add, ast.Sub, ast.Mult, ast.USub)) or not records
    if not isinstance(node, ast.Call) or isinstance(value, Select):
        return isinstance(node, ast.Call)
    if records or not isinstance(value, Call):
        return False
    return not find_operator(value.operator).may_alias
