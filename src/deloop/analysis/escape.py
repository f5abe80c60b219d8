"""Which variables' memory somebody behind the loop could tell from an equal copy.

``best = x[i]`` leaves the very element. Where later code only computes with it, and changes nothing
in place, an equal value will do.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from deloop.analysis.types import Candidate
from deloop.diagnostic import Refusal
from deloop.dtype import Rank
from deloop.errors import RefusalError, Unliftable
from deloop.frontend.expression import NODES, aliased_arrays
from deloop.frontend.items import View
from deloop.ir.affine import Affine
from deloop.ir.loop import Nest
from deloop.ir.plan import Step, vectors
from deloop.ir.scalar import Expression, Load, rebuild, substitute_symbols
from deloop.ir.source import SourceFunction
from deloop.ir.types import Module, Object, Tensor
from deloop.ops.table import find_method
from deloop.text.trees import walk

_COMPUTING = (ast.BinOp, ast.Compare, ast.BoolOp, ast.FormattedValue, ast.If, ast.While, ast.IfExp)
_HARMLESS = frozenset({"float", "int", "bool", "print", "str", "repr", "len", "abs", "range"})
_NEW = frozenset({"item", "tolist", "sqrt", "abs", "exp", "log", "clone"})
_CREATING = frozenset(
    {"zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like"}
)


def find_escaping(function: SourceFunction, candidate: Candidate, nest: Nest) -> frozenset[str]:
    """Keys of the cells whose variables are read behind the loop other than by arithmetic."""
    inside = {id(n) for n in walk(candidate.node)}
    outside = [n for n in walk(function.node) if id(n) not in inside]
    parents = {id(c): n for n in walk(function.node) for c in ast.iter_child_nodes(n)}
    if any(_changes_memory(n, function, candidate, outside) for n in outside):
        return nest.live
    names = {cell.key: cell.name for cell in nest.cells if cell.key in nest.live}
    uses = candidate.filling.uses if candidate.filling is not None else ()
    read: list[tuple[str, ast.expr]] = [(n.id, n) for n in outside if isinstance(n, ast.Name)]
    read.extend((use.symbol, use.node) for use in uses)
    return frozenset(
        key
        for key, name in names.items()
        if any(word == name and not _only_computes(n, parents) for word, n in read)
    )


def find_changed_behind(function: SourceFunction, candidate: Candidate) -> frozenset[str]:
    """Names of tensors that code behind a loop, or around it, changes in place.

    ``mask[i] = True``, ``mask |= other``, ``mask.zero_()``: what autograd keeps would be another.
    """
    inside = {id(n) for n in walk(candidate.node)}
    end = candidate.node.end_lineno or candidate.node.lineno
    if candidate.around is not None:
        end = candidate.around.lineno - 1  # what stands in front runs again behind
    found: set[str] = set()
    for node in walk(function.node):
        if id(node) in inside or getattr(node, "lineno", 0) <= end:
            continue
        match node:
            case ast.Subscript(ctx=ast.Store()) | ast.AugAssign():
                target: ast.expr = node.target if isinstance(node, ast.AugAssign) else node
            case ast.Call(func=ast.Attribute(value=target, attr=word)) if word.endswith("_"):
                pass
            case _:
                continue
        while isinstance(target, (ast.Subscript, ast.Attribute)):
            target = target.value
        if isinstance(target, ast.Name):
            found.add(target.id)
    return frozenset(found)


def _only_computes(node: ast.expr, parents: dict[int, ast.AST]) -> bool:
    """Whether a use of a name makes nothing of it but numbers and new tensors, or binds it anew."""
    parent = parents.get(id(node))
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return isinstance(parent, (ast.Assign, ast.AnnAssign, ast.Tuple, ast.List))
    if isinstance(parent, ast.IfExp):
        return parent.test is node
    if isinstance(parent, ast.UnaryOp):
        return not isinstance(parent.op, ast.UAdd)
    if isinstance(parent, ast.BoolOp):
        return isinstance(parents.get(id(parent)), (ast.If, ast.While))
    if isinstance(parent, ast.Attribute):
        call = parents.get(id(parent))
        return isinstance(call, ast.Call) and call.func is parent and parent.attr in _NEW
    if isinstance(parent, ast.Call):
        return isinstance(parent.func, ast.Name) and parent.func.id in _HARMLESS
    return isinstance(parent, _COMPUTING)


def _changes_memory(
    node: ast.AST, function: SourceFunction, candidate: Candidate, outside: list[ast.AST]
) -> bool:
    """Whether a statement may change a tensor that the loop has read, in place."""
    end = candidate.node.end_lineno or candidate.node.lineno
    if candidate.around is not None:
        end = candidate.around.lineno - 1  # what stands in front runs again behind
    if getattr(node, "lineno", 0) <= end:
        return False
    if isinstance(node, ast.AugAssign):
        return not _is_apart(node.target, candidate, outside)
    if isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
        return not _is_apart(node.value, candidate, outside)
    if isinstance(node, ast.Call):
        if any(k.arg == "out" for k in node.keywords):
            return True
        if isinstance(node.func, ast.Attribute):
            if not node.func.attr.endswith("_"):
                return not _is_of_tensors(node.func, function, candidate)
            return not _is_apart(node.func.value, candidate, outside)
        is_known = isinstance(node.func, ast.Name) and node.func.id in _HARMLESS
        return bool(node.args) and not is_known
    return False


def _is_of_tensors(
    func: ast.Attribute, function: SourceFunction, candidate: Candidate
) -> bool:
    """Whether a call is of a library's function or a tensor's method, not of some object's."""
    root: ast.expr = func.value
    while isinstance(root, (ast.Attribute, ast.Subscript, ast.Call, ast.BinOp)):
        if isinstance(root, ast.Call):
            root = root.func
        elif isinstance(root, ast.BinOp):
            root = root.left
        else:
            root = root.value
    if not isinstance(root, ast.Name):
        return False
    item = candidate.environment.get(root.id)
    if item is None:
        try:
            item = function.resolve(root.id)
        except RefusalError:
            return False
    if isinstance(item, (Module, Tensor, View, *NODES)):
        return True
    return not isinstance(item, Object) and find_method(func.attr) is not None


def _is_apart(target: ast.expr, candidate: Candidate, outside: list[ast.AST]) -> bool:
    """Whether what is written was made by the function and has nothing to do with the loop."""
    while isinstance(target, (ast.Subscript, ast.Attribute)):
        target = target.value
    if not isinstance(target, ast.Name):
        return False
    name = target.id
    if any(isinstance(n, ast.Name) and n.id == name for n in walk(candidate.node)):
        return False
    bound = [
        n
        for n in outside
        if isinstance(n, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == name for t in n.targets)
    ]
    known = candidate.environment.get(name)
    if not bound:
        return isinstance(known, Tensor) and known.fresh
    return all(isinstance(b.value, ast.Constant) or _creates(b.value) for b in bound)


def _creates(value: ast.expr) -> bool:
    if not isinstance(value, ast.Call):
        return False
    func = value.func
    return isinstance(func, ast.Attribute) and func.attr.removeprefix("new_") in _CREATING


def check_apart(plan: tuple[Step, ...], escaping: frozenset[str]) -> None:
    """Refuse two variables that may hold one object, where somebody could tell.

    ``best = x[i]; top = best``: two reads of the element would be two tensors.
    """
    held: dict[Expression, str] = {}
    for vector in vectors(plan):
        store, found = vector.statement.store, vector.accumulation
        if store.array not in escaping or found is None or found.kind not in ("at", "last"):
            continue
        if store.cell is None or store.cell.rank is Rank.NUMBER or not aliased_arrays(found.term):
            continue
        names = [x.iterator for x in store.implicit]
        renamed = {name: Affine.symbol(f"_{k}") for k, name in enumerate(names)}
        term = _with_plain_rows(substitute_symbols(found.term, renamed))
        if held.setdefault(term, store.array) != store.array:
            sentence = "loop kept: two names may stand for one tensor behind the loop"
            raise Unliftable(Refusal("VEC905", store.place, sentence))


def _with_plain_rows(value: Expression) -> Expression:
    """The value without the names of the iterators along its rows."""
    value = rebuild(value, _with_plain_rows)
    if isinstance(value, Load):
        return replace(value, implicit=tuple(("", extent) for _, extent in value.implicit))
    return value
