"""Why a rewrite is legal: each dependence, and what in the new program respects it.

The plan is read anew here, after it was made: a dependence that nothing in it respects has no
reason, whoever made the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deloop.analysis.legality import in_users_words
from deloop.diagnostic import Assumption, Exactness
from deloop.ir import scalar
from deloop.ir.plan import Serial, Statement, Step, Vector
from deloop.ir.scalar import Scan
from deloop.poly.dependence import Dependence, DependenceKind

_VERBS = {
    DependenceKind.FLOW: ("writes", "reads"),
    DependenceKind.ANTI: ("reads", "writes"),
    DependenceKind.OUTPUT: ("writes", "writes"),
}


@dataclass(frozen=True)
class Respected:
    """A dependence and why the new program keeps to it.

    Parameters
    ----------
    sentence:
        The dependence in the user's names, with both lines.
    reason:
        What respects it; empty where nothing was found that does.
    dependence:
        With the relation of instances in isl's notation, `Dependence.relation`.
    """

    sentence: str
    reason: str
    dependence: Dependence = field(repr=False)

    @property
    def relation(self) -> str:
        """The instances that depend on each other: ``{ S0[i] -> S0[i'] : i' = 1 + i, … }``."""
        return self.dependence.relation

    def __str__(self) -> str:
        return f"{self.sentence}: {self.reason}"


@dataclass(frozen=True)
class Certificate:
    """Everything that a rewrite of one loop rests on.

    Parameters
    ----------
    dependences:
        All that were considered, each with what respects it.
    assumptions:
        What could not be proved, with the fact that each came from; checked at each call.
    exactness, lossy:
        Bitwise or rounding, and the steps at which bitwise equality was lost.
    kept:
        Why the loop, or the part of it that stays, is left alone; empty where nothing is.
    """

    dependences: tuple[Respected, ...]
    assumptions: tuple[Assumption, ...]
    exactness: Exactness
    lossy: tuple[str, ...]
    kept: str = ""

    def as_data(self) -> dict[str, Any]:
        """Plain lists, dicts and strings, ready for JSON."""
        return {
            "dependences": [
                {
                    "kind": d.dependence.kind.value,
                    "array": d.dependence.array.partition("'")[0],
                    "level": d.dependence.level,
                    "distance": list(d.dependence.distance),
                    "direction": list(d.dependence.direction),
                    "sentence": d.sentence,
                    "relation": d.relation,
                    "respected": d.reason,
                }
                for d in self.dependences
            ],
            "assumptions": [
                {"sentence": a.sentence, "guard": a.guard, "reason": a.reason}
                for a in self.assumptions
            ],
            "exactness": self.exactness.value,
            "rounding": list(self.lossy),
            "kept": self.kept or None,
        }

    def __str__(self) -> str:
        lines = [*([self.kept] if self.kept else []), *map(str, self.dependences)]
        if not lines:
            lines = ["no iteration touches an element that another one writes (no dependence)"]
        for assumption in self.assumptions:
            reason = f" (because {assumption.reason})" if assumption.reason else ""
            lines.append(f"assumes {assumption.sentence}{reason}")
        lines.append(f"exactness: {self.exactness.value}")
        return "\n".join([*lines, *(f"rounding: {step}" for step in self.lossy)])


@dataclass(frozen=True)
class _Position:
    """Where a statement runs in the new program: under which loops that stay, and when."""

    vector: Vector
    number: int
    loops: tuple[Serial, ...]


def certify(
    plan: Sequence[Step], dependences: Sequence[Dependence], statements: Sequence[Statement]
) -> tuple[Respected, ...]:
    """Each dependence with what respects it in the distributed program.

    ``for t: h[t] = h[t - 1] + x[t]`` kept in its loop  ->  ``line 3 writes h[t], line 3 reads it as
    h[t - 1] (flow dependence, distance 1): the loop at line 2 stays, its iterations in order``
    """
    placed: dict[str, _Position] = {}
    for number, (vector, loops) in enumerate(_walk(plan, ())):
        placed.setdefault(vector.statement.name, _Position(vector, number, loops))
    by_name = {s.name: s for s in statements}
    return tuple(
        Respected(_say(d, by_name), _find_reason(d, placed, by_name), d) for d in dependences
    )


def certify_kept(
    dependences: Sequence[Dependence], statements: Sequence[Statement]
) -> tuple[Respected, ...]:
    """Each dependence that was found in a loop which is then left alone."""
    by_name = {s.name: s for s in statements}
    reason = "the loop is left as it is written"
    return tuple(Respected(_say(d, by_name), reason, d) for d in dependences)


def _walk(
    steps: Sequence[Step], loops: tuple[Serial, ...]
) -> Iterator[tuple[Vector, tuple[Serial, ...]]]:
    for step in steps:
        if isinstance(step, Vector):
            yield step, loops
        else:
            yield from _walk(step.body, (*loops, step))


def _say(d: Dependence, by_name: Mapping[str, Statement]) -> str:
    source, sink = by_name[d.source], by_name[d.sink]
    first, second = _VERBS[d.kind]
    distance = d.distance[d.level - 1] if d.level else 0
    far = f", distance {distance}" if distance is not None else ", at varying distance"
    when = far if d.level else ", in the same iteration" if d.distance else ""
    return (
        f"line {source.store.place.line} {first} {in_users_words(d.source_access, source)}, then"
        f" line {sink.store.place.line} {second} {in_users_words(d.sink_access, sink)}"
        f" ({d.kind.value} dependence{when})"
    )


def _find_reason(
    d: Dependence, placed: Mapping[str, _Position], by_name: Mapping[str, Statement]
) -> str:
    if d.source not in placed or d.sink not in placed:
        return "its values on the way are taken from one running operation, step by step"
    one, other = placed[d.source], placed[d.sink]
    common = [a for a, b in zip(one.loops, other.loops, strict=False) if a is b]
    if d.level:
        carrier = by_name[d.source].loops[d.level - 1].iterator
        kept = next((x.loop for x in common if x.loop.iterator == carrier), None)
        if kept is not None:
            return f"the loop at line {kept.place.line} stays, its iterations in their order"
    if one is other:
        return _find_own_reason(d, one.vector)
    if one.number < other.number:
        lines = (v.vector.statement.store.place.line for v in (one, other))
        return "all of line {} runs before line {}".format(*lines)
    return _find_turned_reason(d, one.vector, other.vector, by_name[d.source])


def _find_own_reason(d: Dependence, vector: Vector) -> str:
    """What respects a dependence of a lifted statement on itself."""
    found = vector.accumulation
    if found is not None and found.winner is not None:
        return "the values of the iteration that wins are taken, of equals the loop's own"
    if found is not None and found.kind == "last":
        return "of all that is stored to one element, the last in the loop's order stays"
    if found is not None:
        return f"the iterations' terms are combined at once ({found.kind})"
    if _scans(vector):
        return "a running operation takes the iterations in their order"
    if d.kind is DependenceKind.ANTI or d.level == 0:
        return "the tensor operation reads all that it needs before it writes"
    return ""


def _find_turned_reason(
    d: Dependence, source: Vector, sink: Vector, before: Statement
) -> str:
    """What respects a dependence whose sink now stands in front of its source."""
    if source.accumulation is not None and sink.accumulation is not None:
        return "both are taken together, from the iteration that wins"
    if d.array.partition("'")[0] in {s.name.partition("'")[0] for s in _scans(sink)}:
        return "each iteration takes the value of its own step from a running operation"
    if d.kind is DependenceKind.ANTI and source.statement.store.value != before.store.value:
        return "it takes the new value, of which its own expression was a copy"
    return ""


def _scans(vector: Vector) -> list[Scan]:
    return [n for n in scalar.walk(vector.statement.store.value) if isinstance(n, Scan)]
