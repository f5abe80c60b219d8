"""Which objects may be one: of names on the syntax tree, of values and the arrays they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set

_MODULES = frozenset({"torch", "th", "math", "F", "nn", "np"})
_MAKERS = frozenset(
    {"zeros", "ones", "empty", "full", "tensor", "zeros_like", "ones_like", "empty_like", "clone"}
    | {"full_like", "new_zeros", "new_ones", "new_full", "new_tensor", "rand", "randn", "item"}
    | {"topk", "sort", "argsort", "argmax", "argmin", "sum", "mean", "prod", "norm", "exp", "log"}
    | {"sqrt", "softmax", "log_softmax", "matmul", "mm", "cdist", "stack", "cat", "nonzero"}
)
"""What makes new tensors, or none."""


def may_change_later(
    loop: ast.For, append: ast.AST, holders: set[str], tensors: Set[str] = frozenset()
) -> bool:
    """Whether a tensor, named by `holders` where it is appended, may still be changed in the loop.

    ``acc = 0; for …: acc += x[j]`` before the append binds a new object in each iteration, and that
    is fine; ``acc += x[i]`` over a name bound in front of the loop changes what the list holds.
    ``row[i] = v`` gives another name to nothing where `row` is one of `tensors`.
    """
    names = _aliases(loop, holders, tensors)
    if not any(_changes(n, names) for n in ast.walk(loop)):
        return False
    if len(names) != 1:
        return True
    around = _block_of(loop, append)
    if around is None:
        return True
    block, position = around
    (name,) = names
    for statement in block[position + 1 :]:
        if _binds(statement, name):
            return False
        if _any_change(statement, names):
            return True
    for statement in block[: position + 1]:
        if _binds(statement, name):
            return False
        if _any_change(statement, names):
            return True
    return True


def _aliases(loop: ast.AST, names: set[str], tensors: Set[str]) -> set[str]:
    """The names and those that may hold the same objects: ``a = b``, ``a = b if c else d``."""
    found = set(names)
    while True:
        more = set(found)
        for node in ast.walk(loop):
            if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if all(isinstance(t, ast.Subscript) and _root(t) in tensors for t in targets):
                continue
            bound = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            held = set(_held(node.value))
            if held & found or (held and bound & found):
                more |= held | bound
        if more == found:
            return found
        found = more


def _held(node: ast.expr | None) -> Iterator[str]:
    """Names whose very objects an expression may give."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.IfExp(body=body, orelse=other):
            yield from _held(body)
            yield from _held(other)
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _held(part)
        case ast.NamedExpr(target=target, value=value):
            yield from _held(target)
            yield from _held(value)
        case ast.Subscript(value=value) | ast.Attribute(value=value) | ast.Starred(value=value):
            yield from _held(value)
        case ast.Call(func=ast.Attribute(value=value, attr=attr), args=arguments):
            if attr in _MAKERS:
                return
            if not (isinstance(value, ast.Name) and value.id in _MODULES):
                yield from _held(value)
            for argument in arguments:
                yield from _held(argument)
        case ast.Call(args=arguments):
            for argument in arguments:
                yield from _held(argument)


def _changes(node: ast.AST, names: set[str]) -> bool:
    """Whether a node changes, in place, an object that one of the names holds."""
    match node:
        case ast.AugAssign(target=target):
            return _root(target) in names
        case ast.Subscript(value=value, ctx=ast.Store()) | ast.Attribute(
            value=value, ctx=ast.Store()
        ):
            return _root(value) in names
        case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr.endswith("_"):
            return _root(value) in names
    return False


def _any_change(node: ast.AST, names: set[str]) -> bool:
    return any(_changes(n, names) for n in ast.walk(node))


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _binds(statement: ast.stmt, name: str) -> bool:
    """Whether a statement binds the name anew, to an object of its own."""
    return (
        isinstance(statement, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == name for t in statement.targets)
        and name not in set(_held(statement.value))
    )


def is_only_indexed(names: set[str], function: ast.AST) -> bool:
    """Whether nobody gives a list, by one of its names, another name or another length."""
    allowed: set[int] = set()
    for node in ast.walk(function):
        match node:
            case ast.Subscript(value=ast.Name() as name, ctx=ast.Load()) | ast.For(
                iter=ast.Name() as name
            ):
                allowed.add(id(name))
            case ast.Call(func=ast.Name(id="zip" | "len" | "enumerate" | "sum"), args=arguments):
                allowed.update(map(id, arguments))
    return not any(
        isinstance(n, ast.Name)
        and n.id in names
        and isinstance(n.ctx, ast.Load)
        and id(n) not in allowed
        for n in ast.walk(function)
    )


def _block_of(node: ast.AST, append: ast.AST) -> tuple[list[ast.stmt], int] | None:
    """The loop body that holds the append as one of its own statements, and where."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.For):
            for position, statement in enumerate(inner.body):
                if isinstance(statement, ast.Expr) and statement.value is append:
                    return inner.body, position
    return None
