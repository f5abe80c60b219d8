"""The iteration that leaves a loop, and what is left to do where none does."""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence

from deloop.frontend.exits import Block, Exit, Item, Unreadable, is_plain
from deloop.frontend.iterables import Iterable, count_of, items_at, minus
from deloop.frontend.leaving import LeavingLoop, known
from deloop.frontend.sources import bind, load, rename_in
from deloop.text.liveness import Fate, fate_of, names_bound
from deloop.text.names import names_in, names_read, names_stored


class TailWriter(LeavingLoop):
    """Writes what comes behind a search."""

    def _choice(self, found: ast.expr, then: Block, otherwise: Block) -> Block:
        """What happens where there is a hit, and where there is none."""
        otherwise = copy.deepcopy(otherwise)
        if not then and not otherwise:
            return []
        if not then:
            return [ast.If(ast.UnaryOp(ast.Not(), copy.deepcopy(found)), otherwise, [])]
        if isinstance(then[-1], ast.Return):
            return [ast.If(copy.deepcopy(found), then, []), *otherwise]
        return [ast.If(copy.deepcopy(found), then, otherwise)]

    def _tail(
        self, row: ast.expr, turns: Sequence[Iterable], stop: str, done: Block
    ) -> Block:
        """The iteration that leaves the loop; the statements in `done` have run already."""
        block = self._last_round([i for i in self.items if i not in done])
        leaves = isinstance(self.exits[-1].jump, ast.Return) and len(self.exits) == 1
        live = set() if leaves else self.live
        block = _pruned(block, live)
        needed = {n for n in self.targets if fate_of(n, block) is Fate.READ} | (
            self.targets & live
        )
        start = self._positions(row, turns, stop, needed)
        return [*start, *block] if block or needed else []

    def _last_round(self, items: Sequence[Item]) -> Block:
        """The body once, ending at one of its exits."""
        remaining = sum(isinstance(i, Exit) for i in items)
        block: Block = []
        for position, item in enumerate(items):
            if not isinstance(item, Exit):
                block.append(copy.deepcopy(item))
                continue
            ending = copy.deepcopy(list(item.body))
            if isinstance(item.jump, ast.Return):
                ending.append(copy.deepcopy(item.jump))
            if remaining == 1 or (isinstance(item.test, ast.Constant) and item.test.value is True):
                return [*block, *ending]
            rest = self._last_round(items[position + 1 :])
            if isinstance(item.jump, ast.Return):
                return [*block, ast.If(copy.deepcopy(item.test), ending, []), *rest]
            branch = ast.If(copy.deepcopy(item.test), ending or [ast.Pass()], rest)
            return [*block, branch]
        return block

    def _positions(
        self, row: ast.expr, turns: Sequence[Iterable], stop: str, needed: set[str]
    ) -> Block:
        """What the headers' targets hold at the hit."""
        if not needed:
            return []
        if len(self.levels) == 1:
            position: ast.expr = ast.Call(ast.Attribute(row, "item", ast.Load()), [], [])
            if stop:
                position = load(stop)
            target = self.levels[0][0]
            bound = known(items_at(target, turns[0].node, copy.deepcopy(position)))
            uses = [(t, v) for t, v in bound if names_bound(t) & needed]
            if len(uses) > 1 and not stop and sum(_reads_row(v) for _, v in uses) > 1:
                name = self.names.new("first")
                bound = known(items_at(target, turns[0].node, load(name)))
                uses = [(t, v) for t, v in bound if names_bound(t) & needed]
                start: Block = [ast.Assign([ast.Name(name, ast.Store())], position)]
                return [*start, *(bind(t, v) for t, v in uses)]
            return [bind(t, v) for t, v in uses]
        indices = [self.names.new(_wanted(target)) for target, _ in self.levels]
        pairs: list[tuple[ast.expr, ast.expr]] = []
        for index, (target, _), turn in zip(indices, self.levels, turns, strict=True):
            pairs.extend(known(items_at(target, turn.node, load(index))))
        for _ in self.levels:
            needed = needed | {n for t, v in pairs if names_bound(t) & needed for n in names_in(v)}
        plain = {
            v.id: t.id for t, v in pairs if isinstance(v, ast.Name) and isinstance(t, ast.Name)
        }
        left = [ast.Name(plain.get(i, i), ast.Store()) for i in indices]
        listed = ast.Call(ast.Attribute(row, "tolist", ast.Load()), [], [])
        unpack = ast.Assign([ast.Tuple(list(left), ast.Store())], listed)
        rest = [
            bind(t, v) for t, v in pairs
            if names_bound(t) & needed and not (isinstance(v, ast.Name) and v.id in plain)
        ]  # fmt: skip
        for index, name in plain.items():
            for statement in rest:
                rename_in(statement, index, name)
        return [unpack, *rest]

    def _without_exit(self, effects: Block) -> Block:
        """Where no iteration leaves: the names as the last one left them, then the ``else``."""
        if self.counted.final is not None:
            named = isinstance(self.counted.target, ast.Name)
            if named and self.live & self.targets:
                final = bind(copy.deepcopy(self.counted.target), copy.deepcopy(self.counted.final))
                return [final, *self.counted.orelse]
            return self.counted.orelse
        again = [s for s in self.plain if self._is_rebound(s) and s not in effects]
        lost = self.live & (self.targets | {n for s in again for n in names_stored(s)})
        lost = {n for n in lost if fate_of(n, self.counted.orelse) is not Fate.GONE}
        if not lost:
            return self.counted.orelse
        if len(self.levels) > 1:
            raise Unreadable
        target, iterable = self.levels[0]
        count = known(count_of(iterable))
        last = minus(copy.deepcopy(count), ast.Constant(1))
        made = [s for s in self._closed([s for s in self.plain if names_stored(s) & lost])]
        if (effects and made) or names_read(made) & self._carried():
            raise Unreadable  # what it reads may have changed by then
        needed = (lost | names_read(made)) & self.targets
        bound = known(items_at(target, iterable, last))
        block = [bind(t, v) for t, v in bound if names_bound(t) & needed]
        block.extend(copy.deepcopy(made))
        return [ast.If(copy.deepcopy(count), block, []), *self.counted.orelse]


def _pruned(block: Block, live: set[str]) -> Block:
    """A straight run of statements without bindings that nobody reads."""
    kept: Block = []
    for position in reversed(range(len(block))):
        statement = block[position]
        names = names_stored(statement)
        is_used = any(
            (fate := fate_of(n, kept)) is Fate.READ or (fate is Fate.KEPT and n in live)
            for n in names
        )
        if not is_plain(statement) or is_used or isinstance(statement, ast.Return):
            kept.insert(0, statement)
    return kept


def _reads_row(value: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) for n in ast.walk(value))


def _wanted(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else "k"

