"""Rewriting of control flow on the syntax tree, before anything is read."""

from __future__ import annotations

import ast


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


def assigned_names(loop: ast.For) -> dict[str, ast.AST]:
    """Names that the body binds, with where (the last place); inner loop variables too."""
    found: dict[str, ast.AST] = {}
    for statement in loop.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found[node.id] = node
    return found


def target_names(loop: ast.For) -> set[str]:
    """Names that the loop's header binds: ``for i, (a, b) in … -> {i, a, b}``."""
    return {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
