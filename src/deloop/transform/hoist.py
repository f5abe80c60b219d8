"""Work of a loop that stays which none of its iterations waits for, done for all of them at once.

``for t: h = f(x[t]) + w * h   ->   term = f(x); for t: h = term[t] + w * h``
(Scalar expansion and node splitting: R. Allen and K. Kennedy, "Optimizing Compilers for Modern
Architectures", 2001, chapters 5.3 and 5.5.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deloop.dtype import Rank
from deloop.frontend.expression import may_raise
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.guarded import is_guarded
from deloop.ir.loop import Loop, Store
from deloop.ir.plan import Serial, Statement, Step, Vector, vectors
from deloop.ir.scalar import Call, Expression, Inlined, Load, Reduce, Select
from deloop.ir.types import Tensor, TensorType

_OPERATORS = (Call, Select, Inlined, Reduce)


@dataclass(frozen=True)
class Hoisted:
    """The plan with such work before its loops, and the arrays in which that is kept."""

    plan: tuple[Step, ...]
    arrays: dict[str, Tensor] = field(default_factory=dict)


def hoist(
    plan: tuple[Step, ...], arrays: Mapping[str, Tensor], temporaries: Mapping[Expression, str]
) -> Hoisted:
    """Values moved out of loops that stay, under the user's names where they have one.

    What has no name moves only where it is more than one operator, so that the text gains.
    """
    hoisting = _Hoisting(dict(arrays), temporaries)
    changed = hoisting.steps(plan, 0)
    return Hoisted(changed, hoisting.made)


class _Hoisting:
    def __init__(
        self, arrays: dict[str, Tensor], temporaries: Mapping[Expression, str]
    ) -> None:
        self.arrays = arrays
        self.temporaries = temporaries
        self.made: dict[str, Tensor] = {}

    def steps(self, steps: tuple[Step, ...], level: int) -> tuple[Step, ...]:
        result: list[Step] = []
        for step in steps:
            if isinstance(step, Serial):
                if not step.loop.stays:
                    before, step = self._split(step, level)
                    result.extend(before)
                step = replace(step, body=self.steps(step.body, level + 1))
            result.append(step)
        return tuple(result)

    def _split(self, serial: Serial, level: int) -> tuple[list[Vector], Serial]:
        """What moves in front of a loop, and the loop without it."""
        written = frozenset(v.statement.store.array for v in vectors(serial.body))
        memory = {self.arrays[a].memory for a in written}
        fixed = frozenset(
            a for a, tensor in self.arrays.items() if tensor.memory not in memory
        )
        before: list[Vector] = []

        def moved(steps: tuple[Step, ...]) -> tuple[Step, ...]:
            return tuple(
                replace(step, body=moved(step.body))
                if isinstance(step, Serial)
                else self._moved(step, fixed, level, before)
                for step in steps
            )

        return before, replace(serial, body=moved(serial.body))

    def _moved(
        self, step: Vector, fixed: frozenset[str], level: int, before: list[Vector]
    ) -> Vector:
        if step.statement.store.guards:
            return step
        value = step.statement.store.value
        around = (*step.statement.loops[level:], *step.statement.store.implicit)
        moving = _moving(step.statement, level)
        found = [
            e
            for e in _largest(value, fixed)
            if self._is_worth_it(e)
            and not scalar.iterators_of(e, moving)
            and not _scans_along(e, around)
        ]
        counts: Counter[Expression] = Counter()
        for expression in found:
            counts.update(set(scalar.walk(expression)) & set(self.temporaries))
        shared = [
            e
            for e, n in counts.items()
            if n > 1 and isinstance(e, _OPERATORS) and not any(map(is_guarded, scalar.walk(e)))
        ]
        shared.sort(key=_size)
        kept: dict[Expression, Load] = {}
        for expression in (*shared, *sorted(dict.fromkeys(found), key=_size)):
            if expression not in kept:
                kept[expression] = self._keep(expression, kept, step, level, before)
        changed = replace(step.statement.store, value=scalar.replaced(value, kept), augmented=False)
        if not kept:
            return step
        return replace(step, statement=replace(step.statement, store=changed))

    def _is_worth_it(self, expression: Expression) -> bool:
        if expression in self.temporaries:
            return True
        operators = [n for n in scalar.walk(expression) if isinstance(n, _OPERATORS)]
        return len(operators) > 1 or any(isinstance(n, Reduce) for n in operators)

    def _keep(
        self,
        expression: Expression,
        kept: Mapping[Expression, Load],
        step: Vector,
        level: int,
        before: list[Vector],
    ) -> Load:
        """A statement for a value, in front of the loop; the read that takes the value's place."""
        statement = step.statement
        around = (*statement.loops[level:], *statement.store.implicit)
        used = scalar.iterators_of(expression, frozenset(x.iterator for x in around))
        loops = _natural_order(expression, tuple(x for x in around if x.iterator in used))
        key = self._unique(self.temporaries.get(expression) or "term")
        kind = TensorType(expression.type.dtype, tuple(Affine() for _ in loops))
        tensor = Tensor(key, kind, f"local:{key}", fresh=True)
        self.arrays[key] = self.made[key] = tensor
        subscripts = tuple(map(_users_count, loops))
        inside = tuple(x for x in statement.store.implicit if x in loops)
        others = {e: load for e, load in kept.items() if e != expression}
        value = scalar.replaced(expression, others)
        store = Store(key, subscripts, value, kind.dtype, statement.store.place, inside, local=True)
        explicit = tuple(x for x in statement.loops if x in loops or x in statement.loops[:level])
        before.append(Vector(_statement(key, store, explicit, statement), level))
        pairs = tuple((x.iterator, x.upper) for x in inside)
        return Load(key, subscripts, expression.type, pairs, scalar.requires_grad(expression))

    def _unique(self, name: str) -> str:
        unique, count = name, 1
        taken = {*self.arrays, *(tensor.name for tensor in self.arrays.values())}
        while unique in taken:
            count += 1
            unique = f"{name}_{count}"
        return unique


def _moving(statement: Statement, level: int) -> frozenset[str]:
    """Iterators whose ranges differ from one iteration of the loops to be left to the next."""
    left = {x.iterator for x in statement.loops[level:]}
    return frozenset(
        x.iterator
        for x in (*statement.loops[level:], *statement.store.implicit)
        if left & {s for c in x.constraints for s in c.expression.symbols} - {x.iterator}
    )


def _natural_order(expression: Expression, loops: tuple[Loop, ...]) -> tuple[Loop, ...]:
    """The loops in the order in which the largest operand has its dimensions."""
    names = [x.iterator for x in loops]
    best: list[str] = []
    for load in scalar.loads(expression):
        found = [
            s
            for subscript in load.subscripts
            if isinstance(subscript, Affine)
            for s in subscript.symbols
            if s in names
        ]
        if len(found) == len(set(found)) > len(best):
            best = found
    order = [*best, *(n for n in names if n not in best)]
    return tuple(sorted(loops, key=lambda x: order.index(x.iterator)))


def _users_count(loop: Loop) -> Affine:
    """The place of an iteration in the user's order: from behind where the loop runs downwards."""
    iterator = Affine.symbol(loop.iterator)
    downwards = loop.variable is not None and loop.variable[1].coefficient(loop.iterator) == -1
    return loop.lower + loop.upper - 1 - iterator if downwards and loop.span is None else iterator


def _statement(
    name: str, store: Store, loops: tuple[Loop, ...], original: Statement
) -> Statement:
    constraints = tuple(c for x in (*loops, *store.implicit) for c in x.constraints)
    return Statement(name, store, loops, original.schedule, constraints)


def _largest(value: Expression, fixed: frozenset[str]) -> list[Expression]:
    """The largest parts of a value that read nothing which the loop writes."""
    if isinstance(value, _OPERATORS) and _is_free(value, fixed):
        return [value]
    if isinstance(value, (Select, Reduce, scalar.Scan)):
        return []  # a branch that is not taken must not run, what is bound stays inside
    return [found for child in scalar.children(value) for found in _largest(child, fixed)]


def _is_free(value: Expression, fixed: frozenset[str]) -> bool:
    loads = scalar.loads(value)
    return (
        value.type.rank is not Rank.NUMBER
        and bool(loads)
        and all(load.array in fixed for load in loads)
        and not (isinstance(value, Select) and value.is_mixed)
        and not any(map(may_raise, scalar.walk(value)))
        and not (scalar.requires_grad(value) and _chooses(value))
    )


def _scans_along(value: Expression, around: tuple[Loop, ...]) -> bool:
    """Whether a running value goes as far as a loop that the value leaves says."""
    names = frozenset(x.iterator for x in around)
    axes = [node.axis for node in scalar.walk(value) if isinstance(node, scalar.Scan)]
    return any(names & set(c.expression.symbols) for axis in axes for c in axis.constraints)


def _chooses(value: Expression) -> bool:
    """Whether a gradient is recorded on some paths only."""
    return any(isinstance(node, Select) for node in scalar.walk(value))


def _size(value: Expression) -> int:
    return sum(1 for _ in scalar.walk(value))
