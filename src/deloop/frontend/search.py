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
from dataclasses import dataclass

from deloop.frontend.exits import (
    Block,
    Counted,
    Exit,
    Unreadable,
    break_at_flags,
    has_exit,
    has_own_break,
    is_plain,
    is_plain_value,
    may_raise,
    read_while,
)
from deloop.frontend.iterables import CUT, Iterable, added, count_of, items_at, minus, turned
from deloop.frontend.leaving import Names, known, writes
from deloop.frontend.sources import bind, call, load, minus_one, rename_in, tuple_of
from deloop.frontend.tails import TailWriter
from deloop.text.liveness import Fate, fate_of, names_bound
from deloop.text.names import names_in, names_read, names_stored, substitute


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
    if isinstance(loop, ast.For) and is_left_inside(loop):
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
    if counted is not None and not has_exit(counted.body) and isinstance(loop, ast.For):
        counted = _from_behind(counted)
    if counted is None or (not has_exit(counted.body) and not isinstance(loop, ast.While)):
        return None
    try:
        return _Splitting(loop, counted, node, Names(taken), guarded).search()
    except Unreadable:
        return None


def is_left_inside(loop: ast.stmt) -> bool:
    """Whether a counted loop runs to its end, so that exits are those of the loops inside."""
    return isinstance(loop, ast.For) and not has_exit([loop]) and not has_own_break(loop)


def split_inner(loop: ast.For, node: ast.FunctionDef, taken: set[str]) -> Search | None:
    """A loop with the exits of the loops inside of it made conditions on a number.

        for j in range(m):                 stop = m
            if x[i, j] > t: break          for j in range(m): stop = min(stop, j if … else m)
            s[i] += x[i, j]        ->      for j in range(m):
                                               if j < stop: s[i] += x[i, j]
    """
    names = Names(taken)
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

    def __init__(self, node: ast.FunctionDef, names: Names) -> None:
        self.node = node
        self.names = names
        self.exits: list[Exit] = []
        self.stops: list[str] = []

    def block(self, body: Sequence[ast.stmt]) -> Block:
        result: Block = []
        for statement in body:
            if isinstance(statement, ast.For) and has_own_break(statement):
                starts, iterable = self._started(statement)
                result.extend(starts)
                counted = Counted(statement.target, iterable, statement.body, statement.orelse)
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


    def _started(self, loop: ast.For) -> tuple[Block, ast.expr]:
        """``for j in range(j, n)`` over a range that does not change with its own target.

        ``j_2 = j`` in front, and ``range(j_2, n)``.
        """
        starts: Block = []
        values: dict[str, ast.expr] = {}
        for name in sorted(names_bound(loop.target) & names_in(loop.iter)):
            values[name] = load(self.names.new(name))
            start = ast.Assign([ast.Name(values[name].id, ast.Store())], load(name))  # type: ignore[attr-defined]
            starts.append(ast.fix_missing_locations(ast.copy_location(start, loop)))
        return starts, substitute(loop.iter, values)


def _from_behind(counted: Counted) -> Counted | None:
    """``if c: last = i`` as the whole of a loop: the first hit from behind is all that counts."""
    *before, last = counted.body
    if not isinstance(last, ast.If) or last.orelse or not all(map(is_plain, counted.body)):
        return None
    names = names_stored(last) | {n for s in before for n in names_stored(s)}
    block = [*before, ast.If(last.test, list(last.body), [])]
    if any(fate_of(name, block) is Fate.READ for name in names) or counted.orelse:
        return None
    leave = ast.copy_location(ast.Break(), last.body[-1])
    if not all(isinstance(s, ast.Assign) and _is_safe(s.value) for s in last.body):
        return None  # an earlier hit might raise, which the last one does not
    changed = ast.copy_location(ast.If(last.test, [*last.body, leave], []), last)
    return Counted(counted.target, counted.iterable, [*before, changed], [], is_backwards=True)


def _is_safe(value: ast.expr) -> bool:
    """Whether a value that is had in a late iteration can be had in earlier ones as well."""
    if isinstance(value, ast.Subscript):
        places = value.slice.elts if isinstance(value.slice, ast.Tuple) else [value.slice]
        is_plain_place = all(isinstance(p, (ast.Name, ast.Constant)) for p in places)
        return is_plain_place and isinstance(value.value, ast.Name)
    return not may_raise(ast.Expr(value))


class _Splitting(TailWriter):
    """Writes the pieces."""

    def search(self) -> Search:
        """The pieces."""
        effects = self._effects()
        if self._only_asks_whether() and not effects:
            return self._any_search()
        if self.is_ragged:
            raise Unreadable
        return self._first_search(effects)

    @staticmethod
    def _stores_at(block: Block, names: set[str]) -> bool:
        """Whether statements write to a place that one of the names tells."""
        nodes = [n for s in block for n in ast.walk(s)]
        return any(
            isinstance(n, ast.Subscript)
            and isinstance(n.ctx, ast.Store)
            and names_in(n.slice) & names
            for n in nodes
        ) or any(isinstance(n, ast.Call) and not is_plain_value(n) for n in nodes)

    def nested(self) -> tuple[Block, str]:
        """The pieces of a loop inside of another one, and the number that its exit makes."""
        jumps = {type(e.jump) for e in self.exits}
        effects = self._effects()
        if len(self.levels) > 1 or jumps != {ast.Break}:
            raise Unreadable
        target, iterable = self.levels[0]
        count = known(count_of(iterable))
        stop, k = self.names.new("stop"), self.names.new("k")
        pair = ast.Tuple([ast.Name(k, ast.Store()), target], ast.Store())
        header = call("enumerate", iterable)

        def sooner(test: ast.expr) -> ast.stmt:
            here = ast.IfExp(test, load(k), copy.deepcopy(count))
            return ast.Assign([ast.Name(stop, ast.Store())], call("min", load(stop), here))

        seeker, copies = self._seeker([(pair, header)], sooner)
        start = ast.Assign([ast.Name(stop, ast.Store())], copy.deepcopy(count))
        pieces: list[ast.stmt] = [start, *copies, seeker]
        inclusive = bool(effects) and self._ends_with_exit(effects)
        divided = None if inclusive else self._divided(effects)
        done = effects if inclusive else []
        if effects:
            again = self.names.new("k")
            pair = ast.Tuple([ast.Name(again, ast.Store()), target], ast.Store())
            early, late = (effects, []) if inclusive else divided or ([], effects)
            body: list[ast.stmt] = [
                ast.If(ast.Compare(load(again), [word], [load(stop)]), copy.deepcopy(block), [])
                for word, block in ((ast.LtE(), early), (ast.Lt(), late))
                if block
            ]
            self.runner = ast.For(copy.deepcopy(pair), copy.deepcopy(header), body, [])
            pieces.append(self.runner)
        if divided is not None:
            done = [item for item in self.items if not isinstance(item, Exit)]
        found = ast.Compare(load(stop), [ast.Lt()], [copy.deepcopy(count)])
        row = ast.Name(stop, ast.Load())
        then = self._tail(row, [Iterable(iterable)], stop, done)
        if self._stores_at(then, self.targets | {stop}):
            raise Unreadable  # where there is no hit, the place is none
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
        if self.counted.is_backwards:
            turns = [Iterable(t.node, not t.is_reversed) for t in turns]
        if any(t.is_reversed for t in turns) and (len(turns) > 1 or self._seeks_carried()):
            if self.counted.is_backwards:
                raise Unreadable
            turns = [Iterable(iterable) for _, iterable in self.levels]
        counters: list[str] = []
        headers: list[tuple[ast.expr, ast.expr]] = []
        for (target, _), turn in zip(self.levels, turns, strict=True):
            counters.append(self.names.new("k"))
            pair = ast.Tuple([ast.Name(counters[-1], ast.Store()), target], ast.Store())
            headers.append((pair, call("enumerate", turn.node)))
        place = ast.Subscript(
            ast.Name(hits, ast.Load()), tuple_of([load(k) for k in counters]), ast.Store()
        )
        seeker, copies = self._seeker(
            headers, lambda test: ast.If(test, [ast.Assign([place], ast.Constant(True))], [])
        )
        alike = [self.alike.get(k, turn.node) for k, turn in enumerate(turns)]
        counts = [known(count_of(node)) for node in alike]
        shape = tuple_of([copy.deepcopy(c) for c in counts])
        pieces: list[ast.stmt] = [
            ast.Assign([ast.Name(hits, ast.Store())], call("torch.zeros", shape)),
            *copies,
            seeker,
            ast.Assign([ast.Name(hits, ast.Store())], call(f"{hits}.nonzero")),
        ]
        found = call("len", load(hits))
        is_last = turns[0].is_reversed
        which = minus_one() if is_last else ast.Constant(0)
        row = ast.Subscript(load(hits), which, ast.Load())
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
            here = known(items_at(target, iterable, load(stop)))
            if self.live & self.targets:
                pieces.extend(bind(t, v) for t, v in here)
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
                rename_in(loop, name, self.names.new(name))

    def _seeker(
        self,
        headers: Sequence[tuple[ast.expr, ast.expr]],
        make: Callable[[ast.expr], ast.stmt],
    ) -> tuple[ast.For, Block]:
        """The loop that looks at the conditions, and copies of what it carries in front of it."""
        chosen = self._slice()
        if any(writes(s) for s in chosen) or self._read_by_slice() & self._receivers():
            raise Unreadable
        last = max(k for k, item in enumerate(self.items) if isinstance(item, Exit))
        block: Block = []
        tests: list[ast.expr] = []
        for position, item in enumerate(self.items):
            if isinstance(item, Exit):
                if item.test not in tests:
                    tests.append(copy.deepcopy(item.test))
            elif item in chosen:
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
        for name in sorted(self._carried() & {n for s in chosen for n in names_stored(s)}):
            self._check_start(name)
            unique = self.names.new(name)
            rename_in(loop, name, unique)
            copies.append(ast.Assign([ast.Name(unique, ast.Store())], load(name)))
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

    def _up_to(self, stop: str, effects: Block) -> Block:
        """The loop over the iterations before the exit."""
        target, iterable = self.levels[0]
        header = call(CUT, copy.deepcopy(iterable), load(stop))
        loop = ast.For(copy.deepcopy(target), header, copy.deepcopy(effects), [])
        self.runner = loop
        return [ast.If(load(stop), [loop], [])] if self.guarded else [loop]


def _either(tests: list[ast.expr]) -> ast.expr:
    """``a or b``."""
    parts = [v for t in tests for v in (t.values if _is_or(t) else [t])]  # type: ignore[attr-defined]
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.Or(), parts)


def _is_or(test: ast.expr) -> bool:
    return isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or)

