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
from deloop.ir.source import SourceFunction
from deloop.ir.types import Integer, Scalar, Tensor
from deloop.ops.making import draws
from deloop.text.names import names_in, substitute
from deloop.text.trees import walk

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
    entry: AbstractSet[str],
    is_changed: Callable[[Tensor], bool],
) -> dict[str, ast.expr]:
    """What names are computed from: expressions that mean the same at the first line."""
    found: dict[str, ast.expr] = {}
    bound = [n.id for n in walk(function.node)
             if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]  # fmt: skip
    reader = NestBuilder(function, dict(candidate.environment))
    for statement in candidate.function_body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                item = candidate.environment.get(name)
                is_own = isinstance(item, Integer) and item.affine.symbols == (name,)
                is_own |= isinstance(item, Tensor) and item.name == name and not is_changed(item)
                is_own |= isinstance(item, Scalar) and item.spelling == name
                if is_own and not _draws(value):
                    known = substitute(value, found)
                    is_once = bound.count(name) == 1 and is_plain(statement, reader)
                    torch = find_torch(function)[0]
                    if is_once and _is_known(known, torch, candidate, entry, is_changed):
                        found[name] = known
    return found


def _draws(value: ast.expr) -> bool:
    """Whether an expression draws random numbers, so that it gives others each time."""
    words = [n.attr for n in walk(value) if isinstance(n, ast.Attribute)]
    return any(draws(word) or "empty" in word for word in words)


def _is_known(
    value: ast.expr,
    torch: str,
    candidate: Candidate,
    entry: AbstractSet[str],
    is_changed: Callable[[Tensor], bool],
) -> bool:
    """Whether an expression reads arguments that nobody has changed or bound anew."""
    called = {n.func.id for n in walk(value)
              if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}  # fmt: skip
    for name in names_in(value) - called - {torch}:
        item = candidate.environment.get(name)
        is_own = name in entry and name not in candidate.rebound
        if not is_own or not isinstance(item, (Tensor, Integer, Scalar)):
            return False
        if isinstance(item, Tensor) and (item.name != name or is_changed(item)):
            return False
    return called <= _BUILTINS


_BUILTINS = frozenset({"int", "len", "max", "min"})


def written_out(node: ast.expr, definitions: Mapping[str, ast.expr]) -> ast.expr:
    """The expression with what its names are computed from."""
    return substitute(node, definitions) if names_in(node) & definitions.keys() else node


def find_pure_definitions(
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
    for node in walk(function.node):
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
    for node in walk(value):
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
    for node in walk(value):
        if isinstance(node, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Lambda)):
            return False
        if isinstance(node, ast.Call):
            named = isinstance(node.func, ast.Attribute)
            word = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if not named or word.endswith("_") or any(k.arg == "out" for k in node.keywords):
                return False
    return True
