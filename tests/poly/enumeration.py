"""Every instance of small programs, one by one: what the polyhedral answers are compared with.

Nothing here uses isl or deloop's own schedules: instances are stamped with the time at which they
run, and two accesses depend on each other because they touched the same element.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from deloop.ir.affine import Affine, Constraint, Sign
from deloop.poly.access import Access
from deloop.poly.domain import Domain
from deloop.poly.schedule import ScheduledStatement

Values = Mapping[str, int]


def holds(constraint: Constraint, values: Values) -> bool:
    """Whether a constraint is true of integers."""
    value = constraint.expression.evaluate(values)
    assert value is not None, f"{constraint} has symbols without a value"
    return value == 0 if constraint.sign is Sign.ZERO else value >= 0


def points(domain: Domain, parameters: Values, reach: int = 8) -> Iterator[dict[str, int]]:
    """The domain's points, every coordinate from -reach to reach."""
    for values in product(range(-reach, reach + 1), repeat=len(domain.iterators)):
        point = {**parameters, **dict(zip(domain.iterators, values, strict=True))}
        if all(holds(c, point) for c in domain.constraints):
            yield point


def element(subscripts: Sequence[Affine | None], point: Values) -> tuple[int | None, ...]:
    """The subscripts' values; None where unknown."""
    return tuple(None if s is None else s.evaluate(point) for s in subscripts)


def may_coincide(first: tuple[int | None, ...], second: tuple[int | None, ...]) -> bool:
    """Whether two elements may be one: unknown subscripts agree with all."""
    return all(a is None or b is None or a == b for a, b in zip(first, second, strict=False))


@dataclass
class Observed:
    """One dependence as seen: the steps from source to sink instance in each common loop."""

    steps: set[tuple[int, ...]] = field(default_factory=set)

    @property
    def distance(self) -> tuple[int | None, ...]:
        """The step of each loop where all pairs have the same."""
        return tuple(
            values.pop() if len(values) == 1 else None
            for values in map(set, zip(*self.steps, strict=True))
        )

    @property
    def direction(self) -> tuple[str, ...]:
        """The sign of each loop's step, ``*`` where several occur."""
        signs = (
            {"<" if v > 0 else "=" if v == 0 else ">" for v in values}
            for values in zip(*self.steps, strict=True)
        )
        return tuple(found.pop() if len(found) == 1 else "*" for found in signs)


Key = tuple[str, str, str, Access, Access, int]


def observe_dependences(
    statements: Sequence[ScheduledStatement], parameters: Values
) -> dict[Key, Observed]:
    """All dependences of a program with the given sizes, by running through its instances."""
    touches = []
    for statement in statements:
        for point in points(statement.domain, parameters, reach=5):
            stamp = tuple(point[x] if isinstance(x, str) else x for x in statement.schedule)
            for writes, accesses in ((False, statement.reads), (True, statement.writes)):
                for access in dict.fromkeys(accesses):
                    reached = element(access.subscripts, point)
                    touches.append((stamp, statement, writes, access, reached))
    found: dict[Key, Observed] = defaultdict(Observed)
    kinds = {(True, False): "flow", (False, True): "anti", (True, True): "output"}
    for (t, s, w, a, x), (u, r, v, b, y) in product(touches, touches):
        kind = kinds.get((w, v))
        if kind and t < u and a.array == b.array and may_coincide(x, y):
            level, steps = _level_and_steps(s.schedule, r.schedule, t, u)
            found[s.name, r.name, kind, a, b, level].steps.add(steps)
    return dict(found)


def _level_and_steps(
    first: tuple[int | str, ...],
    second: tuple[int | str, ...],
    source: tuple[int, ...],
    sink: tuple[int, ...],
) -> tuple[int, tuple[int, ...]]:
    steps: list[int] = []
    for position, (mine, theirs) in enumerate(zip(first, second, strict=False)):
        if mine != theirs:
            break
        if isinstance(mine, str):
            steps.append(sink[position] - source[position])
    level = next((k + 1 for k, step in enumerate(steps) if step), 0)
    return level, tuple(steps)
