"""Small pieces of source, made while loops are taken apart."""

from __future__ import annotations

import ast
import copy


def bind(target: ast.expr, value: ast.expr) -> ast.stmt:
    return ast.Assign([copy.deepcopy(target)], value)


def rename_in(node: ast.AST, old: str, new: str) -> None:
    """A name replaced everywhere below a node; not in a loop's own iterable."""
    skipped = {id(n) for n in ast.walk(node.iter)} if isinstance(node, ast.For) else set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id == old and id(inner) not in skipped:
            inner.id = new


def load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def minus_one() -> ast.expr:
    return ast.UnaryOp(ast.USub(), ast.Constant(1))


def tuple_of(parts: list[ast.expr]) -> ast.expr:
    return parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())


def call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.parse(name, mode="eval").body, list(arguments), [])

