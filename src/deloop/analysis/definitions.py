"""What the function computes from its arguments, as a guard at its first line writes it.

    n = labels.max().item() + 1                    a guard on `n` asks for
    out = torch.zeros(len(labels), n)      ->      labels.max().item() + 1
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from deloop.analysis.origins import is_plain
from deloop.analysis.scope import find_torch
from deloop.analysis.types import Candidate
from deloop.frontend.build import NestBuilder
from deloop.frontend.library import RANDOM
from deloop.ir.source import SourceFunction
from deloop.ir.types import Integer, Tensor
from deloop.text.names import names_in, substitute


def find_definitions(
    function: SourceFunction,
    candidate: Candidate,
    entry: AbstractSet[str],
    is_changed: Callable[[Tensor], bool],
) -> dict[str, ast.expr]:
    """What names are computed from: expressions that mean the same at the first line."""
    found: dict[str, ast.expr] = {}
    bound = [n.id for n in ast.walk(function.node)
             if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]  # fmt: skip
    reader = NestBuilder(function, dict(candidate.environment))
    for statement in candidate.function_body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                item = candidate.environment.get(name)
                is_own = isinstance(item, Integer) and item.affine.symbols == (name,)
                is_own |= isinstance(item, Tensor) and item.name == name and not is_changed(item)
                if is_own and not _draws(value):
                    known = substitute(value, found)
                    is_once = bound.count(name) == 1 and is_plain(statement, reader)
                    torch = find_torch(function)[0]
                    if is_once and _is_known(known, torch, candidate, entry, is_changed):
                        found[name] = known
    return found


def _draws(value: ast.expr) -> bool:
    """Whether an expression draws random numbers, so that it gives others each time."""
    return any(
        word in n.attr
        for n in ast.walk(value)
        if isinstance(n, ast.Attribute)
        for word in (*RANDOM, "empty")
    )


def _is_known(
    value: ast.expr,
    torch: str,
    candidate: Candidate,
    entry: AbstractSet[str],
    is_changed: Callable[[Tensor], bool],
) -> bool:
    """Whether an expression reads arguments that nobody has changed or bound anew."""
    called = {n.func.id for n in ast.walk(value)
              if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}  # fmt: skip
    for name in names_in(value) - called - {torch}:
        item = candidate.environment.get(name)
        is_own = name in entry and name not in candidate.rebound
        if not is_own or not isinstance(item, (Tensor, Integer)):
            return False
        if isinstance(item, Tensor) and (item.name != name or is_changed(item)):
            return False
    return called <= _BUILTINS


_BUILTINS = frozenset({"int", "len", "max", "min"})


def written_out(node: ast.expr, definitions: Mapping[str, ast.expr]) -> ast.expr:
    """The expression with what its names are computed from."""
    return substitute(node, definitions) if names_in(node) & definitions.keys() else node
