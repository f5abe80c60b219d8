"""What a loop with exits does: its conditions, its effects, what it carries from round to round."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from deloop.frontend.exits import (
    Block,
    Counted,
    Exit,
    Item,
    Unreadable,
    has_exit,
    is_plain,
    is_plain_value,
    looks_up,
    may_raise,
    read_items,
)
from deloop.frontend.iterables import count_of, items_at, turned
from deloop.text.liveness import Fate, fate_of, is_read_behind, names_bound
from deloop.text.names import names_read, names_stored, substitute

Found = TypeVar("Found")


@dataclass
class Names:
    """Names that the function does not use yet."""

    taken: set[str]
    made: list[str] = field(default_factory=list)

    def new(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self.taken:
            count += 1
            name = f"{wanted}_{count}"
        self.taken.add(name)
        self.made.append(name)
        return name


class LeavingLoop:
    """One loop with exits, with the loops inside of it that hold nothing else."""

    def __init__(
        self, loop: ast.stmt, counted: Counted, node: ast.FunctionDef, names: Names, guarded: bool
    ) -> None:
        self.loop = loop
        self.node = node
        self.names = names
        self.guarded = guarded
        self.counted = counted
        self.levels: list[tuple[ast.expr, ast.expr]] = []
        self.outer: list[list[ast.stmt]] = []
        self.alike: dict[int, ast.expr] = {}
        """Iterables of the same lengths as those of inner loops, told without outer iterators."""
        self.items = self._descend(counted.target, counted.iterable, counted.body)
        self.exits = [item for item in self.items if isinstance(item, Exit)]
        self.plain = [item for item in self.items if not isinstance(item, Exit)]
        self.targets = {n for target, _ in self.levels for n in names_bound(target)}
        self.live = {
            n for n in self._assigned() | self.targets if is_read_behind(n, loop, node)
        }
        self._check()

    is_ragged = False
    """Whether the length of an inner loop differs from one outer iteration to the next."""
    runner: ast.For | None = None
    """The loop over the iterations before the exit."""

    def _descend(self, target: ast.expr, iterable: ast.expr, body: Block) -> list[Item]:
        """The innermost loop's items; each loop around it holds nothing but names and that loop."""
        self.levels.append((target, iterable))
        inner = [s for s in body if isinstance(s, ast.For) and has_exit([s])]
        if not inner:
            return read_items(body)
        rest = [s for s in body if s is not inner[0]]
        if len(inner) != 1 or inner[0].orelse or has_exit(rest) or not all(map(is_plain, rest)):
            raise Unreadable
        items = self._descend(inner[0].target, inner[0].iter, inner[0].body)
        behind = body[body.index(inner[0]) + 1 :]
        ahead = [s for s in rest if s not in behind]
        if any(isinstance(i, Exit) and isinstance(i.jump, ast.Break) for i in items) or any(
            not isinstance(i, Exit) and not is_plain(i) for i in items
        ):
            raise Unreadable
        if any(not isinstance(s, ast.Pass) for s in behind):
            raise Unreadable
        self.outer.insert(0, ahead)
        return items

    def _assigned(self) -> set[str]:
        everything = [*self.plain, *(s for ahead in self.outer for s in ahead)]
        in_exits = [s for e in self.exits for s in e.body]
        return {n for s in (*everything, *in_exits) for n in names_stored(s)}

    def _check(self) -> None:
        """Headers are looked at several times, so they must say the same each time."""
        assigned = self._assigned()
        for position, (target, iterable) in enumerate(self.levels):
            known = count_of(turned(iterable).node) is not None
            names = names_read([ast.Expr(iterable)])
            own = names_bound(target)
            inner = {n for t, _ in self.levels[:position] for n in names_bound(t)}
            calls = all(
                (isinstance(n.func, ast.Name) and n.func.id in _ITERATING) or is_plain_value(n)
                for n in ast.walk(iterable) if isinstance(n, ast.Call)
            )  # fmt: skip
            if not known or not calls or names & (assigned | own) or own & assigned - own:
                raise Unreadable
            if names & inner:
                rows = self._rows(position)
                if names & inner <= set(rows):
                    self.alike[position] = substitute(iterable, rows)
                else:
                    self.is_ragged = True
        in_plain = {n for s in self.plain for n in names_stored(s)}
        if in_plain & self.targets or not self.exits:
            raise Unreadable
        read = self._read_by_slice()
        for statement in (s for ahead in self.outer for s in ahead):
            if looks_up(statement) and not names_stored(statement) & read:
                raise Unreadable  # nobody checks a place that is read for nothing
        if self.counted.is_backwards and self.live & (self.targets | in_plain):
            raise Unreadable

    def _rows(self, position: int) -> dict[str, ast.expr]:
        """Names that hold rows of tensors in the loops around one: all rows are alike."""
        found: dict[str, ast.expr] = {}
        for target, iterable in self.levels[:position]:
            for t, v in items_at(target, iterable, ast.Constant(0)) or []:
                if isinstance(t, ast.Name) and isinstance(v, ast.Subscript):
                    found[t.id] = v
        return found

    def _effects(self) -> Block:
        """Statements that do more than bind names for one iteration, with what they read."""
        wanted = [
            s for s in self.plain
            if not is_plain(s) or (names_stored(s) & self._carried())
            or (names_stored(s) & self.live and not self._is_of_last_round(s))
        ]  # fmt: skip
        return self._closed(wanted)

    def _carried(self) -> set[str]:
        """Names whose value passes from one iteration into the next."""
        block = [as_statement(item) for item in self.items]
        bound = {n for s in self.plain for n in names_stored(s)}
        return {n for n in bound if fate_of(n, block) is Fate.READ}

    def _is_of_last_round(self, statement: ast.stmt) -> bool:
        """Whether the iteration that leaves says what the statement's names hold behind the loop.

        What stands behind a ``break`` it does not come to: the one before it has the last word.
        """
        breaks = [isinstance(i, Exit) and isinstance(i.jump, ast.Break) for i in self.items]
        behind = any(breaks[: self.items.index(statement)])
        return self._is_rebound(statement) and not behind

    def _is_rebound(self, statement: ast.stmt) -> bool:
        """Whether the last iteration alone says what the statement's names hold behind the loop."""
        return isinstance(statement, (ast.Assign, ast.AnnAssign))

    def _closed(self, wanted: Sequence[ast.stmt]) -> Block:
        """Statements with all others that set what they read."""
        chosen = list(wanted)
        while True:
            read = names_read(chosen)
            more = [s for s in self.plain if s not in chosen and names_stored(s) & read]
            if not more:
                return [s for s in self.plain if s in chosen]
            chosen.extend(more)

    def _only_asks_whether(self) -> bool:
        """Whether the code behind the hit is the same for each, so that any one will do."""
        endings = {ast.dump(ast.Module([*e.body, e.jump], [])) for e in self.exits}
        if len(endings) != 1:
            return False
        ending = [*self.exits[0].body, self.exits[0].jump]
        made = self.targets | {n for s in self.plain for n in names_stored(s)}
        made |= {n for ahead in self.outer for s in ahead for n in names_stored(s)}
        if isinstance(self.exits[0].jump, ast.Break) and self.live & made:
            return False
        return not any(fate_of(name, ending) is Fate.READ for name in made) and not (
            self.counted.final is not None and self.live & self.targets
        )

    def _seeks_carried(self) -> bool:
        return bool(self._slice() and self._carried() & self._read_by_slice())

    def _read_by_slice(self) -> set[str]:
        return names_read([*self._slice(), *(ast.Expr(e.test) for e in self.exits)])

    def _slice(self) -> Block:
        """The statements that the exits' conditions need, and those that may raise on their own."""
        tests: list[ast.stmt] = [ast.Expr(e.test) for e in self.exits]
        read = names_read(tests)
        needed = self._closed([s for s in self.plain if names_stored(s) & read])
        effects = self._effects()
        others = [s for s in self.plain if s not in (*needed, *effects) and may_raise(s)]
        if any(map(looks_up, others)):
            raise Unreadable  # nobody checks a place that is read for nothing
        return self._closed([*needed, *others])

    def _receivers(self) -> set[str]:
        """Names of objects whose methods the loop calls for their effects: ``rows.append``."""
        return {
            name
            for s in self.plain if not is_plain(s)
            for n in ast.walk(s)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
            and not is_plain_value(ast.Call(n.func, [], []))
            for name in names_read([ast.Expr(n.func.value)])
        }  # fmt: skip

    def _check_start(self, name: str) -> None:
        """A carried name that is changed by ``+=`` must begin as a number, which nobody shares."""
        inside = {id(n) for n in ast.walk(self.loop)}
        augmented = any(
            isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name) and n.target.id == name
            for n in ast.walk(self.loop)
        )
        starts = [
            n.value for n in ast.walk(self.node)
            if isinstance(n, ast.Assign) and id(n) not in inside
            and any(name in names_bound(t) for t in n.targets)
        ]  # fmt: skip
        is_parameter = name in {a.arg for a in ast.walk(self.node) if isinstance(a, ast.arg)}
        plain = all(isinstance(v, ast.Constant) for v in starts) and starts and not is_parameter
        if augmented and not plain:
            raise Unreadable

    def _ends_with_exit(self, effects: Block) -> bool:
        """Whether the exit is the last statement, so that its iteration does all that others do."""
        rest = [s for s in self.plain if s not in effects and names_stored(s) & self.live]
        return (
            len(self.exits) == 1
            and self.items[-1] is self.exits[0]
            and isinstance(self.exits[0].jump, ast.Break)
            and not self.exits[0].body
            and not rest
        )


    def _divided(self, effects: Block) -> tuple[Block, Block] | None:
        """What the iteration that leaves still does, and what it does not; None where unclear.

        ``y[j] = x[j]; if c: found = j; break; s += x[j]`` -> the store to `y`, the sum: nothing but
        the exit's own statements is left to do, and they need no name of this iteration's own.
        """
        if len(self.exits) != 1 or not isinstance(self.exits[0].jump, ast.Break):
            return None
        leaving = self.exits[0]
        position = self.items.index(leaving)
        early = [s for s in effects if self.items.index(s) < position]
        bound = {n for s in self.plain if self._is_rebound(s) for n in names_stored(s)}
        own = bound - self._carried()
        if not early or own & (names_read(list(leaving.body)) | self.live):
            return None
        return early, [s for s in effects if s not in early]


_ITERATING = frozenset({"range", "enumerate", "zip", "reversed", "tqdm", "len"})


def as_statement(item: Item) -> ast.stmt:
    if not isinstance(item, Exit):
        return item
    return ast.If(item.test, [*item.body, item.jump], [])


def writes(statement: ast.stmt) -> bool:
    """Whether a statement may change something else than names."""
    if isinstance(statement, ast.AugAssign):
        return not (isinstance(statement.target, ast.Name) and is_plain_value(statement.value))
    if isinstance(statement, (ast.If, ast.For)):
        return any(writes(s) for s in (*statement.body, *statement.orelse))
    return not is_plain(statement)


def known(value: Found | None) -> Found:
    if value is None:
        raise Unreadable
    return value

