"""Whether anybody reads what a name holds behind a statement, before it is set anew."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum

from deloop.text.trees import walk

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.GeneratorExp)

_RUNS_THROUGH = frozenset({"sum", "max", "min", "any", "all", "list", "tuple", "set", "sorted"})


class Fate(Enum):
    """What becomes of a name's value in a block: read, never seen again, or neither."""

    READ = "read"
    GONE = "gone"
    KEPT = "kept"


def fate_of(name: str, block: Sequence[ast.stmt]) -> Fate:
    """What happens first to the name on some path through the statements.

    ``if c: v = 1  else: v = 2`` loses what `v` held, ``if c: v = 1`` may keep it.
    """
    for statement in block:
        found = _fate(name, statement)
        if found is not Fate.KEPT:
            return found
    return Fate.KEPT


def is_read_behind(
    name: str,
    loop: ast.stmt,
    node: ast.FunctionDef | ast.Lambda,
    seen: AbstractSet[str] | None = None,
) -> bool:
    """Whether later code of a function may read what the name holds when a statement ends.

    `seen` is what `names_seen_by_others` says of the function, where the caller has asked already.
    """
    seen = names_seen_by_others(node) if seen is None else seen
    if isinstance(node, ast.Lambda) or name in seen:
        return True
    for owner, behind in _blocks_behind(node, loop):
        found = fate_of(name, behind)
        leaves = has_jump(behind)
        if found is Fate.READ or (found is Fate.GONE and leaves and mentions(node, name)):
            return True
        if isinstance(owner, (ast.For, ast.While)) and _is_read_next(name, owner):
            return True
        if isinstance(owner, ast.Try) and any(
            mentions(part, name) for part in (*owner.handlers, *owner.orelse, *owner.finalbody)
        ):
            return True
        if found is Fate.GONE:
            return False
    return False


def names_seen_by_others(node: ast.AST) -> set[str]:
    """The names that an inner function or the module sees, and may ask for at any time."""
    nodes = walk(node)
    found = {name for n in nodes if isinstance(n, (ast.Global, ast.Nonlocal)) for name in n.names}
    over = _used_up(nodes)
    inside = [n for n in nodes if isinstance(n, _SCOPES) and n is not node and id(n) not in over]
    return found.union(*map(_mentioned, inside))


def _used_up(nodes: Sequence[ast.AST]) -> set[int]:
    """Generators that the call around them runs through at once: ``sum(x[k] for k in ks)``."""
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    return {
        id(n.args[0])
        for n in nodes
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Name)
        and n.func.id in _RUNS_THROUGH - bound
        and len(n.args) == 1
        and isinstance(n.args[0], ast.GeneratorExp)
    }


def _blocks_behind(node: ast.AST, loop: ast.stmt) -> list[tuple[ast.AST, list[ast.stmt]]]:
    """The rest of each block around a statement, innermost first, with what owns the block."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        block = getattr(node, field, None)
        if not isinstance(block, list):
            continue
        for position, statement in enumerate(block):
            rest = [s for s in block[position + 1 :] if isinstance(s, ast.stmt)]
            if statement is loop:
                return [(node, rest)]
            inner = _blocks_behind(statement, loop)
            if inner:
                return [*inner, (node, rest)]
    return []


def _is_read_next(name: str, owner: ast.For | ast.While) -> bool:
    """Whether the next iteration of a loop around may read the name."""
    if isinstance(owner, ast.While) and mentions(owner.test, name):
        return True
    if isinstance(owner, ast.For) and name in names_bound(owner.target):
        return fate_of(name, owner.orelse) is Fate.READ
    return Fate.READ in (fate_of(name, owner.body), fate_of(name, owner.orelse))


def _fate(name: str, node: ast.stmt) -> Fate:
    match node:
        case ast.If(test=test, body=then, orelse=otherwise):
            if mentions(test, name):
                return Fate.READ
            sides = (fate_of(name, then), fate_of(name, otherwise))
            if Fate.READ in sides:
                return Fate.READ
            return Fate.GONE if sides == (Fate.GONE, Fate.GONE) else Fate.KEPT
        case ast.For(target=target, iter=iterable, body=body, orelse=otherwise):
            looked_at = mentions(iterable, name) or mentions(target, name)
            if looked_at or fate_of(name, otherwise) is Fate.READ:
                return Fate.READ
            if name in names_bound(target):
                return Fate.KEPT
            return Fate.READ if fate_of(name, body) is Fate.READ else Fate.KEPT
        case ast.While(test=test, body=body, orelse=otherwise):
            is_read = mentions(test, name) or Fate.READ in (
                fate_of(name, body), fate_of(name, otherwise)
            )  # fmt: skip
            return Fate.READ if is_read else Fate.KEPT
        case ast.Assign() | ast.AnnAssign():
            if mentions(node, name):
                return Fate.READ
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            is_set = node.value is not None and any(name in names_bound(t) for t in targets)
            return Fate.GONE if is_set else Fate.KEPT
        case ast.Return() | ast.Raise():
            return Fate.READ if mentions(node, name) else Fate.GONE
    return Fate.READ if mentions(node, name) else Fate.KEPT


def names_bound(target: ast.expr) -> set[str]:
    """The names that a target binds: ``i, (a, b[0]) -> {i, a}``."""
    return set(_bound(target))


def _bound(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _bound(element)
    elif isinstance(target, ast.Starred):
        yield from _bound(target.value)


def mentions(node: ast.AST, name: str) -> bool:
    """Whether the name is read or deleted; only to set it does not count."""
    for inner in walk(node):
        if isinstance(inner, ast.AugAssign):
            inner = inner.target
            if isinstance(inner, ast.Name) and inner.id == name:
                return True
        elif isinstance(inner, ast.Name) and inner.id == name and _is_use(inner):
            return True
    return False


def _mentioned(node: ast.AST) -> set[str]:
    """Every name for which `mentions` holds."""
    nodes = walk(node)
    used = {n.id for n in nodes if isinstance(n, ast.Name) and _is_use(n)}
    changed = [n.target for n in nodes if isinstance(n, ast.AugAssign)]
    return used | {n.id for n in changed if isinstance(n, ast.Name)}


def _is_use(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Store)


def has_jump(block: Sequence[ast.stmt]) -> bool:
    """Whether a ``break`` or ``continue`` of a loop around the block stands in it."""
    for statement in block:
        if isinstance(statement, (ast.Break, ast.Continue)):
            return True
        inner = [getattr(statement, f, []) for f in ("body", "orelse", "finalbody")]
        if isinstance(statement, (ast.For, ast.While)):
            inner = [statement.orelse]
        if any(has_jump([s for s in b if isinstance(s, ast.stmt)]) for b in inner):
            return True
    return False
