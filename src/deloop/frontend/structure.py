"""Rewriting of control flow on the syntax tree, before anything is read."""

from __future__ import annotations

import ast

from deloop.text.names import names_in
from deloop.text.trees import walk

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def eliminate_continue(body: list[ast.stmt]) -> list[ast.stmt]:
    """``if c: A; continue`` followed by ``B`` becomes ``if c: A  else: B``.

    A trailing ``continue`` disappears, and so does whatever stands behind one.
    """
    result: list[ast.stmt] = []
    for position, statement in enumerate(body):
        if isinstance(statement, ast.Continue):
            return result
        if isinstance(statement, ast.If) and _continues(statement):
            rest = body[position + 1 :]
            changed = ast.If(
                test=statement.test,
                body=eliminate_continue([*statement.body, *rest]) or [ast.Pass()],
                orelse=eliminate_continue([*statement.orelse, *rest]),
            )
            result.append(ast.copy_location(changed, statement))
            return result
        result.append(statement)
    return result


def _continues(node: ast.stmt) -> bool:
    """Whether a ``continue`` of the surrounding loop stands somewhere in the statement."""
    if isinstance(node, ast.Continue):
        return True
    if isinstance(node, ast.If):
        return any(_continues(s) for s in (*node.body, *node.orelse))
    return False


def has_jump(block: list[ast.stmt], *kinds: type[ast.stmt]) -> bool:
    """Whether a ``break`` or ``continue`` of the surrounding loop stands in the block."""
    return any(isinstance(s, kinds) or has_jump(own_statements(s), *kinds) for s in block)


def own_statements(node: ast.stmt) -> list[ast.stmt]:
    """The statements inside of one, as far as the surrounding loop is theirs too."""
    if isinstance(node, SCOPES):
        return []
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        return node.orelse
    children = ast.iter_child_nodes(node)
    parts = (
        [c] if isinstance(c, ast.stmt) else getattr(c, "body", [])
        for c in children
        if isinstance(c, (ast.stmt, ast.ExceptHandler, ast.match_case))
    )
    return [statement for part in parts for statement in part]


def assigned_names(loop: ast.For) -> dict[str, ast.AST]:
    """Names that the body binds, with where (the last place); inner loop variables too."""
    found: dict[str, ast.AST] = {}
    for statement in loop.body:
        for node in walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found[node.id] = node
    return found


def target_names(loop: ast.For) -> set[str]:
    """Names that the loop's header binds: ``for i, (a, b) in … -> {i, a, b}``."""
    return names_in(loop.target)
