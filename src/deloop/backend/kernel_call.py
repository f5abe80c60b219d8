"""The call of a kernel in the new code, with the loop as it is written behind it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from dataclasses import dataclass

from deloop.ir.affine import Affine
from deloop.ir.kernel import Kernel
from deloop.ir.source import SourceFunction
from deloop.text.names import names_in


@dataclass(frozen=True)
class FilledTensor:
    """A tensor that a kernel fills in place of a list: `use` is the user's expression of the list.
    """

    listed: str
    name: str
    size: Affine
    dtype: str
    use: ast.expr


def call_kernel(
    kernel: Kernel,
    loop: ast.For,
    function: SourceFunction,
    filled: Sequence[FilledTensor] = (),
    torch: str = "torch",
) -> tuple[ast.stmt, ...]:
    """What stands for the loop::

        if (after := line_3(y, x, a)) is None:
            for t in range(n): …
        else:
            h = after[0]
    """
    given = [*(a.spelling for a in kernel.arrays), *(n.spelling for n in kernel.numbers)]
    call = f"{kernel.name}({', '.join(given)})"
    names = [r.name for r in kernel.results]
    if not names:
        lines = f"if {call} is None:\n    pass"
    else:
        after = _free_name("after", function)
        taken = f"{names[0]} = {after}[0]" if len(names) == 1 else f"{', '.join(names)} = {after}"
        lines = f"if ({after} := {call}) is None:\n    pass\nelse:\n    {taken}"
    (statement,) = ast.parse(lines).body
    assert isinstance(statement, ast.If)
    statement.body = [_as_written(loop, function)]
    made: list[ast.stmt] = []
    for one in filled:
        text = f"{one.name} = {torch}.empty({one.size}, dtype={torch}.{one.dtype})"
        made += ast.parse(text).body
        use = copy.deepcopy(one.use)
        statement.body.append(ast.Assign([ast.Name(one.listed, ast.Store())], use, lineno=0))
        statement.orelse += ast.parse(f"{one.listed} = {one.name}").body
    return (*made, statement)


def name_filled(name: str, function: SourceFunction) -> str:
    """A name for the tensor in place of a list: ``outs -> outs_``."""
    return _free_name(f"{name}_", function)


def _free_name(wish: str, function: SourceFunction) -> str:
    used = names_in(function.node) | set(function.parameters)
    while wish in used:
        wish += "_"
    return wish


def _as_written(loop: ast.For, function: SourceFunction) -> ast.stmt:
    """The loop as the user has it, where it was read from a ``while``."""
    for node in ast.walk(ast.parse(function.text)):
        is_here = isinstance(node, ast.While) and (node.lineno, node.col_offset) == (
            loop.lineno, loop.col_offset
        )  # fmt: skip
        if is_here and isinstance(node, ast.While):
            node.orelse = []
            return node
    return copy.deepcopy(loop)
