"""What the linter has to say about one place of a file, as data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from deloop.diagnostic import Place


@dataclass(frozen=True)
class LineEdit:
    """Lines `first` to `last` (0-based, `last` excluded) of a file replaced by others."""

    first: int
    last: int
    new: tuple[str, ...]


@dataclass(frozen=True)
class Fix:
    """The edits that remove the loops of one function that begin at `lines`.

    They are safe where nothing is assumed, and otherwise right under the assumptions listed.
    """

    lines: frozenset[int]
    edits: tuple[LineEdit, ...]
    assumptions: tuple[str, ...]
    imports: tuple[str, ...] = ()
    exactness: str = "bitwise"
    certain: bool = True
    """Whether the text tells how many dimensions its tensors have; if not, it is only shown."""
    recorded: tuple[str, ...] = ()
    """What a recorded run has shown, so that it is not assumed."""

    @property
    def is_safe(self) -> bool:
        """Whether it may be applied without asking."""
        return self.certain and not self.assumptions


@dataclass(frozen=True)
class Cell:
    """A place in a notebook: the cell's number, a line and a column in it, all from 1.

    `row` is the line in the text of all code cells together.
    """

    number: int
    line: int
    column: int
    row: int


@dataclass(frozen=True)
class Finding:
    """One finding.

    Parameters
    ----------
    code:
        ``VEC2xx`` for a loop with a tensor form, ``VEC3xx`` for advice, ``VEC4xx`` for a bug.
    place, end:
        Where it begins, and its last line.
    message:
        One sentence: what the loop does.
    cost:
        What that costs.
    becomes:
        What stands there instead, as source; empty where that is not known.
    evidence:
        How the linter knows that the values are tensors.
    assumptions:
        What the tensor form needs and could not be proved from the file.
    reason:
        Why there is no tensor form, or what speaks against a finding.
    strict:
        Whether the evidence is too weak for the default selection.
    cell:
        Where it stands for people who see a notebook's cells; `place` is in the file itself.
    seconds:
        How long a recorded run spent in it.
    certificate:
        What the tensor form rests on (`deloop.analysis.certificate.Certificate`), where it was
        asked for and the compiler could read the loop.
    """

    code: str
    place: Place
    end: int
    message: str
    cost: str = ""
    becomes: str = ""
    evidence: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    reason: str = ""
    strict: bool = False
    function: str = field(default="", compare=False)
    cell: Cell | None = None
    seconds: float | None = None
    certificate: Any = field(default=None, compare=False)

    @property
    def row(self) -> int:
        """Its line in the text that was checked."""
        return self.place.line if self.cell is None else self.cell.row

    @property
    def where(self) -> str:
        """Its place as people read it: ``train.py:6:5``, ``a.ipynb:cell 3:2:1``."""
        if self.cell is None:
            return str(self.place)
        return f"{self.place.file}:cell {self.cell.number}:{self.cell.line}:{self.cell.column}"

    @property
    def is_bug(self) -> bool:
        """Whether it is about a mistake and not about what a loop costs."""
        return self.code.startswith("VEC4")

    def holds(self, other: Finding) -> bool:
        """Whether another finding is about a part of this one's lines."""
        here, there = self.place, other.place
        return self is not other and here.line < there.line and other.end <= self.end

    @property
    def sentence(self) -> str:
        """The message with what it costs."""
        return f"{self.message}: {self.cost}" if self.cost else self.message


_THRIFT = re.compile(r"#.*\b(?:memory|mem|ooms?)\b", re.IGNORECASE)


def is_thrifty(lines: list[str]) -> bool:
    """Whether a comment says that a loop is one to save memory."""
    return any(_THRIFT.search(line) for line in lines)


def leave_out_nested(findings: list[Finding]) -> list[Finding]:
    """Of findings inside of each other, the outermost that is beyond doubt, or the inner ones."""
    loops = [f for f in findings if not f.is_bug]
    sure = [f for f in loops if not f.strict]
    return [
        f
        for f in findings
        if f.is_bug
        or (
            not any(other.holds(f) for other in sure)
            and (not f.strict or not any(f.holds(other) for other in loops))
        )
    ]
