"""Whether a function of the file only computes: tensor operations, and no trace but its result."""

from __future__ import annotations

import ast

from deloop.lint import library
from deloop.lint.module import ClassScope, Function, ModuleScope, parameters_of
from deloop.text.trees import walk

_LONGEST = 60
"""Statements; what a longer function does is nobody's guess."""

_EXCEPTIONS = ("Error", "Exception", "Warning")


def is_pure_call(node: ast.Call, module: ModuleScope, owner: ClassScope | None) -> bool:
    """Whether a call is of a function or a method of this file that only computes."""
    return _is_pure(node, module, owner, frozenset())


def _is_pure(
    node: ast.Call, module: ModuleScope, owner: ClassScope | None, seen: frozenset[str]
) -> bool:
    match node.func:
        case ast.Name(id=name):
            if name in library.ELEMENTWISE_BUILTINS or name.endswith(_EXCEPTIONS):
                return True
            function = module.functions.get(name)
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if owner is not None:
            function = owner.methods.get(name)
        case ast.Attribute(attr=name):
            dotted = module.dotted(node.func)
            if dotted.startswith(("torch.", "math.")):
                space, _, word = dotted.rpartition(".")
                plain = space in library.NAMESPACES or space == "math"
                impure = library.RANDOM_FUNCTIONS | {"save", "load", "manual_seed", "compile"}
                return plain and word not in impure
            return name in library.PURE_METHODS
        case _:
            return False
    if function is None or name in seen or isinstance(function, ast.AsyncFunctionDef):
        return False
    return _only_computes(function, module, owner, seen | {name})


def _only_computes(
    function: Function, module: ModuleScope, owner: ClassScope | None, seen: frozenset[str]
) -> bool:
    """Whether a function's body changes nothing but its own names."""
    if function.decorator_list:
        return False
    given = {p.arg for p in parameters_of(function)}
    nodes = [n for statement in function.body for n in walk(statement)]
    if sum(isinstance(n, ast.stmt) for n in nodes) > _LONGEST:
        return False
    for node in nodes:
        if isinstance(node, (ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal)):
            return False
        if isinstance(node, (ast.With, ast.Try, ast.FunctionDef, ast.ClassDef, ast.Delete)):
            return False
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            return False
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            root: ast.expr = node
            while isinstance(root, (ast.Subscript, ast.Attribute)):
                root = root.value
            if not isinstance(root, ast.Name) or root.id in given:
                return False
        if isinstance(node, ast.Call) and not _is_pure(node, module, owner, seen):
            return False
    return True
