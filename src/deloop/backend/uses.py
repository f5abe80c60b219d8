"""Statements behind a loop in which what the loop has filled takes the place of a list's use."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deloop.backend import syntax
from deloop.ir.types import TensorType
from deloop.text.trees import swap

_LONGEST_LINE = 88


@dataclass(frozen=True)
class Taken:
    """An expression of the user's that takes a list, and what it becomes.

    ``torch.stack(outs)  ->  outs``; `names` are the variables in that, `type` is the tensor's.
    """

    statement: ast.stmt
    node: ast.expr
    value: ast.expr
    names: tuple[str, ...]
    type: TensorType | None = None


_HARMLESS = frozenset({"len", "float", "int", "abs", "max", "min", "bool", "round"})
Edits = dict[ast.stmt, list[ast.stmt]]


def rewrite_uses(taken: Sequence[Taken], edits: Edits, sources: Mapping[str, ast.stmt]) -> None:
    """Change the statements that take lists; `sources` says which edit sets each name.

    A name that is read once, right behind, is left out: ``outs = x * 2`` and ``return outs`` become
    ``return x * 2``.
    """
    by_statement: dict[ast.stmt, list[Taken]] = {}
    for use in taken:
        by_statement.setdefault(use.statement, []).append(use)
    for statement, uses in by_statement.items():
        swaps = {id(u.node): u.value for u in uses}
        changed = swap(statement, swaps)
        front = edits.get(statement, []) if statement in sources.values() else []
        for name in dict.fromkeys(n for u in reversed(uses) for n in reversed(u.names)):
            if sum(u.names.count(name) for u in taken) > 1:
                continue
            body = front if sources[name] is statement else edits[sources[name]]
            copied = any(u.names[1:] == (name,) for u in uses)
            inlined = _inlined(name, body, changed, sources[name] is statement, copied)
            if inlined is not None:
                changed = inlined
        edits[statement] = [*front, *([] if _sets_itself(changed) else [changed])]


def _inlined(
    name: str, body: list[ast.stmt], statement: ast.stmt, must: bool, copied: bool
) -> ast.stmt | None:
    """The statement with the value of `name` in it, taken out of `body`; None where it stays.

    Where the statement copies the elements itself (``outs[mask]``), the value needs no clone.
    """
    last = next((s for s in reversed(body) if _target(s) == name), None)
    if not isinstance(last, ast.Assign):
        return None
    behind = body[body.index(last) + 1 :]
    if any(_reads(s, name) for s in body if s is not last):
        return None
    if any(not isinstance(s, ast.Assign) or _reads(last.value, _target(s)) for s in behind):
        return None
    places = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id == name
              and isinstance(n.ctx, ast.Load)]  # fmt: skip
    if len(places) != 1 or not _is_pure_around(statement, places[0]):
        return None
    value = last.value
    match value:
        case ast.Call(func=ast.Attribute(value=ast.Name() as inner, attr="clone")) if copied:
            value = inner
    changed = swap(statement, {id(places[0]): value})
    is_whole = getattr(statement, "value", None) is places[0]
    if not must and not is_whole and len(syntax.text(changed)) > _LONGEST_LINE:
        return None
    body.remove(last)
    return changed


def _target(node: ast.stmt) -> str:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def _reads(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def _is_pure_around(statement: ast.stmt, place: ast.expr) -> bool:
    """Whether nothing that is evaluated before the place could change what its value reads."""
    for node in ast.walk(statement):
        if isinstance(node, (ast.NamedExpr, ast.Await)):
            return False
        if isinstance(node, ast.AugAssign) and not isinstance(node.target, ast.Name):
            return False
        if isinstance(node, ast.Call) and not any(n is place for n in ast.walk(node)):
            word = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if isinstance(node.func, ast.Name) and node.func.id in _HARMLESS:
                continue
            if not word or word.endswith("_") or any(k.arg == "out" for k in node.keywords):
                return False
    return True


def _sets_itself(node: ast.stmt) -> bool:
    """``outs = outs``."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=same)):
            return name == same
    return False
