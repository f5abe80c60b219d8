"""Statements behind a loop in which what the loop has filled takes the place of a list's use."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from deloop.backend import syntax
from deloop.ir.types import TensorType
from deloop.ops.table import find_method
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
_PURE = frozenset(
    {"mean", "sum", "std", "var", "max", "min", "norm", "item", "tolist", "size", "dim", "numel"}
    | {"view", "reshape", "flatten", "any", "all", "nonzero", "clone", "contiguous", "flip"}
    | {"arange", "where", "tensor", "full", "zeros", "ones", "zeros_like", "einsum", "expand"}
)
Edits = dict[ast.stmt, list[ast.stmt]]


def rewrite_uses(
    taken: Sequence[Taken], edits: Edits, sources: Mapping[str, ast.stmt], body: list[ast.stmt]
) -> None:
    """Change the statements of `body` that take lists; `sources` says which edit sets each name.

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
            made = front if sources[name] is statement else edits[sources[name]]
            between = _between(sources[name], statement, body, edits)
            copied = any(len(u.names) == 2 and name in u.names for u in uses)
            is_near = between is not None and all(_is_quiet(s, name, made) for s in between)
            if not is_near:
                continue
            inlined = _inlined(name, made, changed, sources[name] is statement, copied)
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
    others = behind if _reads(last, name) else [s for s in body if s is not last]
    if any(_reads(s, name) for s in others):
        return None
    if not all(_is_quiet(s, name, [last]) for s in behind):
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


def _between(
    first: ast.stmt, last: ast.stmt, body: list[ast.stmt], edits: Edits
) -> list[ast.stmt] | None:
    """The statements between two of one block, as they are by now; None where there is no such."""
    if first is last:
        return []
    for block in _blocks(body):
        places = [k for k, s in enumerate(block) if s is first or s is last]
        if len(places) == 2:
            inside = block[places[0] + 1 : places[1]]
            return [new for s in inside for new in edits.get(s, [s])]
    return None


def _blocks(body: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    yield body
    for statement in body:
        for part in ("body", "orelse", "finalbody"):
            block = getattr(statement, part, None)
            if isinstance(block, list):
                yield from _blocks(block)


def _is_quiet(statement: ast.stmt, name: str, made: list[ast.stmt]) -> bool:
    """Whether a value may be computed behind a statement instead of in front of it."""
    if isinstance(statement, ast.Pass):
        return True
    target = _target(statement)
    if not target or any(_reads(s, target) for s in made):
        return False
    return not _reads(statement, name) and all(_is_harmless(n) for n in ast.walk(statement))


def _is_harmless(node: ast.AST) -> bool:
    """Whether a node of an expression changes no tensor and runs no code of the user's."""
    if isinstance(node, (ast.NamedExpr, ast.Await)):
        return False
    if not isinstance(node, ast.Call):
        return True
    if any(k.arg in ("out", "inplace", None) for k in node.keywords):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in _HARMLESS
    word = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    return word in _PURE or find_method(word) is not None


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
        if isinstance(node, ast.AugAssign) and not isinstance(node.target, ast.Name):
            return False
        around = isinstance(node, ast.Call) and any(n is place for n in ast.walk(node))
        if not around and not _is_harmless(node):
            return False
    return True


def _sets_itself(node: ast.stmt) -> bool:
    """``outs = outs``."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=same)):
            return name == same
    return False
