"""What a random program has in scope while it is being written: arrays, numbers, iterators."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("int64", "int32", "uint8")
SORT = {
    "bool": "bool",
    **dict.fromkeys(INTEGERS, "int"),
    **dict.fromkeys(FLOATS, "float"),
    "complex64": "complex",
}
RANKED = ("bool", "int", "float", "complex")


def join(*sorts: str) -> str:
    """The sort that arithmetic on `sorts` gives: ``join("int", "float")`` -> ``"float"``."""
    return max(sorts, key=RANKED.index)


@dataclass(frozen=True)
class Value:
    """An expression's text with what is known of it.

    `kind` is ``"number"`` (a Python number), ``"element"`` (a tensor without dimensions),
    ``"row"`` (a tensor with the trailing dimensions) or ``"mixed"`` (a number or a tensor).
    `view_of` names the array whose memory the value is, if it is a plain ``x[i]``.
    """

    text: str
    kind: str
    sort: str
    view_of: str = ""


@dataclass(frozen=True)
class Iterator:
    """An active loop variable and the axis that it walks."""

    name: str
    axis: int


@dataclass
class Array:
    """A tensor in scope: its leading axes, how many dimensions trail, how it is subscripted.

    `templates` holds one subscript for each leading axis (``"{i}"``, ``"{n} - 1 - {i}"``): a
    written array is touched at that element only, which is what keeps the program parallel.
    """

    name: str
    axes: tuple[int, ...]
    trailing: int
    sort: str
    parameter: bool = True
    written: bool = False
    templates: tuple[str, ...] = ()


@dataclass
class Scope:
    """Everything that the program being written can name."""

    rng: random.Random
    arrays: dict[str, Array] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    iterators: list[Iterator] = field(default_factory=list)
    sizes: dict[int, str] = field(default_factory=dict)
    temporaries: dict[str, Value] = field(default_factory=dict)
    aliases: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    helpers: list[tuple[str, int]] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    trailing: int = 0
    outer: set[str] = field(default_factory=set)
    covered: set[str] = field(default_factory=set)
    constructs: Counter[str] = field(default_factory=Counter)
    hard: set[str] = field(default_factory=set)
    carried: set[str] = field(default_factory=set)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.rng.random() < probability

    def pick(self, weights: dict[str, float]) -> str:
        """One key, by weight."""
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def use(self, construct: str) -> None:
        """Count a construct as used."""
        self.constructs[construct] += 1

    def iterator_of(self, axis: int) -> Iterator | None:
        """The active loop variable that walks `axis`, if there is one."""
        return next((it for it in self.iterators if it.axis == axis), None)

    @property
    def named(self) -> list[Iterator]:
        """The iterators that have a name; ``for row in x`` has none."""
        return [it for it in self.iterators if it.name]

    def is_reachable(self, array: Array) -> bool:
        """Whether an element can be named: a loop without an iterator binds only its own rows."""
        blind = {it.axis for it in self.iterators if not it.name}
        deepest = max((count for _, count in self.aliases.get(array.name, ())), default=0)
        return all(p < deepest for p, axis in enumerate(array.axes) if axis in blind)

    def size_of(self, axis: int) -> str:
        """An expression for the length of `axis`: ``n`` or ``x.shape[0]``."""
        if axis in self.sizes and self.chance(0.8):
            return self.sizes[axis]
        sources = [
            (a.name, a.axes.index(axis))
            for a in self.arrays.values()
            if a.parameter and axis in a.axes
        ]
        name, position = self.rng.choice(sources)
        if position == 0 and self.chance(0.4):
            return f"len({name})"
        return self.rng.choice((f"{name}.shape[{position}]", f"{name}.size({position})"))
