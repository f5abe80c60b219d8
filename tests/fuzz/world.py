"""What a program with carried dependences has in scope: arrays, scalars, and the nest under way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .scope import Array, Value

Lines = list[str]


def indent(lines: Iterable[str]) -> Lines:
    """The lines, one level deeper."""
    return ["    " + line for line in lines]


@dataclass
class World:
    """Everything that the program being written has made so far.

    `serial` names the true serial cycles that were put in, `hard` what else may excuse a refusal,
    `constructs` all that was used.
    """

    rng: random.Random
    arrays: dict[str, Array] = field(default_factory=dict)
    scalars: dict[str, Value] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    sizes: dict[int, str] = field(default_factory=dict)
    results: Lines = field(default_factory=list)
    returned: Lines = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    constructs: Counter[str] = field(default_factory=Counter)
    serial: set[str] = field(default_factory=set)
    hard: set[str] = field(default_factory=set)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.rng.random() < probability

    def one_of(self, *choices: str) -> str:
        """One of the texts."""
        return self.rng.choice(choices)

    def pick(self, weights: dict[str, float]) -> str:
        """One key, by weight."""
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def use(self, construct: str, *, serial: bool = False, hard: bool = False) -> None:
        """Count a construct as used; as a serial cycle, or as an excuse for a refusal."""
        self.constructs[construct] += 1
        if serial:
            self.serial.add(construct)
        if hard:
            self.hard.add(construct)

    def fresh(self, *stems: str) -> str:
        """A name not in use: ``fresh("s", "total")`` -> ``"s"``, later ``"total2"``."""
        stem, number = self.rng.choice(stems), 1
        while (name := stem if number == 1 else f"{stem}{number}") in self.taken:
            number += 1
        self.taken.add(name)
        return name

    def size_of(self, axis: int) -> str:
        """An expression for the length of `axis`: ``n`` or ``x.shape[0]``."""
        if axis in self.sizes and self.chance(0.85):
            return self.sizes[axis]
        parameters = [a for a in self.arrays.values() if a.parameter and axis in a.axes]
        array = self.rng.choice(parameters)
        position = array.axes.index(axis)
        if position == 0 and self.chance(0.3):
            return f"len({array.name})"
        return f"{array.name}.shape[{position}]"


@dataclass
class Loop:
    """One loop of a nest: its variable, the axis it walks, how it walks.

    `low` and `high` are how far it stays from the ends of the axis; `start` replaces the lower
    bound and `stop` the upper one in a triangular domain; `aliases` are the elements that a loop
    over arrays binds, each with its array. Without a name it binds nothing else. A ``while`` loop
    may have one more condition, `also`.
    """

    name: str
    axis: int
    step: int = 1
    low: int = 0
    high: int = 0
    form: str = "range"
    start: str = ""
    stop: str = ""
    aliases: tuple[tuple[str, str], ...] = ()
    also: str = ""

    @property
    def fixed(self) -> bool:
        """Whether the bounds cannot be drawn in: triangular, or an array that is walked itself."""
        return bool(self.aliases or self.start or self.stop)


@dataclass
class Section:
    """One loop nest being written, inside out.

    ``before[k]`` and ``after[k]`` stand around loop `k`, in the body of loop ``k - 1``; `orelse`
    is the ``else`` of a loop. `written` arrays are not read by random terms, `read` ones are not
    written in place; `live` scalars hold a value carried from one iteration to the next.
    """

    world: World
    loops: list[Loop]
    trailing: tuple[int, ...] = ()
    before: dict[int, Lines] = field(default_factory=dict)
    after: dict[int, Lines] = field(default_factory=dict)
    orelse: dict[int, Lines] = field(default_factory=dict)
    body: Lines = field(default_factory=list)
    setup: Lines = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    live: dict[str, Value] = field(default_factory=dict)
    temporaries: dict[str, Value] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """How many loops the nest has."""
        return len(self.loops)

    def level(self) -> int:
        """A level at which a scalar may start: 0 before the nest, 1 in the outermost loop."""
        return self.world.rng.randrange(self.depth) if self.world.chance(0.7) else 0

    def put_before(self, level: int, *lines: str) -> None:
        """Add lines ahead of the loop at `level`."""
        self.before.setdefault(level, []).extend(lines)

    def put_after(self, level: int, *lines: str) -> None:
        """Add lines behind the loop at `level`."""
        self.after.setdefault(level, []).extend(lines)

    def demand(self, loop: Loop, offset: int) -> str:
        """Make an access at ``loop.name + offset`` stay inside: by the bounds, or by a guard.

        Returns the guard, or nothing where the bounds were drawn in, or where a negative
        subscript is left to wrap around.
        """
        world, name = self.world, loop.name
        if offset == 0:
            return ""
        if offset < 0 and world.chance(0.12):
            world.use("wrapped_read_of_written", hard=True)
            return ""
        if not loop.fixed and (world.chance(0.75) or loop.low >= -offset > 0):
            if offset < 0:
                loop.low = max(loop.low, -offset)
            else:
                loop.high = max(loop.high, offset)
            return ""
        world.use("guarded_offset")
        if offset < 0:
            return f"{name} >= {-offset}" if offset < -1 else world.one_of(f"{name} > 0", name)
        return f"{name} + {offset} < {world.size_of(loop.axis)}"

    def lines(self) -> Lines:
        """The whole nest as text."""
        return [*self.setup, *self._level(0)]

    def _level(self, level: int) -> Lines:
        if level == self.depth:
            return self.body or ["pass"]
        loop = self.loops[level]
        inside = self._level(level + 1)
        ahead, header = self._header(loop)
        if loop.form == "while":
            inside = [*inside, self.advance(loop)]
        otherwise = self.orelse.get(level, [])
        return [
            *self.before.get(level, []),
            *ahead,
            header,
            *indent(inside),
            *(["else:", *indent(otherwise)] if otherwise else []),
            *self.after.get(level, []),
        ]

    def advance(self, loop: Loop) -> str:
        """The statement that moves a ``while`` loop's counter on."""
        sign = "-" if loop.step < 0 else "+"
        return f"{loop.name} {sign}= {abs(loop.step)}"

    def _header(self, loop: Loop) -> tuple[Lines, str]:
        """(lines ahead of the loop, its header)."""
        world, name, step = self.world, loop.name, loop.step
        size = world.size_of(loop.axis)
        if loop.aliases:
            return [], self._walking_header(loop)
        start = loop.start or str(loop.low)
        stop = loop.stop or (f"{size} - {loop.high}" if loop.high else size)
        last = f"{size} - {loop.high + 1}" if not loop.stop else f"{loop.stop} - 1"
        if loop.form == "while" and step > 0:
            return [f"{name} = {start}"], f"while {name} < {stop}{loop.also}:"
        if loop.form == "while":
            return [f"{name} = {last}"], f"while {name} >= {start}{loop.also}:"
        if step == -1 and loop.form == "reversed":
            bounds = f"{start}, {stop}" if start != "0" else stop
            return [], f"for {name} in reversed(range({bounds})):"
        if step < 0:
            end = str(int(start) - 1) if start.isdigit() else f"{start} - 1"
            return [], f"for {name} in range({last}, {end}, {step}):"
        bounds = f"{start}, {stop}" if start != "0" or step > 1 else stop
        return [], f"for {name} in range({bounds}{f', {step}' if step > 1 else ''}):"

    def _walking_header(self, loop: Loop) -> str:
        """``for v in x``, ``for a, b in zip(x, y)``, ``for i, v in enumerate(x)``."""
        bound = ", ".join(alias for alias, _ in loop.aliases)
        walked = ", ".join(array for _, array in loop.aliases)
        if len(loop.aliases) > 1:
            walked = f"zip({walked})"
        if not loop.name:
            return f"for {bound} in {walked}:"
        bound = f"({bound})" if len(loop.aliases) > 1 else bound
        return f"for {loop.name}, {bound} in enumerate({walked}):"
