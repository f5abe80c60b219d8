"""Lists that hold something before a loop appends to them, as what they hold and an empty list.

    y = [x[0]]                              first = x[0]
    for t in range(1, len(x)):              last = first
        y.append(x[t] + b * y[-1])          y_rest = []
    return torch.stack(y)            ->     for t in range(1, len(x)):
                                                last = x[t] + b * last
                                                y_rest.append(last)
                                            return torch.cat([first[None], torch.stack(y_rest)])
"""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass

from deloop.frontend.lists import appended_names
from deloop.frontend.text_edits import Block, TextEdits
from deloop.text.names import is_name, names_captured, names_in, names_stored

FILLED = "_deloop_filled"
"""Takes a list that must not be empty: beside an int, one of nothing would make a float tensor."""


@dataclass(frozen=True)
class _Started:
    """A list of one item, the append in the loop behind it, and what reads its last item there."""

    start: ast.Assign
    item: ast.expr
    append: ast.Expr
    added: ast.expr
    lasts: tuple[ast.Subscript, ...]
    uses: tuple[ast.expr, ...]


def start_apart(block: Block, position: int, edits: TextEdits) -> None:
    """Split each list of one item that a loop makes longer, item by item."""
    loop = block[position]
    for name in sorted(appended_names(loop)):
        found = _started(name, block, position)
        if found is None or name in names_captured(edits.node):
            continue
        around = [n for s in block for n in ast.walk(s) if is_name(n, name)]
        if len(around) != sum(is_name(n, name) for n in ast.walk(edits.node)):
            continue  # code around this block uses it, too
        rebound = {n for s in block[block.index(found.start) :] for n in names_stored(s)}
        rest = edits.fresh(f"{name}_rest")
        lines = [f"{rest} = []"]
        match found.item:
            case ast.Constant():
                first = ast.unparse(found.item)
                edits.statements[found.start] = []
            case ast.Name(id=first) if first not in rebound:
                edits.statements[found.start] = []
            case _:
                first = edits.fresh("first")
                edits.statements[found.start] = [f"{first} = {ast.unparse(found.item)}"]
        added = ast.unparse(found.added)
        appended = [f"{rest}.append({added})"]
        if found.lasts:
            last = edits.fresh("last")
            lines.insert(0, f"{last} = {first}")
            inside = {id(n) for n in ast.walk(found.append)}
            edits.parts += [(n, last) for n in found.lasts if id(n) not in inside]
            added = ast.unparse(_with_last(found.added, name, last))
            appended = [f"{last} = {added}", f"{rest}.append({last})"]
        edits.before.setdefault(loop, []).extend(lines)
        edits.statements[found.append] = appended
        edits.parts += [(use, _joined(use, first, rest)) for use in found.uses]


def _started(name: str, block: Block, position: int) -> _Started | None:
    """How a list starts, grows and is used; None where that is anything else."""
    start = next((s for s in reversed(block[:position]) if name in names_in(s)), None)
    match start:
        case ast.Assign(targets=[ast.Name(id=same)], value=ast.List(elts=[item])) if (
            same == name and not isinstance(item, (ast.Starred, ast.List))
        ):
            pass
        case _:
            return None
    loop = block[position]
    assert isinstance(loop, (ast.For, ast.While))
    appends = [s for s in loop.body if _is_append(s, name)]
    if len(appends) != 1:
        return None
    (append,) = appends
    assert isinstance(append, ast.Expr) and isinstance(append.value, ast.Call)
    lasts = [n for n in ast.walk(loop) if _is_last(n, name)]
    mentioned = [n for n in ast.walk(loop) if is_name(n, name)]
    behind = block[position + 1 :]
    uses = [n for s in behind for n in ast.walk(s) if _is_use(n, name, item)]
    later = [n for s in behind for n in ast.walk(s) if is_name(n, name)]
    if len(mentioned) != 1 + len(lasts) or not uses or len(later) != len(uses):
        return None
    return _Started(
        start, item, append, append.value.args[0],
        tuple(n for n in lasts if isinstance(n, ast.Subscript)),
        tuple(n for n in uses if isinstance(n, ast.expr)),
    )  # fmt: skip


def _is_append(node: ast.stmt, name: str) -> bool:
    match node:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=same), attr="append"), args=[_], keywords=[]
            )
        ):
            return same == name
    return False


def _is_last(node: ast.AST, name: str) -> bool:
    """Whether an expression is the last item so far."""
    match node:
        case ast.Subscript(
            value=ast.Name(id=same),
            slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)),
            ctx=ast.Load(),
        ):
            return same == name
    return False


def _is_use(node: ast.AST, name: str, item: ast.expr) -> bool:
    """Whether the whole list is made a tensor, or the items that the loop has appended are taken.
    """
    match node:
        case ast.Call(func=ast.Attribute(attr="stack"), args=[ast.Name(id=same)], keywords=[]):
            return same == name and not isinstance(item, ast.Constant)
        case ast.Call(func=ast.Attribute(attr="tensor" | "cat"), args=[ast.Name(id=same), *_]):
            return same == name
        case ast.Subscript(
            value=ast.Name(id=same),
            slice=ast.Slice(lower=ast.Constant(value=1), upper=None, step=None),
            ctx=ast.Load(),
        ):
            return same == name
    return False


def _joined(use: ast.expr, first: str, rest: str) -> str:
    """The use in terms of the first item and the list of the others."""
    if not isinstance(use, ast.Call):
        return rest
    assert isinstance(use.func, ast.Attribute)
    more = "".join(f", {ast.unparse(a)}" for a in (*use.args[1:], *use.keywords))
    if use.func.attr == "cat":
        return f"{ast.unparse(use.func)}([{first}, *{rest}]{more})"
    join = f"{ast.unparse(use.func.value)}.cat"
    if use.func.attr == "stack":
        return f"{join}([{first}[None], {ast.unparse(use.func)}({rest})])"
    made = ast.unparse(use.func)
    return f"{join}([{made}([{first}]{more}), {FILLED}({made}({rest}{more}))])"


def _with_last(node: ast.expr, name: str, last: str) -> ast.expr:
    """An expression that reads the last item from a variable."""

    class _Renaming(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
            return ast.Name(last, ast.Load()) if _is_last(node, name) else self.generic_visit(node)

    changed = _Renaming().visit(copy.deepcopy(node))
    assert isinstance(changed, ast.expr)
    return changed
