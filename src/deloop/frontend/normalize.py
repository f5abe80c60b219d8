"""Control flow brought to the few forms that are read: a ``while`` that counts, a loop's ``else``.

    i = 0                             i = 0
    while i < n:                      for i in range(i, n):
        out[i] = x[i]           ->        out[i] = x[i]
        i += 1                        return out
    else:
        return out

Trees go in and come out; what does not change is the very same object, and what does change keeps
its place in the text, so that a loop that stays is left as the user wrote it.
"""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from deloop.frontend.structure import SCOPES, has_jump
from deloop.text.liveness import Fate, fate_of, mentions
from deloop.text.names import names_in
from deloop.text.trees import walk

Block = list[ast.stmt]
_Node = TypeVar("_Node", bound=ast.stmt)
_COMPOUND = (ast.For, ast.While, ast.If, ast.With)


def normalize(node: ast.FunctionDef) -> ast.FunctionDef:
    """The function with every loop's ``else`` behind it and counting loops written with ``for``."""
    return count(_map_blocks(node, _move_else))


def count(node: ast.FunctionDef) -> ast.FunctionDef:
    """The function with counting loops written with ``for``."""
    counting = _Counting(node)
    return _map_blocks(node, lambda block: counting.block(block, node, ()))


def _map_blocks(node: _Node, change: Callable[[Block], Block]) -> _Node:
    """A statement over changed blocks; itself where none changes."""
    result = node
    for field in ("body", "orelse"):
        block = getattr(node, field, None)
        if not block:
            continue
        changed = change(block)
        if len(changed) != len(block) or any(
            new is not old for new, old in zip(changed, block, strict=True)
        ):
            result = copy.copy(node) if result is node else result
            setattr(result, field, changed)
    return result


# ---------------------------------------------------------------------- else
def _move_else(block: Block) -> Block:
    """``for … : A  else: E`` becomes ``for … : A`` and ``E``, where ``A`` does not break."""
    result: Block = []
    for statement in block:
        if isinstance(statement, _COMPOUND):
            statement = _map_blocks(statement, _move_else)
        if (
            isinstance(statement, (ast.For, ast.While))
            and statement.orelse
            and not has_jump(statement.body, ast.Break)
        ):
            behind, statement = statement.orelse, copy.copy(statement)
            statement.orelse = []
            last = statement.body[-1]
            statement.end_lineno, statement.end_col_offset = last.end_lineno, last.end_col_offset
            result.extend([statement, *behind])
        else:
            result.append(statement)
    return result


# ---------------------------------------------------------------------- counting
@dataclass(frozen=True)
class _Position:
    """Where a statement stands: in which block of which statement, as which one."""

    owner: ast.stmt
    block: Block
    index: int


_Path = tuple[_Position, ...]
"""A statement's position, then that of the statement around it, and so on."""


@dataclass(frozen=True)
class _Count:
    """A loop's counter, the range it runs through from its present value, and the rest."""

    name: ast.Name
    stop: ast.expr
    step: int
    body: Block
    iterator: str = ""
    """The name that the range runs through where others read the counter behind the loop."""


class _Counting:
    """The ``while`` loops of one function that are turned into ``for``."""

    def __init__(self, node: ast.FunctionDef) -> None:
        self.node = node
        inner = [n for n in walk(node) if isinstance(n, SCOPES) and n is not node]
        self.declared = {
            name
            for n in walk(node)
            if isinstance(n, (ast.Global, ast.Nonlocal))
            for name in n.names
        }
        self.captured = self.declared | {
            n.id for scope in inner for n in walk(scope) if isinstance(n, ast.Name)
        }
        """Names that others see, who may ask for them at any time."""

    def block(self, block: Block, owner: ast.stmt, around: _Path) -> Block:
        """The statements of a block with the counting loops among them rewritten."""
        return [
            self._statement(statement, (_Position(owner, block, index), *around))
            for index, statement in enumerate(block)
        ]

    def _statement(self, node: ast.stmt, path: _Path) -> ast.stmt:
        if not isinstance(node, _COMPOUND):
            return node
        changed = _map_blocks(node, lambda block: self.block(block, node, path))
        if not isinstance(node, ast.While):
            return changed
        count = self._count(node, path)
        if count is None:
            return changed
        kept = {id(statement) for statement in count.body}
        pairs = zip(node.body, changed.body, strict=True)
        return _for(node, count, [new for old, new in pairs if id(old) in kept])

    def _is_captured(self, name: str, loop: ast.While) -> bool:
        """Whether others see the name, a generator that is made outside of the loop included."""
        inside = {id(n) for n in walk(loop)}
        return name in self.captured or any(
            isinstance(n, ast.GeneratorExp) and id(n) not in inside and mentions(n, name)
            for n in walk(self.node)
        )

    def _count(self, node: ast.While, path: _Path) -> _Count | None:
        """What a ``while`` counts, None where it does more, or leaves its counter to others."""
        count = _read_count(node)
        if count is None or node.orelse or has_jump(node.body, ast.Continue):
            return None
        name = count.name.id
        bound = names_in(count.stop)
        if name in bound or bound & self.declared or self._is_captured(name, node):
            return None
        if any(_binds(s, {name, *bound}) or _resizes(s, bound) for s in count.body):
            return None
        if _is_dead_behind(name, path):
            return count
        if _may_leave(count.body):
            return None
        # What it holds behind the loop is an induction variable's last value.
        taken = {n.id for n in walk(self.node) if isinstance(n, ast.Name)}
        iterator = next(word for k in itertools.count(2) if (word := f"{name}_{k}") not in taken)
        return replace(count, iterator=iterator, body=[*count.body, node.body[-1]])


def _for(node: ast.While, count: _Count, body: Block) -> ast.For:
    """``for i in range(i, stop, step)`` in the place of the ``while``.

    ``for i_2 in range(i, stop, step)`` where the body goes on counting.
    """
    name = count.name.id
    arguments = [ast.Name(id=name, ctx=ast.Load()), count.stop]
    if count.step != 1:
        arguments.append(ast.Constant(value=count.step))
    header = ast.Call(func=ast.Name(id="range", ctx=ast.Load()), args=arguments, keywords=[])
    loop = ast.For(
        target=ast.copy_location(ast.Name(id=count.iterator or name, ctx=ast.Store()), count.name),
        iter=ast.fix_missing_locations(ast.copy_location(header, node.test)),
        body=body or [ast.copy_location(ast.Pass(), node.body[-1])],
        orelse=[],
    )
    return ast.copy_location(loop, node)


# ---------------------------------------------------------------------- reading
_RISING, _FALLING = (ast.Lt, ast.LtE, ast.NotEq), (ast.Gt, ast.GtE, ast.NotEq)
_NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq,
}  # fmt: skip
_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.NotEq: ast.NotEq,
}  # fmt: skip


def _read_count(node: ast.While) -> _Count | None:
    """The counter and its range, where the last statement counts and the condition compares."""
    test, negated, body = node.test, False, node.body
    if isinstance(test, ast.Constant) and test.value in (True, 1):
        match body[0]:
            case ast.If(test=ast.Compare() as leave, body=[ast.Break()], orelse=[]):
                test, negated, body = leave, True, body[1:]
    step = _read_step(body[-1]) if body else None
    if step is None or not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    name, size = step
    left, operator, right = test.left, type(test.ops[0]), test.comparators[0]
    if negated:
        operator = _NEGATED.get(operator, ast.Is)
    if not mentions(left, name):
        left, operator, right = right, _MIRRORED.get(operator, ast.Is), left
    counter, offset = _read_counter(left)
    if counter is None or counter.id != name or not _is_size(right):
        return None
    if operator not in (_RISING if size > 0 else _FALLING):
        return None
    if operator is ast.NotEq and (abs(size) != 1 or _may_leave(body)):
        return None  # it may count past the end, and on until it leaves
    offset = {ast.LtE: 1, ast.GtE: -1}.get(operator, 0) - offset
    return _Count(counter, _shifted(right, offset), size, body[:-1])


def _may_leave(block: Block) -> bool:
    """Whether a statement of a loop's body ends the loop, or all of the function."""
    kinds = (ast.Break, ast.Return, ast.Raise)
    return any(isinstance(n, kinds) for statement in block for n in walk(statement))


def _read_counter(node: ast.expr) -> tuple[ast.Name | None, int]:
    """``i -> (i, 0)``, ``i + 1 -> (i, 1)``, ``i - 1 -> (i, -1)``."""
    match node:
        case ast.Name():
            return node, 0
        case ast.BinOp(
            left=ast.Name() as name,
            op=ast.Add() | ast.Sub() as operator,
            right=ast.Constant(value=offset),
        ) if type(offset) is int:
            return name, offset if isinstance(operator, ast.Add) else -offset
    return None, 0


def _shifted(node: ast.expr, offset: int) -> ast.expr:
    """``n -> n + 1``."""
    if not offset:
        return node
    operator = ast.Add() if offset > 0 else ast.Sub()
    shifted = ast.BinOp(left=node, op=operator, right=ast.Constant(value=abs(offset)))
    return ast.copy_location(shifted, node)


def _read_step(node: ast.stmt) -> tuple[str, int] | None:
    """``i += 2 -> (i, 2)``, ``i = i - 1 -> (i, -1)``."""
    match node:
        case ast.AugAssign(target=ast.Name(id=name), op=operator, value=ast.Constant(value=size)):
            pass
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.BinOp(left=ast.Name(id=same), op=operator, right=ast.Constant(value=size)),
        ) if name == same:
            pass
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.BinOp(
                left=ast.Constant(value=size), op=ast.Add() as operator, right=ast.Name(id=same)
            ),
        ) if name == same:
            pass
        case _:
            return None
    if type(size) is not int or size <= 0 or not isinstance(operator, (ast.Add, ast.Sub)):
        return None
    return name, size if isinstance(operator, ast.Add) else -size


def _is_size(node: ast.expr) -> bool:
    """Whether an expression is made of names, ints, lengths and sizes: the same at every look.

    That its names hold ints is for the reader to see, who refuses a ``range`` of anything else.
    """
    match node:
        case ast.Name():
            return True
        case ast.Constant(value=value):
            return type(value) is int
        case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv(), right):
            return _is_size(left) and _is_size(right)
        case ast.UnaryOp(ast.USub(), operand):
            return _is_size(operand)
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name()], keywords=[]):
            return True
        case ast.Subscript(value=ast.Attribute(value=ast.Name(), attr="shape"), slice=dimension):
            return _is_int(dimension)
        case ast.Call(
            func=ast.Attribute(value=ast.Name(), attr="size"), args=[dimension], keywords=[]
        ):
            return _is_int(dimension)
        case ast.Call(func=ast.Attribute(value=ast.Name(), attr="numel"), args=[], keywords=[]):
            return True
    return False


def _is_int(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) is int


_MUTATORS = frozenset(
    {"append", "extend", "insert", "remove", "pop", "clear", "add", "discard", "update"}
    | {"popleft", "appendleft", "popitem", "setdefault", "__setitem__", "__delitem__"}
)


def _resizes(node: ast.stmt, names: set[str]) -> bool:
    """Whether a statement may give one of the objects another length or shape."""
    for inner in walk(node):
        match inner:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute, ctx=context):
                is_changing = attribute in _MUTATORS or attribute.endswith("_")
                if name in names and (is_changing or not isinstance(context, ast.Load)):
                    return True
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Del()):
                if name in names:
                    return True
    return False


def _binds(node: ast.stmt, names: set[str]) -> bool:
    """Whether a statement binds or deletes one of the names, in any way there is."""
    for inner in walk(node):
        if isinstance(inner, ast.Name):
            if inner.id in names and not isinstance(inner.ctx, ast.Load):
                return True
        elif any(text.partition(".")[0] in names for text in _texts(inner)):
            return True
    return False


def _texts(node: ast.AST) -> Iterator[str]:
    """The names that stand in a node itself: ``except E as name``, ``import name``."""
    if isinstance(node, (ast.Attribute, ast.keyword, ast.Constant)):
        return
    for _, value in ast.iter_fields(node):
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str):
                yield part


# ---------------------------------------------------------------------- behind the loop
def _is_dead_behind(name: str, path: _Path) -> bool:
    """Whether nobody reads the name behind the loop, before it is set anew.

    Behind a ``while`` a counter is the first value that fails, behind a ``for`` the last that ran.
    """
    for position in path:
        owner, block, index = position.owner, position.block, position.index
        behind = block[index + 1 :]
        fate = fate_of(name, behind)
        if fate is Fate.READ or (
            fate is Fate.GONE and has_jump(behind, ast.Break, ast.Continue)
        ):
            return False
        if fate is Fate.GONE or isinstance(owner, ast.FunctionDef):
            return True
        if isinstance(owner, (ast.For, ast.While)):
            if block is not owner.body or owner.orelse or not _is_dead_in_next(name, owner, index):
                return False
        elif not isinstance(owner, (ast.If, ast.With)):
            return False
    return False


def _is_dead_in_next(name: str, owner: ast.For | ast.While, index: int) -> bool:
    """Whether the next iteration of the loop around sets the name before it comes here again."""
    if isinstance(owner, ast.While) and mentions(owner.test, name):
        return False
    return fate_of(name, owner.body[:index]) is Fate.GONE
