"""Names that stand for what a function could make of its parameters, as if they were given to it.

    def pad(seqs):                                def pad(seqs, seqs_padded, lengths):
        …                                    ->       …
            out[i, :len(s)] = s                           out[i, :length] = s[:length]

The function over the new names is compiled like any other. Behind the compiler each name is the
expression that it stands for, in the code and in the guards.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from deloop.diagnostic import Assumption
from deloop.frontend.text_edits import parsed
from deloop.ir.source import SourceFunction
from deloop.ir.types import Value
from deloop.text.names import is_name, names_in, substitute

_LONGEST_LINE = 100


@dataclass(frozen=True)
class StandIn:
    """One such name.

    Parameters
    ----------
    name, value:
        As the compiler sees a parameter.
    text:
        The expression over the parameters that it stands for.
    hints:
        Its sizes as they are at this call.
    sizes:
        Cheaper expressions of its sizes: ``seqs_padded.shape[1]`` is ``max(map(len, seqs))``.
    """

    name: str
    value: Value
    text: str
    hints: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, str] = field(default_factory=dict)
    is_part: bool = False
    """Whether it is one of several items of a value, which are given their names at once."""


Parts = list[tuple[ast.expr, str]]


def _as_it_is(node: ast.FunctionDef) -> Parts:
    return []


def _never(guard: str) -> bool:
    return False


@dataclass(frozen=True)
class Standing:
    """A function over stand-ins.

    Parameters
    ----------
    assumptions:
        What makes the new text mean the same.
    is_certain, cheaper:
        Which guards hold by what the names stand for, and which may be said in another way.
    bound:
        Names of values right behind a loop.
    without:
        What would be too slow in the new code.
    plain:
        What follows from all this in parts of the new code.
    """

    function: SourceFunction
    names: tuple[StandIn, ...]
    assumptions: tuple[Assumption, ...] = ()
    is_certain: Callable[[str], bool] = _never
    cheaper: Callable[[str], str] = str
    bound: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    plain: Callable[[ast.FunctionDef], Parts] = _as_it_is

    @property
    def arguments(self) -> dict[str, Value]:
        """What is known of the names."""
        return {s.name: s.value for s in self.names}

    @property
    def hints(self) -> dict[str, int]:
        """Their sizes."""
        return {k: v for s in self.names for k, v in s.hints.items()}

    def write_out(self, assumption: Assumption) -> Assumption | None:
        """The assumption about parameters alone; None where it always holds."""
        if self.is_certain(assumption.guard):
            return None
        guard = _written_out(self.cheaper(assumption.guard), self.names)
        return Assumption(
            assumption.sentence, guard, assumption.reason, assumption.avoidable
        )

    def put_back(self, source: str) -> str:
        """The code with a definition of each name that it uses, or the expression itself."""
        source = _without_unread(source, self.names)
        while parts := self.plain(parsed(source)):
            source = _without_unread(_with_part(source, *parts[0]), self.names)
        for stand_in in reversed(self.names):
            source = _defined(_without_copy(source, stand_in), stand_in)
        return _unpacked(source)


def _written_out(guard: str, names: Sequence[StandIn]) -> str:
    for stand_in in reversed(names):
        for size, cheap in stand_in.sizes.items():
            guard = guard.replace(size, cheap)
        if stand_in.name in guard:
            tree = ast.parse(guard, mode="eval").body
            value = ast.parse(stand_in.text, mode="eval").body
            guard = ast.unparse(substitute(tree, {stand_in.name: value}))
    return guard


def _with_part(source: str, part: ast.expr, text: str) -> str:
    """The code with another expression in the place of one."""
    lines = [line.encode() for line in source.splitlines()]
    first, last = part.lineno - 1, (part.end_lineno or part.lineno) - 1
    head, tail = lines[first][: part.col_offset], lines[last][part.end_col_offset :]
    lines[first : last + 1] = [head + text.encode() + tail]
    return "\n".join(line.decode() for line in lines) + "\n"


def _without_unread(source: str, names: Sequence[StandIn]) -> str:
    """The code without ``lengths_tensor = torch.tensor(lengths)`` that nothing reads any more."""
    node = parsed(source)
    own = {s.name for s in names}
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=[given])) | ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Subscript(value=ast.Attribute(value=given, attr="shape")),
            ):
                read = [n for n in ast.walk(node) if is_name(n, name)]
                if isinstance(given, ast.Name) and given.id in own and len(read) == 1:
                    lines = source.splitlines()
                    del lines[statement.lineno - 1 : statement.end_lineno]
                    return "\n".join(lines) + "\n"
    return source


def _without_copy(source: str, stand_in: StandIn) -> str:
    """``owner`` for ``owner.clone()``, where that is all that is made of a tensor made for it."""
    node = parsed(source)
    value = ast.parse(stand_in.text, mode="eval").body
    places = [n for n in ast.walk(node) if is_name(n, stand_in.name)]
    if isinstance(value, (ast.Name, ast.Subscript, ast.Attribute)) or len(places) != 1:
        return source
    for call in ast.walk(node):
        match call:
            case ast.Call(func=ast.Attribute(value=inner, attr="clone"), args=[], keywords=[]):
                if inner is places[0]:
                    return _with_part(source, call, stand_in.name)
    return source


def _defined(text: str, stand_in: StandIn) -> str:
    """``return seqs_padded.sum(1)   ->   return pad_sequence(seqs, batch_first=True).sum(1)``"""
    node = parsed(text)
    using = [s for s in node.body if stand_in.name in names_in(s)]
    if not using:
        return text
    first = using[0]
    names = [n for s in using for n in ast.walk(s) if isinstance(n, ast.Name)]
    places = [n for n in names if n.id == stand_in.name]
    if stand_in.text.isidentifier():
        for place in sorted(places, key=lambda n: (n.lineno, n.col_offset), reverse=True):
            text = _with_part(text, place, stand_in.text)
        return text
    lines = text.splitlines()
    is_simple = isinstance(first, (ast.Assign, ast.Return, ast.AugAssign, ast.Expr))
    is_simple &= not isinstance(ast.parse(stand_in.text, mode="eval").body, ast.BinOp)
    if len(places) == 1 and is_simple and not stand_in.is_part and first.lineno == first.end_lineno:
        (place,) = places
        line = lines[place.lineno - 1].encode()
        start, end = place.col_offset, place.end_col_offset or 0
        inlined = (line[:start] + stand_in.text.encode() + line[end:]).decode()
        if len(inlined) <= _LONGEST_LINE and not _is_repeated(first, place):
            lines[place.lineno - 1] = inlined
            return "\n".join(lines) + "\n"
    indent = " " * first.col_offset
    lines.insert(first.lineno - 1, f"{indent}{stand_in.name} = {stand_in.text}")
    return "\n".join(lines) + "\n"


def _unpacked(source: str) -> str:
    """``columns = E[1]`` and ``rows = E[0]`` one behind the other as ``rows, columns = E``."""
    node = parsed(source)
    for one, two in pairwise(node.body):
        match one, two:
            case (
                ast.Assign(targets=[ast.Name(id=a)],
                           value=ast.Subscript(value=x, slice=ast.Constant(value=p))),
                ast.Assign(targets=[ast.Name(id=b)],
                           value=ast.Subscript(value=y, slice=ast.Constant(value=q))),
            ) if {p, q} == {0, 1} and ast.dump(x) == ast.dump(y):  # fmt: skip
                first, second = (a, b) if p == 0 else (b, a)
                lines = source.splitlines()
                indent = " " * one.col_offset
                lines[one.lineno - 1 : two.end_lineno] = [
                    f"{indent}{first}, {second} = {ast.unparse(x)}"
                ]
                return "\n".join(lines) + "\n"
    return source


def _is_repeated(statement: ast.stmt, place: ast.Name) -> bool:
    """Whether a name is read once an item of a comprehension."""
    loops = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
    return any(
        isinstance(n, loops) and any(inner is place for inner in ast.walk(n))
        for n in ast.walk(statement)
    )
