"""What a variable was computed from just before a loop: ``best = x[0].item()``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress

from deloop.analysis.types import Candidate
from deloop.errors import RefusalError
from deloop.frontend.build import NestBuilder
from deloop.frontend.expression import NODES, number
from deloop.frontend.items import View
from deloop.ir.scalar import Expression
from deloop.ir.source import SourceFunction
from deloop.ir.types import Module, Tensor

_PURE_BUILTINS = frozenset({"float", "int", "bool", "abs", "len", "min", "max", "range"})


def find_origins(function: SourceFunction, candidate: Candidate) -> dict[str, Expression]:
    """Names that plain assignments right before the loop set, with what they were set to.

    Nothing between such an assignment and the loop writes memory or binds what it read.
    """
    found: dict[str, Expression] = {}
    bound: set[str] = set()
    position = next(k for k, s in enumerate(candidate.block) if s is candidate.node)
    for statement in reversed(candidate.block[:position]):
        reader = NestBuilder(function, dict(candidate.environment))
        if not isinstance(statement, ast.Assign) or not _is_plain(statement, reader):
            break
        for name, value in reversed(list(_pairs(statement))):
            read = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
            if name not in bound and not read & (bound | {name}):
                with suppress(RefusalError):
                    item = reader.element(value)
                    infinity = reader.infinity_of(item)
                    found[name] = item if infinity is None else number(infinity)
        bound |= {n.id for t in statement.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return found


def _is_plain(statement: ast.Assign, reader: NestBuilder) -> bool:
    """Whether a statement binds names and writes no memory."""
    names = (ast.Name, ast.Tuple, ast.List, ast.expr_context)
    if not all(isinstance(n, names) for t in statement.targets for n in ast.walk(t)):
        return False
    for node in ast.walk(statement.value):
        if isinstance(node, ast.Call):
            func = node.func
            if isinstance(func, ast.Name) and func.id not in _PURE_BUILTINS:
                return False
            if isinstance(func, ast.Attribute) and not _is_pure_method(func, reader):
                return False
            if not isinstance(func, (ast.Name, ast.Attribute)):
                return False
        elif isinstance(node, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)):
            return False
    return True


def _is_pure_method(func: ast.Attribute, reader: NestBuilder) -> bool:
    """Whether a call is of a library or of a tensor, and changes nothing."""
    try:
        base = reader.evaluate(func.value)
    except RefusalError:
        return False
    known = isinstance(base, (Module, Tensor, View, *NODES))
    return known and not func.attr.endswith("_")


def _pairs(statement: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    for target in statement.targets:
        if isinstance(target, ast.Name):
            yield target.id, statement.value
        elif isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            same_length = len(target.elts) == len(statement.value.elts)
            for one, value in zip(target.elts, statement.value.elts, strict=False):
                if isinstance(one, ast.Name) and same_length:
                    yield one.id, value
