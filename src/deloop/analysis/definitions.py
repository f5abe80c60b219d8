"""Names that the code in front of a loop defines from the arguments alone, as expressions of them.

``n = x.size(0); mask = y.expand(n, n).eq(y)   ->   mask: y.expand(x.size(0), x.size(0)).eq(y)``

What such a name holds can be asked at the function's entry, where guards are evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from deloop.analysis.types import Candidate
from deloop.ir.source import SourceFunction
from deloop.text.names import names_in, substitute

_MOST = 400
"""How long an expression may grow, in characters, before it says more than it is worth."""

_METHODS = frozenset(
    {"expand", "expand_as", "eq", "ne", "lt", "le", "gt", "ge", "t", "size", "dim", "view", "bool"}
    | {"unsqueeze", "squeeze", "reshape", "transpose", "permute", "long", "int", "float", "abs"}
    | {"logical_not", "isfinite", "isnan", "flatten", "numel"}
)
"""Methods that change nothing, and whose result depends on nothing else."""


def find_definitions(
    function: SourceFunction,
    candidate: Candidate,
    given: AbstractSet[str],
    touched: AbstractSet[str],
) -> Mapping[str, ast.expr]:
    """The names that are set once, in front of a loop of the outermost level, by pure expressions.

    `given` are the arguments that hold what they held at the function's start, `touched` the
    tensors that the loop writes. Where anything in front of the loop does more than bind names,
    there are none.
    """
    found: dict[str, ast.expr] = {}
    stored: dict[str, int] = {}
    for node in ast.walk(function.node):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            stored[node.id] = stored.get(node.id, 0) + 1
    for statement in function.body:
        if statement is candidate.written:
            return found
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if not _changes_nothing(value):
                    return {}
                is_pure = _is_pure(value) and names_in(value) <= given | found.keys()
                whole = substitute(value, found) if is_pure else None
                if whole is None or (names_in(whole) | {name}) & touched:
                    continue
                if stored[name] == 1 and len(ast.unparse(whole)) <= _MOST:
                    found[name] = whole
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=value) if all(
                isinstance(n, ast.Name) for n in names
            ):
                if not _changes_nothing(value):
                    return {}
            case _:
                return {}
    return {}


def _is_pure(value: ast.expr) -> bool:
    """Whether an expression is made of names, constants, operators and harmless methods alone."""
    for node in ast.walk(value):
        match node:
            case ast.Call(func=ast.Attribute(attr=word), keywords=[]) if word in _METHODS:
                continue
            case ast.Attribute(attr=word) if word in _METHODS or word in ("shape", "T", "mT"):
                continue
            case (
                ast.Name() | ast.Constant() | ast.BinOp() | ast.UnaryOp() | ast.Compare()
                | ast.Subscript() | ast.Tuple() | ast.Slice() | ast.expr_context() | ast.operator()
                | ast.unaryop() | ast.cmpop()
            ):  # fmt: skip
                continue
            case _:
                return False
    return True


def _changes_nothing(value: ast.expr) -> bool:
    """Whether no call in an expression changes a tensor in place, as far as names tell."""
    for node in ast.walk(value):
        if isinstance(node, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Lambda)):
            return False
        if isinstance(node, ast.Call):
            named = isinstance(node.func, ast.Attribute)
            word = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if not named or word.endswith("_") or any(k.arg == "out" for k in node.keywords):
                return False
    return True
