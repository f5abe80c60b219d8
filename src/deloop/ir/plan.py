"""The distributed nest: which statements become tensor operations, and which loops stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deloop.diagnostic import Place
from deloop.ir.affine import Affine, Constraint
from deloop.ir.loop import Loop, Store, arrays_read
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
class Winner:
    """The iteration whose `key` is the greatest or the least: where all values come from.

    Parameters
    ----------
    kind:
        ``max`` or ``min``.
    key:
        What is compared, of each iteration.
    guard:
        The condition under which an iteration takes part.
    start:
        The iterators of the one that wins unless another beats it, where the start is its value.
    beats:
        Else what some iteration must be, or the start stays.
    is_last:
        Whether the last of equals wins.
    is_value:
        Whether the variable holds the key, and an equal value will do for the very element.
    place:
        Where the loop compares.
    is_exact:
        Whether `beats` holds exactly where the loop sets the variable, and what wins then is better
        than what stands for an iteration that takes no part.
    """

    kind: str
    key: Expression
    guard: Expression
    start: tuple[tuple[str, Affine], ...]
    beats: Expression | None
    is_last: bool
    is_value: bool
    place: Place
    is_exact: bool = False


@dataclass(frozen=True)
class Accumulation:
    """All instances of a statement that write one element, as one combination.

    `kind` is a name in `ops.reductions`, or ``last`` where each instance overwrites what the one
    before has written; `term` what one iteration brings, `iterators` those that are combined away.
    `skips_nan` says that the loop passes over NaN, as a comparison does and `torch.maximum` does
    not. With a `winner`, `kind` is ``at`` and `term` is taken from that iteration alone. Where the
    accumulation is `scattered`, data says which element each instance updates, and every loop's
    iterations may meet in one; `in_bounds` says that the data is known to lie inside the target,
    not negative. The kind ``linear`` scales what was there by `factor` before it adds `term`,
    ``held`` keeps it where `factor` holds. A product that is `bounded` must not overflow by itself:
    the loop may begin with a zero.
    """

    kind: str
    term: Expression
    iterators: frozenset[str]
    skips_nan: bool = False
    winner: Winner | None = None
    scattered: bool = False
    in_bounds: bool = False
    factor: Expression | None = None
    bounded: bool = False


@dataclass(frozen=True)
class Vector:
    """A statement of which the loops from `level` on (counted from 0) became axes.

    `conditions` are those on serial iterators alone, under which it runs. `accumulation` is
    what its instances combine, if they do: one cycle of dependences that needs no loop. `when` are
    conditions on sizes or data, each asked where those before it hold.
    """

    statement: Statement
    level: int
    conditions: tuple[Constraint, ...] = ()
    accumulation: Accumulation | None = None
    when: tuple[Expression, ...] = ()

    @property
    def always_runs(self) -> bool:
        """Whether the statement stands under no condition of its own."""
        return not self.conditions and not self.when

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


def arrays_read_in(steps: Iterable[Step]) -> frozenset[str]:
    """What the statements of the steps read, inside serial loops included."""
    found = vectors(tuple(steps))
    return frozenset(a for v in found for a in arrays_read(v.statement.store))
