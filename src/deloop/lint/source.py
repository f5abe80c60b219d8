"""What is checked and changed alike, whether it is a Python file or a notebook."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from deloop.config import Config
from deloop.diagnostic import Place
from deloop.lint.check import Problem, Result, check_bytes, find_encoding
from deloop.lint.edit import apply_fixes, split_lines
from deloop.lint.facts import NO_FACTS, Facts
from deloop.lint.finding import Fix

# Loaded by name with the first notebook.
_NOTEBOOK = "deloop.lint.notebook"


class Source(Protocol):
    """Bytes that fixes can be applied to."""

    def apply(self, fixes: Sequence[Fix]) -> bytes:
        """The bytes with edits made."""

    def show(self, fixes: Sequence[Fix]) -> Iterator[tuple[str, list[str], list[str]]]:
        """Each part that changes: its name, its lines and the new ones."""


@dataclass(frozen=True)
class PythonFile:
    """A Python file's name and bytes."""

    file: str
    data: bytes

    def apply(self, fixes: Sequence[Fix]) -> bytes:
        """The file's bytes with edits made."""
        return apply_fixes(self.data, fixes, find_encoding(self.data))

    def show(self, fixes: Sequence[Fix]) -> Iterator[tuple[str, list[str], list[str]]]:
        """The whole file as one part."""
        encoding = find_encoding(self.data)
        old, new = (
            [line.decode(encoding, "replace") for line in split_lines(data)]
            for data in (self.data, self.apply(fixes))
        )
        yield self.file, old, new


def read_source(data: bytes, file: str) -> Source | Problem:
    """A file's bytes as something to change; a notebook that is none is a problem."""
    if not is_notebook(file):
        return PythonFile(file, data)
    found: Source | Problem = importlib.import_module(_NOTEBOOK).read_notebook(data, file)
    return found


def check_source(
    data: bytes, file: str, config: Config, *, thorough: bool = False, facts: Facts = NO_FACTS
) -> Result:
    """The findings in a file's bytes; a failure of deloop's own is a problem in one line."""
    check = check_bytes
    if is_notebook(file):
        check = importlib.import_module(_NOTEBOOK).check_notebook
    try:
        result = check(data, file, config, thorough=thorough, facts=facts)
        return replace(result, digest=digest(data)) if result.fixes else result
    except Exception as error:  # one file must not keep the others from being checked
        sentence = f"cannot be checked: deloop failed ({type(error).__name__}: {error})"
        problem = Problem(Place(file, 1, 1), sentence.splitlines()[0], passing=True)
        return Result(file, (), problem)


def digest(data: bytes) -> str:
    """What tells whether a file is still what was checked."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def is_notebook(file: str) -> bool:
    """Whether a file of that name is a notebook."""
    return file.endswith(".ipynb")


def may_hold_loops(data: bytes) -> bool:
    """Whether a file has a word without which nothing in it is a finding."""
    return b"torch" in data or b"Tensor" in data
