"""Which memory the function may have changed before a loop, after its guards were evaluated.

``x[0] = nan`` in front of a loop: that no element was NaN when the function began says nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from deloop.analysis.types import Candidate
from deloop.errors import RefusalError
from deloop.frontend.expression import NODES
from deloop.frontend.items import View
from deloop.ir.source import SourceFunction
from deloop.ir.types import Function, Integer, Literal, Module, Scalar, Shape, Tensor

_NUMBERS = (Scalar, Integer, Literal, Shape, *NODES)
_HARMLESS = frozenset(
    {"float", "int", "bool", "print", "str", "repr", "len", "abs", "range", "isinstance", "max"}
    | {"min", "type", "tuple", "list", "sum", "enumerate", "zip", "reversed", "sorted", "round"}
)


def find_changed_before(
    function: SourceFunction, candidate: Candidate, arrays: Mapping[str, Tensor]
) -> set[str]:
    """Those of the arrays whose elements a statement before the loop may have written."""
    storages: set[str] = set()
    for name in _written(function, candidate):
        item = candidate.environment.get(name)
        if isinstance(item, View):
            item = item.tensor
        if isinstance(item, Tensor):
            storages.add(item.storage.rstrip("?"))
        elif not isinstance(item, _NUMBERS):
            return set(arrays)
    return {name for name, t in arrays.items() if t.storage.rstrip("?") in storages}


def _written(function: SourceFunction, candidate: Candidate) -> Iterator[str]:
    """Names through which memory may be written before the loop."""
    inside = {id(n) for n in ast.walk(candidate.node)}
    for node in ast.walk(function.node):
        if id(node) in inside or getattr(node, "lineno", 0) > candidate.node.lineno:
            continue
        if isinstance(node, ast.AugAssign):
            yield from _roots(node.target)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            yield from _roots(node.value)
        elif isinstance(node, ast.Call):
            yield from _written_by(node, function, candidate)


def _written_by(node: ast.Call, function: SourceFunction, candidate: Candidate) -> Iterator[str]:
    for keyword in node.keywords:
        if keyword.arg == "out":
            yield from _roots(keyword.value)
    if isinstance(node.func, ast.Name) and node.func.id in _HARMLESS:
        return
    if isinstance(node.func, ast.Attribute):
        if node.func.attr.endswith("_"):
            yield from _roots(node.func.value)
            for argument in node.args:
                yield from _roots(argument)
        elif _is_library(node.func.value, function, candidate):
            return
    for argument in (*node.args, *(k.value for k in node.keywords)):
        if isinstance(argument, (ast.Name, ast.Attribute, ast.Subscript)):
            yield from _roots(argument)


def _is_library(owner: ast.expr, function: SourceFunction, candidate: Candidate) -> bool:
    """Whether a call is of a library's function or of a tensor's method."""
    while isinstance(owner, (ast.Attribute, ast.Subscript)):
        owner = owner.value
    if not isinstance(owner, ast.Name):
        return True  # a method of a result: that of a tensor
    item = candidate.environment.get(owner.id)
    if item is None:
        try:
            item = function.resolve(owner.id)
        except RefusalError:
            return False
    return isinstance(item, (Module, Tensor, View, Function, *NODES))


def _roots(node: ast.expr) -> Iterator[str]:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from _roots(node.func.value)
    if isinstance(node, ast.Name):
        yield node.id
