"""Planned statements to Python statements: stores laid out as slices, or as a new tensor."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from deloop.backend import syntax
from deloop.backend.context import Context, Emitted
from deloop.backend.counting import in_users_terms
from deloop.backend.emit import Emitter
from deloop.backend.scatter import is_plain_store, order_of, write_scatter
from deloop.backend.spread import spread
from deloop.dtype import Rank, category
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, Constraint, Sign
from deloop.ir.axis import Axis
from deloop.ir.loop import LIST, Nest, Store, expressions_of
from deloop.ir.plan import Serial, Step, Vector, vectors
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
from deloop.text.names import names_read


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
    writer = _Writer(context, dict(replaceable), temporaries, rewritten)
    writer.last_read = _last_reads(steps, nest.live)
    writer.plan, writer.live = steps, nest.live
    numbers = {c.key for c in nest.cells if c.changes_type or isinstance(c.start, Number)}
    writer.numbers = numbers - _used_as_tensors(steps)
    body = writer.steps(steps, top=True)
    return Written(tuple(body), frozenset(writer.replaced), frozenset(writer.bound))


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
        self.live: frozenset[str] = frozenset()
        self.numbers: set[str] = set()
        """Variables that may begin as the Python number which they began as."""

    def steps(self, steps: tuple[Step, ...], top: bool) -> list[ast.stmt]:
        body: list[ast.stmt] = []
        for step in steps:
            if isinstance(step, Serial):
                body.append(self._serial(step))
            else:
                for statement in self._vector(step, top):
                    if not step.when or not _joins(body, statement):
                        body.append(statement)
        return body

    def _serial(self, step: Serial) -> ast.stmt:
        step, values = in_users_terms(step)
        loop = step.loop
        temporaries = self.temporaries
        self.temporaries = {
            scalar.substitute_symbols(e, values): name for e, name in temporaries.items()
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
        body = self.steps(step.body, top=False) or [ast.Pass()]
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
        before = self._name_repeated(store.value, emitter)
        kept = store.local or store.cell is not None
        if is_scatter and not is_plain_store(step):
            in_front, statement = self._scatter(step, top)
            before.extend(in_front)
        else:
            statement = self._local(store, emitter) if kept else self._store(step, emitter, top)
        self._forget(store)
        self._hold(step, emitter)
        body = [*before, *([] if statement is None else [statement])]
        self._note_bound(step, body, top)
        if step.conditions or step.when:
            # a name set under a condition is not known behind it
            self.context.names = {e: n for e, n in self.context.names.items() if e in outside}
        if step.when:
            emitter = Emitter(self.context, [], [], store.place)
            tests = [emitter.emit(condition).node for condition in step.when]
            test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
            return [ast.If(test, body, [])]
        return [ast.If(self._test(step.conditions), body, [])] if step.conditions else body

    def _hold(self, step: Vector, emitter: Emitter) -> None:
        """See to it that a variable that two loops use holds the one's value no longer."""
        store = step.statement.store
        self.position += 1
        if store.cell is None and not store.local:
            return
        name = self.context.arrays[store.array].name
        before = self.holders.setdefault(name, store.array)
        if before in self.kept or store.local:
            if before != store.array and _is_read_on(self.plan, step, before, self.live):
                raise emitter.refuse(f"{name} would hold two values at once")
        elif before != store.array and self.last_read.get(before, 0) >= self.position:
            raise emitter.refuse(f"{name} would hold the values of two loops at once")
        if store.local:
            self.kept.add(store.array)
        self.holders[name] = store.array

    def _scatter(self, step: Vector, top: bool) -> tuple[list[ast.stmt], ast.stmt | None]:
        """Stores to elements that data selects, each as often as the loop makes it."""
        array = step.statement.store.array
        make_anew = top and _always_runs(step) and bool(self.replaceable.get(array))
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
        certain = store.cell is not None and top and body and _always_runs(step)
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
        for expression in list(self.context.names):
            if any(load.array == store.array for load in scalar.loads(expression)):
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
    def _name_repeated(self, value: Expression, emitter: Emitter) -> list[ast.stmt]:
        """The user's name, or ``mask``, for a value that is used more than once."""
        body: list[ast.stmt] = []
        counts: dict[Expression, int] = {}
        scopes: dict[Expression, tuple[Axis, ...]] = {}
        _count(value, emitter, (), counts, scopes)
        repeated = [
            e
            for e, n in counts.items()
            if n > 1 and isinstance(e, (Call, Select, Reduce, scalar.Scan))
        ]
        repeated.sort(key=lambda e: sum(1 for _ in scalar.walk(e)))
        conditions = {rows.bare(s.condition) for s in scalar.walk(value) if isinstance(s, Select)}
        for expression in repeated:
            name = self.temporaries.get(rows.unplaced(expression))
            if isinstance(expression, scalar.Scan):
                name = expression.name
            if name is None and expression in conditions:
                name = "mask"
            if name is None and isinstance(expression, Reduce):
                name = _NAMES.get(expression.kind)
            if name is None or (isinstance(expression, Select) and expression.is_mixed):
                continue
            scope = scopes[expression]
            order = emitter.natural_order(expression, scope)
            inner = emitter.within(scope, order) if scope else emitter
            if inner.knows(expression):
                continue
            piece = inner.emit(expression)
            if piece.rank is Rank.NUMBER or isinstance(piece.node, ast.Name):
                continue
            unique = self._unique(name)
            body.append(ast.Assign([ast.Name(unique, ast.Store())], piece.node, lineno=0))
            self.context.names[expression] = (
                replace(piece, node=ast.Name(unique, ast.Load()), is_view=False),
                inner.ranges(expression),
            )
        return body

    def _unique(self, name: str) -> str:
        taken = self.context.taken
        unique, count = name, 1
        while unique in taken:
            count += 1
            unique = f"{name}_{count}"
        self.context.taken.add(unique)
        return unique

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
                if store.cell is not None:  # the user's own tensor, which may be written into
                    node = syntax.method(node, "clone")
                is_view = piece.is_view and store.cell is None
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

    def _as_kept(
        self, store: Store, piece: Emitted, axes: tuple[str, ...], emitter: Emitter
    ) -> Emitted:
        """The piece as its name must hold it: a copy of what may change, a cell's own type."""
        is_copy = isinstance(store.value, Cast) and store.value.type == store.value.value.type
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
        if entries is None:
            entries, axes, _ = emitter.index_entries(store.subscripts, tensor)
        emitter.order = (*(a for a in emitter.order if a not in axes), *axes)
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
            and _always_runs(step)
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
            return self._appended(step, axes, emitter)
        piece = self._stored(value, store, emitter)
        if not simple and piece.rank is not Rank.NUMBER:  # index_put does not convert
            piece = emitter.cast(piece, ElementType(store.dtype, piece.rank))
        self.replaceable[store.array] = False
        missing = [a for a in piece.axes if a not in axes]
        if missing:
            raise emitter.refuse("the value has more dimensions than where it goes")
        return self._assign(tensor, entries, piece, axes, emitter)

    def _appended(self, step: Vector, axes: tuple[str, ...], emitter: Emitter) -> ast.stmt:
        """``outs.append(value)`` where all loops around it stay, in their order."""
        store = step.statement.store
        if step.level < len(step.statement.loops) or not _always_runs(step):
            raise emitter.refuse(
                f"the elements of {store.array} do not come out as one tensor of their own"
            )
        value = store.value
        if isinstance(value, Cast) and value.value.type.rank is Rank.NUMBER:
            value = value.value  # what takes the list casts, too
        piece = emitter.emit(value)
        if piece.axes != axes:
            raise emitter.refuse(f"an element of {store.array} has fewer dimensions than it needs")
        node = syntax.method(piece.node, "clone") if piece.is_view else piece.node
        if value.type.rank is Rank.NUMBER and piece.rank is not Rank.NUMBER:
            node = syntax.method(piece.node, "item")
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
        piece = emitter.emit(value)
        if piece.axes != axes or piece.dtype != store.dtype:
            bare = self._stored(value, store, emitter)
            if bare.axes != axes:
                return None
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
        node = syntax.method(piece.node, "clone") if piece.is_view else piece.node
        return self._anew(store, node)

    def _is_at_home(self, store: Store, tensor: Tensor) -> bool:
        """Whether all that a store reads is on the device that the tensor is on."""
        read = [load.array for load in scalar.loads(store.value)]
        devices = {self.context.arrays[a].type.device for a in read if a in self.context.arrays}
        return devices <= {tensor.type.device}

    def _anew(self, store: Store, node: ast.expr) -> ast.stmt:
        """The array as a new tensor."""
        self.replaced.add(store.array)
        self.replaceable[store.array] = False
        return ast.Assign([ast.Name(store.array, ast.Store())], node, lineno=0)

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
        base = syntax.name(tensor.name)
        place: ast.expr = base
        if kept or not isinstance(base, ast.Name):
            place = syntax.index(base, kept or [ast.Slice()])
        _set_store(place)
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
        base = syntax.name(tensor.name)
        kept = syntax.strip_full(entries)
        if not kept:
            kept = [ast.Slice()] if tensor.type.rank else [ast.Constant(...)]
        in_place = _method_in_place(base, kept, node)
        if in_place is not None and piece.dtype == tensor.type.dtype:
            return in_place
        target = syntax.index(base, kept)
        _set_store(target)
        return ast.Assign([target], node, lineno=0)

    def _same_memory(self, tensor: Tensor, node: ast.expr) -> bool:
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return any(
            other.memory == tensor.memory
            for other in self.context.arrays.values()
            if other.name.split(".")[0].split("[")[0] in names
        )


def _always_runs(step: Vector) -> bool:
    """Whether a statement stands under no condition of its own."""
    return not step.conditions and not step.when


def _joins(body: list[ast.stmt], statement: ast.stmt) -> bool:
    """Whether a statement under a condition went into the one before, which has the same."""
    last = body[-1] if body else None
    if not isinstance(last, ast.If) or not isinstance(statement, ast.If) or last.orelse:
        return False
    if not syntax.same(last.test, statement.test):
        return False
    last.body.extend(statement.body)
    return True


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
        if store.array == array and _always_runs(vector):
            return False
    return None


def _used_as_tensors(steps: tuple[Step, ...]) -> set[str]:
    """Arrays that are more than operands of Python's operators somewhere."""
    found: set[str] = set()

    def visit(value: Expression, plain: bool) -> None:
        if isinstance(value, Load) and not plain:
            found.add(value.array)
        is_operator = isinstance(value, Call) and not value.spelling
        for child in scalar.children(value):
            visit(child, is_operator)

    for vector in vectors(steps):
        visit(vector.statement.store.value, True)
    return found


def _count(
    value: Expression,
    emitter: Emitter,
    around: tuple[Axis, ...],
    counts: dict[Expression, int],
    scopes: dict[Expression, tuple[Axis, ...]],
) -> None:
    """How often each part occurs, and the axes of reductions that it moves with."""
    inner = emitter.within(around, ()) if around else emitter
    if inner.knows(value):
        return
    key, _ = inner.key(value)
    counts[key] = counts.get(key, 0) + 1
    if counts[key] > 1:
        return
    used = scalar.iterators_of(key, frozenset(axis.iterator for axis in around))
    scopes[key] = tuple(axis for axis in around if axis.iterator in used)
    around = (*around, *scalar.bound_axes(value))
    for child in scalar.children(value):
        _count(child, emitter, around, counts, scopes)


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


def _set_store(node: ast.expr) -> None:
    if isinstance(node, (ast.Name, ast.Subscript, ast.Attribute)):
        node.ctx = ast.Store()
