"""The lines of a kernel as they are written, and the names in it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from deloop.ir.affine import Affine

_TAKEN = frozenset({"np", "math", "numba", "range", "prange", "abs", "min", "max", "True", "False"})
_PLAIN = re.compile(r"-?[\w.]+\Z")


class KernelText:
    """Lines with their indentation, names that nobody else has, and values that have one by now.

    `known` are such values: by what they are, the name that holds each where the text stands.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 1
        self.used: set[str] = set(_TAKEN)
        self.known: dict[Hashable, str] = {}
        self.may_stop = False

    def line(self, text: str) -> None:
        """Write one line."""
        self.lines.append("    " * self.depth + text)

    def name(self, wish: str) -> str:
        """A name like the one wished for."""
        plain = re.sub(r"\W+", "_", wish).strip("_") or "v"
        plain = f"v{plain}" if plain[0].isdigit() or plain.startswith("math_") else plain
        found, count = plain, 1
        while found in self.used or keyword.iskeyword(found):
            count += 1
            found = f"{plain}_{count}"
        self.used.add(found)
        return found

    def named(self, value: str, wish: str = "v") -> str:
        """A name or a number for a value: itself, or a variable that is set to it here."""
        if _PLAIN.match(value):
            return value
        name = self.name(wish)
        self.line(f"{name} = {bare(value)}")
        return name

    def stop_if(self, condition: str) -> None:
        """Give up where a condition holds."""
        self.may_stop = True
        self.line(f"if {condition}:")
        self.line("    return STOP")

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """The lines under a header; what they compute has a name in them alone."""
        self.line(header)
        known, before = dict(self.known), len(self.lines)
        self.depth += 1
        yield
        if len(self.lines) == before:
            self.line("pass")
        self.depth -= 1
        self.known = {k: v for k, v in known.items() if self.known.get(k) == v}


def bare(value: str) -> str:
    """A value without the parentheses around all of it: ``(a + b) -> a + b``."""
    if not (value.startswith("(") and value.endswith(")")):
        return value
    depth = 0
    for position, letter in enumerate(value):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and position < len(value) - 1:
            return value
    return value[1:-1]


def affine_text(affine: Affine, names: dict[str, str]) -> str:
    """An affine expression over the kernel's names: ``i - 1``."""
    terms = sorted(affine.terms, key=lambda term: term[1] < 0)
    text = ""
    for symbol, factor in terms:
        size = names[symbol] if abs(factor) == 1 else f"{abs(factor)} * {names[symbol]}"
        if text:
            text += f" {'+' if factor > 0 else '-'} {size}"
        else:
            text = size if factor > 0 else f"-{size}"
    if not text:
        return str(affine.constant)
    if affine.constant:
        text += f" {'+' if affine.constant > 0 else '-'} {abs(affine.constant)}"
    return text
