"""Appends in the few forms that are read: once an iteration, on every path, or under a mask."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deloop.frontend.lists import (
    Block,
    FilledList,
    Filling,
    Use,
    append_of,
    appended_names,
    appended_value,
    is_insert,
    located,
)
from deloop.frontend.structure import eliminate_continue
from deloop.text.names import is_name, names_in
from deloop.text.trees import swap

STARTS = {"builtins.sum": "0", "builtins.any": "False", "builtins.all": "True",
           "builtins.len": "0", "builtins.max": "None", "builtins.min": "None"}  # fmt: skip
_UPDATES = {
    "builtins.sum": "{symbol} = {symbol} + {item}",
    "builtins.any": "if {item}:\n    {symbol} = True",
    "builtins.all": "if not {item}:\n    {symbol} = False",
    "builtins.len": "{symbol} = {symbol} + 1",
    "builtins.max": "if {symbol} is None or {item} > {symbol}:\n    {symbol} = {item}",
    "builtins.min": "if {symbol} is None or {item} < {symbol}:\n    {symbol} = {item}",
}
def join_appends(body: Sequence[ast.stmt]) -> Block:
    """One append behind a condition whose sides append once each.

    ``if c: outs.append(a)  else: outs.append(b)   ->   if c: item = a  else: item = b`` and
    ``outs.append(item)``.
    """
    result: Block = []
    for statement in body:
        if isinstance(statement, ast.If) and statement.orelse:
            names = [n for n in sorted(appended_names(statement)) if _appends_once(statement, n)]
            for name in names:
                joined = _assign_instead(statement, name, f"{name}_item")
                assert isinstance(joined, ast.If)
                statement = joined
            result.append(statement)
            result.extend(located(f"{n}.append({n}_item)", statement) for n in names)
        else:
            result.append(statement)
    return result


def plain_loop(loop: ast.For) -> ast.For:
    """The loop without ``continue``, ``outs += [a]`` as ``outs.append(a)``, appends joined."""

    def change(block: Block) -> Block:
        return join_appends([_plain(s) for s in eliminate_continue(block)])

    def _plain(statement: ast.stmt) -> ast.stmt:
        if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            value = appended_value(statement, statement.target.id)
            if value is not None:
                return append_of(statement.target.id, value, statement)
        if isinstance(statement, ast.Expr) and is_insert(statement.value):
            for name in appended_names(statement):
                value = appended_value(statement, name)
                if value is not None:
                    return append_of(name, value, statement)
        if isinstance(statement, (ast.If, ast.For)):
            changed = copy.copy(statement)
            changed.body, changed.orelse = change(statement.body), change(statement.orelse)
            return changed
        return statement

    changed = copy.copy(loop)
    changed.body = change(loop.body)
    return changed


def _appends_once(node: ast.If, name: str) -> bool:
    """Whether both sides of a condition append to the list once, as their last word on it."""
    for block in (node.body, node.orelse):
        own = [s for s in block if name in names_in(s)]
        if len(own) != 1:
            return False
        only = own[0]
        if isinstance(only, ast.If):
            if not _appends_once(only, name) or name in names_in(only.test):
                return False
        elif appended_value(only, name) is None:
            return False
    return True


def _assign_instead(node: ast.stmt, name: str, item: str) -> ast.stmt:
    if isinstance(node, ast.If):
        changed = copy.copy(node)
        changed.body = [_assign_instead(s, name, item) for s in node.body]
        changed.orelse = [_assign_instead(s, name, item) for s in node.orelse]
        return changed
    value = appended_value(node, name)
    if value is None:
        return node
    assign = located(f"{item} = 0", node)
    assert isinstance(assign, ast.Assign)
    assign.value = value
    return assign


def replace_appends(
    loop: ast.For, name: str, symbols: Mapping[str, str], item: str, stays: bool
) -> ast.For:
    """The loop with updates beside each append to `name`, or in its place.

    What is appended is computed even where it is only counted: it may raise.
    """
    is_counted = not any("{item}" in _UPDATES[kind] for kind in symbols)

    def change(block: Block) -> Block:
        result: Block = []
        for statement in block:
            value = appended_value(statement, name)
            if value is None:
                if name in names_in(statement):
                    statement = copy.copy(statement)
                    for part in ("body", "orelse"):
                        if getattr(statement, part, None):
                            setattr(statement, part, change(getattr(statement, part)))
                result.append(statement)
                continue
            is_plain = isinstance(value, (ast.Constant, ast.Name))
            if stays or len(symbols) > 1 or (is_counted and not is_plain):
                assign = located(f"{item} = 0", statement)
                assert isinstance(assign, ast.Assign)
                assign.value = value
                result.append(assign)
                value = ast.copy_location(ast.Name(item, ast.Load()), statement)
            if stays:
                append = located(f"{name}.append({item})", statement)
                result.append(append)
            for kind, symbol in symbols.items():
                text = _UPDATES[kind].format(symbol=symbol, item="_deloop_item")
                update = located(text, statement)
                places = [n for n in ast.walk(update) if is_name(n, "_deloop_item")]
                swaps = {id(n): copy.deepcopy(value) for n in places}
                result.append(swap(update, swaps))
        return result

    changed = copy.copy(loop)
    changed.body = change(loop.body)
    return changed




# ---------------------------------------------------------------------- masks
@dataclass
class _Split:
    """A condition taken apart: what is appended under which test, and what else it does."""

    appends: list[tuple[ast.expr, str, ast.expr]] = field(default_factory=list)
    rest: Block = field(default_factory=list)


def masked(filling: Filling, fresh: Callable[[str], str]) -> Filling:
    """Appends under a condition as appends of all elements, and of which ones count.

    ``if c: outs.append(a)   ->   mask.append(c); outs.append(a)``
    """
    wanted = {n for n, filled in filling.lists.items() if filled.kept}
    lists = dict(filling.lists)
    starts = list(filling.starts)

    def change(block: Block) -> Block:
        result: Block = []
        for statement in block:
            if isinstance(statement, ast.If) and appended_names(statement) & wanted:
                result.extend(split_up(statement))
                continue
            if isinstance(statement, ast.For) and appended_names(statement) & wanted:
                statement = copy.copy(statement)
                statement.body = change(statement.body)
            result.append(statement)
        return result

    def split_up(node: ast.If) -> Block:
        split = _split(node, wanted)
        if split is None:
            return [node]
        made: dict[str, str] = {}
        behind: Block = []
        for test, name, value in split.appends:
            operand = test.operand if isinstance(test, ast.UnaryOp) else test
            negated = operand is not test and ast.unparse(operand) in made
            text = ast.unparse(operand if negated else test)
            if text not in made:
                made[text] = fresh("mask")
                use = Use(node, test, "mask")
                lists[made[text]] = FilledList(made[text], (use,))
                starts.append(located(f"{made[text]} = []", filling.loop))
                behind.append(append_of(made[text], test, node))
            if lists[name].turned:
                reason = f"how often {name} is inserted into depends on data"
                lists[name] = replace(lists[name], reason=reason)
            lists[name] = replace(lists[name], mask=made[text], negated=negated)
            behind.append(append_of(name, value, node))
        return [*split.rest, *behind]

    loop = copy.copy(filling.loop)
    loop.body = change(loop.body)
    if lists.keys() == filling.lists.keys():
        return filling
    return replace(filling, loop=loop, starts=tuple(starts), lists=lists)


def _split(node: ast.If, wanted: set[str]) -> _Split | None:
    """A condition whose appends can follow it; None where what it does decides about them."""
    split = _Split()
    changed = copy.copy(node)
    negated = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
    sides: list[Block] = []
    for test, block in ((node.test, node.body), (negated, node.orelse)):
        rest: Block = []
        for statement in block:
            inner = _split(statement, wanted) if isinstance(statement, ast.If) else None
            if inner is not None:
                rest.extend(inner.rest)
                for deeper, name, value in inner.appends:
                    both = ast.BoolOp(ast.And(), [test, deeper])
                    split.appends.append((ast.copy_location(both, test), name, value))
                continue
            names = appended_names(statement) & wanted
            value_of = next(
                ((n, v) for n in names if (v := appended_value(statement, n)) is not None), None
            )
            if value_of is not None:
                split.appends.append((test, *value_of))
            elif names:
                return None
            elif not isinstance(statement, ast.Pass):
                rest.append(statement)
        sides.append(rest)
    changed.body = sides[0] or [ast.copy_location(ast.Pass(), node)]
    changed.orelse = sides[1]
    if sides[0] or sides[1]:
        split.rest.append(changed)
    stored = {n.id for s in split.rest for n in ast.walk(s)
              if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}  # fmt: skip
    read = {n for test, _, value in split.appends for n in names_in(test) | names_in(value)}
    names_seen = [name for _, name, _ in split.appends]
    changes = any(
        isinstance(n, ast.Expr) or isinstance(getattr(n, "ctx", None), ast.Store)
        for s in split.rest
        for n in ast.walk(s)
        if not isinstance(n, ast.Name)
    )
    if not names_seen or len(set(names_seen)) != len(names_seen) or stored & read or changes:
        return None
    return split
