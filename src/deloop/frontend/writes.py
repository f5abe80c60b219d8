"""Whether a function writes into nothing but what it makes itself."""

from __future__ import annotations

import ast

from deloop.text.names import names_bound_by

_MAKING = frozenset(
    {"zeros", "ones", "full", "empty", "zeros_like", "ones_like", "full_like", "empty_like"}
    | {"new_zeros", "new_ones", "new_full", "new_empty", "tensor", "arange", "eye", "clone"}
    | {"list", "dict", "set", "int", "float", "len", "sum", "max", "min"}
)
_OWN = (ast.Constant, ast.List, ast.ListComp, ast.Dict, ast.UnaryOp, ast.BinOp)


def writes_only_own(node: ast.FunctionDef) -> bool:
    """Whether every element that is set, and every update, is of a tensor made in the function."""
    own = _own_names(node)
    for inner in ast.walk(node):
        root: ast.expr | None = None
        match inner:
            case ast.Subscript(ctx=ast.Store() | ast.Del(), value=value):
                root = value
            case ast.AugAssign(target=ast.Name() as target):
                root = target
            case ast.Attribute(ctx=ast.Store() | ast.Del()):
                return False
            case ast.Call(func=ast.Attribute(value=value, attr=word)) if _is_in_place(word):
                root = value
            case ast.Call(keywords=keywords) if any(k.arg in ("out", "inplace") for k in keywords):
                return False
            case ast.Global() | ast.Nonlocal() | ast.Delete():
                return False
        while isinstance(root, (ast.Subscript, ast.Attribute)):
            root = root.value
        if root is not None and not (isinstance(root, ast.Name) and root.id in own):
            return False
    return True


def _is_in_place(word: str) -> bool:
    return word.endswith("_") and not word.endswith("__")


def _own_names(node: ast.FunctionDef) -> set[str]:
    """Names that hold nothing but numbers, lists, and tensors that a call has made for them."""
    own: set[str] = set()
    others = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
    plain: set[int] = set()
    for inner in ast.walk(node):
        match inner:
            case ast.Assign(targets=targets, value=value) if _makes(value):
                names = [t for t in targets if isinstance(t, ast.Name)]
                if len(names) == len(targets) == 1 or isinstance(value, ast.Constant):
                    own.update(t.id for t in names)
                    plain.update(map(id, names))
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if (
                len(names) == len(values)
            ):
                for name, value in zip(names, values, strict=True):
                    if isinstance(name, ast.Name) and _makes(value):
                        own.add(name.id)
                        plain.add(id(name))
            case ast.AugAssign(target=ast.Name() as target):
                plain.add(id(target))
    for inner in ast.walk(node):
        if id(inner) not in plain and inner is not node:
            others.update(names_bound_by(inner))
    return own - others


def _makes(value: ast.expr) -> bool:
    """Whether an expression makes an object of its own, whatever its operands are."""
    match value:
        case ast.Call(func=ast.Attribute(attr=word)) | ast.Call(func=ast.Name(id=word)):
            return word in _MAKING
    return isinstance(value, _OWN)


def written_in(loop: ast.AST) -> set[str]:
    """The names of what a loop sets elements of or changes in place."""
    found: set[str] = set()
    for node in ast.walk(loop):
        root: ast.expr | None = None
        match node:
            case ast.Subscript(ctx=ast.Store(), value=value):
                root = value
            case ast.Call(func=ast.Attribute(value=value, attr=word)) if _is_in_place(word):
                root = value
            case ast.AugAssign(target=ast.Name() as target):
                root = target
        while isinstance(root, (ast.Subscript, ast.Attribute)):
            root = root.value
        if isinstance(root, ast.Name):
            found.add(root.id)
    return found
