"""Wavefronts: a nest that is serial at both levels, over its diagonals instead.

``for i: for j: D[i, j] = f(D[i - 1, j], D[i, j - 1])   ->   for k: D[i, k - i] = f(…) of all i``

All that iteration ``(i, j)`` waits for lies on diagonals ``i + j`` before its own (L. Lamport, "The
parallel execution of DO loops", CACM 1974; M. Wolfe, "Loop skewing: the wavefront method
revisited", 1986). Where ``(i - 1, j + 1)`` is waited for too, the diagonals are ``2 * i + j``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from deloop.analysis.facts import Facts
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, Sign, at_least
from deloop.ir.loop import Diagonal, Loop, Store
from deloop.ir.plan import Serial, Statement, Step, Vector
from deloop.poly.dependence import Dependence
from deloop.poly.domain import Domain

_SLOPES = (1, 2, 3)
_SHORTEST = 8
"""Of so many iterations each way, a diagonal costs as much as they do."""
_NAMES = ("k", "d", "diagonal")
"""What the loop over diagonals may be called."""


@dataclass(frozen=True)
class _Side:
    """One of the two loops in the user's terms: ``iterator = sign * (name - rest)``."""

    iterator: str
    name: str
    lower: Affine
    upper: Affine
    sign: int
    value: Affine
    """The iterator, as an expression of the user's variable."""


def may_be_skewed(plan: tuple[Step, ...]) -> bool:
    """Whether some loop stays directly inside of another one that stays."""
    loops = [step for step in plan if isinstance(step, Serial) and not step.loop.stays]
    return any(isinstance(inner, Serial) for loop in loops for inner in loop.body) or any(
        may_be_skewed(loop.body) for loop in loops
    )


def skew(
    plan: tuple[Step, ...],
    statements: Sequence[Statement],
    dependences: Iterable[Dependence],
    facts: Facts,
    taken: frozenset[str],
    must_run: bool,
) -> tuple[Step, ...]:
    """The plan with each nest of two serial loops over diagonals, where that is legal.

    Inside of a third loop that stays a nest stays, too: sweeps that wait for each other are serial
    at more levels than one. `taken` are names that the function uses. With `must_run` an empty
    operation is not the same as no iteration: a gradient flows in.
    """
    skewing = _Skewing({s.name: s for s in statements}, list(dependences), facts, taken)
    skewing.fewest = int(must_run)
    return skewing.steps(plan, ())


class _Skewing:
    def __init__(
        self,
        originals: Mapping[str, Statement],
        dependences: list[Dependence],
        facts: Facts,
        taken: frozenset[str],
    ) -> None:
        self.originals = originals
        self.dependences = dependences
        self.facts = facts
        self.taken = taken
        self.fewest = 0

    def steps(self, steps: tuple[Step, ...], outer: tuple[Loop, ...]) -> tuple[Step, ...]:
        return tuple(
            self._serial(step, outer) if isinstance(step, Serial) else step for step in steps
        )

    def _serial(self, step: Serial, outer: tuple[Loop, ...]) -> Serial:
        found = None if outer or step.loop.stays else self._skewed(step, outer)
        if found is not None:
            return found
        return replace(step, body=self.steps(step.body, (*outer, step.loop)))

    def _skewed(self, step: Serial, outer: tuple[Loop, ...]) -> Serial | None:
        inner = next((s.loop for s in step.body if isinstance(s, Serial)), None)
        body = None if inner is None else _flattened(step, inner, len(outer) + 1)
        if inner is None or body is None or not all(map(_is_plain, body)):
            return None
        ranges = self._ranges(step.loop, inner, body, outer)
        if ranges is None:
            return None
        first, second = ranges
        slope = self._slope(first.iterator, second.iterator, body, outer)
        if slope is None or not all(_is_spread(v, first, second) for v in body):
            return None
        for side in (first, second):
            self.facts.prefer(at_least(side.upper - side.lower, _SHORTEST), "diagonals are long")
        return self._over_diagonals(step.loop, first, second, slope, body)

    # ------------------------------------------------------------------ legality
    def _slope(
        self, rows: str, columns: str, body: Sequence[Vector], outer: tuple[Loop, ...]
    ) -> int | None:
        """The least slope at which all that is waited for lies on earlier diagonals."""
        names = {v.statement.name for v in body}
        if not names <= set(self.originals):
            return None
        around = {x.iterator for x in outer}
        steps: list[tuple[int, int]] = []
        for d in self.dependences:
            if d.source not in names or d.sink not in names or not d.level:
                continue
            loops = [x.iterator for x in self.originals[d.source].loops]
            if loops[d.level - 1] in around:
                continue
            step = tuple(_least_step(d, loops.index(name)) for name in (rows, columns))
            if step[0] is None or step[1] is None:
                return None
            steps.append((step[0], step[1]))
        moving = [s for s in steps if s != (0, 0)]
        for slope in _SLOPES:
            if all(slope * down + right >= 1 for down, right in moving):
                return slope
        return None

    def _ranges(
        self, first: Loop, second: Loop, body: Sequence[Vector], outer: tuple[Loop, ...]
    ) -> tuple[_Side, _Side] | None:
        """Both loops in the user's terms, over the iterations at which all statements run."""
        cut = [_narrowed(loop, body) for loop in (first, second)]
        if cut[0] is None or cut[1] is None:
            return None
        rows, columns = cut[0], cut[1]
        names = {rows.iterator, columns.iterator}
        for loop in (rows, columns):
            ends = {*loop.lower.symbols, *loop.upper.symbols}
            if ends & names or not self._is_range(loop, outer):
                return None
        for vector in body:
            left = [g for g in vector.statement.store.guards if set(g.expression.symbols) & names]
            if any(_of_one(g, names) is None for g in left) or len(left) != len(
                vector.statement.store.guards
            ):
                return None
        sides = [_side(loop) for loop in (rows, columns)]
        if sides[0] is None or sides[1] is None or sides[0].sign != sides[1].sign:
            return None
        return sides[0], sides[1]

    def _is_range(self, loop: Loop, outer: tuple[Loop, ...]) -> bool:
        """Whether a range starts at a place that is not negative, and ends where it has to."""
        domain = Domain(
            tuple(x.iterator for x in outer), tuple(c for x in outer for c in x.constraints)
        )
        starts, ends = at_least(loop.lower, 0), at_least(loop.upper - loop.lower, self.fewest)
        if not self.facts.proves(domain, starts):
            return False
        return self.facts.proves(domain, ends) or self.facts.assume(ends, "the loop runs")

    # ------------------------------------------------------------------ the new nest
    def _over_diagonals(
        self, loop: Loop, first: _Side, second: _Side, slope: int, body: Sequence[Vector]
    ) -> Serial:
        name = self._free_name()
        low = first.lower * slope + second.lower
        high = (first.upper - 1) * slope + second.upper
        diagonal = Diagonal(
            first.name, second.name, slope,
            (first.lower, first.upper), (second.lower, second.upper),
        )  # fmt: skip
        number = Affine.symbol(name)
        over = Loop(name, low, high, (), loop.place, diagonal=diagonal)
        if first.sign < 0:  # the iterator counts upwards, the user's variable downwards
            count = f"{name}'"
            number = low + high - 1 - Affine.symbol(count)
            over = replace(over, iterator=count, variable=(name, number))
        place = Affine.symbol(f"{first.name}[0]")
        axis = Loop(
            first.name, place, place + Affine.symbol(f"len({first.name})"), (), loop.place
        )
        values = {
            first.iterator: first.value,
            second.iterator: second.value.substitute(
                {second.name: number - Affine.symbol(first.name) * slope}
            ),
        }
        over = replace(over, diagonal=replace(diagonal, values=tuple(values.items())))
        return Serial(over, tuple(_moved(v, (first, second), (over, axis), values) for v in body))

    def _free_name(self) -> str:
        names = [n for n in _NAMES if n not in self.taken]
        number = 2
        while not names:
            names = [n for n in (f"{_NAMES[-1]}_{number}",) if n not in self.taken]
            number += 1
        return names[0]


def _flattened(step: Serial, inner: Loop, level: int) -> list[Vector] | None:
    """The statements of a nest in the order of the text; None where they share no inner loop."""
    found: list[Vector] = []
    for part in step.body:
        if isinstance(part, Serial):
            if part.loop != inner or not all(isinstance(v, Vector) for v in part.body):
                return None
            found.extend(v for v in part.body if isinstance(v, Vector))
        elif part.level == level and part.axes[:1] == (inner,):
            found.append(replace(part, level=level + 1))
        else:
            return None
    return sorted(found, key=lambda v: v.statement.schedule[::2])


def _is_plain(vector: Vector) -> bool:
    """Whether a statement is a store of values, without anything that a loop counts for."""
    store = vector.statement.store
    if store.local or store.cell is not None or vector.accumulation or vector.conditions:
        return False
    if not all(isinstance(s, Affine) for s in store.subscripts):
        return False
    return not any(isinstance(n, scalar.Scan) for n in scalar.walk(store.value))


def _is_spread(vector: Vector, first: _Side, second: _Side) -> bool:
    """Whether each iteration stores elsewhere, and no other range moves with the two loops."""
    names = {first.iterator, second.iterator}
    store = vector.statement.store
    own = [
        [s for s in subscript.symbols if s in names]
        for subscript in store.subscripts
        if isinstance(subscript, Affine)
    ]
    moving = sorted(s for found in own for s in found)
    others = [x for x in vector.axes if x.iterator not in names]
    bound = [a for node in scalar.walk(store.value) for a in scalar.bound_axes(node)]
    ends = [c for x in others for c in x.constraints]
    ends += [c for axis in bound for c in axis.constraints]
    return (
        moving == sorted(names)
        and all(len(found) <= 1 for found in own)
        and not any(names & set(c.expression.symbols) for c in ends)
    )


def _least_step(dependence: Dependence, position: int) -> int | None:
    """How far a dependence goes at least along one loop."""
    exact = dependence.distance[position]
    if exact is not None:
        return exact
    return {"<": 1, "=": 0}.get(dependence.direction[position])


def _of_one(guard: Constraint, names: set[str]) -> str | None:
    """The iterator that a condition is on alone, one by one."""
    moving = [s for s in guard.expression.symbols if s in names]
    one = len(moving) == 1 and abs(guard.expression.coefficient(moving[0])) == 1
    return moving[0] if one and guard.sign is Sign.NONNEGATIVE else None


def _narrowed(loop: Loop, body: Sequence[Vector]) -> Loop | None:
    """The loop over the iterations that the conditions leave; None where statements differ."""
    if loop.span is not None:
        return None
    found = {_cut(loop, v.statement.store) for v in body}
    if len(found) != 1:
        return None
    (ends,) = found
    return None if ends is None else replace(loop, lower=ends[0], upper=ends[1])


def _cut(loop: Loop, store: Store) -> tuple[Affine, Affine] | None:
    lower, upper = loop.lower, loop.upper
    for guard in store.guards:
        rest = guard.expression.without([loop.iterator])
        match guard.expression.coefficient(loop.iterator):
            case 1:
                new, gap = -rest, -rest - lower
                lower = new if gap.is_constant and gap.constant > 0 else lower
            case -1:
                new, gap = rest + 1, upper - rest - 1
                upper = new if gap.is_constant and gap.constant > 0 else upper
            case _:
                continue
        if not gap.is_constant:
            return None
    return lower, upper


def _side(loop: Loop) -> _Side | None:
    name, value = loop.variable or (loop.iterator, Affine.symbol(loop.iterator))
    sign = value.coefficient(loop.iterator)
    if abs(sign) != 1:
        return None
    rest = value.without([loop.iterator])
    first, last = rest + loop.lower * sign, rest + (loop.upper - 1) * sign
    lower, upper = (first, last + 1) if sign == 1 else (last, first + 1)
    return _Side(
        loop.iterator, name, lower, upper, sign, (Affine.symbol(name) - rest) * sign
    )


def _moved(
    vector: Vector,
    sides: tuple[_Side, _Side],
    loops: tuple[Loop, Loop],
    values: dict[str, Affine],
) -> Vector:
    """A statement of the old nest in the new one."""
    statement = vector.statement
    store = statement.store
    names = {s.iterator for s in sides}

    changed = replace(
        store,
        subscripts=tuple(scalar.substituted(s, values) for s in store.subscripts),
        value=scalar.substitute_symbols(store.value, values),
        guards=(),
    )
    level = vector.level - 2
    rest = tuple(x for x in statement.loops[level:] if x.iterator not in names)
    around = (*statement.loops[:level], *loops, *rest)
    schedule = list(statement.schedule)
    for position, loop in enumerate(around):
        schedule[2 * position + 1] = loop.iterator
    domain = tuple(c for x in (*around, *store.implicit) for c in x.constraints)
    moved = Statement(statement.name, changed, around, tuple(schedule), domain)
    return replace(vector, statement=moved, level=level + 1)
