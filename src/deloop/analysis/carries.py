"""What one iteration leaves to the next, told from the text alone.

Where a loop over time is not read to its end, ``new = torch.empty_like(u); …; u = new``, the reason
that it stays is that it waits for itself, not which of its operators is not read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from deloop.diagnostic import Refusal
from deloop.ir.source import SourceFunction
from deloop.text.trees import walk

_UNREAD = frozenset({"VEC910", "VEC924", "VEC950"})
_SIZES = frozenset({"shape", "size", "dtype", "device", "dim", "ndim", "numel", "new_zeros"})


@dataclass(frozen=True)
class Carried:
    """A name, where an iteration reads it, and where it is set for the next one."""

    name: str
    read: ast.AST
    written: ast.AST


def reason_of(loop: ast.AST, refusal: Refusal, function: SourceFunction) -> Refusal:
    """The refusal of a loop; of one that is not read to its end, what it waits for if that shows.

    ``torch.empty_like is not read yet -> loop kept: it reads u, which the iteration before sets``
    """
    if refusal.code not in _UNREAD or not isinstance(loop, ast.For):
        return refusal
    found = find_carried(loop)
    if found is None:
        return refusal
    line = function.place(found.written).line
    sentence = (
        f"loop kept: each iteration reads {found.name}, which the iteration before sets at "
        f"line {line} (flow dependence, distance 1)"
    )
    return Refusal("VEC902", function.place(found.read), sentence)


def find_carried(loop: ast.For) -> Carried | None:
    """A tensor that loops inside compute anew from its last state; None where none shows."""
    if not any(isinstance(n, ast.For) for s in loop.body for n in walk(s)):
        return None
    bound: set[str] = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    reads: dict[str, ast.AST] = {}
    for statement in loop.body:
        before = dict(reads)
        for name, node in _read_whole(statement):
            if name not in bound:
                reads.setdefault(name, node)
        for name, node in _set_in(statement):
            if name in before and not _is_own(loop, name):
                return Carried(name, reads[name], node)
        if isinstance(statement, ast.Assign):
            bound |= {name for t in statement.targets for name in _bound_in(t)}
    return None


def _bound_in(target: ast.expr) -> set[str]:
    names = (n for n in ast.walk(target) if isinstance(n, ast.Name))
    return {n.id for n in names if isinstance(n.ctx, ast.Store)}


def _read_whole(statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """Names whose elements a statement reads: all of them, or those of an inner loop."""
    attributes = (n for n in walk(statement) if isinstance(n, ast.Attribute))
    sized = {id(n.value) for n in attributes if n.attr in _SIZES}
    targets = {id(n.value) for n in walk(statement) if isinstance(n, ast.Subscript)
               and not isinstance(n.ctx, ast.Load)}  # fmt: skip
    parts = {id(n.value) for n in walk(statement) if isinstance(n, ast.Subscript)}
    inside = isinstance(statement, ast.For)
    for node in walk(statement):
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
            continue
        if id(node) in sized | targets or (id(node) in parts and not inside):
            continue
        if not _is_made_like(statement, node):
            yield node.id, node


def _is_made_like(statement: ast.stmt, node: ast.Name) -> bool:
    """Whether a name is only what a new tensor is like, or what is counted: ``zeros_like(u)``."""
    for call in walk(statement):
        if isinstance(call, ast.Call) and any(a is node for a in call.args):
            word = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            return word.endswith("_like") or name == "len"
    return False


def _is_own(loop: ast.For, name: str) -> bool:
    """Whether an iteration may keep to elements of its own: ``s[i, j]`` for an iteration `i`."""
    own = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    nodes = [n for s in loop.body for n in walk(s)]
    parts = [n for n in nodes if isinstance(n, ast.Subscript) and _is_name(n.value, name)]
    whole = [n for n in nodes if _is_name(n, name)]
    named = [n for part in parts for n in ast.walk(part.slice) if isinstance(n, ast.Name)]
    return len(parts) == len(whole) and len(parts) <= sum(n.id in own for n in named)


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _set_in(statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """Names that a statement binds anew, or into whose elements it writes."""
    nodes: list[ast.AST] = []
    match statement:
        case ast.Assign(targets=targets):
            nodes = list(targets)
            for target in targets:
                for name in sorted(_bound_in(target)):
                    yield name, statement
        case ast.For():
            nodes = list(walk(statement))
    for node in nodes:
        base = node
        while isinstance(base, ast.Subscript) and (base is not node or not _is_read(base)):
            base = base.value
        if isinstance(base, ast.Name) and base is not node:
            yield base.id, node


def _is_read(node: ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Load)
