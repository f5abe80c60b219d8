"""Lists made of a tensor in front of a loop, as the tensor that they are read off.

    lens = lengths.tolist()                  for i in range(n):
    for i in range(n):               ->          out[i] = x[i, :lengths.tolist()[i]].sum()
        out[i] = x[i, :lens[i]].sum()

``len(lens)`` is ``len(lengths)``. That holds where nobody changes the list, nor any tensor that the
function has not made itself.
"""

from __future__ import annotations

import ast
from typing import TypeGuard

from deloop.frontend.text_edits import Block, TextEdits
from deloop.text.names import is_name, names_captured, names_in
from deloop.text.trees import walk

_SAME_NUMBERS = frozenset({"cpu", "detach", "t", "long", "int", "flatten", "contiguous"})
_MAKERS = frozenset({
    "zeros", "ones", "full", "empty", "zeros_like", "ones_like", "full_like", "empty_like",
    "clone", "new_zeros", "new_ones", "new_full", "new_empty",
})  # fmt: skip


def spell_listed(block: Block, position: int, edits: TextEdits) -> str:
    """Edits for ``name = E.tolist()``; what must not be left of it, empty where there are none."""
    statement = block[position]
    match statement:
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.Call(func=ast.Attribute(value=owner, attr="tolist"), args=[], keywords=[]),
        ):
            root = _root(owner)
        case _:
            return ""
    node = edits.node
    if block is not node.body or not root or name in names_captured(node):
        return ""
    behind = [n for s in block[position + 1 :] for n in walk(s)]
    reads = [n for n in behind if is_name(n, name)]
    if not reads or _is_changed(name, behind) or _is_bound_else(name, statement, node):
        return ""
    stored = {n.id for n in behind if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if root in stored or not _changed_tensors(node) <= _made_here(node):
        return ""
    text = ast.unparse(statement.value)
    edits.statements[statement] = []
    counted = {id(n.args[0]) for n in behind if _is_length(n)}
    whole = ast.unparse(owner)
    edits.parts += [
        (n, whole if id(n) in counted else text) for n in reads if isinstance(n, ast.Name)
    ]
    return text


def _is_length(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether a call asks how long something is: a tensor is as long as the list of its items."""
    return isinstance(node, ast.Call) and is_name(node.func, "len") and len(node.args) == 1


def _root(owner: ast.expr) -> str:
    """The name of the tensor that a list is made of: ``lengths`` of ``lengths.cpu()``."""
    match owner:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr="T"):
            return _root(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr=word), args=[], keywords=[]):
            return _root(inner) if word in _SAME_NUMBERS else ""
    return ""


def _is_changed(name: str, nodes: list[ast.AST]) -> bool:
    """Whether anything but reads of it is done with a list."""
    for n in nodes:
        match n:
            case ast.Attribute(value=ast.Name(id=same)) if same == name:
                return True
            case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()):
                if name in names_in(value):
                    return True
            case ast.Name(id=same, ctx=ast.Store() | ast.Del()) if same == name:
                return True
            case ast.Assign(value=value) | ast.NamedExpr(value=value) if is_name(value, name):
                return True  # another name of it
    return False


def _is_bound_else(name: str, statement: ast.stmt, node: ast.AST) -> bool:
    inside = {id(n) for n in walk(statement)}
    return any(
        is_name(n, name) and isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        and id(n) not in inside
        for n in walk(node)
    )  # fmt: skip


def _changed_tensors(node: ast.AST) -> set[str]:
    """Names of what is written into, in whatever way; a star for what has no name."""
    found: set[str] = set()
    for n in walk(node):
        match n:
            case ast.Subscript(value=value, ctx=ast.Store()):
                found.add(_first_name(value))
            case ast.AugAssign(target=target):
                found.add(_first_name(target))
            case ast.Call(func=ast.Attribute(value=value, attr=word)):
                if word.endswith("_") and not word.endswith("__"):
                    found.add(_first_name(value))
    return found


def _first_name(node: ast.expr) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else "*"


def _made_here(node: ast.AST) -> set[str]:
    """Names that hold nothing but numbers, and tensors which the function makes."""
    made: dict[str, bool] = {}
    for n in walk(node):
        match n:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                is_new = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
                is_new = is_new and value.func.attr in _MAKERS  # type: ignore[attr-defined]
                is_new |= isinstance(value, ast.Constant)
                made[name] = made.get(name, True) and is_new
            case ast.For(target=target):
                made.update(dict.fromkeys(names_in(target), False))
    return {name for name, is_new in made.items() if is_new}
