"""A counter that runs through several nested loops, as the number that it is in each iteration.

    k = 0                                     for i in range(n):
    for i in range(n):                            for j in range(m):
        for j in range(m):             ->             out[i * m + j] = x[i, j]
            out[k] = x[i, j]
            k += 1

Counters over triangles are `frontend.running`'s.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from deloop.frontend.text_edits import Block, TextEdits
from deloop.text.liveness import is_read_behind
from deloop.text.names import is_name, names_captured, names_in, names_stored
from deloop.text.trees import walk

_LEAVES = (ast.Break, ast.Continue, ast.Return, ast.Yield, ast.YieldFrom, ast.Await)


@dataclass(frozen=True)
class _Range:
    """One loop of a nest: its variable and ends, as text."""

    name: str
    lower: ast.expr
    upper: ast.expr

    @property
    def passed(self) -> str:
        """How many iterations are over: ``i - 1`` of ``range(1, n)``."""
        return self.name if _number(self.lower) == 0 else f"({self.name} - {_text(self.lower)})"

    @property
    def count(self) -> str:
        """How many there are, if not fewer than none."""
        upper = _text(self.upper)
        return upper if _number(self.lower) == 0 else f"({upper} - {_text(self.lower)})"


def spell_counters(block: Block, position: int, edits: TextEdits) -> None:
    """Each such counter of a nest as an expression of the loops' variables."""
    nest = block[position]
    assert isinstance(nest, ast.For)
    if any(isinstance(n, _LEAVES) for n in walk(nest)):
        return
    for chain, at in list(_increments(nest, ())):
        _spell(block, position, chain, at, edits)
    for index, statement in enumerate(nest.body):
        if isinstance(statement, ast.For):
            spell_counters(nest.body, index, edits)


def _increments(
    loop: ast.For, around: tuple[ast.For, ...]
) -> Iterator[tuple[tuple[ast.For, ...], int]]:
    """The statements ``k += 1`` of loops in loops: the loops around, the place in the innermost."""
    chain = (*around, loop)
    for index, statement in enumerate(loop.body):
        if isinstance(statement, ast.For):
            yield from _increments(statement, chain)
        elif around and _step(statement) is not None:
            yield chain, index


def _step(node: ast.stmt) -> tuple[str, int] | None:
    match node:
        case ast.AugAssign(
            target=ast.Name(id=name), op=ast.Add(), value=ast.Constant(value=int() as step)
        ) if type(step) is int and step > 0:
            return name, step
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.BinOp(
                left=ast.Name(id=same), op=ast.Add(), right=ast.Constant(value=int() as step)
            ),
        ) if same == name and type(step) is int and step > 0:
            return name, step
    return None


def _spell(
    block: Block, position: int, chain: Sequence[ast.For], at: int, edits: TextEdits
) -> None:
    inner = chain[-1]
    found = _step(inner.body[at])
    assert found is not None
    name, step = found
    ranges = [_read_range(loop) for loop in chain]
    if not all(map(_is_range, ranges)) or not _is_free(name, chain, at, edits.node):
        return
    start = _start_of(name, block[:position])
    offset = None if start is None else _offset([r for r in ranges if r is not None])
    if start is None or offset is None:
        return
    first = _number(start.value)
    counted = offset if step == 1 else f"({offset}) * {step}"
    for index, statement in enumerate(inner.body):
        value = (first or 0) + (step if index > at else 0)
        spelled = _text(ast.parse(f"{counted} + {value}" if value else counted, mode="eval").body)
        for node in walk(statement) if index != at else ():
            if isinstance(node, ast.Name) and node.id == name:
                edits.parts.append((node, f"({spelled})"))
    if is_read_behind(name, chain[0], edits.node):
        return  # it still counts, which is a sum of ones
    edits.statements[inner.body[at]] = []
    edits.statements[start] = []


def _is_free(name: str, chain: Sequence[ast.For], at: int, node: ast.FunctionDef) -> bool:
    """Whether the counter is one: nobody but the innermost loop asks for it, or sets it."""
    nest, inner = chain[0], chain[-1]
    own = {id(n) for index, s in enumerate(inner.body) for n in walk(s)}
    uses = [n for n in walk(nest) if is_name(n, name)]
    stores = [n for n in uses if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]
    sizes = {x for loop in chain for x in names_in(loop.iter)}
    targets = {x for loop in chain for x in names_in(loop.target)}
    bound = [x for s in walk(nest) if isinstance(s, ast.stmt) for x in _bound_by(s)]
    texts = [n for n in walk(nest) if isinstance(n, ast.JoinedStr)]
    return (
        all(id(n) in own for n in uses)
        and len(stores) == 1
        and not any(name in names_in(text) for text in texts)  # where names have no place
        and name not in names_captured(node)
        and len(bound) == len([x for x in bound if x not in targets]) + len(targets)
        and not (sizes - targets) & set(bound)
    )


def _bound_by(statement: ast.stmt) -> list[str]:
    """The names that a statement itself sets, as often as it does."""
    if isinstance(statement, ast.For):
        return sorted(names_stored(statement.target))
    if hasattr(statement, "body"):
        return []
    return sorted(names_stored(statement))


def _start_of(name: str, before: Block) -> ast.Assign | None:
    """The statement that sets the counter to a number, where nothing else comes between."""
    for statement in reversed(before):
        match statement:
            case ast.Assign(targets=[ast.Name(id=same)], value=value) if same == name:
                return statement if _number(value) is not None else None
        if name in names_in(statement):
            return None
    return None


# ---------------------------------------------------------------------- ranges
def _read_range(loop: ast.For) -> _Range | None:
    match loop:
        case ast.For(
            target=ast.Name(id=name),
            iter=ast.Call(func=ast.Name(id="range"), args=[*ends], keywords=[]),
            orelse=[],
        ) if len(ends) in (1, 2) and all(map(_is_size, ends)):
            lower = ends[0] if len(ends) == 2 else ast.Constant(0)
            return _Range(name, lower, ends[-1])
    return None


def _is_range(found: _Range | None) -> TypeGuard[_Range]:
    return found is not None


def _is_size(node: ast.expr) -> bool:
    """Whether an expression is made of sizes, names and integers, and may be computed twice."""
    match node:
        case ast.Name():
            return True
        case ast.Constant(value=value):
            return type(value) is int
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            return _is_size(left) and _is_size(right)
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name(), attr="shape"), slice=ast.Constant()
        ):
            return True
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name()], keywords=[]):
            return True
        case ast.Call(
            func=ast.Attribute(value=ast.Name(), attr="size"), args=[ast.Constant()], keywords=[]
        ):
            return True
    return False


def _offset(ranges: Sequence[_Range]) -> str | None:
    """How many innermost iterations are over: ``i * m + j``; None for ranges that move."""
    names = {r.name for r in ranges}
    if len(names) != len(ranges):
        return None
    if any((names_in(r.lower) | names_in(r.upper)) & names for r in ranges):
        return None
    text = ranges[0].passed
    for inner in ranges[1:]:
        text = f"{text} * {inner.count} + {inner.passed}"
        text = f"({text})" if inner is not ranges[-1] else text
    return text


def _number(node: ast.expr) -> int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(node.operand)
        return None if value is None else -value
    found = node.value if isinstance(node, ast.Constant) else None
    return found if type(found) is int else None


def _text(node: ast.expr) -> str:
    text = ast.unparse(node)
    is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)
    return f"({text})" if is_sum else text
