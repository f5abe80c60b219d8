"""Names in syntax trees."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Mapping

from deloop.text.trees import walk


def names_in(node: ast.AST) -> set[str]:
    """All names below a node, whatever is done with them."""
    return {n.id for n in walk(node) if isinstance(n, ast.Name)}


def is_name(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def names_read(nodes: Iterable[ast.stmt]) -> set[str]:
    """Names that are read anywhere in the statements, ``x += 1`` included."""
    nodes = list(nodes)
    return {
        n.id
        for statement in nodes
        for n in walk(statement)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    } | {
        n.target.id
        for statement in nodes
        for n in walk(statement)
        if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    }


def names_stored(node: ast.AST) -> set[str]:
    """Names that are bound or deleted anywhere below a node."""
    return {
        n.id for n in walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)
    }


def names_bound_by(node: ast.AST) -> tuple[str, ...]:
    """The names that one node of a tree binds or deletes, those of its parts aside."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return (name,)
        case ast.alias(name=name, asname=other):
            return ((other or name).split(".")[0],)
        case ast.ExceptHandler(name=str() as name) | ast.MatchStar(name=str() as name):
            return (name,)
        case ast.MatchAs(name=str() as name) | ast.MatchMapping(rest=str() as name):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
    return ()


def local_names(node: ast.AST) -> set[str]:
    """The names that a function binds itself, those of inner scopes aside."""
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        found.update(names_bound_by(child))
        if not isinstance(child, _INNER):
            found |= local_names(child)
    return found


def find_unbound(node: ast.AST, text: str) -> set[str]:
    """The names that a function binds and its new text only reads: they would be the module's."""
    new = ast.parse(text).body[0]
    lost = local_names(node) - local_names(new)
    arguments = {n.arg for n in walk(new) if isinstance(n, ast.arg)}
    outer = {x for n in walk(new) if isinstance(n, (ast.Global, ast.Nonlocal)) for x in n.names}
    return lost & names_read([new]) - arguments - outer if lost else set()


def names_captured(node: ast.AST) -> frozenset[str]:
    """The names that a function's inner functions and lambdas use, and may use at any call."""
    return frozenset(
        name
        for inner in walk(node)
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef))
        and inner is not node
        for name in names_in(inner)
    )


_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp,
          ast.SetComp, ast.DictComp, ast.GeneratorExp)  # fmt: skip


def names_stored_before(node: ast.AST, statement: ast.stmt) -> set[str]:
    """Names bound or deleted above the end of a loop, or above the start of another statement."""
    end = (statement.lineno, statement.col_offset)
    if isinstance(statement, (ast.For, ast.While)):
        end = (statement.end_lineno or end[0], statement.end_col_offset or end[1])
    return _stored_above(node, end)


def names_changed_before(node: ast.AST, statement: ast.stmt) -> set[str]:
    """As `names_stored_before`, without those of a loop that runs once: what its start sees."""
    loops = (ast.For, ast.While, ast.AsyncFor)
    around = [n for n in walk(node) if isinstance(n, loops) and n is not statement]
    if any(inner is statement for n in around for inner in walk(n)):
        return names_stored_before(node, statement)
    return _stored_above(node, (statement.lineno, statement.col_offset))


def _stored_above(node: ast.AST, end: tuple[int, int]) -> set[str]:
    """Names bound or deleted before a line and column."""
    return {
        n.id
        for n in walk(node)
        if isinstance(n, ast.Name)
        and not isinstance(n.ctx, ast.Load)
        and (n.lineno, n.col_offset) < end
    }


def is_read_only_in(name: str, loop: ast.AST, body: Iterable[ast.stmt]) -> bool:
    """Whether nothing outside of the loop reads a name."""
    inside = {id(n) for n in walk(loop)}
    return not any(
        isinstance(n, ast.Name)
        and n.id == name
        and isinstance(n.ctx, ast.Load)
        and id(n) not in inside
        for statement in body
        for n in walk(statement)
    )


def substitute(node: ast.expr, values: Mapping[str, ast.expr]) -> ast.expr:
    """A copy of an expression with names replaced: ``x + 1 -> a[0] + 1``."""
    return _Substitution(values).visit(copy.deepcopy(node))  # type: ignore[no-any-return]


class _Substitution(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)
