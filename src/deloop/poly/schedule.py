"""When statements run: the 2d+1 schedule.

A schedule alternates textual positions and iterator names, ``(0, "i", 1, "j", 0)``, after
P. Feautrier, "Some efficient solutions to the affine scheduling problem", part II, 1992. Two
statements share a loop where their schedules agree up to and including its iterator.
"""

from __future__ import annotations

from dataclasses import dataclass

from deloop.poly.access import Access
from deloop.poly.domain import Domain


@dataclass(frozen=True)
class ScheduledStatement:
    """A statement: where its instances are, when they run, what they touch.

    An instance makes all of its reads, then all of its writes. Iterators of `domain` that the
    schedule does not name are existential: they cut the domain and order nothing.
    """

    name: str
    domain: Domain
    schedule: tuple[int | str, ...]
    reads: tuple[Access, ...] = ()
    writes: tuple[Access, ...] = ()

    def __str__(self) -> str:
        return self.name


def common_iterators(first: ScheduledStatement, second: ScheduledStatement) -> tuple[str, ...]:
    """The iterators of the loops around both statements, outermost first."""
    result: list[str] = []
    for mine, theirs in zip(first.schedule, second.schedule, strict=False):
        if mine != theirs:
            break
        if isinstance(mine, str):
            result.append(mine)
    return tuple(result)


def is_textually_before(first: ScheduledStatement, second: ScheduledStatement) -> bool:
    """Whether `first` stands before `second` inside their innermost common loop."""
    for mine, theirs in zip(first.schedule, second.schedule, strict=False):
        if mine == theirs:
            continue
        if isinstance(mine, int) and isinstance(theirs, int):
            return mine < theirs
        raise ValueError(
            f"schedules {first.schedule} and {second.schedule} put different things at one position"
        )
    return False
