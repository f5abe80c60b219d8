"""Scatters to PyTorch source: `index_add_`, `bincount`, `index_put_` and their like.

Where the indices are known to lie inside of the target, a sum is an `index_add_` or `scatter_add_`;
elsewhere it is an `index_put_`, which takes negative indices as Python does and raises as the loop.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from deloop.backend import syntax
from deloop.backend.context import Context, Emitted
from deloop.backend.emit import Emitter
from deloop.dtype import Rank, category
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.plan import Vector
from deloop.ir.row_major import fills
from deloop.ir.scalar import Cast, ElementType, Expression, Invariant, Number, Select, Subscript
from deloop.text.names import names_in

_CHOSEN = "(chosen)"
"""The one axis that is left of those over which a mask has chosen."""


@dataclass(frozen=True)
class _Dimension:
    """A dimension of the target: a point, the slice that one iterator walks over, or an index."""

    entry: ast.expr
    slice_of: str = ""
    index: Emitted | None = None


@dataclass(frozen=True)
class _Target:
    """All dimensions, and the axes of the index pieces together."""

    base: ast.expr
    dimensions: tuple[_Dimension, ...]
    axes: tuple[str, ...]

    @property
    def indices(self) -> list[Emitted]:
        """The index pieces."""
        return [d.index for d in self.dimensions if d.index is not None]

    @property
    def slices(self) -> tuple[str, ...]:
        """The iterators of the slices."""
        return tuple(d.slice_of for d in self.dimensions if d.slice_of)

    @property
    def view(self) -> ast.expr:
        """The part of the target in which the indices choose: ``out[:, 1:]``."""
        return syntax.index(self.base, syntax.strip_full([d.entry for d in self.dimensions]))


def write_scatter(
    step: Vector, context: Context, make_anew: bool
) -> tuple[list[ast.stmt], ast.stmt, bool]:
    """Statements in front, the scatter itself, and whether it made the target anew.

    With `make_anew` the target holds zeros that nobody has seen: a count may replace it.
    """
    found = step.accumulation
    assert found is not None
    store = step.statement.store
    condition, term = _masked(store.value)
    order = order_of(step, context)
    emitter = Emitter(context, [loop.axis for loop in step.axes], order, store.place)
    if found.kind in ("max", "min") and store.array in context.with_grad:
        raise emitter.refuse("the gradient of an extreme goes to one of several equal elements")
    if found.kind == "same" and scalar.requires_grad(term, context.with_grad):
        raise emitter.refuse("of several equal stores the last one alone has a gradient")
    before: list[ast.stmt] = []
    chosen = None
    if condition is not None:
        chosen = emitter.emit(condition)
        if chosen.rank is Rank.NUMBER or not chosen.axes:
            raise emitter.refuse("whether it is stored at all depends on one condition")
        chosen = _widened(chosen, step, emitter)
        if not isinstance(chosen.node, ast.Name):
            name = context.unique("mask")
            before.append(ast.Assign([ast.Name(name, ast.Store())], chosen.node, lineno=0))
            chosen = replace(chosen, node=ast.Name(name, ast.Load()))
    scatter = _Scatter(step, context, emitter, chosen)
    if found.kind in ("only", "same"):
        return before, scatter.assignment(term), False
    if found.kind != "sum":
        return before, scatter.extreme(term, found.kind, found.in_bounds), False
    if is_count(step) and (counted := scatter.count(make_anew)) is not None:
        return before, counted, make_anew
    return before, scatter.sum(term, found.in_bounds), False


def _widened(chosen: Emitted, step: Vector, emitter: Emitter) -> Emitted:
    """The mask over all axes of the indices, where it does not choose whole rows of each."""
    store = step.statement.store
    condition, term = _masked(store.value)
    data = _data_iterators(step, condition)
    parts = [term, *(s for s in store.subscripts if not isinstance(s, Affine))]
    over = chosen.axes
    for part in parts:
        used = emitter.sorted_axes([*scalar.iterators_of(part, data)])
        if not set(used) <= set(over) and set(used) & set(over) and used[: len(over)] != over:
            break
    else:
        return chosen
    axes = emitter.sorted_axes([*data])
    bounds = map(emitter.bounds, axes)
    context = emitter.context
    sizes = [syntax.affine(context.spell(context.canonical(u - lo))) for lo, u in bounds]
    return replace(
        chosen, node=syntax.method(emitter.align(chosen, axes), "expand", *sizes), axes=axes
    )


def _masked(value: Expression) -> tuple[Expression | None, Expression]:
    """The condition under which a term counts, and the term (`analysis.scatter.masked`)."""
    match value:
        case Select(condition, then, Invariant("")):
            return condition, then
    return None, value


def is_plain_store(step: Vector) -> bool:
    """Whether a scatter is no more than ``out[idx] = v``."""
    found, store = step.accumulation, step.statement.store
    return found is not None and found.kind == "only" and _masked(store.value)[0] is None


def write_whole(
    step: Vector, context: Context, emitter: Emitter, make_anew: bool
) -> ast.stmt | None:
    """``out[:] = v.flatten()`` for ``out[i * m + j] = v[i, j]``, or ``out = …``; None elsewhere."""
    store, loops = step.statement.store, step.statement.loops
    axes = tuple(x.iterator for x in loops)
    index, tensor = store.subscripts[0], context.arrays[store.array]
    if isinstance(index, Affine) or {x.iterator for x in step.axes} != set(axes):
        return None
    sizes = tensor.type.shape
    if not is_plain_store(step) or len(sizes) != 1 or (make_anew and tensor.type.device != "cpu"):
        return None
    domain = (*store.guards, *step.statement.domain)
    if not fills(index, loops, context.canonical(sizes[0]), domain):
        return None
    before, emitter.order = emitter.order, axes
    value = emitter.emit(store.value)
    emitter.order = before
    if value.axes != axes or value.dtype != store.dtype:
        return None
    node = syntax.method(value.node, "clone") if make_anew and value.is_view else value.node
    name = syntax.name(tensor.name)
    target = name if make_anew else syntax.index(name, [ast.Slice()])
    return ast.Assign([_stored(target)], syntax.method(node, "flatten"), lineno=0)


def is_count(step: Vector) -> bool:
    """Whether a scatter counts how often each element of a vector is met."""
    found, store = step.accumulation, step.statement.store
    if found is None or not found.scattered or found.kind != "sum" or not found.in_bounds:
        return False
    term = _masked(store.value)[1]
    while isinstance(term, Cast):
        term = term.value
    one = isinstance(term, Number) and type(term.value) in (int, float) and term.value == 1
    counts = category(store.dtype) == "int" or store.dtype in ("float32", "float64")
    return one and counts and len(store.subscripts) == 1  # a narrow float soon stops counting


def order_of(step: Vector, context: Context) -> list[str]:
    """Axes as the value has them: slices in front of the index, those of it, slices behind."""
    condition, _ = _masked(step.statement.store.value)
    lifted = [loop.iterator for loop in step.axes]
    subscripts = step.statement.store.subscripts
    data = _data_iterators(step, condition)
    places: list[list[str]] = [[], [], []]
    seen = False
    for subscript in subscripts:
        if not isinstance(subscript, Affine):
            seen = True
            continue
        for symbol in context.canonical(subscript).symbols:
            if symbol in lifted and symbol not in data:
                places[2 if seen else 0].append(symbol)
    inner = [i for i in lifted if i not in places[0] and i not in places[2]]
    if condition is not None:
        first = scalar.iterators_of(condition, frozenset(inner))
        inner.sort(key=lambda i: i not in first)
    return list(dict.fromkeys([*places[0], *inner, *places[2]]))


def _data_iterators(step: Vector, condition: Expression | None) -> frozenset[str]:
    """The iterators that data or a condition moves with, which cannot be slices of the target."""
    names = frozenset(loop.iterator for loop in step.axes)
    parts = [s for s in step.statement.store.subscripts if not isinstance(s, Affine)]
    parts += [] if condition is None else [condition]
    return frozenset(i for part in parts for i in scalar.iterators_of(part, names))


class _Scatter:
    """One scatter on its way to source."""

    def __init__(
        self, step: Vector, context: Context, emitter: Emitter, chosen: Emitted | None
    ) -> None:
        self.store = step.statement.store
        self.context = context
        self.emitter = emitter
        self.chosen = chosen
        self.data = _data_iterators(step, _masked(self.store.value)[0])
        self.tensor = context.arrays[self.store.array]
        gone = () if chosen is None else chosen.axes
        self.order = (_CHOSEN, *(a for a in emitter.order if a not in gone))

    # ------------------------------------------------------------------ forms
    def assignment(self, term: Expression) -> ast.stmt:
        """``out[idx[mask]] = v[mask]``."""
        target = self._target()
        value = self._value(term)
        entries = [
            d.entry if d.index is None else self.emitter.align(d.index, target.axes)
            for d in target.dimensions
        ]
        place = _stored(syntax.index(target.base, syntax.strip_full(entries)))
        node = self._aligned(value, (*target.axes, *target.slices))
        return ast.Assign([place], node, lineno=0)

    def count(self, make_anew: bool) -> ast.stmt | None:
        """``counts = torch.bincount(idx, minlength=n)``."""
        target = self._target()
        if not target.axes:
            return None
        size = self.context.spell(self.context.canonical(self.tensor.type.shape[0]))
        index = self._flat(target.indices[0].node, target.axes, count=len(target.axes))
        name = f"{self.context.torch}.bincount"
        node = syntax.call(name, [index], minlength=syntax.affine(size))
        if not make_anew:
            if category(self.store.dtype) == "float":
                self.context.round_off("a count added at once")
            return ast.AugAssign(_stored(target.base), ast.Add(), node)
        piece = Emitted(node, (_CHOSEN,), "int64", Rank.TENSOR)
        piece = self.emitter.cast(piece, ElementType(self.store.dtype, Rank.TENSOR))
        return ast.Assign([ast.Name(self.store.array, ast.Store())], piece.node, lineno=0)

    def sum(self, term: Expression, in_bounds: bool) -> ast.stmt:
        """``out.index_add_(0, idx, v)``."""
        if category(self.store.dtype) in ("float", "complex"):
            self.context.round_off("sum in another order than the loop's")
        made = (self._index_add(term) or self._scatter_add(term)) if in_bounds else None
        if made is not None:
            return made
        target = self._target()
        value = self._value(term)
        if value.rank is Rank.NUMBER:
            holder = self.context.base(self.tensor)  # a tensor of the same dtype and device
            value = replace(value, node=syntax.method(holder, "new_tensor", value.node))
        node = self._aligned(value, (*target.axes, *target.slices))
        if not target.indices:
            return ast.AugAssign(_stored(target.view), ast.Add(), node)
        indices: list[ast.expr] = [self.emitter.align(d, target.axes) for d in target.indices]
        pair = ast.Tuple(indices, ast.Load())
        accumulate = ast.Constant(True)
        return _run(syntax.method(target.view, "index_put_", pair, node, accumulate=accumulate))

    def extreme(self, term: Expression, kind: str, in_bounds: bool) -> ast.stmt:
        """``out.scatter_reduce_(0, idx, v, "amax")``."""
        if not in_bounds:
            raise self.emitter.refuse("whether the indices are inside of the target is not known")
        if category(self.store.dtype) == "float":
            self.context.round_off("an extreme may be either zero where -0.0 and 0.0 tie")
        target = self._target()
        value = self._value(term)
        if len(target.indices) != 1 or value.axes != (*target.axes, *target.slices):
            raise self.emitter.refuse("an extreme over elements that several indices select")
        index = self._flat(self._long(target.indices[0]), target.axes)
        if target.slices:
            entries: list[ast.expr] = [ast.Slice(), *[ast.Constant(None) for _ in target.slices]]
            sizes = [self._extent(axis) for axis in target.slices]
            index = syntax.index(index, entries)
            index = syntax.method(index, "expand", syntax.constant(-1), *sizes)
        word = ast.Constant({"max": "amax", "min": "amin"}[kind])
        node = self._flat(value.node, target.axes)
        zero = ast.Constant(0)
        return _run(syntax.method(target.view, "scatter_reduce_", zero, index, node, word))

    def _index_add(self, term: Expression) -> ast.stmt | None:
        """One index over all its axes, everything else slices."""
        target = self._target(keep_slices=self.chosen is None)
        if len(target.indices) != 1 or not target.axes:
            return None
        left = [d for d in target.dimensions if d.index is not None or d.slice_of]
        position = next(k for k, d in enumerate(left) if d.index is not None)
        axes = [a for d in left for a in ((d.slice_of,) if d.slice_of else target.axes)]
        value = self._value(term)
        if value.axes != tuple(axes):
            return None
        index = self._flat(target.indices[0].node, target.axes, count=len(target.axes))
        node = self._flat(value.node, target.axes, position, len(axes))
        return _run(syntax.method(target.view, "index_add_", ast.Constant(position), index, node))

    def _scatter_add(self, term: Expression) -> ast.stmt | None:
        """``for i: for j: out[i, idx[i, j]] += v[i, j]   ->   out.scatter_add_(1, idx, v)``."""
        entries: list[ast.expr] = []
        axes: list[str | None] = []
        index: Expression | None = None
        for subscript, size in zip(self.store.subscripts, self.tensor.type.shape, strict=True):
            if not isinstance(subscript, Affine):
                index = subscript
                entries.append(ast.Slice())
                axes.append(None)
                continue
            subscript = self.context.canonical(subscript)
            moved = [s for s in subscript.symbols if s in self.emitter.loops]
            if len(moved) != 1 or subscript.coefficient(moved[0]) < 0 or moved[0] in axes:
                return None
            entries.append(self.emitter.slice(subscript, moved[0], self.context.canonical(size)))
            axes.append(moved[0])
        rest = [a for a in self.emitter.loops if a not in axes]
        if len(rest) != 1 or index is None or self.chosen is not None:
            return None
        order = tuple(rest[0] if a is None else a for a in axes)
        loops = list(self.emitter.loops.values())
        emitter = Emitter(self.context, loops, order, self.store.place)
        piece, value = emitter.emit(index), emitter.emit(term)
        if piece.axes != order or value.axes != order:
            return None
        view = syntax.index(self.context.base(self.tensor), syntax.strip_full(entries))
        dim = ast.Constant(axes.index(None))
        return _run(syntax.method(view, "scatter_add_", dim, self._long(piece), value.node))

    # ------------------------------------------------------------------ the target
    def _target(self, keep_slices: bool = False) -> _Target:
        """The target; with `keep_slices` also those in front of an index stay slices."""
        found: list[_Dimension] = []
        sizes = [self.context.canonical(s) for s in self.tensor.type.shape]
        subscripts = [
            self.context.canonical(s) if isinstance(s, Affine) else s
            for s in self.store.subscripts
        ]
        last = max(k for k, s in enumerate(subscripts) if not self._is_slice(s, subscripts))
        for k, (subscript, size) in enumerate(zip(subscripts, sizes, strict=True)):
            if self._is_slice(subscript, subscripts) and (keep_slices or k > last):
                assert isinstance(subscript, Affine)
                moved = next(s for s in subscript.symbols if s in self.emitter.loops)
                found.append(_Dimension(self.emitter.slice(subscript, moved, size), moved))
                continue
            piece = self._selected(self.emitter.index_tensor(subscript))
            if piece.axes:
                found.append(_Dimension(ast.Slice(), index=piece))
            elif isinstance(subscript, Affine):
                found.append(_Dimension(self.emitter.point(subscript, size)))
            else:
                found.append(_Dimension(piece.node))
        used = {a for d in found if d.index is not None for a in d.index.axes}
        axes = tuple(a for a in self.order if a in used)
        return _Target(self.context.base(self.tensor), tuple(found), axes)

    def _is_slice(self, subscript: Subscript, others: list[Subscript]) -> bool:
        """Whether one iterator, which nothing else of the target moves with, walks upwards."""
        if not isinstance(subscript, Affine):
            return False
        moved = [s for s in subscript.symbols if s in self.emitter.loops]
        if len(moved) != 1 or moved[0] in self.data or subscript.coefficient(moved[0]) < 0:
            return False
        uses = [s for s in others if isinstance(s, Affine) and moved[0] in s.symbols]
        return len(uses) == 1

    # ------------------------------------------------------------------ pieces
    def _value(self, term: Expression) -> Emitted:
        """What is stored, where the mask chooses it; a literal as it was written."""
        bare = term
        while isinstance(bare, Cast):
            bare = bare.value
        if isinstance(bare, Number) and category(bare.type.dtype) != "float":
            return self.emitter.emit(bare)
        return self._selected(self.emitter.emit(term))

    def _selected(self, piece: Emitted) -> Emitted:
        """The piece where the mask holds: ``x[mask]``."""
        if self.chosen is None or not set(piece.axes) & set(self.chosen.axes):
            return piece
        over, mask = self.chosen.axes, self.chosen.node
        if piece.axes[: len(over)] != over:
            if not set(piece.axes) <= set(over):
                raise self.emitter.refuse("a condition beside rows that it does not choose from")
            node = syntax.method(self.emitter.align(piece, over), "expand_as", mask)
            piece = replace(piece, node=node, axes=over)
        axes = (_CHOSEN, *piece.axes[len(over) :])
        return replace(piece, node=syntax.index(piece.node, [mask]), axes=axes, is_view=False)

    def _aligned(self, piece: Emitted, axes: tuple[str, ...]) -> ast.expr:
        if set(piece.axes) - set(axes):
            raise self.emitter.refuse("the value has more dimensions than where it goes")
        node = self.emitter.align(piece, axes) if piece.axes else piece.node
        return syntax.method(node, "clone") if self._is_same_memory(piece) else node

    def _is_same_memory(self, piece: Emitted) -> bool:
        names = names_in(piece.node)
        return piece.is_view and self.tensor.name in names

    @staticmethod
    def _flat(
        node: ast.expr, axes: tuple[str, ...], start: int = 0, count: int | None = None
    ) -> ast.expr:
        """Several axes as one dimension, those from `start` on; of `count` dimensions in all."""
        if len(axes) == 1:
            return node
        stop = start + len(axes) - 1
        ends = [start, stop] if count is None or stop < count - 1 else [start] if start else []
        return syntax.method(node, "flatten", *map(syntax.constant, ends))

    def _long(self, piece: Emitted) -> ast.expr:
        return self.emitter.cast(piece, ElementType("int64", Rank.TENSOR)).node

    def _extent(self, axis: str) -> ast.expr:
        lower, upper = self.emitter.bounds(axis)
        return syntax.affine(self.context.spell(self.context.canonical(upper - lower)))


def _stored(node: ast.expr) -> ast.Name | ast.Attribute | ast.Subscript:
    assert isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))
    node.ctx = ast.Store()
    return node


def _run(node: ast.expr) -> ast.stmt:
    return ast.Expr(node)
