"""Loops in pieces, so that what all iterations make at once does not outgrow the memory.

``for i in range(n)   ->   for start in range(0, n, step): for i in range(start, stop)``

(Strip mining: M. Wolfe, "More iteration space tiling", SC 1989.) To the analysis `start` and `stop`
are two loops that stay, around the piece: whatever a piece is, what it needs is proved of all.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from deloop.analysis.facts import Facts
from deloop.analysis.memory import Need
from deloop.analysis.scope import loops_of
from deloop.diagnostic import Assumption, Refusal
from deloop.errors import Unsupported
from deloop.ir.affine import Affine, at_least
from deloop.ir.loop import LIST, AffineBranch, Branch, Chunks, Loop, Nest, Node
from deloop.ir.plan import Step, vectors

HOPELESS = 16
"""How many times the limit a rewrite may take that cannot be run in pieces."""
_NAMES = ("start", "stop", "step")


@dataclass(frozen=True)
class Division:
    """How a loop that takes too much memory at once is run: in ``pieces``, or in ``rows``.

    `assumed` is what its rewrite at once assumes: what it asks of the data holds for all pieces.
    """

    kind: str
    need: Need
    assumed: tuple[Assumption, ...] = ()

    def divide(self, nest: Nest, facts: Facts, taken: frozenset[str]) -> Nest:
        """The nest run so; notes what that takes of the sizes."""
        loop = find_divisible(nest, self.need.peak.axes)
        if loop is None:
            sentence = "loop kept: there is no loop along which it could be run in pieces"
            raise Unsupported(Refusal("VEC961", nest.place, sentence))
        if self.kind == "rows":
            return keep_rows(nest, loop.iterator)
        start, stop, step = (_unique(name, taken | facts.hints.keys()) for name in _NAMES)
        spellable = facts.spellable
        own = {start, stop, step}
        facts.spellable = lambda symbol: symbol not in own and spellable(symbol)
        peak = self.need.peak
        others = tuple(
            e for a, e in zip(peak.axes, peak.extents, strict=True) if a != loop.iterator
        )
        for extent in (loop.upper - loop.lower, *others):
            if not facts.assume(at_least(extent, 1), "it is run in pieces"):
                sentence = "loop kept: how long its pieces are is not known in front of it"
                raise Unsupported(Refusal("VEC961", nest.place, sentence))
        first, end = Affine.symbol(start), Affine.symbol(stop)
        facts.piece = own, (
            at_least(first, loop.lower), at_least(end - first, 1), at_least(loop.upper - end, 0)
        )  # fmt: skip
        chunks = Chunks(stop, step, self.need.elements, others)
        return divide(nest, loop.iterator, chunks, start)

    def check(self, plan: tuple[Step, ...], nest: Nest, is_loop: bool) -> None:
        """Raise `Unsupported` where rows one by one are the user's own loop, or fill lists."""
        if self.kind == "pieces":
            return
        steps = vectors(plan)
        fills = any(nest.arrays[v.statement.store.array].storage.startswith(LIST) for v in steps)
        if fills or not is_loop or not any(v.level < len(v.statement.loops) for v in steps):
            sentence = "loop kept: row by row it is as it is written"
            raise Unsupported(Refusal("VEC961", nest.place, sentence))


def _unique(name: str, taken: AbstractSet[str]) -> str:
    """The name, or one with a number that is not taken."""
    unique, count = name, 1
    while unique in taken:
        count += 1
        unique = f"{name}_{count}"
    return unique


def find_divisible(nest: Nest, iterators: tuple[str, ...]) -> Loop | None:
    """The outermost loop along which the values of such iterators can be made piece by piece."""
    for loop in loops_of(nest.body):
        if loop.iterator in iterators:
            return loop if loop.span is None else None
    return None


def divide(nest: Nest, iterator: str, chunks: Chunks, start: str) -> Nest:
    """The nest with one of its loops in pieces."""

    def pieces(loop: Loop) -> Loop:
        first, end = Affine.symbol(start), Affine.symbol(chunks.stop)
        piece = replace(loop, lower=first, upper=end)
        over_ends = Loop(chunks.stop, first + 1, loop.upper + 1, (piece,), loop.place, stays=True)
        return Loop(
            start, loop.lower, loop.upper, (over_ends,), loop.place, chunks=chunks, stays=True
        )

    return _with_loop(nest, iterator, pieces)


def keep_rows(nest: Nest, iterator: str) -> Nest:
    """The nest with one of its loops as one that stays: its iterations one after the other."""
    return _with_loop(nest, iterator, lambda loop: replace(loop, stays=True))


def _with_loop(nest: Nest, iterator: str, change: Callable[[Loop], Loop]) -> Nest:
    found: list[str] = []

    def visit(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(map(changed, nodes))

    def changed(node: Node) -> Node:
        if isinstance(node, Loop):
            if node.iterator == iterator:
                found.append(iterator)
                return change(node)
            return replace(node, body=visit(node.body))
        if isinstance(node, (Branch, AffineBranch)):
            return replace(node, then=visit(node.then), otherwise=visit(node.otherwise))
        return node

    body = visit(nest.body)
    if len(found) != 1:
        sentence = f"loop kept: {iterator} is not one loop that could be run in pieces"
        raise Unsupported(Refusal("VEC961", nest.place, sentence))
    return replace(nest, body=body)
