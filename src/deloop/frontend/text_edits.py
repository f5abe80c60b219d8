"""Changes of a function's text, line by line, so that what is left is as the user wrote it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from deloop.frontend.normalize import normalize
from deloop.ir.source import SourceFunction

Block = list[ast.stmt]


def parsed(text: str) -> ast.FunctionDef:
    return next(n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))


@dataclass
class TextEdits:
    """Changes of a text: statements replaced, lines put in, expressions replaced."""

    node: ast.FunctionDef
    taken: set[str]
    statements: dict[ast.stmt, list[str]] = field(default_factory=dict)
    before: dict[ast.stmt, list[str]] = field(default_factory=dict)
    behind: dict[ast.stmt, list[str]] = field(default_factory=dict)
    parts: list[tuple[ast.expr, str]] = field(default_factory=list)
    bound: list[str] = field(default_factory=list)
    """Names that lines which are put in behind a loop give their value."""

    def fresh(self, name: str) -> str:
        count = 1
        unique = name
        while unique in self.taken:
            count += 1
            unique = f"{name}_{count}"
        self.taken.add(unique)
        return unique

    def applied_to(self, function: SourceFunction) -> SourceFunction | None:
        """The function over the changed text."""
        changed = [*self.statements, *self.before, *self.behind]
        if not changed and not self.parts:
            return None
        if any(n.lineno != (n.end_lineno or 0) for n, _ in self.parts):
            return None
        if not all(_has_own_lines(s, self.node) for s in changed):
            return None
        lines = [line.encode() for line in function.text.splitlines()]
        for part, text in sorted(self.parts, key=lambda p: (p[0].lineno, -p[0].col_offset)):
            line = lines[part.lineno - 1]
            end = part.end_col_offset or 0
            lines[part.lineno - 1] = line[: part.col_offset] + text.encode() + line[end:]
        result: list[str] = []
        origin: dict[int, int] = {}
        starts = {s.lineno: s for s in changed}
        ends = {s.end_lineno or s.lineno: s for s in self.behind}
        gone = {k for s in self.statements for k in range(s.lineno, (s.end_lineno or 0) + 1)}
        for number, line in enumerate(lines, 1):
            made: list[str] = []
            if number in starts:
                start = starts[number]
                new = [*self.before.get(start, []), *self.statements.get(start, [])]
                made = [" " * start.col_offset + text for text in new]
            if number not in gone:
                made.append(line.decode())
            if number in ends:
                end_of = ends[number]
                made += [" " * end_of.col_offset + text for text in self.behind[end_of]]
            for text in made:
                result.append(text)
                origin[len(result)] = function.lines.get(number, number)
        text = "\n".join(result) + "\n"
        node = normalize(parsed(text))
        return replace(function, node=node, text=text, lines=origin)


def _has_own_lines(node: ast.stmt, function: ast.FunctionDef) -> bool:
    inside = {id(n) for n in ast.walk(node)}
    last = node.end_lineno or node.lineno
    return not any(
        isinstance(s, ast.stmt) and id(s) not in inside and not hasattr(s, "body")
        and s.lineno <= last and (s.end_lineno or 0) >= node.lineno
        for s in ast.walk(function)
    ) and all(
        b.lineno != node.lineno or b is node
        for b in ast.walk(function) if isinstance(b, ast.stmt) and id(b) not in inside
    )  # fmt: skip


