"""What an append under a condition computes first, written into the value that it appends.

    if ok[i]:                                if ok[i]:
        y = x[i] * w              is             outs.append((x[i] * w).sum())
        outs.append(y.sum())

A row that is made there and changed at some places, ``others = torch.ones(n); others[i] = 0``, goes
in front of the condition instead: making it changes nothing and raises nothing.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from deloop.frontend.lists import Block, Filling, appended_names
from deloop.text.names import is_name, names_in, substitute
from deloop.text.trees import walk

_MOST_NODES = 600
_MAKERS = frozenset({"ones", "zeros", "full", "ones_like", "zeros_like", "full_like", "clone"})


def straightened(filling: Filling, function: ast.AST) -> Filling:
    """The filling with what its guarded appends compute first written into their values."""
    wanted = {n for n, filled in filling.lists.items() if filled.kept}
    inside = {id(n) for n in walk(filling.written)}
    outside = {n.id for n in walk(function) if isinstance(n, ast.Name) and id(n) not in inside}
    used = Counter(n.id for n in walk(filling.loop) if isinstance(n, ast.Name))

    def change(block: Block) -> Block:
        result: Block = []
        for statement in block:
            if isinstance(statement, (ast.For, ast.If)) and appended_names(statement) & wanted:
                changed = copy.copy(statement)
                changed.body, changed.orelse = change(statement.body), change(statement.orelse)
                statement = changed
            if isinstance(statement, ast.If) and appended_names(statement) & wanted:
                result.extend(settle(statement))
                continue
            result.append(statement)
        return result

    def settle(node: ast.If) -> Block:
        changed, front = copy.copy(node), []
        for part in ("body", "orelse"):
            own = getattr(node, part)
            found = _settled(own, _private(own, used, outside), names_in(node.test))
            if found is not None:
                setattr(changed, part, found.rest or [ast.copy_location(ast.Pass(), node)])
                front.extend(found.front)
        return [*front, changed]

    loop = copy.copy(filling.loop)
    loop.body = change(loop.body)
    return replace(filling, loop=loop)


@dataclass
class _Settled:
    """A branch taken apart: what goes in front of the condition, and what stays."""

    values: dict[str, ast.expr] = field(default_factory=dict)
    front: Block = field(default_factory=list)
    rest: Block = field(default_factory=list)


def _private(block: Block, used: Mapping[str, int], outside: AbstractSet[str]) -> set[str]:
    """Names that occur in a block alone."""
    own = Counter(n.id for s in block for n in walk(s) if isinstance(n, ast.Name))
    return {name for name, count in own.items() if count == used[name] and name not in outside}


def _settled(
    block: Block, private: AbstractSet[str], tested: AbstractSet[str]
) -> _Settled | None:
    """The block with its own names replaced by their values; None where that changes more."""
    changed_rows = {_row_of(s) for s in block} - {""}
    stored = {n.id for s in block for n in walk(s)
              if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}  # fmt: skip
    if not stored or not stored <= private | tested or not stored <= private:
        return None
    found = _Settled()
    for statement in block:
        reads = names_in(statement) & set(found.values)
        row = _row_of(statement)
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in changed_rows:
                if any(is_name(getattr(s, "targets", [None])[0], name) for s in found.front):
                    return None
                if not _makes_row(value) or reads:
                    return None
                found.front.append(statement)
            case ast.Assign() if row:
                if row not in changed_rows or reads or row in _read_in(found.values):
                    return None
                found.front.append(statement)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.values[name] = _written(value, found.values)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Call() as value):
                whole = _written(value, found.values)
                for k, target in enumerate(targets):
                    if not isinstance(target, ast.Name):
                        return None
                    part = ast.Subscript(whole, ast.Constant(k), ast.Load())
                    found.values[target.id] = ast.fix_missing_locations(
                        ast.copy_location(part, value)
                    )
            case ast.Expr() | ast.If() if not stored & _stored_in(statement):
                found.rest.append(_rewritten(statement, found.values))
            case ast.Pass():
                found.rest.append(statement)
            case _:
                return None
    sizes = [sum(1 for _ in walk(s)) for s in found.rest]
    return found if max(sizes, default=0) <= _MOST_NODES else None


def _row_of(statement: ast.stmt) -> str:
    """The name whose elements a statement sets: ``others[i] = False``."""
    match statement:
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
            return name
    return ""


def _makes_row(value: ast.expr) -> bool:
    """Whether an expression is new memory, and neither changes nor reads what may not be there."""
    match value:
        case ast.Compare():
            return not any(isinstance(n, ast.Call) for n in walk(value))
        case ast.Call(func=ast.Attribute(value=base, attr=word)) if word in _MAKERS:
            inner = [n for n in (base, *value.args, *value.keywords) for n in walk(n)]
            return not any(isinstance(n, ast.Call) for n in inner) or _makes_row(base)
    return False


def _read_in(values: Mapping[str, ast.expr]) -> set[str]:
    return {name for value in values.values() for name in names_in(value)}


def _stored_in(statement: ast.stmt) -> set[str]:
    return {n.id for n in walk(statement)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}  # fmt: skip


def _written(value: ast.expr, values: Mapping[str, ast.expr]) -> ast.expr:
    return substitute(value, values) if names_in(value) & set(values) else value


def _rewritten(statement: ast.stmt, values: Mapping[str, ast.expr]) -> ast.stmt:
    """The statement with the values in place of their names."""
    if not names_in(statement) & set(values):
        return statement
    return substitute(statement, values)  # type: ignore[return-value, arg-type]
