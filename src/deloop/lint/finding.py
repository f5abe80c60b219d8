"""What the linter has to say about one place of a file, as data."""

from __future__ import annotations

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

    @property
    def is_safe(self) -> bool:
        """Whether it may be applied without asking."""
        return self.certain and not self.assumptions


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
    certificate: Any = field(default=None, compare=False)

    @property
    def sentence(self) -> str:
        """The message with what it costs."""
        return f"{self.message}: {self.cost}" if self.cost else self.message
