"""Names that are bound anew, with a name for each thing that they hold.

    x = x.view(-1)                        x_2 = x.view(-1)
    for i in range(len(x)):       ->      for i in range(len(x_2)):
        out[i] = x[i] * 2                     out[i] = x_2[i] * 2

What is known of `x` at the function's first line, its sizes above all, so goes on meaning what it
says (R. Cytron et al., "Efficiently computing static single assignment form", 1991). Behind the
compiler the names are the user's again, wherever that means the same.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from deloop.frontend.normalize import normalize
from deloop.ir.source import SourceFunction
from deloop.text.names import names_captured, names_in, names_stored
from deloop.text.trees import walk

Block = list[ast.stmt]
_LEAVING = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_NOT_FOLLOWED = (
    ast.Try, ast.Match, ast.Global, ast.Nonlocal, ast.NamedExpr, ast.Delete, ast.ClassDef,
)  # fmt: skip


@dataclass(frozen=True)
class Versions:
    """A function in which no name is bound anew in front of a loop, and whose names those were."""

    function: SourceFunction
    own: dict[str, str]

    def restore(self, source: str) -> str:
        """The text with the user's names again, as far as no two of them would be mixed up."""
        for user in dict.fromkeys(self.own.values()):
            names = [n for n, u in self.own.items() if u == user]
            source = self._restored(source, user, names)
        return source

    def _restored(self, source: str, user: str, names: list[str]) -> str:
        """All versions of one name as that name, or else the last ones of which this is right."""
        node = _parsed(source)
        for first in range(len(names)):
            chosen = names[first:]
            olds = [{user, *names[: first + k]} for k in range(len(chosen))]
            if any(_is_mixed(node.body, n, old) for n, old in zip(chosen, olds, strict=True)):
                continue
            found = [n for n in walk(node) if isinstance(n, ast.Name) and n.id in chosen]
            return _without_copies(_placed(source, [(n, user) for n in found]))
        return source

    def restore_words(self, sentence: str) -> str:
        """A sentence with the user's names."""
        for name, user in self.own.items():
            sentence = re.sub(rf"\b{re.escape(name)}\b", user, sentence)
        return sentence


def find_versions(function: SourceFunction) -> Versions | None:
    """The function with a name for each version; None where nothing is bound anew."""
    node = function.node
    if not isinstance(node, ast.FunctionDef):
        return None
    node = _parsed(function.text)
    if any(isinstance(n, _NOT_FOLLOWED) for n in walk(node)):
        return None
    numbering = _Numbering(node, set(function.parameters))
    numbering.block(node.body, {}, set(function.parameters))
    if not numbering.own or numbering.refused:
        return None
    text, origin = numbering.text(function.text)
    origin = {new: function.lines.get(old, old) for new, old in origin.items()}
    changed = replace(function, node=normalize(_parsed(text)), text=text, lines=origin)
    return Versions(changed, numbering.own)


def _parsed(text: str) -> ast.FunctionDef:
    return next(n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))


@dataclass
class _Numbering:
    """Gives names to what one function binds anew."""

    node: ast.FunctionDef
    parameters: set[str]
    own: dict[str, str] = field(default_factory=dict)
    places: list[tuple[ast.Name, str]] = field(default_factory=list)
    behind: list[tuple[int, str]] = field(default_factory=list)
    """Lines of text that are put in behind others."""
    refused: bool = False

    def __post_init__(self) -> None:
        self.taken = names_in(self.node) | self.parameters
        loops = [n for n in walk(self.node) if isinstance(n, (ast.For, ast.While))]
        self.last = max((n.lineno for n in loops), default=0)
        self.fixed = set(names_captured(self.node))
        for inner in walk(self.node):
            if isinstance(inner, ast.JoinedStr):
                self.fixed |= names_in(inner)

    def block(self, body: Block, now: dict[str, str], bound: set[str]) -> None:
        """Number the names of some statements; `now` says what each is called there."""
        for statement in body:
            match statement:
                case ast.Assign(targets=[ast.Name() as target], value=value):
                    self._use(value, now)
                    self._bind([target], now, bound)
                case ast.Assign(targets=[ast.Tuple(elts=parts)], value=value) if all(
                    isinstance(p, ast.Name) for p in parts
                ):
                    self._use(value, now)
                    self._bind([p for p in parts if isinstance(p, ast.Name)], now, bound)
                case ast.If(test=test, body=then, orelse=otherwise):
                    self._use(test, now)
                    self._branches(statement, then, otherwise, now, bound)
                case ast.With(items=items, body=inner):
                    for item in items:
                        self._use(item, now)
                    self.block(inner, now, bound)
                case _:
                    self._use(statement, now)
                    bound |= names_stored(statement)

    def _use(self, node: ast.AST, now: dict[str, str]) -> None:
        for inner in walk(node):
            if isinstance(inner, ast.Name) and inner.id in now:
                self.places.append((inner, now[inner.id]))

    def _bind(self, targets: Sequence[ast.Name], now: dict[str, str], bound: set[str]) -> None:
        for target in targets:
            name = target.id
            if name in bound and name not in self.fixed and target.lineno < self.last:
                now[name] = self._fresh(name)
            if name in now:
                self.places.append((target, now[name]))
            bound.add(name)

    def _fresh(self, name: str) -> str:
        count = 2
        while f"{name}_{count}" in self.taken:
            count += 1
        fresh = f"{name}_{count}"
        self.taken.add(fresh)
        self.own[fresh] = name
        return fresh

    def _branches(
        self, node: ast.If, then: Block, otherwise: Block, now: dict[str, str], bound: set[str]
    ) -> None:
        """Both sides; where they differ in what a name is called, the second copies the first's."""
        sides = [dict(now), dict(now)]
        first_bound, second_bound = set(bound), set(bound)
        self.block(then, sides[0], first_bound)
        self.block(otherwise, sides[1], second_bound)
        bound |= first_bound | second_bound
        leaves = [bool(b) and isinstance(b[-1], _LEAVING) for b in (then, otherwise)]
        if leaves[0] or leaves[1]:
            now.update(sides[1] if leaves[0] else sides[0])
            return
        copies: tuple[list[str], list[str]] = ([], [])
        for name in sorted({*sides[0], *sides[1]}):
            one, two = (side.get(name, name) for side in sides)
            if one == two:
                continue
            if one == name or name not in sides[0]:
                copies[0].append(f"{two} = {one}")
                now[name] = two
            else:
                copies[1].append(f"{one} = {two}")
                now[name] = one
        for block, lines in zip((then, otherwise), copies, strict=True):
            self._put_in(node, block, lines)

    def _put_in(self, node: ast.If, block: Block, lines: list[str]) -> None:
        if not lines:
            return
        is_inline = node.body[0].lineno == node.lineno or _is_elif(node)
        if is_inline or (block and block[0] is not node.body[0] and isinstance(block[0], ast.If)):
            self.refused = True
            return
        indent = " " * node.body[0].col_offset
        last = (block or node.body)[-1]
        head = [] if block else [" " * node.col_offset + "else:"]
        for line in [*head, *(indent + text for text in lines)]:
            self.behind.append((last.end_lineno or last.lineno, line))

    def text(self, original: str) -> tuple[str, dict[int, int]]:
        """The text with the names in it, and the user's line for each of its lines."""
        renamed = _placed(original, self.places).splitlines()
        result: list[str] = []
        origin: dict[int, int] = {}
        for number, line in enumerate(renamed, 1):
            result.append(line)
            origin[len(result)] = number
            for after, more in self.behind:
                if after == number:
                    result.append(more)
                    origin[len(result)] = number
        return "\n".join(result) + "\n", origin


def _is_elif(node: ast.If) -> bool:
    """Whether the ``else`` of a condition is another one, on the same line."""
    return len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)


def _placed(text: str, places: Sequence[tuple[ast.Name, str]]) -> str:
    """The text with names replaced where they stand."""
    lines = [line.encode() for line in text.splitlines()]
    ordered = sorted(places, key=lambda p: (p[0].lineno, p[0].col_offset), reverse=True)
    for node, name in ordered:
        line = lines[node.lineno - 1]
        end = node.col_offset + len(node.id.encode())
        lines[node.lineno - 1] = line[: node.col_offset] + name.encode() + line[end:]
    return "\n".join(line.decode() for line in lines) + "\n"


def _is_mixed(block: Block, name: str, olds: set[str]) -> bool:
    """Whether a block reads what the name was before, where it already holds something else."""
    return _mixes(block, name, olds, is_set=False) is None


def _mixes(block: Block, name: str, olds: set[str], is_set: bool) -> bool | None:
    """Whether `name` is set behind a block; None where an older one is asked for behind that."""
    for statement in block:
        if isinstance(statement, (ast.If, ast.With)):
            head = statement.test if isinstance(statement, ast.If) else ast.Tuple(
                [i.context_expr for i in statement.items], ast.Load()
            )  # fmt: skip
            if is_set and names_in(head) & olds:
                return None
            sides = [statement.body, getattr(statement, "orelse", [])]
            after = [_mixes(side, name, olds, is_set) for side in sides]
            if None in after:
                return None
            is_set = any(after)
            continue
        if is_set and names_in(statement) & olds:
            return None
        sets = any(
            isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
            for n in walk(statement)
        )
        is_plain = isinstance(statement, ast.Assign)
        if sets and not is_plain and not is_set and names_in(statement) & olds:
            return None
        is_set = is_set or sets
    return is_set


def _without_copies(text: str) -> str:
    """The text without ``x = x``, and without an ``else`` that only does so."""
    node = _parsed(text)
    lines: set[int] = set()
    for owner in walk(node):
        if not isinstance(owner, ast.If):
            continue
        for block in (owner.body, owner.orelse):
            own = [s.lineno for s in block if _is_copy(s)]
            lines.update(own)
            if own and len(own) == len(block) and block is owner.orelse:
                lines.add(own[0] - 1)
    kept = [line for k, line in enumerate(text.splitlines(), 1) if k not in lines]
    return "\n".join(kept) + "\n"


def _is_copy(node: ast.stmt) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=same)):
            return name == same
    return False
