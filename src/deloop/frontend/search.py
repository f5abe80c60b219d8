"""Loops with a data-dependent exit as a search, a loop up to what it finds, and what is left.

    for i in range(n):                     for i in range(n): hits[i] = x[i] < 0
        if x[i] < 0:                       hits = hits.nonzero()
            last = x[i]                    stop = hits[0].item() if len(hits) else n
            break                  ->      for i in range(stop): s += x[i]
        s += x[i]                          if len(hits): last = x[stop]
    else:                                  else: last = None
        last = None

The conditions are looked at for all iterations before anything else happens, so they must not
depend on what the loop does; `pipeline` sees to that. What comes out is ordinary source.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from deloop.frontend.exits import (
    Block,
    Counted,
    Exit,
    Item,
    Unreadable,
    break_at_flags,
    has_exit,
    has_own_break,
    is_plain,
    is_plain_value,
    read_items,
    read_while,
)
from deloop.frontend.iterables import CUT, Iterable, added, count_of, items_at, minus, turned
from deloop.text.liveness import Fate, fate_of, is_read_behind, names_bound
from deloop.text.names import names_read, names_stored, substitute

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Search:
    """One loop taken apart.

    Parameters
    ----------
    loop:
        The loop as it was.
    pieces:
        The statements that take its place.
    hits:
        The name of the tensor of hits, with the headers that it is counted over; empty where only
        whether there is a hit counts.
    stop:
        The name of the number of iterations before the exit, and the header it is at most as long
        as; empty where nobody needs it.
    seeker:
        The loop among the pieces that looks at the conditions.
    """

    loop: ast.stmt
    pieces: tuple[ast.stmt, ...]
    seeker: ast.For
    hits: str = ""
    headers: tuple[ast.expr, ...] = ()
    stop: str = ""
    made: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    exits: tuple[Exit, ...] = ()
    carried: tuple[str, ...] = ()
    """Names that the conditions read and that each iteration gets from the one before."""
    combined: ast.For | None = None
    """The conditions and what runs up to the exit, in the loop's order, for dependence analysis."""
    inner: tuple[str, ...] = ()
    """Numbers of iterations of loops inside of this one, where that is all that changed."""

    def describe(self) -> str:
        """The ways out: ``break``, ``return``, or the condition of the ``while``."""
        own = {id(n) for n in ast.walk(self.loop)}
        words = {
            "while" if id(e.jump) not in own
            else "break" if isinstance(e.jump, ast.Break)
            else "return inside the loop"
            for e in self.exits
        }  # fmt: skip
        return " or ".join(sorted(words))


@dataclass
class _Names:
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


def split_loop(
    loop: ast.stmt, before: Sequence[ast.stmt], node: ast.FunctionDef, taken: set[str],
    guarded: bool = False,
) -> Search | None:  # fmt: skip
    """A loop of a function as a search and the rest, None where it has no such form.

    Parameters
    ----------
    before:
        The statements in front of it in its block.
    taken:
        Names in use; those made here are added.
    guarded:
        Whether the loop up to the exit runs only ``if stop:``, so that it is sure to run.
    """
    if isinstance(loop, ast.For) and not has_exit([loop]) and not has_own_break(loop):
        inner = None if guarded else split_inner(loop, node, taken)
        if inner is not None:
            return inner
    if isinstance(loop, ast.While):
        counted = read_while(loop, before)
    elif isinstance(loop, ast.For):
        body = break_at_flags(loop.body)
        counted = Counted(loop.target, loop.iter, body, loop.orelse)
    else:
        return None
    if counted is None or (not has_exit(counted.body) and not isinstance(loop, ast.While)):
        return None
    try:
        return _Splitting(loop, counted, node, _Names(taken), guarded).search()
    except Unreadable:
        return None


def split_inner(loop: ast.For, node: ast.FunctionDef, taken: set[str]) -> Search | None:
    """A loop with the exits of the loops inside of it made conditions on a number.

        for j in range(m):                 stop = m
            if x[i, j] > t: break          for j in range(m): stop = min(stop, j if … else m)
            s[i] += x[i, j]        ->      for j in range(m):
                                               if j < stop: s[i] += x[i, j]
    """
    names = _Names(taken)
    inner = _Inner(node, names)
    try:
        body = inner.block(loop.body)
    except Unreadable:
        return None
    if not inner.exits:
        return None
    changed = copy.copy(loop)
    changed.body = body
    made = tuple(names.made)
    return Search(loop, (changed,), changed, made=made, exits=tuple(inner.exits),
                  inner=tuple(inner.stops))  # fmt: skip


class _Inner:
    """The blocks of one outermost loop on their way."""

    def __init__(self, node: ast.FunctionDef, names: _Names) -> None:
        self.node = node
        self.names = names
        self.exits: list[Exit] = []
        self.stops: list[str] = []

    def block(self, body: Sequence[ast.stmt]) -> Block:
        result: Block = []
        for statement in body:
            if isinstance(statement, ast.For) and has_own_break(statement):
                counted = Counted(statement.target, statement.iter, statement.body,
                                  statement.orelse)  # fmt: skip
                split = _Splitting(statement, counted, self.node, self.names, False)
                self.exits.extend(split.exits)
                pieces, stop = split.nested()
                self.stops.append(stop)
                result.extend(pieces)
            elif isinstance(statement, (ast.For, ast.If)):
                changed = copy.copy(statement)
                changed.body = self.block(statement.body)
                changed.orelse = self.block(statement.orelse)
                result.append(changed)
            else:
                result.append(statement)
        return result


class _Splitting:
    def __init__(
        self, loop: ast.stmt, counted: Counted, node: ast.FunctionDef, names: _Names, guarded: bool
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
            if not known or not calls or names & (assigned - own) or own & assigned - own:
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

    def _rows(self, position: int) -> dict[str, ast.expr]:
        """Names that hold rows of tensors in the loops around one: all rows are alike."""
        found: dict[str, ast.expr] = {}
        for target, iterable in self.levels[:position]:
            for t, v in items_at(target, iterable, ast.Constant(0)) or []:
                if isinstance(t, ast.Name) and isinstance(v, ast.Subscript):
                    found[t.id] = v
        return found

    is_ragged = False
    runner: ast.For | None = None
    """The loop over the iterations before the exit."""

    # ------------------------------------------------------------------ what is needed
    def search(self) -> Search:
        """The pieces."""
        effects = self._effects()
        if self._only_asks_whether() and not effects:
            return self._any_search()
        if self.is_ragged:
            raise Unreadable
        return self._first_search(effects)

    def _effects(self) -> Block:
        """Statements that do more than bind names for one iteration, with what they read."""
        wanted = [
            s for s in self.plain
            if not is_plain(s) or (names_stored(s) & self._carried())
            or (names_stored(s) & self.live and not self._is_rebound(s))
        ]  # fmt: skip
        return self._closed(wanted)

    def _carried(self) -> set[str]:
        """Names whose value passes from one iteration into the next."""
        block = [_as_statement(item) for item in self.items]
        bound = {n for s in self.plain for n in names_stored(s)}
        return {n for n in bound if fate_of(n, block) is Fate.READ}

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

    # ------------------------------------------------------------------ pieces
    def nested(self) -> tuple[Block, str]:
        """The pieces of a loop inside of another one, and the number that its exit makes."""
        jumps = {type(e.jump) for e in self.exits}
        effects = self._effects()
        if len(self.levels) > 1 or jumps != {ast.Break}:
            raise Unreadable
        target, iterable = self.levels[0]
        count = _known(count_of(iterable))
        stop, k = self.names.new("stop"), self.names.new("k")
        pair = ast.Tuple([ast.Name(k, ast.Store()), target], ast.Store())
        header = _call("enumerate", iterable)

        def sooner(test: ast.expr) -> ast.stmt:
            here = ast.IfExp(test, _load(k), copy.deepcopy(count))
            return ast.Assign([ast.Name(stop, ast.Store())], _call("min", _load(stop), here))

        seeker, copies = self._seeker([(pair, header)], sooner)
        start = ast.Assign([ast.Name(stop, ast.Store())], copy.deepcopy(count))
        pieces: list[ast.stmt] = [start, *copies, seeker]
        inclusive = bool(effects) and self._ends_with_exit(effects)
        if effects:
            again = self.names.new("k")
            runs = ast.Compare(
                _load(again), [ast.LtE() if inclusive else ast.Lt()], [_load(stop)]
            )
            pair = ast.Tuple([ast.Name(again, ast.Store()), target], ast.Store())
            body: list[ast.stmt] = [ast.If(runs, copy.deepcopy(effects), [])]
            self.runner = ast.For(copy.deepcopy(pair), copy.deepcopy(header), body, [])
            pieces.append(self.runner)
        found = ast.Compare(_load(stop), [ast.Lt()], [copy.deepcopy(count)])
        row = ast.Name(stop, ast.Load())
        then = self._tail(row, [Iterable(iterable)], stop, effects if inclusive else [])
        rest = self._choice(found, then, self._without_exit(effects))
        return list(self._made([*pieces, *rest], seeker).pieces), stop

    def _any_search(self) -> Search:
        """``found = False; for …: if c: found = True`` and ``if found: …``."""
        found = self.names.new("found")
        flag = ast.Assign([ast.Name(found, ast.Store())], ast.Constant(False))
        hit: ast.stmt = ast.Assign([ast.Name(found, ast.Store())], ast.Constant(True))
        headers = [(target, iterable) for target, iterable in self.levels]
        seeker, copies = self._seeker(headers, lambda test: ast.If(test, [hit], []))
        first = self.exits[0]
        then = [*first.body, *([first.jump] if isinstance(first.jump, ast.Return) else [])]
        rest = self._choice(ast.Name(found, ast.Load()), then, self._without_exit([]))
        pieces = [flag, *copies, seeker, *rest]
        return self._made(pieces, seeker)

    def _first_search(self, effects: Block) -> Search:
        hits = self.names.new("hits")
        turns = [turned(iterable) for _, iterable in self.levels]
        if any(t.is_reversed for t in turns) and (len(turns) > 1 or self._seeks_carried()):
            turns = [Iterable(iterable) for _, iterable in self.levels]
        counters: list[str] = []
        headers: list[tuple[ast.expr, ast.expr]] = []
        for (target, _), turn in zip(self.levels, turns, strict=True):
            counters.append(self.names.new("k"))
            pair = ast.Tuple([ast.Name(counters[-1], ast.Store()), target], ast.Store())
            headers.append((pair, _call("enumerate", turn.node)))
        place = ast.Subscript(
            ast.Name(hits, ast.Load()), _tuple([_load(k) for k in counters]), ast.Store()
        )
        seeker, copies = self._seeker(
            headers, lambda test: ast.If(test, [ast.Assign([place], ast.Constant(True))], [])
        )
        alike = [self.alike.get(k, turn.node) for k, turn in enumerate(turns)]
        counts = [_known(count_of(node)) for node in alike]
        shape = _tuple([copy.deepcopy(c) for c in counts])
        pieces: list[ast.stmt] = [
            ast.Assign([ast.Name(hits, ast.Store())], _call("torch.zeros", shape)),
            *copies,
            seeker,
            ast.Assign([ast.Name(hits, ast.Store())], _call(f"{hits}.nonzero")),
        ]
        found = _call("len", _load(hits))
        is_last = turns[0].is_reversed
        which = _minus_one() if is_last else ast.Constant(0)
        row = ast.Subscript(_load(hits), which, ast.Load())
        stop = ""
        inclusive = bool(effects) and self._ends_with_exit(effects)
        if effects:
            stop = self.names.new("stop")
            position: ast.expr = ast.Call(ast.Attribute(row, "item", ast.Load()), [], [])
            if is_last:
                position = minus(minus(copy.deepcopy(counts[0]), ast.Constant(1)), position)
            if inclusive:
                position = added(ast.Constant(1), position)
            value = ast.IfExp(found, position, copy.deepcopy(counts[0]))
            pieces.append(ast.Assign([ast.Name(stop, ast.Store())], value))
            pieces.extend(self._up_to(stop, effects))
        if stop and self.counted.final is not None and not (inclusive or is_last):
            target, iterable = self.levels[0]
            here = _known(items_at(target, iterable, _load(stop)))
            if self.live & self.targets:
                pieces.extend(_bind(t, v) for t, v in here)
                self.live -= self.targets
        then = self._tail(row, turns, stop if effects and not is_last and not inclusive else "",
                          effects if inclusive else [])  # fmt: skip
        rest = self._choice(found, then, self._without_exit(effects))
        return self._made(
            [*pieces, *rest], seeker, hits, tuple(alike), stop
        )

    def _made(
        self, pieces: list[ast.stmt], seeker: ast.For, hits: str = "",
        headers: tuple[ast.expr, ...] = (), stop: str = "",
    ) -> Search:  # fmt: skip
        """The search, with names in its own loops that hide nobody's."""
        position = pieces.index(seeker)
        self._rename(seeker, names_stored(seeker), pieces[position + 1 :])
        if self.runner is not None:
            position = next(
                k for k, p in enumerate(pieces) if any(n is self.runner for n in ast.walk(p))
            )
            self._rename(self.runner, names_bound(self.runner.target), pieces[position + 1 :])
        for piece in pieces:
            ast.fix_missing_locations(ast.copy_location(piece, self.loop))
        return Search(
            self.loop, tuple(pieces), seeker, hits, headers, stop,
            tuple(self.names.made), tuple(sorted(self.targets)), tuple(self.exits),
            tuple(sorted(self._carried() & self._read_by_slice())), self._combined(seeker),
        )  # fmt: skip

    def _rename(self, loop: ast.For, bound: set[str], rest: Sequence[ast.stmt]) -> None:
        """New names for what a loop of ours sets, where the user's value is still read later."""
        for name in sorted(bound - set(self.names.made)):
            fate = fate_of(name, rest)
            if fate is Fate.READ or (fate is Fate.KEPT and name in self.live):
                _renamed_in(loop, name, self.names.new(name))

    def _seeks_carried(self) -> bool:
        return bool(self._slice() and self._carried() & self._read_by_slice())

    def _read_by_slice(self) -> set[str]:
        return names_read([*self._slice(), *(ast.Expr(e.test) for e in self.exits)])

    def _slice(self) -> Block:
        """The statements that the exits' conditions need."""
        tests: list[ast.stmt] = [ast.Expr(e.test) for e in self.exits]
        read = names_read(tests)
        return self._closed([s for s in self.plain if names_stored(s) & read])

    def _seeker(
        self,
        headers: Sequence[tuple[ast.expr, ast.expr]],
        make: Callable[[ast.expr], ast.stmt],
    ) -> tuple[ast.For, Block]:
        """The loop that looks at the conditions, and copies of what it carries in front of it."""
        chosen = self._slice()
        if any(_writes(s) for s in chosen) or self._read_by_slice() & self._receivers():
            raise Unreadable
        last = max(k for k, item in enumerate(self.items) if isinstance(item, Exit))
        carried = self._carried()
        block: Block = []
        tests: list[ast.expr] = []
        for position, item in enumerate(self.items):
            if isinstance(item, Exit):
                if item.test not in tests:
                    tests.append(copy.deepcopy(item.test))
            elif item in chosen and (position < last or names_stored(item) & carried):
                if names_stored(item) & names_read([ast.Expr(t) for t in tests]):
                    block.append(make(_either(tests)))
                    tests = []
                block.append(copy.deepcopy(item))
                if position > last and tests:
                    block.insert(len(block) - 1, make(_either(tests)))
                    tests = []
        if tests:
            block.append(make(_either(tests)))
        body = block
        for depth in reversed(range(len(headers))):
            if depth < len(self.outer):
                body = [*copy.deepcopy(self.outer[depth]), *body]
            target, iterable = headers[depth]
            loop = ast.For(copy.deepcopy(target), copy.deepcopy(iterable), body, [])
            body = [loop]
        copies: Block = []
        for name in sorted(carried & {n for s in chosen for n in names_stored(s)}):
            self._check_start(name)
            unique = self.names.new(name)
            _renamed_in(loop, name, unique)
            copies.append(ast.Assign([ast.Name(unique, ast.Store())], _load(name)))
        return loop, copies

    def _combined(self, seeker: ast.For) -> ast.For | None:
        """The seeker with all that the loop does up to its exit; None for nested loops."""
        if len(self.levels) > 1 or self.runner is None:
            return None
        marks = [s for s in ast.walk(seeker) if isinstance(s, ast.If) and s in seeker.body]
        if len(marks) != 1:
            return None
        chosen = {id(s) for s in (*self._slice(), *self._effects())}
        first = next(k for k, item in enumerate(self.items) if isinstance(item, Exit))
        last = max(k for k, item in enumerate(self.items) if isinstance(item, Exit))
        if any(not is_plain(s) for s in self.items[first:last] if not isinstance(s, Exit)):
            return None
        body: Block = []
        for position, item in enumerate(self.items):
            if position == last:
                body.append(copy.deepcopy(marks[0]))
            elif not isinstance(item, Exit) and id(item) in chosen:
                body.append(copy.deepcopy(item))
        made = ast.For(copy.deepcopy(seeker.target), copy.deepcopy(seeker.iter), body, [])
        return ast.fix_missing_locations(ast.copy_location(made, seeker))

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

    def _up_to(self, stop: str, effects: Block) -> Block:
        """The loop over the iterations before the exit."""
        target, iterable = self.levels[0]
        header = _call(CUT, copy.deepcopy(iterable), _load(stop))
        loop = ast.For(copy.deepcopy(target), header, copy.deepcopy(effects), [])
        self.runner = loop
        return [ast.If(_load(stop), [loop], [])] if self.guarded else [loop]

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
                position = _load(stop)
            target = self.levels[0][0]
            bound = _known(items_at(target, turns[0].node, copy.deepcopy(position)))
            uses = [(t, v) for t, v in bound if names_bound(t) & needed]
            if len(uses) > 1 and not stop and sum(_reads_row(v) for _, v in uses) > 1:
                name = self.names.new("first")
                bound = _known(items_at(target, turns[0].node, _load(name)))
                uses = [(t, v) for t, v in bound if names_bound(t) & needed]
                start: Block = [ast.Assign([ast.Name(name, ast.Store())], position)]
                return [*start, *(_bind(t, v) for t, v in uses)]
            return [_bind(t, v) for t, v in uses]
        indices = [self.names.new(_wanted(target)) for target, _ in self.levels]
        pairs: list[tuple[ast.expr, ast.expr]] = []
        for index, (target, _), turn in zip(indices, self.levels, turns, strict=True):
            pairs.extend(_known(items_at(target, turn.node, _load(index))))
        for _ in self.levels:
            needed = needed | {n for t, v in pairs if names_bound(t) & needed for n in _names(v)}
        plain = {
            v.id: t.id for t, v in pairs if isinstance(v, ast.Name) and isinstance(t, ast.Name)
        }
        left = [ast.Name(plain.get(i, i), ast.Store()) for i in indices]
        listed = ast.Call(ast.Attribute(row, "tolist", ast.Load()), [], [])
        unpack = ast.Assign([ast.Tuple(list(left), ast.Store())], listed)
        rest = [
            _bind(t, v) for t, v in pairs
            if names_bound(t) & needed and not (isinstance(v, ast.Name) and v.id in plain)
        ]  # fmt: skip
        for index, name in plain.items():
            for statement in rest:
                _renamed_in(statement, index, name)
        return [unpack, *rest]

    def _without_exit(self, effects: Block) -> Block:
        """Where no iteration leaves: the names as the last one left them, then the ``else``."""
        if self.counted.final is not None:
            named = isinstance(self.counted.target, ast.Name)
            if named and self.live & self.targets:
                final = _bind(copy.deepcopy(self.counted.target), copy.deepcopy(self.counted.final))
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
        count = _known(count_of(iterable))
        last = minus(copy.deepcopy(count), ast.Constant(1))
        made = [s for s in self._closed([s for s in self.plain if names_stored(s) & lost])]
        if (effects and made) or names_read(made) & self._carried():
            raise Unreadable  # what it reads may have changed by then
        needed = (lost | names_read(made)) & self.targets
        bound = _known(items_at(target, iterable, last))
        block = [_bind(t, v) for t, v in bound if names_bound(t) & needed]
        block.extend(copy.deepcopy(made))
        return [ast.If(copy.deepcopy(count), block, []), *self.counted.orelse]


_ITERATING = frozenset({"range", "enumerate", "zip", "reversed", "tqdm", "len"})


def _as_statement(item: Item) -> ast.stmt:
    if not isinstance(item, Exit):
        return item
    return ast.If(item.test, [*item.body, item.jump], [])


def _writes(statement: ast.stmt) -> bool:
    """Whether a statement may change something else than names."""
    if isinstance(statement, ast.AugAssign):
        return not (isinstance(statement.target, ast.Name) and is_plain_value(statement.value))
    if isinstance(statement, (ast.If, ast.For)):
        return any(_writes(s) for s in (*statement.body, *statement.orelse))
    return not is_plain(statement)


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


def _either(tests: list[ast.expr]) -> ast.expr:
    """``a or b``."""
    parts = [v for t in tests for v in (t.values if _is_or(t) else [t])]  # type: ignore[attr-defined]
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.Or(), parts)


def _is_or(test: ast.expr) -> bool:
    return isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or)


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _reads_row(value: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) for n in ast.walk(value))


def _bind(target: ast.expr, value: ast.expr) -> ast.stmt:
    return ast.Assign([copy.deepcopy(target)], value)


def _wanted(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else "k"


def _renamed_in(node: ast.AST, old: str, new: str) -> None:
    """A name replaced everywhere below a node; not in a loop's own iterable."""
    skipped = {id(n) for n in ast.walk(node.iter)} if isinstance(node, ast.For) else set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id == old and id(inner) not in skipped:
            inner.id = new


def _known(value: _Found | None) -> _Found:
    if value is None:
        raise Unreadable
    return value


def _load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _minus_one() -> ast.expr:
    return ast.UnaryOp(ast.USub(), ast.Constant(1))


def _tuple(parts: list[ast.expr]) -> ast.expr:
    return parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.parse(name, mode="eval").body, list(arguments), [])
