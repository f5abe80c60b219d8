"""The distributed nest: which statements become tensor operations, and which loops stay."""

from __future__ import annotations

from dataclasses import dataclass

from deloop.ir.affine import Constraint
from deloop.ir.loop import Loop, Store
from deloop.ir.scalar import Expression


@dataclass(frozen=True)
class Statement:
    """A store with the loops around it, outermost first.

    `schedule` is its place: textual positions alternate with iterators. `domain` holds all affine
    conditions under which an instance runs.
    """

    name: str
    store: Store
    loops: tuple[Loop, ...]
    schedule: tuple[int | str, ...]
    domain: tuple[Constraint, ...]

    @property
    def iterators(self) -> tuple[str, ...]:
        """The iterators around the statement, outermost first, implicit ones last."""
        return tuple(loop.iterator for loop in (*self.loops, *self.store.implicit))


@dataclass(frozen=True)
class Accumulation:
    """All instances of a statement that write one element, as one combination.

    `kind` is a name in `ops.reductions`, or ``last`` where each instance overwrites what the one
    before has written; `term` what one iteration brings, `iterators` those that are combined away.
    `skips_nan` says that the loop passes over NaN, as a comparison does and `torch.maximum` does
    not. Where the accumulation is `scattered`, data says which element each instance updates, and
    every loop's iterations may meet in one; `in_bounds` says that the data is known to lie inside
    the target, not negative.
    """

    kind: str
    term: Expression
    iterators: frozenset[str]
    skips_nan: bool = False
    scattered: bool = False
    in_bounds: bool = False


@dataclass(frozen=True)
class Vector:
    """A statement of which the loops from `level` on (counted from 0) became axes.

    `conditions` are those on serial iterators alone, under which it runs. `accumulation` is
    what its instances combine, if they do: one cycle of dependences that needs no loop.
    """

    statement: Statement
    level: int
    conditions: tuple[Constraint, ...] = ()
    accumulation: Accumulation | None = None

    @property
    def axes(self) -> tuple[Loop, ...]:
        """The loops that were lifted, implicit ones included."""
        return (*self.statement.loops[self.level :], *self.statement.store.implicit)


@dataclass(frozen=True)
class Serial:
    """A loop that stays."""

    loop: Loop
    body: tuple[Step, ...]


Step = Vector | Serial


def vectors(steps: tuple[Step, ...]) -> list[Vector]:
    """All statements of a plan, in order."""
    found: list[Vector] = []
    for step in steps:
        found.extend([step] if isinstance(step, Vector) else vectors(step.body))
    return found
