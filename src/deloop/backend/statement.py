"""Planned statements to Python statements: stores laid out as slices, or as a new tensor."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import takewhile

from deloop.backend import syntax
from deloop.backend.blocks import joined, repeated
from deloop.backend.context import Context, Emitted
from deloop.backend.counting import in_users_terms
from deloop.backend.diagonals import name_neighbour, places_of, write_places
from deloop.backend.emit import Emitter
from deloop.backend.linear import find_chain
from deloop.backend.scatter import is_plain_store, order_of, write_scatter, write_whole
from deloop.backend.spread import spread
from deloop.dtype import Rank, category
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, Constraint, Sign
from deloop.ir.axis import Axis
from deloop.ir.loop import LIST, PRIVATE, Chunks, Nest, Store, expressions_of
from deloop.ir.plan import Serial, Step, Vector, arrays_read_in, vectors
from deloop.ir.scalar import (
    Call,
    Cast,
    ElementType,
    Expression,
    Load,
    Number,
    Reduce,
    Select,
    requires_grad,
)
from deloop.ir.types import Tensor
from deloop.text.names import names_in, names_read


@dataclass(frozen=True)
class Written:
    """Statements of the rewritten loop.

    `replaced` are arrays whose allocation the new code no longer needs: their first new statement
    assigns the whole name. `bound` are variables that the new code sets without reading them, so
    that what they held before does not count.
    """

    body: tuple[ast.stmt, ...]
    replaced: frozenset[str]
    bound: frozenset[str] = frozenset()


def write_plan(
    steps: tuple[Step, ...],
    context: Context,
    replaceable: Mapping[str, bool],
    temporaries: Mapping[Expression, str],
    nest: Nest,
) -> Written:
    """The plan as source.

    Parameters
    ----------
    steps:
        What is lifted and which loops stay.
    replaceable:
        Arrays that may be made anew by the statement named, if it covers them: fresh, and not
        touched before.
    temporaries:
        The user's names for values, to be kept where a value is used more than once.
    nest:
        What was read; its cells are variables.
    """
    rewritten = Counter(v.statement.store.array for v in vectors(steps))
    context.taken |= nest.locals & set(rewritten)
    context.taken |= {context.arrays[a].name for a in nest.locals & set(rewritten)}
    writer = _Writer(context, dict(replaceable), temporaries, rewritten)
    writer.last_read = _last_reads(steps, nest.live)
    writer.plan, writer.live = steps, nest.live
    begun = {c.key for c in nest.cells if c.changes_type or isinstance(c.start, Number)}
    writer.numbers = begun - _used_as_tensors(steps, begun)
    used = {v.statement.store.array for v in vectors(steps)} | arrays_read_in(steps)
    kept = used & (nest.locals | {c.key for c in nest.cells})
    context.variables = frozenset(context.arrays[a].name for a in kept)
    body = _without_unread(writer.steps(steps, top=True), writer.names_made)
    return Written(tuple(body), frozenset(writer.replaced), frozenset(writer.bound))


_RESULTS = {"sub": "difference", "mul": "product", "div": "ratio", "add": "total"}
"""What a value of several elements is called that is computed more than once."""
_NAMES = {"max": "largest", "min": "smallest", "sum": "total", "prod": "product"}
"""What a reduction is called that is used more than once."""


class _Writer:
    def __init__(
        self,
        context: Context,
        replaceable: dict[str, bool],
        temporaries: Mapping[Expression, str],
        rewritten: Mapping[str, int],
    ) -> None:
        self.context = context
        self.replaceable = replaceable
        self.replaced: set[str] = set()
        self.bound: set[str] = set()
        self.seen: set[str] = set()
        self.rewritten = rewritten
        self.temporaries = {rows.bare(e): name for e, name in temporaries.items()}
        self.last_read: Mapping[str, float] = {}
        self.position = 0
        self.holders: dict[str, str] = {}
        self.kept: set[str] = set()
        self.plan: tuple[Step, ...] = ()
        self.following: Sequence[Vector] = ()
        """The statements directly behind the one that is written just now."""
        self.live: frozenset[str] = frozenset()
        self.named_anew: dict[Expression, tuple[Emitted, tuple[Axis, ...]]] = {}
        """Running values that a tensor just made anew holds."""
        self.target: Store | None = None
        """What is written just now."""
        self.names_made: set[str] = set()
        """Names of values that were to be used more than once."""
        self.pieces: Serial | None = None
        """The loop over pieces that is being written."""
        self.joined: list[tuple[str, int]] = []
        """Lists to which each piece adds a tensor of its elements, and the dimension of those."""
        self.numbers: set[str] = set()
        """Variables that may begin as the Python number which they began as."""

    def steps(self, steps: tuple[Step, ...], top: bool) -> list[ast.stmt]:
        body: list[ast.stmt] = []
        for position, step in enumerate(steps):
            later = takewhile(lambda s: isinstance(s, Vector), steps[position + 1 :])
            self.following = vectors(tuple(later))
            if isinstance(step, Serial) and step.loop.chunks is not None:
                body.extend(self._pieces(step, step.loop.chunks))
            elif isinstance(step, Serial):
                body.append(self._serial(step))
            else:
                for statement in self._vector(step, top):
                    if not step.when or not _joins(body, statement):
                        body.append(statement)
        return body

    def _serial(self, step: Serial) -> ast.stmt:
        temporaries = self.temporaries
        if step.loop.diagonal is not None:
            moved = dict(step.loop.diagonal.values)
            self.temporaries = {
                scalar.substitute_symbols(e, moved): name for e, name in temporaries.items()
            }
        step, values = in_users_terms(step)
        loop = step.loop
        self.temporaries = {
            scalar.substitute_symbols(e, values): name for e, name in self.temporaries.items()
        }
        spell = self.context.spell
        bounds = [loop.upper] if loop.lower == Affine() else [loop.lower, loop.upper]
        iterable = syntax.call(
            "range", [syntax.affine(spell(self.context.canonical(b))) for b in bounds]
        )
        if loop.stride < 0:
            iterable = syntax.call("reversed", [iterable])
        hidden = dict(self.context.names)
        self.context.names.clear()
        body = self._diagonal(step) or self.steps(step.body, top=False) or [ast.Pass()]
        self.context.names.clear()
        self.context.names.update(hidden)
        self.temporaries = temporaries
        self._forget_all(step.body)
        for vector in vectors(step.body):
            store = vector.statement.store
            moves = any(isinstance(s, Affine) and loop.iterator in s.symbols
                        for s in store.subscripts)  # fmt: skip
            if store.array in self.context.locals and moves:
                self.context.locals[store.array] = None  # only the last iteration's is left
        return ast.For(
            target=ast.Name(loop.iterator, ast.Store()),
            iter=iterable,
            body=body,
            orelse=[],
            type_comment=None,
        )

    def _pieces(self, step: Serial, chunks: Chunks) -> list[ast.stmt]:
        """A loop over pieces of a range, with where each ends.

        ``step = …; for start in range(0, n, step): stop = min(start + step, n); …``
        """
        (inner,) = step.body
        assert isinstance(inner, Serial)
        outside, self.pieces = self.pieces, step
        loop = self._serial(replace(step, body=inner.body))
        self.pieces = outside
        assert isinstance(loop, ast.For) and isinstance(loop.iter, ast.Call)
        self._forget_all(step.body)
        ends = loop.iter.args if len(loop.iter.args) == 2 else [ast.Constant(0), *loop.iter.args]
        loop.iter.args = [*ends, syntax.name(chunks.step)]
        following = ast.BinOp(syntax.name(step.loop.iterator), ast.Add(), syntax.name(chunks.step))
        stop = syntax.call("min", [following, ends[1]])
        loop.body.insert(0, ast.Assign([ast.Name(chunks.stop, ast.Store())], stop, lineno=0))
        before: list[ast.stmt] = [
            ast.Assign([ast.Name(chunks.step, ast.Store())], self._length(chunks), lineno=0)
        ]
        after: list[ast.stmt] = []
        for name, dim in self.joined:
            self.replaced.add(name)
            before.append(ast.Assign([ast.Name(name, ast.Store())], ast.List([]), lineno=0))
            along = {"dim": ast.Constant(dim)} if dim else {}
            whole = syntax.call(f"{self.context.torch}.cat", [syntax.name(name)], **along)
            after.append(ast.Assign([ast.Name(name, ast.Store())], whole, lineno=0))
        self.joined.clear()
        return [*before, loop, *after]

    def _length(self, chunks: Chunks) -> ast.expr:
        """How many iterations a piece has: ``max(1, 2**24 // (m * d))``."""
        total: ast.expr | None = None
        for extent in chunks.extents:
            node = syntax.affine(self.context.spell(self.context.canonical(extent)))
            total = node if total is None else ast.BinOp(total, ast.Mult(), node)
        power = chunks.elements.bit_length() - 1
        number: ast.expr = ast.BinOp(ast.Constant(2), ast.Pow(), ast.Constant(power))
        if total is None:
            return number
        return syntax.call(
            "max", [ast.Constant(1), ast.BinOp(number, ast.FloorDiv(), total)]
        )

    def _diagonal(self, step: Serial) -> list[ast.stmt]:
        """The body of a loop over diagonals; nothing where it is over something else."""
        if step.loop.diagonal is None:
            return []
        places, self.context.places = self.context.places, places_of(step.loop)
        body = [*write_places(step.loop, self.context), *self.steps(step.body, top=False)]
        self.context.places = places
        return body

    def _forget_all(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if isinstance(step, Serial):
                self._forget_all(step.body)
            else:
                self._forget(step.statement.store)

    def _vector(self, step: Vector, top: bool) -> list[ast.stmt]:
        store = step.statement.store
        found = step.accumulation
        is_scatter = found is not None and found.scattered
        order = order_of(step, self.context) if is_scatter else self._order(step)
        axes = [loop.axis for loop in step.axes]
        emitter = Emitter(self.context, axes, order, store.place)
        outside = dict(self.context.names)
        self.target = store
        before = self._name_repeated(store.value, emitter, step)
        private = self.context.arrays[store.array].storage.startswith(PRIVATE)
        kept = store.local or store.cell is not None or private
        filled_by_data = is_scatter and not is_plain_store(step) and not self._is_kept_whole(store)
        if private and (step.conditions or filled_by_data):
            raise emitter.refuse(f"which elements of {store.array} are set depends on data")
        statement: ast.stmt | None
        if is_scatter and not is_plain_store(step):
            in_front, statement = self._scatter(step, top)
            before.extend(in_front)
        elif private and not self._is_all(store, emitter):
            statement = self._part(store, emitter)
        else:
            statement = self._local(store, emitter) if kept else self._store(step, emitter, top)
        before.extend(self._in_front())
        self._forget(store)
        self.context.names.update(self.named_anew)
        self.named_anew.clear()
        self._hold(step, emitter)
        is_said = statement is None or isinstance(statement, ast.Pass)
        body = [*before, *([] if is_said or statement is None else [statement])]
        self._note_bound(step, body, top)
        if not step.always_runs:
            # a name set under a condition is not known behind it
            self.context.names = {e: n for e, n in self.context.names.items() if e in outside}
        tests = [self._test(step.conditions)] if step.conditions else []
        emitter = Emitter(self.context, [], [], store.place)
        tests.extend(emitter.emit(condition).node for condition in step.when)
        if not tests:
            return body
        test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
        return [ast.If(test, body, [])]

    def _is_kept_whole(self, store: Store) -> bool:
        """Whether the rows of all iterations are there, so that an index of one is its own."""
        layout = self.context.locals.get(store.array)
        return layout is not None and all(
            kept is not None and kept[0] == Affine() for kept in layout
        )

    def _in_front(self) -> list[ast.stmt]:
        """The statements that what was just written needs in front of it."""
        written = list(self.context.written)
        self.context.written.clear()
        return written

    def _hold(self, step: Vector, emitter: Emitter) -> None:
        """See to it that a variable that two loops use holds the one's value no longer."""
        store = step.statement.store
        self.position += 1
        private = self.context.arrays[store.array].storage.startswith(PRIVATE)
        if store.cell is None and not store.local and not private:
            return
        name = self.context.arrays[store.array].name
        before = self.holders.setdefault(name, store.array)
        if before in self.kept or store.local or private:
            if before != store.array and _is_read_on(self.plan, step, before, self.live):
                raise emitter.refuse(f"{name} would hold two values at once")
        elif before != store.array and self.last_read.get(before, 0) >= self.position:
            raise emitter.refuse(f"{name} would hold the values of two loops at once")
        if store.local or private:
            self.kept.add(store.array)
        self.holders[name] = store.array

    def _scatter(self, step: Vector, top: bool) -> tuple[list[ast.stmt], ast.stmt | None]:
        """Stores to elements that data selects, each as often as the loop makes it."""
        array = step.statement.store.array
        make_anew = top and step.always_runs and bool(self.replaceable.get(array))
        before, statement, made = write_scatter(step, self.context, make_anew)
        self.replaceable[array] = False
        if made:
            self.replaced.add(array)
        return before, statement

    def _note_bound(self, step: Vector, body: list[ast.stmt], top: bool) -> None:
        """Remember a variable that is set before anything of the new code reads it."""
        self.seen |= names_read(body)
        store = step.statement.store
        name = self.context.arrays[store.array].name
        certain = store.cell is not None and top and body and step.always_runs
        if certain and name not in self.seen:
            self.bound.add(name)

    def _test(self, conditions: tuple[Constraint, ...]) -> ast.expr:
        """Conditions on serial iterators as a Python condition."""
        tests: list[ast.expr] = []
        for condition in dict.fromkeys(conditions):
            expression = self.context.canonical(condition.expression)
            left, right = expression.sides
            right = right - expression.constant
            word = ast.Eq() if condition.sign is Sign.ZERO else ast.GtE()
            sides = [syntax.affine(self.context.spell(side)) for side in (left, right)]
            tests.append(ast.Compare(sides[0], [word], [sides[1]]))
        return tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)

    def _forget(self, store: Store) -> None:
        """Names of values that read what was just written hold the old value; drop them."""
        for expression, (piece, _) in list(self.context.names.items()):
            holds = any(load.array == store.array for load in scalar.loads(expression))
            if holds or store.array in names_read([ast.Expr(piece.node)]):
                del self.context.names[expression]

    def _order(self, step: Vector) -> list[str]:
        """Axes in the order of the target's dimensions, others first."""
        lifted = [loop.iterator for loop in step.axes]
        target = [
            s
            for subscript in step.statement.store.subscripts
            if isinstance(subscript, Affine)
            for s in self.context.canonical(subscript).symbols
            if s in lifted
        ]
        return [a for a in lifted if a not in target] + list(dict.fromkeys(target))

    # ------------------------------------------------------------------ repeated values
    def _name_repeated(
        self, value: Expression, emitter: Emitter, step: Vector
    ) -> list[ast.stmt]:
        """The user's name, or ``mask``, for a value that is used more than once."""
        body: list[ast.stmt] = []
        counts: dict[Expression, int] = {}
        scopes: dict[Expression, tuple[Axis, ...]] = {}
        conditions = {rows.bare(s.condition) for s in scalar.walk(value) if isinstance(s, Select)}

        def name_of(expression: Expression) -> str | None:
            return self._name_of(expression, conditions)

        _count(value, emitter, (), counts, scopes, name_of)
        shared = self._shared(counts, conditions, step)
        repeated = [
            e
            for e, n in counts.items()
            if (n > 1 or e in shared)
            and (
                isinstance(e, (Call, Select, Reduce, scalar.Scan))
                or (isinstance(e, Cast) and e in self.temporaries)
                or self._is_made(e)
                or name_neighbour(e, self.target, self.context)
            )
        ]
        repeated.sort(key=lambda e: sum(1 for _ in scalar.walk(e)))
        for expression in repeated:
            name = name_of(expression)
            if name is None or (isinstance(expression, Select) and expression.is_mixed):
                continue
            scope = scopes[expression]
            order = emitter.natural_order(expression, scope)
            still = {a.iterator for a in scope} - _moved_by_reads(expression, scope)
            order = (*(n for n in order if n not in still), *(n for n in order if n in still))
            inner = emitter.within(scope, order) if scope else emitter
            if inner.knows(expression) or inner.reads_beyond(expression) or (
                expression in conditions and inner.is_cut(expression)
            ):
                continue
            piece = inner.emit(expression)
            body.extend(self._in_front())
            if piece.rank is Rank.NUMBER or isinstance(piece.node, ast.Name):
                continue
            unique = self.context.unique(name)
            self.names_made.add(unique)
            body.append(ast.Assign([ast.Name(unique, ast.Store())], piece.node, lineno=0))
            self.context.names[expression] = (
                replace(piece, node=ast.Name(unique, ast.Load()), is_view=False),
                inner.ranges(expression),
            )
        return body

    def _shared(
        self, own: Mapping[Expression, int], conditions: AbstractSet[Expression], step: Vector
    ) -> set[Expression]:
        """What has a name of the user's, or is a condition, and is needed by statements behind."""
        if not step.always_runs or not self.following:
            return set()
        wanted = {e for e in own if rows.unplaced(e) in self.temporaries or e in conditions}
        written = {step.statement.store.array}
        counts = dict.fromkeys(wanted, 1)

        def name_of(expression: Expression) -> str | None:
            return "shared" if expression in wanted else None

        for vector in self.following:
            store = vector.statement.store
            wanted -= {e for e in wanted if any(scalar.reads(e, a) for a in written)}
            axes = [loop.axis for loop in vector.axes]
            emitter = Emitter(self.context, axes, self._order(vector), store.place)
            _count(store.value, emitter, (), counts, {}, name_of)
            written.add(store.array)
        return {e for e in wanted if counts[e] > 1}

    def _name_of(self, value: Expression, conditions: AbstractSet[Expression]) -> str | None:
        """What a value that is used more than once may be called."""
        if isinstance(value, scalar.Scan):
            return value.name or _NAMES.get(value.kind, "running")
        name = self.temporaries.get(rows.unplaced(value))
        if name is None and value in conditions:
            name = "mask"
        if name is None and self._is_made(value):
            name = "outputs"
        if name is None:
            name = _extreme_name(value)
        if name is None and isinstance(value, Reduce):
            name = _NAMES.get(value.kind)
        if name is None and isinstance(value, Call) and len(list(scalar.loads(value))) > 1:
            name = _RESULTS.get(value.operator)
        return name or name_neighbour(value, self.target, self.context)

    def _is_made(self, value: Expression) -> bool:
        """Whether a read is of an array that an expression makes anew wherever it stands."""
        return isinstance(value, scalar.Load) and bool(self.context.arrays[value.array].made_of)

    # ------------------------------------------------------------------ stores
    def _local(self, store: Store, emitter: Emitter) -> ast.stmt | None:
        name = self.context.arrays[store.array].name
        piece = emitter.emit(_told(store))
        wanted = tuple(
            s.symbols[0]
            for s in store.subscripts
            if isinstance(s, Affine) and s.symbols and s.symbols[0] in emitter.loops
        )
        axes = emitter.sorted_axes(wanted)
        if axes != wanted:
            raise emitter.refuse(f"{store.array} is kept along axes in another order")
        if piece.axes != axes:
            sizes = [
                syntax.affine(self.context.spell(self.context.canonical(u - lo)))
                for lo, u in (emitter.bounds(a) for a in axes)
            ]
            if piece.rank is Rank.NUMBER:
                piece = emitter.filled(piece, sizes, store.dtype)
            else:
                node = syntax.method(emitter.align(piece, axes), "expand", *sizes)
                if not store.local:  # the user's own tensor, which may be written into
                    node = syntax.method(node, "clone")
                is_view = piece.is_view and store.local
                piece = replace(piece, node=node, is_view=is_view)
            piece = replace(piece, axes=axes, rank=Rank.TENSOR)
        piece = self._as_kept(store, piece, axes, emitter)
        layout = tuple(
            emitter.bounds(s.symbols[0])
            if isinstance(s, Affine) and s.symbols[0] in emitter.loops
            else None
            for s in store.subscripts
        )
        if self.context.locals.get(store.array, layout) != layout:
            raise emitter.refuse(f"{name} is kept over other iterations than it is set in")
        self.context.locals[store.array] = layout
        if isinstance(piece.node, ast.Name) and piece.node.id == name:
            return None
        return ast.Assign([ast.Name(name, ast.Store())], piece.node, lineno=0)

    def _is_all(self, store: Store, emitter: Emitter) -> bool:
        """Whether a store sets all of the row that each iteration has, in its order."""
        sizes = self.context.arrays[store.array].type.shape
        if len(set(store.subscripts)) < len(store.subscripts):
            return False  # a diagonal
        for subscript, size in zip(store.subscripts, sizes, strict=True):
            symbols = subscript.symbols if isinstance(subscript, Affine) else ()
            name = symbols[0] if symbols else ""
            if not name or subscript != Affine.symbol(name):
                return False
            if size == Affine():
                continue  # an iteration around
            bounds = emitter.bounds(name) if name in emitter.loops else (size, size)
            whole = (Affine(), self.context.canonical(size))
            if tuple(map(self.context.canonical, bounds)) != whole:
                return False
        return True

    def _part(self, store: Store, emitter: Emitter) -> ast.stmt:
        """A store into a part of the rows that are kept: ``row[:, 1:] = value``."""
        layout = self.context.locals.get(store.array)
        tensor = self.context.arrays[store.array]
        if layout is None:
            raise emitter.refuse(f"each iteration fills {tensor.name} in parts")
        entries: list[ast.expr] = []
        axes: list[str] = []
        for subscript, kept in zip(store.subscripts, layout, strict=True):
            lifted = [s for s in subscript.symbols if s in emitter.loops] if isinstance(
                subscript, Affine) else ["", ""]  # fmt: skip
            if kept is None and not lifted:
                continue  # the row of a loop that stays
            if kept is None or len(lifted) > 1 or not isinstance(subscript, Affine):
                raise emitter.refuse(f"each iteration fills {tensor.name} in parts")
            place = self.context.canonical(subscript - kept[0])
            size = self.context.canonical(kept[1] - kept[0])
            if not lifted:
                entries.append(emitter.point(place, size))
                continue
            if place.coefficient(lifted[0]) < 0 or lifted[0] in axes:
                raise emitter.refuse(f"each iteration fills {tensor.name} in another order")
            entries.append(emitter.slice(place, lifted[0], size))
            axes.append(lifted[0])
        emitter.order = (*(a for a in emitter.order if a not in axes), *axes)
        updates = store.augmented or store.value.type.dtype == store.dtype
        found = self._augmented(store, tensor, entries, tuple(axes), emitter) if updates else None
        if found is not None:
            return found
        piece = self._stored(store.value, store, emitter)
        if set(piece.axes) - set(axes):
            raise emitter.refuse("the value has more dimensions than where it goes")
        return self._assign(tensor, entries, piece, tuple(axes), emitter)

    def _as_kept(
        self, store: Store, piece: Emitted, axes: tuple[str, ...], emitter: Emitter
    ) -> Emitted:
        """The piece as its name must hold it: a copy of what may change, a cell's own type."""
        is_copy = isinstance(store.value, Cast) and store.value.type == store.value.value.type
        filled = {t.name for t in self.context.arrays.values() if t.storage.startswith(PRIVATE)}
        own = self.context.arrays[store.array].name
        if isinstance(piece.node, ast.Name) and piece.node.id in filled - {own}:
            piece = replace(piece, is_view=True)  # rows that are still filled
        if is_copy and isinstance(piece.node, ast.Subscript) and not axes:
            piece = replace(piece, is_view=True)  # of the values of all iterations
        if store.cell is None or (is_copy and piece.is_view):
            return (
                replace(piece, node=syntax.method(piece.node, "clone")) if piece.is_view else piece
            )
        if axes or store.cell.rank is not Rank.NUMBER or piece.rank is Rank.NUMBER:
            piece = emitter.cast(piece, replace(store.cell, rank=piece.rank))
            plain = store.array in self.numbers
            if piece.rank is Rank.NUMBER and store.cell.rank is not Rank.NUMBER and not plain:
                return emitter.typed_number(piece, store.cell.dtype)
            return piece
        return replace(piece, node=syntax.method(piece.node, "item"), rank=Rank.NUMBER)

    def _store(self, step: Vector, emitter: Emitter, top: bool) -> ast.stmt:
        store = step.statement.store
        tensor = self.context.arrays[store.array]
        entries, axes = self._target(store, tensor, emitter)
        simple = entries is not None
        if entries is None and (diagonal := self._onto_diagonal(store, tensor, emitter)):
            return diagonal
        if not simple and (filled := self._filled(step, emitter, top)) is not None:
            return filled
        if entries is None:
            entries, axes, _ = emitter.index_entries(store.subscripts, tensor)
        emitter.order = (*(a for a in emitter.order if a not in axes), *axes)
        if simple and (chained := self._chained(step, emitter, top)) is not None:
            return chained
        pairs = zip(entries, tensor.type.shape, strict=True)
        whole = simple and all(syntax.is_full(e) or n == Affine.number(1) for e, n in pairs)
        updates = store.augmented or store.value.type.dtype == store.dtype
        if (
            updates
            and (in_place := self._augmented(store, tensor, entries, axes, emitter)) is not None
        ):
            return in_place
        rank = Rank.TENSOR if axes else Rank.SCALAR
        value = _pushed_cast(store.value, ElementType(store.dtype, rank))
        if (
            top
            and whole
            and step.always_runs
            and self.replaceable.get(store.array)
            and not self._reads(store)
        ):
            exactness, lossy = self.context.exactness, list(self.context.lossy)
            made = self._made_anew(store, tensor, value, axes, emitter)
            if made is not None:
                return made
            self.context.exactness, self.context.lossy = exactness, lossy
            if tensor.storage.startswith(LIST) and self._is_at_home(store, tensor):
                bare = value.value if isinstance(value, Cast) else value
                piece = emitter.emit(bare if bare.type.rank is Rank.NUMBER else value)
                node = spread(piece, axes, store.dtype, emitter)
                if node is not None:
                    return self._anew(store, node)
        if tensor.storage.startswith(LIST):
            dim = self._divided_dimension(step, axes)
            if dim is not None:
                return self._joined_piece(store, emitter.emit(value), axes, dim, emitter)
            return self._appended(step, axes, emitter)
        piece = self._stored(value, store, emitter)
        if not simple and piece.rank is not Rank.NUMBER:  # index_put does not convert
            piece = emitter.cast(piece, ElementType(store.dtype, piece.rank))
        self.replaceable[store.array] = False
        missing = [a for a in piece.axes if a not in axes]
        if missing:
            raise emitter.refuse("the value has more dimensions than where it goes")
        return self._assign(tensor, entries, piece, axes, emitter)

    def _onto_diagonal(
        self, store: Store, tensor: Tensor, emitter: Emitter
    ) -> ast.stmt | None:
        """``A[i, i] = v[i]   ->   A.diagonal()[:] = v``; None where no dimensions move alike."""
        if self.context.places or store.array in self.context.locals or self._reads(store):
            return None
        kind = ElementType(store.dtype, Rank.TENSOR)
        found = emitter.diagonal(Load(store.array, store.subscripts, kind))
        if found is None or tensor.storage.startswith((LIST, PRIVATE)):
            return None
        emitter.order = (*(a for a in emitter.order if a not in found.axes), *found.axes)
        piece = self._stored(store.value, store, emitter)
        if set(piece.axes) - set(found.axes):
            return None
        self.replaceable[store.array] = False
        node = emitter.align(piece, found.axes) if piece.axes else piece.node
        if piece.is_view and self._same_memory(tensor, node):
            node = syntax.method(node, "clone")
        target = syntax.index(found.node, [ast.Slice()])
        syntax.set_store(target)
        return ast.Assign([target], node, lineno=0)
    def _filled(self, step: Vector, emitter: Emitter, top: bool) -> ast.stmt | None:
        """A store to places that are counted one by one, as a store of all of them."""
        array = step.statement.store.array
        make_anew = top and step.always_runs and bool(self.replaceable.get(array))
        found = write_whole(step, self.context, emitter, make_anew and not self._reads(
            step.statement.store))  # fmt: skip
        if found is not None:
            self.replaceable[array] = False
            if isinstance(found, ast.Assign) and isinstance(found.targets[0], ast.Name):
                self.replaced.add(array)
        return found

    def _chained(self, step: Vector, emitter: Emitter, top: bool) -> ast.stmt | None:
        """A linear recurrence over what it stores, from the element before it on.

        ``x[1:] = a * x[:-1] + b[1:], in order   ->   x[1:] = b[1:]; while step < …: x[step:] …``
        """
        store = step.statement.store
        found = find_chain(step, self.context)
        if found is None:
            return None
        tensor = self.context.arrays[store.array]
        if not _is_element(found.term, store):
            plain = replace(step.statement, store=replace(store, value=found.term))
            first = self._store(replace(step, statement=plain), emitter, top=False)
            self.context.written.append(first)
        grown = [found.loop if x.iterator == found.loop.iterator else x for x in step.axes]
        wide = Emitter(self.context, [x.axis for x in grown], emitter.order, store.place)
        entries, axes = self._target(store, tensor, wide)
        assert entries is not None
        name = store.array
        kept = syntax.strip_full(entries)
        if kept or not isinstance(self.context.base(tensor), ast.Name):
            name = self.context.unique("part")
            part = syntax.index(self.context.base(tensor), kept)
            self.context.written.append(ast.Assign([ast.Name(name, ast.Store())], part, lineno=0))
        self.replaceable[store.array] = False
        *before, last = emitter.chain(found, name, axes)
        self.context.written.extend(before)
        return last

    def _appended(self, step: Vector, axes: tuple[str, ...], emitter: Emitter) -> ast.stmt:
        """``outs.append(value)`` where all loops around it stay, in their order."""
        store = step.statement.store
        if step.level < len(step.statement.loops) or not step.always_runs:
            raise emitter.refuse(
                f"the elements of {store.array} do not come out as one tensor of their own"
            )
        if any(isinstance(s, Affine) and any(c < 0 for _, c in s.terms) for s in store.subscripts):
            raise emitter.refuse(f"the loop stays, and {store.array} is filled from behind")
        value = store.value
        if isinstance(value, Cast) and value.value.type.rank is Rank.NUMBER:
            value = value.value  # what takes the list casts, too
        piece = emitter.emit(value)
        if piece.axes != axes:
            raise emitter.refuse(f"an element of {store.array} has fewer dimensions than it needs")
        node = syntax.method(piece.node, "clone") if piece.is_view else piece.node
        if value.type.rank is Rank.NUMBER and piece.rank is not Rank.NUMBER:
            node = syntax.method(piece.node, "item")
        own = {loop.iterator for loop in step.statement.loops}
        front = any(
            s.coefficient(n) < 0 for s in store.subscripts if isinstance(s, Affine) for n in own
        )
        target = syntax.attribute(syntax.name(store.array), "insert" if front else "append")
        return ast.Expr(syntax.call(target, [ast.Constant(0), node] if front else [node]))

    def _divided_dimension(self, step: Vector, axes: tuple[str, ...]) -> int | None:
        """The dimension of a list's elements along the loop that is run in pieces, in its order."""
        store = step.statement.store
        if self.pieces is None or not step.always_runs or self.rewritten[store.array] != 1:
            return None
        first = Affine.symbol(self.pieces.loop.iterator)
        own = next((x.iterator for x in step.axes if x.lower == first), "")
        is_plain = Affine.symbol(own) in store.subscripts and own in axes
        return axes.index(own) if is_plain and self.replaceable.get(store.array) else None

    def _joined_piece(
        self, store: Store, piece: Emitted, axes: tuple[str, ...], dim: int, emitter: Emitter
    ) -> ast.stmt:
        """``rows.append(values)``: the elements of a list that one piece of its loop makes."""
        if piece.axes != axes or piece.rank is Rank.NUMBER:
            raise emitter.refuse(f"the elements of {store.array} do not come out as one tensor")
        piece = emitter.cast(piece, ElementType(store.dtype, Rank.TENSOR))
        node = syntax.method(piece.node, "clone") if piece.is_view else piece.node
        self.joined.append((store.array, dim))
        target = syntax.attribute(syntax.name(store.array), "append")
        return ast.Expr(syntax.call(target, [node]))

    def _stored(self, value: Expression, store: Store, emitter: Emitter) -> Emitted:
        """The value as the store takes it: a last cast is the store's own."""
        narrow = value.type.dtype in ("uint8", "int8", "int16")
        if not isinstance(value, Cast) or narrow or value.type.rank is Rank.NUMBER:
            return emitter.emit(value)
        return emitter.emit(value.value)

    def _reads(self, store: Store) -> bool:
        return any(load.array == store.array for load in scalar.loads(store.value))

    def _target(
        self, store: Store, tensor: Tensor, emitter: Emitter
    ) -> tuple[list[ast.expr] | None, tuple[str, ...]]:
        """The target as slices, with the axis of each; None where it needs index tensors."""
        entries: list[ast.expr] = []
        axes: list[str] = []
        for subscript, size in zip(store.subscripts, tensor.type.shape, strict=True):
            if not isinstance(subscript, Affine):
                return None, ()
            subscript = self.context.canonical(subscript)
            lifted = [s for s in subscript.symbols if s in emitter.loops]
            if any(s in self.context.places for s in lifted):
                return None, ()
            if len(lifted) > 1 or (
                lifted and (subscript.coefficient(lifted[0]) < 0 or lifted[0] in axes)
            ):
                return None, ()
            if lifted:
                entries.append(emitter.slice(subscript, lifted[0], self.context.canonical(size)))
                axes.append(lifted[0])
            else:
                entries.append(emitter.point(subscript, self.context.canonical(size)))
        return entries, tuple(axes)

    def _made_anew(
        self,
        store: Store,
        tensor: Tensor,
        value: Expression,
        axes: tuple[str, ...],
        emitter: Emitter,
    ) -> ast.stmt | None:
        """``result = value`` instead of an allocation and a store into all of it."""
        if requires_grad(value, self.context.with_grad) and self.rewritten[store.array] > 1:
            return None  # the backward pass may need what a later store would overwrite
        piece = self._running(store, value, axes, emitter) or emitter.emit(value)
        piece = _counted(piece, store)
        if piece.axes != axes or piece.dtype != store.dtype:
            bare = self._stored(value, store, emitter)
            if bare.axes != axes:
                return self._repeated(store, tensor, bare, axes, emitter)
            piece = emitter.cast(bare, ElementType(store.dtype, Rank.TENSOR))
        devices = {
            self.context.arrays[load.array].type.device
            for load in scalar.loads(store.value)
            if load.array in self.context.arrays
        }
        rank_zero = not tensor.type.rank and piece.rank is not Rank.NUMBER
        single = [size == Affine.number(1) for size in tensor.type.shape]
        if not axes and single and all(single) and piece.rank is not Rank.NUMBER:
            node = syntax.method(piece.node, "reshape", *(syntax.constant(1) for _ in single))
            piece, rank_zero = replace(piece, node=node), True
        if (
            not (axes or rank_zero)
            or (devices and devices != {tensor.type.device})
            or self.context.foreign_device(tensor, bool(devices))
        ):
            return None
        if axes and len(axes) < tensor.type.rank:
            piece = self._with_ones(store, piece, emitter)
        node = syntax.method(piece.node, "clone") if piece.is_view else piece.node
        return self._anew(store, node)

    @staticmethod
    def _with_ones(store: Store, piece: Emitted, emitter: Emitter) -> Emitted:
        """The piece with the dimensions of size 1 that its array has: ``x.sum(1, keepdim=True)``.
        """
        own = [[n for n in s.symbols if n in emitter.loops] if isinstance(s, Affine) else []
               for s in store.subscripts]  # fmt: skip
        shape = tuple(names[0] if names else f"_one{k}" for k, names in enumerate(own))
        first = next(k for k, names in enumerate(own) if names)
        node = emitter.align(piece, shape)
        for _ in range(first):
            node = syntax.index(node, [ast.Constant(None)])
        return replace(piece, node=node)

    def _running(
        self, store: Store, value: Expression, axes: tuple[str, ...], emitter: Emitter
    ) -> Emitted | None:
        """The running values of a linear recurrence under the name of the tensor that holds them.

        ``returns[t] = running   ->   returns = rewards.clone(); while step < …: returns[step:] …``
        """
        tensor = self.context.arrays[store.array]
        while isinstance(value, Cast) and value.type.dtype == value.value.type.dtype:
            value = value.value
        is_linear = isinstance(value, scalar.Scan) and value.kind == "linear"
        home = self._is_at_home(store, tensor) and not self.context.foreign_device(tensor, True)
        if not is_linear or value.type.dtype != store.dtype or not home or emitter.knows(value):
            return None
        before = set(self.context.names)
        self.context.scan_name = store.array
        piece = emitter.emit(value)
        self.context.scan_name = ""
        if piece.axes != axes:
            raise emitter.refuse("running values come in another order of dimensions")
        new = set(self.context.names) - before
        self.named_anew = {e: self.context.names[e] for e in new}
        return piece

    def _own(self, store: Store, node: ast.expr) -> ast.expr:
        """The value as a tensor of its own: a copy of a kept one that is used again."""
        kept = {self.context.arrays[a].name: a for a in self.context.locals}
        if not isinstance(node, ast.Name) or node.id not in kept:
            return node
        order = [v.statement.store for v in vectors(self.plan)]
        behind = order[next(k for k, s in enumerate(order) if s is store) + 1 :]
        again = any(
            s.array == kept[node.id]
            or any(x.array == kept[node.id] for e in expressions_of(s) for x in scalar.loads(e))
            for s in behind
        )
        return syntax.method(node, "clone") if again else node

    def _is_at_home(self, store: Store, tensor: Tensor) -> bool:
        """Whether all that a store reads is on the device that the tensor is on."""
        read = [load.array for load in scalar.loads(store.value)]
        devices = {self.context.arrays[a].type.device for a in read if a in self.context.arrays}
        return devices <= {tensor.type.device}

    def _repeated(
        self, store: Store, tensor: Tensor, piece: Emitted, axes: tuple[str, ...], emitter: Emitter
    ) -> ast.stmt | None:
        """``out[2 * i + k] = x[i]   ->   out = x.repeat_interleave(2, 0)``."""
        loops = [[n for n in s.symbols if n in emitter.loops] if isinstance(s, Affine) else []
                 for s in store.subscripts]  # fmt: skip
        home = self._is_at_home(store, tensor) and not self.context.foreign_device(tensor, True)
        if not tensor.splits or not piece.axes or not home or any(len(n) != 1 for n in loops):
            return None
        has = [names[0] in piece.axes for names in loops]
        if piece.axes != tuple(n[0] for n, h in zip(loops, has, strict=True) if h):
            return None
        cast = emitter.cast(piece, ElementType(store.dtype, Rank.TENSOR))
        node = repeated(cast.node, has, tensor, self._written)
        return None if node is None else self._bind_anew(store, node)

    def _bind_anew(self, store: Store, node: ast.expr) -> ast.stmt:
        self.replaced.add(store.array)
        self.replaceable[store.array] = False
        return ast.Assign([ast.Name(store.array, ast.Store())], node, lineno=0)

    def _anew(self, store: Store, node: ast.expr) -> ast.stmt:
        """The array as a new tensor."""
        self.replaced.add(store.array)
        self.replaceable[store.array] = False
        if isinstance(node, ast.Name) and node.id == store.array:
            return ast.Pass()
        node = joined(self._own(store, node), self.context.arrays[store.array], self._written)
        return ast.Assign([ast.Name(store.array, ast.Store())], node, lineno=0)

    def _written(self, size: Affine) -> ast.expr:
        return syntax.affine(self.context.spell(self.context.settled(size)))

    def _augmented(
        self,
        store: Store,
        tensor: Tensor,
        entries: list[ast.expr],
        axes: tuple[str, ...],
        emitter: Emitter,
    ) -> ast.stmt | None:
        """``x[i] += e`` stays an augmented assignment."""
        value = store.value
        if not isinstance(value, Call) or value.operator not in syntax.BINARY:
            return None
        if value.spelling not in ("", f".{value.operator}") or value.keywords:
            return None
        first, second = value.arguments
        if not isinstance(first, Load) or (first.array, first.subscripts) != (
            store.array,
            store.subscripts,
        ):
            return None
        if any(load.array == store.array for load in scalar.loads(second)):
            return None
        piece = emitter.emit(value)
        sides = _sides(piece.node, value.operator)
        if sides is None or set(piece.axes) - set(axes):
            return None
        left, operator, right = sides
        target = emitter.emit(first)
        if not syntax.same(left, emitter.align(target, piece.axes)):
            return None
        self.replaceable[store.array] = False
        kept = syntax.strip_full(entries)
        base = self.context.base(tensor)
        place: ast.expr = base
        if kept or not isinstance(base, ast.Name):
            place = syntax.index(base, kept or [ast.Slice()])
        syntax.set_store(place)
        return ast.AugAssign(place, operator, right)  # type: ignore[arg-type]

    def _assign(
        self,
        tensor: Tensor,
        entries: list[ast.expr],
        piece: Emitted,
        axes: tuple[str, ...],
        emitter: Emitter,
    ) -> ast.stmt:
        node = emitter.align(piece, axes) if piece.axes else piece.node
        if piece.is_view:
            node = syntax.method(node, "clone") if self._same_memory(tensor, node) else node
        base = self.context.base(tensor)
        kept = syntax.strip_full(entries)
        if not kept:
            kept = [ast.Slice()] if tensor.type.rank else [ast.Constant(...)]
        in_place = _method_in_place(base, kept, node)
        if in_place is not None and piece.dtype == tensor.type.dtype:
            return in_place
        target = syntax.index(base, kept)
        syntax.set_store(target)
        return ast.Assign([target], node, lineno=0)

    def _same_memory(self, tensor: Tensor, node: ast.expr) -> bool:
        names = names_in(node)
        return any(
            other.memory == tensor.memory
            for other in self.context.arrays.values()
            if other.name.split(".")[0].split("[")[0] in names
        )


def _without_unread(body: list[ast.stmt], made: AbstractSet[str]) -> list[ast.stmt]:
    """The statements without names that in the end nothing reads: a triangle needs no mask."""
    while True:
        unread = made - names_read(body)
        kept = [s for s in body if not _sets_one_of(s, unread)]
        for statement in kept:
            if isinstance(statement, (ast.For, ast.If)):
                statement.body = [s for s in statement.body if not _sets_one_of(s, unread)]
        if not unread:
            return body
        body, made = kept, made - unread


def _sets_one_of(statement: ast.stmt, names: AbstractSet[str]) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in names
    return False


def _is_element(value: Expression, store: Store) -> bool:
    """Whether a value is the very element that is stored to."""
    while isinstance(value, Cast) and value.type.dtype == value.value.type.dtype:
        value = value.value
    return isinstance(value, Load) and (value.array, value.subscripts) == (
        store.array,
        store.subscripts,
    )


def _joins(body: list[ast.stmt], statement: ast.stmt) -> bool:
    """Whether a statement under a condition went into the one before, which has the same."""
    last = body[-1] if body else None
    if not isinstance(last, ast.If) or not isinstance(statement, ast.If) or last.orelse:
        return False
    if not syntax.same(last.test, statement.test):
        return False
    last.body.extend(statement.body)
    return True


def _counted(piece: Emitted, store: Store) -> Emitted:
    """A sum that is stored as the 0-d tensor that it is: ``mask.sum().item() -> mask.sum()``."""
    match piece.node:
        case ast.Call(ast.Attribute(ast.Call(ast.Attribute(_, "sum"), _, []) as total, "item"), []):
            if piece.dtype == store.dtype == "int64":  # PyTorch's sums of integers are that
                return replace(piece, node=total, rank=Rank.SCALAR)
    return piece


def _sides(node: ast.expr, word: str) -> tuple[ast.expr, ast.operator, ast.expr] | None:
    """The operands of ``a - b`` or ``a.sub(b)``."""
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            return left, operator, right
        case ast.Call(func=ast.Attribute(value=left, attr=attr), args=[right], keywords=[]):
            return (left, syntax.BINARY[word](), right) if attr == word else None
    return None


def _told(store: Store) -> Expression:
    """The value of a variable, without a widening that ``.item()`` does by itself."""
    value = store.value
    is_number = store.cell is not None and store.cell.rank is Rank.NUMBER
    if is_number and not store.subscripts and isinstance(value, Cast) and value.type == store.cell:
        inner = value.value.type
        if inner.rank is Rank.SCALAR and category(inner.dtype) == category(value.type.dtype):
            return value.value
    return value


def _last_reads(steps: tuple[Step, ...], live: frozenset[str]) -> dict[str, float]:
    """The number of the last statement that reads each array; all of a loop's count as its last."""
    found: dict[str, float] = {}
    position = 0
    for step in steps:
        inside = vectors((step,))
        position += len(inside)
        for vector in inside:
            reads = scalar.loads(vector.statement.store.value)
            found.update({load.array: position for load in reads})
    return found | {key: float("inf") for key in live}


def _is_read_on(
    steps: tuple[Step, ...], after: Vector, array: str, live: frozenset[str]
) -> bool:
    """Whether an array's value is read after a statement, before the array is set again."""
    found = _reads_on(steps, after, array)
    return array in live if found is None else found


def _reads_on(steps: tuple[Step, ...], after: Vector, array: str) -> bool | None:
    """As `_is_read_on`; None where the steps neither read nor set it after the statement."""
    for position, step in enumerate(steps):
        if not any(v.statement.name == after.statement.name for v in vectors((step,))):
            continue
        inside = _reads_on(step.body, after, array) if isinstance(step, Serial) else None
        if inside is None and isinstance(step, Serial):
            inside = _first_use(step.body, array) or None  # the next iteration
        return inside if inside is not None else _first_use(steps[position + 1 :], array)
    return None


def _first_use(steps: tuple[Step, ...], array: str) -> bool | None:
    """Whether an array is read before it is set; None where it is neither."""
    for vector in vectors(steps):
        store = vector.statement.store
        if any(load.array == array for e in expressions_of(store) for load in scalar.loads(e)):
            return True
        if store.array == array and vector.always_runs:
            return False
    return None


def _extreme_name(value: Expression) -> str | None:
    """What the greater or the smaller of two values is called that is used more than once."""
    return None if category(value.type.dtype) == "int" else _extreme_of(value)


def _operands_written(value: Expression) -> Sequence[Expression]:
    """What is written of a value's parts: the greater of two integers is one call of both."""
    if category(value.type.dtype) == "int" and isinstance(value, Select) and _extreme_of(value):
        return value.then, value.otherwise
    return tuple(scalar.children(value))


def _extreme_of(value: Expression) -> str | None:
    match value:
        case Select(Call("lt" | "gt" as word, (first, second)), then, otherwise) if (
            first == then
            and scalar.bare_literal(second) == scalar.bare_literal(otherwise)
            and not value.is_mixed
        ):
            return _NAMES["min" if word == "lt" else "max"]
    return None


def _used_as_tensors(steps: tuple[Step, ...], numbers: set[str]) -> set[str]:
    """Arrays that are more than operands of Python's operators beside a tensor somewhere.

    ``torch.tanh(-h)`` takes no number, though ``-h`` may be one; `numbers` may all be numbers.
    """
    found: set[str] = set()

    def is_tensor(value: Expression) -> bool:
        if value.type.rank is Rank.NUMBER or scalar.literal_of(value) is not None:
            return False
        if isinstance(value, Load):
            return value.array not in numbers
        is_operator = isinstance(value, Call) and not value.spelling
        return not is_operator or any(map(is_tensor, scalar.children(value)))

    def visit(value: Expression, plain: bool) -> None:
        if isinstance(value, Load) and not plain:
            found.add(value.array)
        children = scalar.children(value)
        is_operator = isinstance(value, Call) and not value.spelling
        for child in children:
            beside = any(is_tensor(c) for c in children if c is not child)
            visit(child, is_operator and (plain or beside))

    for vector in vectors(steps):
        visit(vector.statement.store.value, True)
    return found


def _count(
    value: Expression,
    emitter: Emitter,
    around: tuple[Axis, ...],
    counts: dict[Expression, int],
    scopes: dict[Expression, tuple[Axis, ...]],
    name_of: Callable[[Expression], str | None],
) -> None:
    """How often each part occurs, and the axes of reductions that it moves with.

    The parts of what repeats count once where it gets a name, else each time.
    """
    inner = emitter.within(around, ()) if around else emitter
    if inner.knows(value):
        return
    key, _ = inner.key(value)
    counts[key] = counts.get(key, 0) + 1
    if counts[key] > 1 and name_of(key):
        return
    used = scalar.iterators_of(key, frozenset(axis.iterator for axis in around))
    scopes[key] = tuple(axis for axis in around if axis.iterator in used)
    around = (*around, *scalar.bound_axes(value))
    for child in _operands_written(value):
        _count(child, emitter, around, counts, scopes, name_of)


def _moved_by_reads(value: Expression, axes: Sequence[Axis]) -> set[str]:
    """The axes along which something is read, and not only counted."""
    names = frozenset(axis.iterator for axis in axes)
    return {n for load in scalar.loads(value) for n in scalar.iterators_of(load, names)}


def _pushed_cast(value: Expression, kind: ElementType) -> Expression:
    """The store's cast, pushed into branches."""
    if isinstance(value, Select):
        return Select(
            value.condition, _pushed_cast(value.then, kind), _pushed_cast(value.otherwise, kind)
        )
    return value if value.type.dtype == kind.dtype else Cast(value, kind)


_IN_PLACE = frozenset({"triu", "tril", "clamp", "abs"})


def _method_in_place(base: ast.expr, entries: list[ast.expr], node: ast.expr) -> ast.stmt | None:
    """``A[:] = A.triu() -> A.triu_()``."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=word), args=args, keywords=keywords):
            whole = all(map(syntax.is_full, entries)) and syntax.same(value, base)
            if whole and word in _IN_PLACE:
                return ast.Expr(ast.Call(syntax.attribute(base, f"{word}_"), args, keywords))
    return None
