"""Text to syntax tree: one function definition with its place in the user's file, normalised."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable

from deloop.diagnostic import Place, Refusal
from deloop.errors import Unsupported
from deloop.frontend.normalize import normalize
from deloop.ir.source import SourceFunction, resolve_nothing
from deloop.ir.types import Value
from deloop.text.trees import walk


def parse_function(
    text: str,
    file: str = "<string>",
    first_line: int = 1,
    resolve: Callable[[str], Value] = resolve_nothing,
) -> SourceFunction:
    """The first function definition in `text`, which may be indented and decorated.

    Raises `Unsupported` where the text does not parse or holds no plain function.
    """
    dedented = textwrap.dedent(text)
    indent = len(text) - len(text.lstrip(" \t")) if dedented != text else 0
    try:
        tree = ast.parse(dedented)
        if "\t" in dedented:
            dedented = _with_spaces(dedented, tree)
            tree = ast.parse(dedented)
    except SyntaxError as error:
        raise _no_function(file, first_line, f"the source does not parse: {error.msg}") from error
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in walk(node)):
                raise _no_function(
                    file, first_line, f"{node.name} is a generator; its values appear one at a time"
                )
            normal = normalize(node)
            return SourceFunction(node.name, normal, dedented, file, first_line, indent, resolve)
        if isinstance(node, ast.AsyncFunctionDef):
            raise _no_function(
                file, first_line, f"{node.name} is an async function; others run between its steps"
            )
        if isinstance(node, ast.ClassDef):
            raise _no_function(file, first_line, f"{node.name} is a class; decorate its methods")
    raise _no_function(file, first_line, "there is no function definition in the source")


def _with_spaces(text: str, tree: ast.Module) -> str:
    """The text indented by four spaces for each tab, as what is written into it is.

    Lines inside of strings stay as they are.
    """
    inside = {
        line
        for node in ast.walk(tree)
        if isinstance(node, (ast.Constant, ast.JoinedStr))
        for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)
    }
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        body = line.lstrip("\t")
        if number not in inside:
            lines[number - 1] = "    " * (len(line) - len(body)) + body
    return "\n".join(lines)


def _no_function(file: str, line: int, sentence: str) -> Unsupported:
    return Unsupported(Refusal("VEC900", Place(file, line, 1), sentence))
