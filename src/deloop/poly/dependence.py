"""Dependences between statement instances: memory-based, exact for affine accesses.

For each ordered pair of accesses to one array, at least one of them a write, and each level, the
relation of instances that touch the same element in that order is either empty or a `Dependence`
(W. Pugh, "The Omega test", 1991; P. Feautrier, "Dataflow analysis of array and scalar references",
1991, for the form of the relation; J. R. Allen and K. Kennedy, 1987, for levels).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, lru_cache

from deloop.ir.affine import Affine, Constraint
from deloop.poly.access import Access, Distances, solve_distances
from deloop.poly.isl import (
    DEFAULT_MAX_OPERATIONS,
    Columns,
    Polyhedron,
    Row,
    Rows,
    bounded,
    relation_text,
)
from deloop.poly.schedule import ScheduledStatement, common_iterators, is_textually_before


class DependenceKind(Enum):
    """Which of the two accesses writes."""

    FLOW = "flow"
    ANTI = "anti"
    OUTPUT = "output"


@dataclass(frozen=True)
class _Evidence:
    """The rows behind a dependence, kept to print its relation when somebody asks."""

    columns: Columns
    source_count: int
    rows: Rows


@dataclass(frozen=True)
class _Carried:
    """A level at which a relation is not empty, whatever kind of dependence it is of."""

    level: int
    distance: tuple[int | None, ...]
    direction: tuple[str, ...]
    evidence: _Evidence


@dataclass(frozen=True)
class Dependence:
    """Instances of `sink` that must run after instances of `source`, because of one array.

    Parameters
    ----------
    source, sink:
        Statement names.
    kind:
        Flow (write, then read), anti (read, then write) or output (write, then write).
    array:
        The array that both touch.
    source_access, sink_access:
        The two accesses.
    level:
        The common loop that carries it, 1 for the outermost; 0 for loop-independent.
    distance:
        Sink minus source for each common loop; None where it is not constant.
    direction:
        For each common loop ``"<"`` (source in an earlier iteration), ``"="``, ``">"`` or ``"*"``.
    """

    source: str
    sink: str
    kind: DependenceKind
    array: str
    source_access: Access
    sink_access: Access
    level: int
    distance: tuple[int | None, ...]
    direction: tuple[str, ...]
    _evidence: _Evidence = field(repr=False, compare=False)

    @cached_property
    def relation(self) -> str:
        """The related instances in isl's notation, with the user's names."""
        evidence = self._evidence
        return relation_text(
            self.source, self.sink, evidence.columns, evidence.source_count, evidence.rows
        )

    def __str__(self) -> str:
        where = f"carried by loop {self.level}" if self.level else "loop-independent"
        steps = ", ".join(
            sign if step is None else str(step)
            for step, sign in zip(self.distance, self.direction, strict=True)
        )
        return (
            f"{self.kind.value} dependence {self.source} -> {self.sink} on {self.array}, "
            f"{where}, distance ({steps})"
        )


def find_dependences(
    statements: Sequence[ScheduledStatement],
    context: Sequence[Constraint] = (),
    max_operations: int = DEFAULT_MAX_OPERATIONS,
) -> tuple[Dependence, ...]:
    """All dependences among `statements`, by source, sink, array and level.

    Parameters
    ----------
    statements:
        In any order; their schedules say when they run. Iterators increase.
    context:
        What is known of the parameters. A dependence is reported where any allowed parameter
        values have one.
    max_operations:
        How many isl steps all of it may take.

    Raises
    ------
    PolyBudgetExceeded
        When more steps are needed.
    """
    return _find_dependences(tuple(statements), tuple(context), max_operations)


@lru_cache(maxsize=512)
def _find_dependences(
    statements: tuple[ScheduledStatement, ...],
    context: tuple[Constraint, ...],
    max_operations: int,
) -> tuple[Dependence, ...]:
    found: list[Dependence] = []
    with bounded(max_operations):
        for source in statements:
            for sink in statements:
                pairs = list(_conflicting_accesses(source, sink))
                if pairs:
                    relation = _StatementPair(source, sink, context)
                    for kind, first, second in pairs:
                        found.extend(_dependences_of(relation, kind, first, second))
    return tuple(found)


def _conflicting_accesses(
    source: ScheduledStatement, sink: ScheduledStatement
) -> Iterator[tuple[DependenceKind, Access, Access]]:
    reads, writes = dict.fromkeys(source.reads), dict.fromkeys(source.writes)
    for kind, firsts, seconds in (
        (DependenceKind.FLOW, writes, sink.reads),
        (DependenceKind.ANTI, reads, sink.writes),
        (DependenceKind.OUTPUT, writes, sink.writes),
    ):
        for first in firsts:
            for second in dict.fromkeys(seconds):
                if first.array == second.array:
                    yield kind, first, second


class _StatementPair:
    """What all access pairs of two statements share: columns, both domains, the orders."""

    def __init__(
        self,
        source: ScheduledStatement,
        sink: ScheduledStatement,
        context: tuple[Constraint, ...],
    ) -> None:
        self.source, self.sink = source, sink
        primed = {name: f"{name}'" for name in sink.domain.iterators}
        self.prime = primed | _foreign_names(source, sink)
        self.columns = _columns_of(source, sink, context, self.prime)
        at = self.columns.positions
        self.common = [(at[name], at[self.prime[name]]) for name in common_iterators(source, sink)]
        self.is_before = source != sink and is_textually_before(source, sink)
        self.rows = (
            Rows.of(self.columns, source.domain.constraints)
            + Rows.of(self.columns, sink.domain.constraints, self.prime)
            + Rows.of(self.columns, context)
        )
        self.carried: dict[tuple[Row, ...], tuple[_Carried, ...]] = {}
        self._differences: dict[tuple[int, str], Polyhedron] = {}

    @cached_property
    def domain(self) -> Polyhedron:
        """Both instances in their domains, the context holding."""
        return Polyhedron.build(self.columns, self.rows)

    @property
    def levels(self) -> range:
        """The levels at which a dependence may be: 0 only where the source comes first."""
        return range(0 if self.is_before else 1, len(self.common) + 1)

    def difference(self, loop: int, sign: str) -> tuple[Rows, Polyhedron]:
        """Sink minus source at one common loop: positive ``<``, zero ``=`` or negative ``>``."""
        source, sink = self.common[loop]
        direction = -1 if sign == ">" else 1
        row = [0] * self.columns.width
        row[source], row[sink] = -direction, direction
        if sign == "=":
            rows = Rows(equalities=(tuple(row),))
        else:
            row[0] = -1
            rows = Rows(inequalities=(tuple(row),))
        key = (loop, sign)
        if key not in self._differences:
            self._differences[key] = Polyhedron.build(self.columns, rows)
        return rows, self._differences[key]

    def same_element(self, first: Access, second: Access) -> tuple[Row, ...]:
        """One equality for each dimension whose subscripts are both known."""
        result: list[Row] = []
        for mine, theirs in zip(first.subscripts, second.subscripts, strict=False):
            if mine is not None and theirs is not None:
                left = self.columns.row(mine)
                right = self.columns.row(theirs, self.prime)
                result.append(tuple(a - b for a, b in zip(left, right, strict=True)))
        return tuple(result)


def _outer_symbols(statement: ScheduledStatement) -> dict[str, None]:
    """The symbols of a statement that are not its iterators."""
    inside = set(statement.domain.iterators)
    expressions: list[Affine] = [c.expression for c in statement.domain.constraints]
    for access in (*statement.reads, *statement.writes):
        expressions += [s for s in access.subscripts if s is not None]
    return {name: None for e in expressions for name, _ in e.terms if name not in inside}


def _foreign_names(source: ScheduledStatement, sink: ScheduledStatement) -> dict[str, str]:
    """New names for what is a parameter to the sink and an iterator to the source."""
    return {n: f"{n} (outside)" for n in _outer_symbols(sink) if n in source.domain.iterators}


def _columns_of(
    source: ScheduledStatement,
    sink: ScheduledStatement,
    context: tuple[Constraint, ...],
    prime: dict[str, str],
) -> Columns:
    parameters = _outer_symbols(source)
    parameters |= {prime.get(name, name): None for name in _outer_symbols(sink)}
    parameters |= {name: None for c in context for name in c.expression.symbols}
    primed = [prime[name] for name in sink.domain.iterators]
    return Columns(tuple(parameters), (*source.domain.iterators, *primed))


def _dependences_of(
    pair: _StatementPair, kind: DependenceKind, first: Access, second: Access
) -> Iterator[Dependence]:
    same = pair.same_element(first, second)
    if same not in pair.carried:
        # Flow, anti and output dependences of `x[i] += …` are one relation: solve it once.
        pair.carried[same] = tuple(_solve_levels(pair, same))
    for found in pair.carried[same]:
        yield Dependence(
            pair.source.name,
            pair.sink.name,
            kind,
            first.array,
            first,
            second,
            found.level,
            found.distance,
            found.direction,
            found.evidence,
        )


def _solve_levels(pair: _StatementPair, same: tuple[Row, ...]) -> Iterator[_Carried]:
    """The levels at which some instances touch the same element, the source first."""
    forced = solve_distances([*same, *pair.rows.equalities], pair.common)
    if not forced.solvable:
        return
    touching: Polyhedron | None = None
    for level in pair.levels:
        if not _level_is_possible(level, forced, len(pair.common)):
            continue
        if touching is None:
            touching = pair.domain & Polyhedron.build(pair.columns, Rows(same))
            if touching.is_empty():
                return
        points, order = touching, Rows()
        for loop in range(level or len(pair.common)):
            rows, ordered = pair.difference(loop, "<" if loop == level - 1 else "=")
            points, order = points & ordered, order + rows
        if points.is_empty():
            continue
        distance, direction = _vectors(pair, points, level, same + order.equalities)
        count = len(pair.source.domain.iterators)
        evidence = _Evidence(pair.columns, count, pair.rows + Rows(same) + order)
        yield _Carried(level, distance, direction, evidence)


def _level_is_possible(level: int, forced: Distances, count: int) -> bool:
    """Whether the forced distances allow: zero outside of the level, positive at it."""
    outer = level - 1 if level else count
    if any(forced.constant.get(loop, 0) for loop in range(outer)):
        return False
    return level == 0 or forced.constant.get(level - 1, 1) > 0


def _vectors(
    pair: _StatementPair, points: Polyhedron, level: int, equalities: tuple[Row, ...]
) -> tuple[tuple[int | None, ...], tuple[str, ...]]:
    """Distance and direction over the common loops, exact where they are constant."""
    count = len(pair.common)
    known = solve_distances([*equalities, *pair.rows.equalities], pair.common).constant
    if len(known) < count:
        known = solve_distances(points.affine_hull().equalities, pair.common).constant
    distance = tuple(known.get(loop) for loop in range(count))
    direction = tuple(
        _sign(step) if step is not None else _possible_direction(pair, points, loop, level)
        for loop, step in enumerate(distance)
    )
    return distance, direction


def _sign(step: int) -> str:
    return "<" if step > 0 else "=" if step == 0 else ">"


def _possible_direction(pair: _StatementPair, points: Polyhedron, loop: int, level: int) -> str:
    if loop == level - 1:
        return "<"
    possible = [sign for sign in "<=>" if not (points & pair.difference(loop, sign)[1]).is_empty()]
    return possible[0] if len(possible) == 1 else "*"
