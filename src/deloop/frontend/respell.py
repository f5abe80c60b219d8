"""Ways of using lists that are read in another spelling, put into that before a loop is read.

    res = torch.zeros(0, m)                       rows = []
    for i in range(n):                            for i in range(n):
        res = torch.cat([res, x[i][None]])   ->       rows.append(x[i][None])
                                                  res = torch.cat([torch.zeros(0, m), *rows])

    if rows:                                      rows = _deloop_some(torch.stack(rows))
        return torch.stack(rows)             ->   if len(rows) > 0:
                                                      return rows

The new text means the same. It is compiled where a loop of the user's own text stays.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from deloop.frontend.clamped_ranges import open_ranges
from deloop.frontend.listed_tensors import spell_listed
from deloop.frontend.nested_counters import spell_counters
from deloop.frontend.respelled_calls import (
    append_one_by_one,
    name_headers,
    spell_maps,
    turn_lists,
)
from deloop.frontend.started_lists import start_apart
from deloop.frontend.tested_lists import name_tested
from deloop.frontend.text_edits import Block, TextEdits, parsed
from deloop.ir.source import SourceFunction
from deloop.text.names import is_name, names_captured, names_in

_SIMPLE = (ast.Assign, ast.Return)
_JOINS = frozenset({"cat", "concat", "concatenate"})
_EMPTY = frozenset({"tensor", "Tensor", "zeros", "empty", "FloatTensor"})


@dataclass(frozen=True)
class Respelling:
    """A function in another spelling, and the names that statements of its own give their value."""

    function: SourceFunction
    bound: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Texts that the loops must have got rid of, for the other spelling to be worth it."""

    def is_rid(self, source: str) -> bool:
        """Whether nothing is left that the user's own spelling says better."""
        return not any(text in source for text in self.without)

    def tidy(self, source: str) -> str:
        """The text with ``res = E`` before ``return res`` as ``return E``."""
        node = parsed(source)
        lines = source.splitlines()
        for block in reversed(list(_blocks(node))):
            for first, second in pairwise(block):
                match first, second:
                    case ast.Assign(targets=[ast.Name(id=name)], value=value), ast.Return(
                        value=ast.Name(id=same)
                    ) if name == same and name in self.bound:
                        indent = " " * first.col_offset
                        text = f"return {ast.unparse(value)}"
                        lines[first.lineno - 1 : second.end_lineno] = [indent + text]
        return "\n".join(lines) + "\n"


def respell(function: SourceFunction) -> Respelling | None:
    """The function in another spelling; None where there is nothing to be changed."""
    if not isinstance(function.node, ast.FunctionDef):
        return None
    node = parsed(function.text)
    edits = TextEdits(node, names_in(node) | set(function.parameters))
    without: list[str] = []
    for block in _blocks(node):
        for position, loop in enumerate(block):
            if isinstance(loop, ast.Assign) and (text := spell_listed(block, position, edits)):
                without.append(f"{text}[")
            if isinstance(loop, ast.For):
                _grown(block, position, edits)
                name_tested(block, position, edits)
                name_headers(loop, edits)
                open_ranges(loop, edits)
                turn_lists(block, position, edits)
                append_one_by_one(block, position, edits)
                start_apart(block, position, edits)
                spell_counters(block, position, edits)
            elif isinstance(loop, _SIMPLE):
                spell_maps(loop, edits)
    changed = edits.applied_to(function)
    return None if changed is None else Respelling(changed, tuple(edits.bound), tuple(without))


def _blocks(node: ast.AST) -> Iterator[Block]:
    """The blocks of a function that are in no loop."""
    for part in ("body", "orelse"):
        block = getattr(node, part, None)
        if isinstance(block, list) and not isinstance(node, (ast.For, ast.While)):
            yield block
            for statement in block:
                if isinstance(statement, (ast.If, ast.With)):
                    yield from _blocks(statement)


# ---------------------------------------------------------------------- growing tensors
def _grown(block: Block, position: int, edits: TextEdits) -> None:
    """``res = torch.cat([res, e])`` in a loop as an append, and one `cat` behind it."""
    loop = block[position]
    for statement in ast.walk(loop):
        found = _growth(statement)
        if found is None:
            continue
        name = found.name
        inside = {id(n) for n in ast.walk(statement)}
        others = [n for n in ast.walk(loop) if is_name(n, name) and id(n) not in inside]
        start = _start_of(name, block, position, found.from_none)
        is_known = start is not None or not found.from_none
        if others or name in names_captured(edits.node) or not is_known:
            continue
        first = ast.unparse(start.value) if isinstance(start, ast.Assign) else name
        rows = edits.fresh(f"{name}_rows")
        assert isinstance(statement, ast.stmt)
        edits.statements[statement] = [f"{rows}.append({ast.unparse(found.value)})"]
        edits.before[loop] = [f"{rows} = []"]
        call = found.call
        rest = "".join(f", {ast.unparse(a)}" for a in (*call.args[1:], *call.keywords))
        joined = rows if found.from_none else f"[{first}, *{rows}]"
        edits.behind[loop] = [f"{name} = {ast.unparse(call.func)}({joined}{rest})"]
        edits.bound.append(name)
        if start is not None:
            edits.statements[start] = []
        return


@dataclass(frozen=True)
class _Growth:
    """What is put behind the tensor of a name; whether the first one is put behind None."""

    name: str
    value: ast.expr
    call: ast.Call
    from_none: bool = False


def _growth(node: ast.AST) -> _Growth | None:
    """How a statement makes a tensor longer."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return _longer(name, value) or _first_or_longer(name, value)
        case ast.If(
            test=test,
            body=[ast.Assign(targets=[ast.Name(id=name)], value=first)],
            orelse=[ast.Assign(targets=[ast.Name(id=same)], value=longer)],
        ) if name == same:
            chosen = ast.IfExp(test, first, longer)
            return _first_or_longer(name, chosen)
    return None


def _longer(name: str, value: ast.expr) -> _Growth | None:
    match value:
        case ast.Call(func=ast.Attribute(attr=word), args=[parts, *_]) if word in _JOINS:
            match parts:
                case ast.List(elts=[ast.Name(id=same), added]) | ast.Tuple(
                    elts=[ast.Name(id=same), added]
                ) if same == name and name not in names_in(added):
                    assert isinstance(value, ast.Call)
                    return _Growth(name, added, value)
    return None


def _first_or_longer(name: str, value: ast.expr) -> _Growth | None:
    """``e if res is None else torch.cat([res, e])``, the sides perhaps the other way round."""
    match value:
        case ast.IfExp(
            test=ast.Compare(
                left=ast.Name(id=same), ops=[ast.Is() | ast.IsNot() as word],
                comparators=[ast.Constant(value=None)],
            ),
            body=first, orelse=longer,
        ) if same == name:  # fmt: skip
            if isinstance(word, ast.IsNot):
                first, longer = longer, first
            found = _longer(name, longer)
            if found is not None and ast.dump(found.value) == ast.dump(first):
                return replace(found, from_none=True)
    return None


def _start_of(name: str, block: Block, position: int, of_none: bool) -> ast.stmt | None:
    """The statement that makes an empty tensor, where nothing asks for it before the loop.

    Or that says that there is none yet.
    """
    for statement in reversed(block[:position]):
        match statement:
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Constant(value=None)) if (
                bound == name and of_none
            ):
                return statement
            case ast.Assign(
                targets=[ast.Name(id=bound)], value=ast.Call(func=ast.Attribute(attr=word)) as call
            ) if bound == name and word in _EMPTY and not (of_none or _reads_a_call(call)):
                return statement
        if name in names_in(statement):
            return None
    return None


def _reads_a_call(call: ast.Call) -> bool:
    """Whether its arguments are more than numbers, names and sizes."""
    plain = (ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List,
             ast.expr_context, ast.keyword)  # fmt: skip
    arguments = [*call.args, *call.keywords]
    return not all(isinstance(n, plain) for a in arguments for n in ast.walk(a))
