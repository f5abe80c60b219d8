"""Counters that run through nested loops, as what they are in each iteration.

    k = 0
    for i in range(n):                        for i in range(n):
        for j in range(m):            ->          for j in range(m):
            out[i, j] = v[k]                          out[i, j] = v[i * m + j]
            k += 1

    for i in range(n):                        for k in range(len(rows)):
        for j in range(i + 1, n):     ->          out[rows[k], columns[k]] = v[k]
            out[i, j] = v[k]
            k += 1

`rows` and `columns` stand for the two rows of ``torch.triu_indices(n, n, 1)``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from deloop.frontend.given_elements import spelled_by_parameters
from deloop.frontend.segments import inside, named_anew, start_of
from deloop.frontend.stand_ins import StandIn, Standing
from deloop.frontend.text_edits import Block, TextEdits, parsed
from deloop.ir.affine import Affine
from deloop.ir.source import SourceFunction
from deloop.ir.types import Tensor, TensorType
from deloop.text.names import is_name, names_in, names_stored

_JUMPS = (ast.Break, ast.Continue, ast.Return, ast.Raise)


def count_through(
    function: SourceFunction, hints: Mapping[str, int], torch: str
) -> Iterator[Standing]:
    """The function without a counter of all iterations, for each nest that has one."""
    if not isinstance(function.node, ast.FunctionDef):
        return
    for position, loop in enumerate(parsed(function.text).body):
        if isinstance(loop, ast.For):
            found = _Running(function, position, torch, hints).standing()
            if found is not None:
                yield found


@dataclass(frozen=True)
class _Nest:
    """Loops one in the other, with a step of the counter at the end of the innermost one."""

    loops: tuple[ast.For, ...]
    counters: tuple[str, ...]
    ranges: tuple[tuple[ast.expr, ...], ...]
    step: ast.AugAssign


class _Running:
    """One nest of one function."""

    def __init__(
        self, function: SourceFunction, position: int, torch: str, hints: Mapping[str, int]
    ) -> None:
        self.function = function
        self.node = parsed(function.text)
        self.torch = torch
        self.hints = hints
        self.edits = TextEdits(self.node, names_in(self.node) | set(function.parameters))
        self.before, self.behind = self.node.body[:position], self.node.body[position + 1 :]
        loop = self.node.body[position]
        assert isinstance(loop, ast.For)
        self.loop = loop

    def standing(self) -> Standing | None:
        nest = self._nest()
        if nest is None or any(isinstance(n, _JUMPS) for n in ast.walk(self.loop)):
            return None
        assert isinstance(nest.step.target, ast.Name)
        name = nest.step.target.id
        begin = start_of(name, self.before)
        stores = [n for n in ast.walk(self.loop) if is_name(n, name)
                  and not isinstance(n.ctx, ast.Load)]  # type: ignore[attr-defined]  # fmt: skip
        is_read = any(name in names_in(s) for s in self.behind)
        if begin is None or is_read or len(stores) != 1:
            return None
        self.edits.statements[begin] = []
        if all(len(r) == 1 for r in nest.ranges) and self._is_rectangle(nest):
            return self._closed(nest, name)
        return self._triangle(nest, name)

    def _nest(self) -> _Nest | None:
        loops: list[ast.For] = [self.loop]
        while isinstance(loops[-1].body[-1], ast.For):
            loops.append(loops[-1].body[-1])
        match loops[-1].body[-1]:
            case ast.AugAssign(
                target=ast.Name(), op=ast.Add(), value=ast.Constant(value=1)
            ) as step:
                pass
            case _:
                return None
        counters: list[str] = []
        ranges: list[tuple[ast.expr, ...]] = []
        for loop in loops:
            match loop.target, loop.iter:
                case ast.Name(id=counter), ast.Call(
                    func=ast.Name(id="range"), args=args, keywords=[]
                ) if len(args) < 3 and not loop.orelse:
                    counters.append(counter)
                    ranges.append(tuple(args))
                case _:
                    return None
        is_nest = len(loops) > 1 and len(set(counters)) == len(counters)
        return _Nest(tuple(loops), tuple(counters), tuple(ranges), step) if is_nest else None

    def _is_rectangle(self, nest: _Nest) -> bool:
        stored = names_stored(self.loop)
        return not any(names_in(end) & stored for ends in nest.ranges for end in ends)

    def _closed(self, nest: _Nest, name: str) -> Standing | None:
        """``k`` as ``i * m + j``."""
        text = nest.counters[0]
        for counter, (size,) in zip(nest.counters[1:], nest.ranges[1:], strict=True):
            factor = text if text.isidentifier() else f"({text})"
            spelled = ast.unparse(size)
            plain = isinstance(size, (ast.Name, ast.Constant, ast.Subscript, ast.Call))
            text = f"{factor} * {spelled if plain else f'({spelled})'} + {counter}"
        for node in ast.walk(self.loop):
            match node:
                case ast.Subscript(slice=ast.Name(id=same) as index) if same == name:
                    self.edits.parts.append((index, text))
                case ast.Name(id=same) if same == name and node is not nest.step.target:
                    self.edits.parts.append((node, f"({text})"))
        parts = {(p.lineno, p.col_offset): (p, t) for p, t in reversed(self.edits.parts)}
        self.edits.parts = list(parts.values())
        self.edits.statements[nest.step] = []
        changed = self.edits.applied_to(self.function)
        return None if changed is None else Standing(changed, ())

    # ------------------------------------------------------------------ triangles
    def _triangle(self, nest: _Nest, name: str) -> Standing | None:
        """Both loops as one over the elements above or below the diagonal."""
        call = self._indices(nest)
        is_perfect = len(nest.loops) == 2 and len(self.loop.body) == 1
        inner = nest.loops[-1]
        bound = set(nest.counters)
        if call is None or not is_perfect or any(bound & names_in(s) for s in self.behind):
            return None
        if any(isinstance(n, (ast.For, ast.While)) for s in inner.body for n in ast.walk(s)):
            return None
        if bound & {n for s in inner.body for n in names_stored(s)}:
            return None
        text, size, count = call
        rows, columns = self.edits.fresh("rows"), self.edits.fresh("columns")
        means = {nest.counters[0]: f"{rows}[{name}]", nest.counters[1]: f"{columns}[{name}]"}
        header = f"for {name} in range({rows}.shape[0]):"
        lines = [header]
        for number, statement in enumerate(inner.body[:-1]):
            if number and self._are_apart(inner.body[:-1], nest):
                lines.append(header)
            changed_text = ast.unparse(named_anew(statement, means))
            lines += ["    " + line for line in changed_text.splitlines()]
        self.edits.statements[self.loop] = lines
        changed = self.edits.applied_to(self.function)
        if changed is None:
            return None
        hint = self._hint(count)
        pair = [self._stand_in(n, rows, f"{text}[{k}]", count, hint)
                for k, n in enumerate((rows, columns))]  # fmt: skip
        known = {inside(rows, size), inside(columns, size)}
        index = re.compile(rf"bool\(\(\(({rows}|{columns}) >= 0\) & \(\1 < (.+)\)\)\.all\(\)\)")
        both = rf"({rows} \* .+ \+ {columns}|{columns} \* .+ \+ {rows})"
        apart = re.compile(rf"bool\(\({self.torch}\.bincount\({both}\) <= 1\)\.all\(\)\)")

        def is_certain(guard: str) -> bool:
            return guard in known or apart.fullmatch(guard) is not None

        changed = replace(changed, given=(rows, columns))
        return Standing(
            changed, tuple(pair), is_certain=is_certain,
            cheaper=lambda guard: index.sub(rf"{size} <= \2", guard),
        )  # fmt: skip

    def _are_apart(self, body: Block, nest: _Nest) -> bool:
        """Whether stores may be done one for all elements and then the next for all.

        Each is to a tensor of its own, or they are to ``out[i, j]`` and ``out[j, i]``.
        """
        i, j = nest.counters
        targets: list[tuple[str, str]] = []
        for statement in body:
            match statement:
                case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=array), slice=index)]):
                    targets.append((array, ast.unparse(index)))
                case _:
                    return False
        read = {n for s in body if isinstance(s, ast.Assign) for n in names_in(s.value)}
        arrays = {array for array, _ in targets}
        places = {place for _, place in targets}
        mirrored = places == {f"({i}, {j})", f"({j}, {i})"} or places == {f"{i}, {j}", f"{j}, {i}"}
        alone = len(arrays) == len(targets) or (len(arrays) == 1 and len(targets) == 2 and mirrored)
        return alone and not arrays & read

    def _stand_in(self, name: str, rows: str, text: str, count: str, hint: int) -> StandIn:
        size = f"{rows}.shape[0]"
        kind = TensorType("int64", (Affine.symbol(size),), leaf=False)
        return StandIn(name, Tensor(name, kind, name), text, {size: hint}, {size: f"({count})"},
                       is_part=True)  # fmt: skip

    def _hint(self, count: str) -> int:
        try:
            tree = ast.parse(count, mode="eval").body
            name = next(ast.unparse(n) for n in ast.walk(tree) if ast.unparse(n) in self.hints)
        except StopIteration:
            return 3
        n = self.hints[name]
        return n * (n - 1) // 2 if " - 1)" in count else n * (n + 1) // 2

    def _indices(self, nest: _Nest) -> tuple[str, str, str] | None:
        """What gives the indices of a triangle in its order, its size, and how many there are."""
        if len(nest.ranges) != 2 or len(nest.ranges[0]) != 1:
            return None
        n = spelled_by_parameters(nest.ranges[0][0], self.node)
        i = nest.counters[0]
        spelled = [ast.unparse(e) for e in nest.ranges[1]]
        if n is None or names_in(nest.ranges[0][0]) & names_stored(self.loop):
            return None
        end = ast.unparse(nest.ranges[0][0])
        without, whole = f"{n} * ({n} - 1) // 2", f"{n} * ({n} + 1) // 2"
        call = f"{self.torch}.{{}}_indices({n}, {n}{{}})"
        match spelled:
            case [first, last] if last == end and first == f"{i} + 1":
                return call.format("triu", ", 1"), n, without
            case [first, last] if last == end and first == i:
                return call.format("triu", ""), n, whole
            case [last] if last == i:
                return call.format("tril", ", -1"), n, without
            case [last] if last == f"{i} + 1":
                return call.format("tril", ""), n, whole
        return None
