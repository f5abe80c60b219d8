"""What deloop says, as data: places, refusals, assumptions, safety and exactness.

Nothing here knows how it will be printed; `deloop.report` and `deloop.cli` do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, order=True)
class Place:
    """A position in the user's source: file name, 1-based line, 1-based column."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Exactness(Enum):
    """How close the rewritten code's values are to the loop's.

    ``BITWISE``: every element by the same operations in the same order.
    ``ROUNDING``: equal up to floating-point rounding (another order, another code path of a
    transcendental function, double arithmetic done in the tensor's dtype).
    """

    BITWISE = "bitwise"
    ROUNDING = "rounding"

    def __and__(self, other: Exactness) -> Exactness:
        """The exactness of a computation made of two parts: rounding if either part is."""
        return self if self is Exactness.ROUNDING else other


class Safety(Enum):
    """Whether a rewrite of source text may be applied without asking."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY_ONLY = "display-only"


@dataclass(frozen=True)
class Assumption:
    """Something that the rewrite needs and that could not be proved.

    Parameters
    ----------
    sentence:
        The assumption in words, in the user's names: ``tensor2 has the shape of tensor1``.
    guard:
        A Python expression over the function's parameters (and `torch`) that is true when the
        assumption holds: ``tensor2.shape == tensor1.shape``. It is evaluated at each call.
    reason:
        The fact that it came from: ``tensor2[i, j] is read for every i < tensor1.shape[0]``.
    avoidable:
        Whether new code with a condition of its own could do without it.
    """

    sentence: str
    guard: str
    reason: str = ""
    avoidable: bool = False

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Refusal:
    """Why a loop (or a function) is left alone: where, one sentence, the evidence.

    Parameters
    ----------
    code:
        ``VEC9xx``, stable across releases.
    place:
        Where the evidence stands in the user's source.
    sentence:
        One sentence in the user's names; fact first, then cause.
    evidence:
        What proves it: the dependence with both lines, the unknown call, the missing type.
    way_out:
        What the user could do about it, where there is something.
    """

    code: str
    place: Place
    sentence: str
    evidence: str = ""
    way_out: str = ""

    def __str__(self) -> str:
        text = f"{self.place} {self.code} {self.sentence}"
        if self.evidence:
            text += f" ({self.evidence})"
        if self.way_out:
            text += f"; {self.way_out}"
        return text
