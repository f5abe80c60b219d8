"""A function of the user's: its text, its syntax tree, its place, and what its names stand for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from deloop.diagnostic import Place
from deloop.ir.types import Opaque, Value


def resolve_nothing(name: str) -> Value:
    """A scope in which nothing is known."""
    return Opaque(f"the name {name} is not known here")


@dataclass(frozen=True)
class SourceFunction:
    """One function of the user's.

    Parameters
    ----------
    name:
        Its name.
    node:
        Its definition; line numbers count from 1 in `text`.
    text:
        Its dedented source, decorators included.
    file, first_line:
        Where `text` begins in the user's program.
    resolve:
        What a global or closure name stands for.
    """

    name: str
    node: ast.FunctionDef | ast.Lambda
    text: str
    file: str = "<string>"
    first_line: int = 1
    indent: int = 0
    resolve: Callable[[str], Value] = resolve_nothing
    lines: Mapping[int, int] = field(default_factory=dict)
    """Lines of `text` that stand elsewhere in the user's file, as if `text` were the original."""
    given: tuple[str, ...] = ()
    """Names that stand for expressions of the parameters, as if they were parameters too."""

    def place(self, node: ast.AST) -> Place:
        """Where a node of this function stands in the user's file."""
        line = getattr(node, "lineno", 1)
        line = self.lines.get(line, line)
        column = getattr(node, "col_offset", 0)
        return Place(self.file, self.first_line + line - 1, column + 1 + self.indent)

    @property
    def body(self) -> list[ast.stmt]:
        """The statements (a lambda is one return)."""
        if isinstance(self.node, ast.Lambda):
            value = ast.Return(value=self.node.body)
            return [ast.copy_location(value, self.node.body)]
        return self.node.body

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of all positional and keyword parameters, in order."""
        a = self.node.args
        return (*(p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs)), *self.given)

    @property
    def defaults(self) -> dict[str, ast.expr]:
        """Default value expressions by parameter."""
        a = self.node.args
        positional = [*a.posonlyargs, *a.args]
        optional = positional[len(positional) - len(a.defaults) :]
        by_keyword = zip(a.kwonlyargs, a.kw_defaults, strict=True)
        found = {p.arg: default for p, default in zip(optional, a.defaults, strict=True)}
        found.update({p.arg: default for p, default in by_keyword if default is not None})
        return found
