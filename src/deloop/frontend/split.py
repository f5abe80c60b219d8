"""A function with some of its loops taken apart, as text and as tree."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from deloop.diagnostic import Place, Refusal
from deloop.frontend.normalize import count, normalize
from deloop.frontend.search import Search, is_left_inside, split_loop
from deloop.ir.source import SourceFunction
from deloop.text.names import names_in
from deloop.text.trees import walk

Spot = tuple[int, int]
"""Where a loop begins in the user's text."""


@dataclass(frozen=True)
class Part:
    """A loop that was taken apart, and the lines of the new text that its pieces fill."""

    spot: Spot
    search: Search
    first: int
    last: int
    line: int
    place: Place
    """Where the loop and its first way out stand in the user's file."""

    def explain(self, node: ast.AST, refusal: Refusal) -> Refusal:
        """Why the whole loop stays, where one of its pieces has to."""
        if getattr(node, "lineno", 0) != self.seeker_line:
            return refusal
        if refusal.code == "VEC902":
            names = ", ".join(self.search.carried) or "what earlier iterations leave"
            return self.refuse(f"whether it is taken depends on {names}, which each iteration "
                               "computes from the one before")  # fmt: skip
        reason = refusal.sentence.removeprefix("loop kept: ")
        return self.refuse(f"its condition cannot be computed for all iterations: {reason}")

    def refuse(self, sentence: str) -> Refusal:
        """A refusal at the way out."""
        return Refusal("VEC940", self.place, f"loop kept: {self.search.describe()}: {sentence}")

    def refuse_shared(self, memory: AbstractSet[str]) -> Refusal:
        """A refusal: the loop writes what its conditions read."""
        names = ", ".join(sorted(m.split(":")[1] if ":" in m else m for m in memory))
        return self.refuse(f"whether it is taken depends on {names}, "
                           "which earlier iterations write")  # fmt: skip

    @property
    def seeker_line(self) -> int:
        """The line of the loop that looks at the conditions."""
        if self.search.inner:
            return 0
        for position, piece in enumerate(self.search.pieces):
            if piece is self.search.seeker:
                before = ast.unparse(ast.Module(list(self.search.pieces[:position]), []))
                return self.first + len(before.splitlines())
        return self.first

    def holds(self, node: ast.AST) -> bool:
        """Whether a node of the new tree is one of the pieces."""
        return self.first <= getattr(node, "lineno", 0) <= self.last


@dataclass(frozen=True)
class Split:
    """The function after the split; the same one where nothing was taken apart."""

    function: SourceFunction
    parts: tuple[Part, ...] = ()


def find_outermost(function: SourceFunction) -> dict[Spot, ast.stmt]:
    """The outermost loops, by where they begin."""
    if not isinstance(function.node, ast.FunctionDef):
        return {}
    return {
        (loop.lineno, loop.col_offset): loop
        for loop, _ in _outermost(function.node.body)
    }


def split_function(function: SourceFunction, chosen: Mapping[Spot, bool]) -> Split:
    """The function with the chosen loops taken apart, as far as they have such a form.

    `chosen` says of each loop whether what runs up to the exit stands under ``if stop:``.
    """
    if not isinstance(function.node, ast.FunctionDef) or not chosen:
        return Split(function)
    node = _parsed(function.text)  # as it stands in the text: an ``else`` still with its loop
    taken = names_in(node) | set(function.parameters)
    taken |= {n.arg for n in walk(node) if isinstance(n, ast.arg)}
    found: list[tuple[Spot, Search]] = []
    counted = count(node)
    for (loop, before), (new, _) in zip(
        _outermost(node.body), _outermost(counted.body), strict=True
    ):
        spot = (loop.lineno, loop.col_offset)
        if spot in chosen and _stands_alone(loop, node):
            if is_left_inside(new):
                search = split_loop(new, before, counted, taken, chosen[spot])
            else:
                search = split_loop(loop, before, node, taken, chosen[spot])
            if search is not None:
                found.append((spot, search))
    return _spliced(function, found) if found else Split(function)


def _parsed(text: str) -> ast.FunctionDef:
    return next(n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))


def _outermost(
    block: list[ast.stmt],
) -> list[tuple[ast.stmt, list[ast.stmt]]]:
    """Loops in no other loop, each with the statements before it in its block."""
    found: list[tuple[ast.stmt, list[ast.stmt]]] = []
    for position, statement in enumerate(block):
        if isinstance(statement, (ast.For, ast.While)):
            found.append((statement, block[:position]))
        elif isinstance(statement, (ast.If, ast.With)):
            found.extend(_outermost(statement.body))
            found.extend(_outermost(getattr(statement, "orelse", [])))
    return found


def _stands_alone(loop: ast.stmt, node: ast.FunctionDef) -> bool:
    """Whether no other statement shares the loop's lines."""
    inside = {id(n) for n in walk(loop)}
    first, last = loop.lineno, loop.end_lineno or loop.lineno
    return not any(
        isinstance(n, ast.stmt) and id(n) not in inside and not (
            n.lineno < first and (n.end_lineno or 0) >= last and hasattr(n, "body")
        ) and n.lineno <= last and (n.end_lineno or 0) >= first
        for n in walk(node)
    )  # fmt: skip


def _spliced(function: SourceFunction, found: list[tuple[Spot, Search]]) -> Split:
    lines = function.text.splitlines()
    result: list[str] = []
    origin: dict[int, int] = {}
    parts: list[Part] = []
    position = 1
    for spot, search in sorted(found, key=lambda pair: pair[0]):
        loop = search.loop
        for line in range(position, loop.lineno):
            result.append(lines[line - 1])
            origin[len(result)] = line
        indent = " " * loop.col_offset
        result.extend(indent + c for c in comments_in(function.text, loop))
        first = len(result) + 1
        text = ast.unparse(ast.Module(list(search.pieces), []))
        result.extend(indent + line for line in text.splitlines())
        origin.update(_origins(search, text, first))
        place = function.place(search.exits[0].jump)
        line = function.place(loop).line
        parts.append(Part(spot, search, first, len(result), line, place))
        position = (loop.end_lineno or loop.lineno) + 1
    for line in range(position, len(lines) + 1):
        result.append(lines[line - 1])
        origin[len(result)] = line
    text = "\n".join(result) + "\n"
    changed = replace(function, node=normalize(_parsed(text)), text=text, lines=origin)
    return Split(changed, tuple(parts))


def comments_in(text: str, loop: ast.stmt) -> list[str]:
    """The comments on the lines of a statement."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = range(loop.lineno, (loop.end_lineno or loop.lineno) + 1)
    return [t.string for t in tokens if t.type == tokenize.COMMENT and t.start[0] in lines]


def _origins(search: Search, text: str, first: int) -> dict[int, int]:
    """The user's line for each new one: a copied statement's own, else the loop's."""
    made = [n for p in search.pieces for n in walk(p) if isinstance(n, ast.stmt)]
    read = [n for p in ast.parse(text).body for n in walk(p) if isinstance(n, ast.stmt)]
    found = {first + k: search.loop.lineno for k in range(len(text.splitlines()))}
    if len(made) == len(read):
        for new, old in zip(read, made, strict=True):
            found[first + new.lineno - 1] = old.lineno
    return found
