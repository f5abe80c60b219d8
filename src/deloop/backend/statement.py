"""Planned statements to Python statements: stores laid out as slices, or as a new tensor."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from deloop.backend import syntax
from deloop.backend.context import Context, Emitted
from deloop.backend.emit import Emitter
from deloop.backend.spread import spread
from deloop.dtype import Rank
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, Sign
from deloop.ir.loop import LIST, Store
from deloop.ir.plan import Serial, Step, Vector, vectors
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Load, Select, requires_grad
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
    """
    rewritten = Counter(v.statement.store.array for v in vectors(steps))
    writer = _Writer(context, dict(replaceable), temporaries, rewritten)
    body = writer.steps(steps, top=True)
    return Written(tuple(body), frozenset(writer.replaced), frozenset(writer.bound))


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
        self.temporaries = temporaries

    def steps(self, steps: tuple[Step, ...], top: bool) -> list[ast.stmt]:
        body: list[ast.stmt] = []
        for step in steps:
            if isinstance(step, Serial):
                body.append(self._serial(step))
            else:
                body.extend(self._vector(step, top))
        return body

    def _serial(self, step: Serial) -> ast.stmt:
        loop = step.loop
        spell = self.context.spell
        bounds = [loop.upper] if loop.lower == Affine() else [loop.lower, loop.upper]
        iterable = syntax.call(
            "range", [syntax.affine(spell(self.context.canonical(b))) for b in bounds]
        )
        hidden = dict(self.context.names)
        self.context.names.clear()
        body = self.steps(step.body, top=False)
        self.context.names.clear()
        self.context.names.update(hidden)
        self._forget_all(step.body)
        for vector in vectors(step.body):
            if vector.statement.store.array in self.context.locals:
                self.context.locals[vector.statement.store.array] = None
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
        order = self._order(step)
        axes = [loop.axis for loop in step.axes]
        emitter = Emitter(self.context, axes, order, store.place)
        outside = dict(self.context.names)
        before = self._name_repeated(store.value, emitter)
        kept = store.local or store.cell is not None
        statement = self._local(store, emitter) if kept else self._store(step, emitter, top)
        self._forget(store)
        body = [*before, *([] if statement is None else [statement])]
        self._note_bound(step, body, top)
        if step.conditions:  # a name set under a condition is not known behind it
            self.context.names = {e: n for e, n in self.context.names.items() if e in outside}
        return [ast.If(self._test(step.conditions), body, [])] if step.conditions else body

    def _note_bound(self, step: Vector, body: list[ast.stmt], top: bool) -> None:
        """Remember a variable that is set before anything of the new code reads it."""
        self.seen |= names_read(body)
        store = step.statement.store
        name = self.context.arrays[store.array].name
        certain = store.cell is not None and top and body and not step.conditions
        if certain and name not in self.seen:
            self.bound.add(name)

    def _test(self, conditions: tuple[Constraint, ...]) -> ast.expr:
        """Conditions on serial iterators as a Python condition."""
        tests: list[ast.expr] = []
        for condition in conditions:
            left = syntax.affine(self.context.spell(self.context.canonical(condition.expression)))
            word = ast.Eq() if condition.sign is Sign.ZERO else ast.GtE()
            tests.append(ast.Compare(left, [word], [ast.Constant(0)]))
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
        _count(value, counts)
        repeated = [
            e
            for e, n in counts.items()
            if n > 1 and isinstance(e, (Call, Select)) and not emitter.knows(e)
        ]
        repeated.sort(key=lambda e: sum(1 for _ in scalar.walk(e)))
        conditions = {s.condition for s in scalar.walk(value) if isinstance(s, Select)}
        for expression in repeated:
            name = self.temporaries.get(expression)
            if name is None and expression in conditions:
                name = "mask"
            if name is None or (isinstance(expression, Select) and expression.is_mixed):
                continue
            piece = emitter.emit(expression)
            if piece.rank is Rank.NUMBER or isinstance(piece.node, ast.Name):
                continue
            unique = self._unique(name)
            body.append(ast.Assign([ast.Name(unique, ast.Store())], piece.node, lineno=0))
            self.context.names[expression] = (
                replace(piece, node=ast.Name(unique, ast.Load()), is_view=False),
                emitter.ranges(expression),
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
        piece = emitter.emit(store.value)
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
            if piece.rank is Rank.NUMBER and not axes:
                sizes = []
            node = (
                syntax.method(emitter.align(piece, axes), "expand", *sizes) if piece.axes else None
            )
            if node is None:
                raise emitter.refuse(f"{store.array} keeps one value for all iterations")
            piece = replace(piece, node=node, axes=axes)
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

    @staticmethod
    def _as_kept(store: Store, piece: Emitted, axes: tuple[str, ...], emitter: Emitter) -> Emitted:
        """The piece as its name must hold it: a copy of what may change, a cell's own type."""
        if store.cell is None:
            return (
                replace(piece, node=syntax.method(piece.node, "clone")) if piece.is_view else piece
            )
        if axes or store.cell.rank is not Rank.NUMBER or piece.rank is Rank.NUMBER:
            piece = emitter.cast(piece, replace(store.cell, rank=piece.rank))
            if piece.rank is Rank.NUMBER and store.cell.rank is not Rank.NUMBER:
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
        whole = simple and all(syntax.is_full(e) for e in entries)
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
            and not step.conditions
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
        if step.level < len(step.statement.loops) or step.conditions:
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
        target = syntax.index(base, kept)
        _set_store(target)
        return ast.Assign([target], node, lineno=0)

    def _same_memory(self, tensor: Tensor, node: ast.expr) -> bool:
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return any(
            other.storage.rstrip("?") == tensor.storage.rstrip("?")
            for other in self.context.arrays.values()
            if other.name.split(".")[0].split("[")[0] in names
        )


def _sides(node: ast.expr, word: str) -> tuple[ast.expr, ast.operator, ast.expr] | None:
    """The operands of ``a - b`` or ``a.sub(b)``."""
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            return left, operator, right
        case ast.Call(func=ast.Attribute(value=left, attr=attr), args=[right], keywords=[]):
            return (left, syntax.BINARY[word](), right) if attr == word else None
    return None


def _count(value: Expression, counts: dict[Expression, int]) -> None:
    counts[value] = counts.get(value, 0) + 1
    if counts[value] > 1 or isinstance(value, scalar.Reduce):
        return
    for child in scalar.children(value):
        _count(child, counts)


def _pushed_cast(value: Expression, kind: ElementType) -> Expression:
    """The store's cast, pushed into branches."""
    if isinstance(value, Select):
        return Select(
            value.condition, _pushed_cast(value.then, kind), _pushed_cast(value.otherwise, kind)
        )
    return value if value.type.dtype == kind.dtype else Cast(value, kind)


def _set_store(node: ast.expr) -> None:
    if isinstance(node, (ast.Name, ast.Subscript, ast.Attribute)):
        node.ctx = ast.Store()
