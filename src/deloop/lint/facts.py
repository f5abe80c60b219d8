"""What a recorded run has told of a file's loops.

A loop is known again by its function and its own text, so that what is changed elsewhere in the
file does not make a recording worthless, and a changed loop is not taken for the old one.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deloop.lint.kinds import Kind, Word, tensor
from deloop.lint.scan import Candidate

LoopKey = tuple[str, str]
"""A loop's function, and a hash of what it says."""


@dataclass(frozen=True)
class LoopFacts:
    """What was seen of one loop.

    Parameters
    ----------
    calls, seconds:
        How often it was entered, and how long it took altogether.
    trips:
        The least and the greatest number of items it went over; empty where that is not known.
    kinds:
        The different kinds of values that its names had, each with the names that shared memory,
        some of the shapes, and how often.
    """

    calls: int
    seconds: float
    trips: tuple[int, ...]
    kinds: tuple[Mapping[str, Any], ...]

    @property
    def digest(self) -> str:
        """Changes with everything that a check may use."""
        return hashlib.blake2b(repr(self).encode(), digest_size=8).hexdigest()


Facts = Mapping[LoopKey, LoopFacts]
"""What was seen of the loops of one file."""

NO_FACTS: Facts = {}


def key_of(candidate: Candidate) -> LoopKey:
    """What a loop is known by."""
    text = ast.dump(candidate.statement)
    return candidate.scope.name, hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def kinds_of(kind: Mapping[str, Any]) -> dict[str, Kind]:
    """The linter's kinds of recorded values: ``{"x": {"type": "tensor", …}} -> {"x": tensor}``."""
    found: dict[str, Kind] = {}
    for name, value in kind["values"].items():
        if value["type"] == "tensor":
            found[name] = tensor("recorded", int(value["rank"]), str(value["dtype"]))
        elif value["type"] == "int":
            found[name] = Kind(Word.INT, how="recorded")
        elif value["type"] == "float":
            found[name] = Kind(Word.NUMBER, how="recorded")
    return found
