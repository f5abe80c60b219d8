"""What a case is: a loop, the source it must become, and the arguments to try it on."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Arguments = tuple[Any, ...]
InputMaker = Callable[[], list[Arguments]]


@dataclass(frozen=True)
class Case:
    """A loop as a user wrote it (`before`) and what it must become.

    Parameters
    ----------
    before:
        The loop: a plain function.
    after:
        Accepted bodies, the expert's first. Empty: any source without a loop is accepted; of a
        partial rewrite any whose loops are nested less deeply, or that keeps one level of loops.
    inputs:
        Makes fresh argument tuples; the source is compared for the first, behaviour for all.
    exactness:
        The accepted declarations, ``"bitwise"`` or ``"rounding"``.
    inline:
        Passed on to ``deloop.vectorize``.
    status:
        What the report must say: ``"vectorized"``, or ``"partial"`` where a serial loop stays with
        tensor operations inside it or beside it.
    """

    before: Callable[..., Any]
    after: tuple[str, ...]
    inputs: InputMaker
    exactness: tuple[str, ...] = ("bitwise",)
    inline: bool = False
    suffix: str = ""
    status: str = "vectorized"

    @property
    def name(self) -> str:
        """`family.function`, and what tells two cases of one function apart."""
        family = self.before.__module__.rpartition(".")[2]
        return f"{family}.{self.before.__qualname__}{self.suffix}"

    def accepts(self, source: str) -> bool:
        """Whether `source` is one of the accepted rewritings, compared as syntax trees."""
        if not self.after and self.status == "partial":
            own = textwrap.dedent(inspect.getsource(self.before))
            return _loop_depth(ast.parse(source)) <= max(1, _loop_depth(ast.parse(own)) - 1)
        if not self.after:
            return _loop_depth(ast.parse(source)) == 0
        return _normal_form(source) in {_normal_form(text) for text in self.expected_sources()}

    def expected_sources(self) -> list[str]:
        """The whole functions: the loop's own header over each accepted body."""
        header = _header(self.before)
        return [
            header + textwrap.indent(textwrap.dedent(body).strip(), "    ") for body in self.after
        ]


class Family:
    """The cases of one file, in their order."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    def add(
        self,
        before: Callable[..., Any],
        *after: str,
        inputs: InputMaker,
        exactness: str | tuple[str, ...] = "bitwise",
        inline: bool = False,
        suffix: str = "",
        status: str = "vectorized",
    ) -> None:
        """Put a case at the end."""
        accepted = (exactness,) if isinstance(exactness, str) else exactness
        self.cases.append(Case(before, after, inputs, accepted, inline, suffix, status))


def _header(function: Callable[..., Any]) -> str:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    returns = f" -> {ast.unparse(definition.returns)}" if definition.returns else ""
    return f"def {definition.name}({ast.unparse(definition.args)}){returns}:\n"


def _loop_depth(node: ast.AST) -> int:
    """How many loops lie within one another at the deepest place."""
    deepest = max((_loop_depth(child) for child in ast.iter_child_nodes(node)), default=0)
    return deepest + isinstance(node, (ast.For, ast.While))


def _normal_form(source: str) -> str:
    return ast.dump(ast.parse(textwrap.dedent(source)))
