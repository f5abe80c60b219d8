"""Dependences of a nest, and whether they allow what is asked. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from deloop.analysis.facts import Facts
from deloop.analysis.statements import domain_of
from deloop.diagnostic import Place, Refusal
from deloop.errors import Unliftable, Unsupported
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.guarded import place_of
from deloop.ir.plan import Statement
from deloop.ir.scalar import Expression, Load, Subscript
from deloop.ir.types import Tensor
from deloop.poly.access import Access
from deloop.poly.dependence import Dependence, DependenceKind, find_dependences
from deloop.poly.isl import PolyBudgetExceeded
from deloop.poly.schedule import ScheduledStatement


def _access(array: str, subscripts: tuple[Subscript, ...], facts: Facts, place: Place) -> Access:
    places = [place_of(s) for s in subscripts]
    known = tuple(None if p is None else facts.canonical(p) for p in places)
    return Access(array, known, place=place)


def _reads(expression: Expression, subscripts: tuple[Subscript, ...]) -> list[Load]:
    found = list(scalar.loads(expression))
    for subscript in subscripts:
        if not isinstance(subscript, Affine):
            found.extend(scalar.loads(subscript))
    return list(dict.fromkeys(found))


def dependences_of(
    statements: list[Statement], arrays: Mapping[str, Tensor], facts: Facts
) -> tuple[Dependence, ...]:
    """All dependences between the statements' instances.

    Raises `Unsupported` where isl's bound on work is passed, `Unliftable` where two names may be
    the same memory and one of them is written.
    """
    check_aliases(statements, arrays)
    scheduled = []
    for statement in statements:
        store = statement.store
        domain = domain_of(statement)
        canonical = tuple(
            type(c)(facts.canonical(c.expression), c.sign) for c in domain.constraints
        )
        scheduled.append(
            ScheduledStatement(
                statement.name,
                type(domain)(domain.iterators, canonical),
                statement.schedule,
                tuple(
                    _access(r.array, r.subscripts, facts, store.place)
                    for r in _reads(store.value, store.subscripts)
                ),
                (_access(store.array, store.subscripts, facts, store.place),),
            )
        )
    symbols = sorted(
        {s for item in scheduled for c in item.domain.constraints for s in c.expression.symbols}
    )
    parameters = [s for s in symbols if not any(s in item.domain.iterators for item in scheduled)]
    try:
        return find_dependences(tuple(scheduled), facts.context(parameters))
    except PolyBudgetExceeded as error:
        place = statements[0].store.place
        raise Unsupported(
            Refusal(
                "VEC951", place, "loop kept: its dependences took too long to analyse", str(error)
            )
        ) from error


def check_aliases(statements: list[Statement], arrays: Mapping[str, Tensor]) -> None:
    """Refuse a nest that writes memory which it also reaches under another name."""
    written = {s.store.array: s.store.place for s in statements}
    used = set(written) | {
        load.array for s in statements for load in _reads(s.store.value, s.store.subscripts)
    }
    for name, place in written.items():
        for other in used - {name}:
            if arrays[other].memory == arrays[name].memory:
                raise Unliftable(
                    Refusal(
                        "VEC905", place,
                        f"loop kept: {name} is written, and {other} lives in the same memory",
                    )
                )  # fmt: skip


def in_users_words(access: Access, statement: Statement) -> str:
    """``x[n - k - 2]`` of a loop that counts ``k`` for ``i = n - 1 - k`` is ``x[i - 1]``."""
    values: dict[str, Affine] = {}
    for loop in statement.loops:
        if loop.variable is not None:
            name, value = loop.variable
            coefficient = value.coefficient(loop.iterator)
            if abs(coefficient) == 1:
                rest = value.without([loop.iterator])
                values[loop.iterator] = (Affine.symbol(f"{name}") - rest) * coefficient
    inside = ", ".join(_shown(s, values) for s in access.subscripts)
    name = access.array.partition("'")[0]  # a cell's key is its variable's name and a prime
    return f"{name}[{inside}]" if inside else name


def _shown(subscript: Affine | None, values: Mapping[str, Affine]) -> str:
    """A subscript as the user would write it; ``:`` along a dimension that is taken whole."""
    if subscript is None or any(s.startswith(("_d", "_r")) for s in subscript.symbols):
        return ":"
    return str(subscript.substitute(values))


def refuse_carried(dependence: Dependence, statements: list[Statement]) -> Refusal:
    """The refusal that a carried dependence makes: which read depends on which write."""
    by_name = {s.name: s for s in statements}
    source, sink = by_name[dependence.source], by_name[dependence.sink]
    loop = sink.loops[dependence.level - 1] if dependence.level else sink.loops[-1]
    iterator = loop.iterator
    distance = dependence.distance[dependence.level - 1] if dependence.level else None
    far = f"distance {distance}" if distance is not None else "at varying distance"
    source_access = in_users_words(dependence.source_access, source)
    sink_access = in_users_words(dependence.sink_access, sink)
    iterator = loop.variable[0] if loop.variable else iterator
    verbs = {
        DependenceKind.FLOW: ("reads", "writes"),
        DependenceKind.ANTI: ("writes", "reads"),
        DependenceKind.OUTPUT: ("writes", "writes"),
    }
    later, earlier = verbs[dependence.kind]
    sentence = (
        f"loop kept: iteration {iterator} {later} {sink_access}, which an earlier iteration "
        f"{earlier} as {source_access} ({dependence.kind.value} dependence, {far})"
    )
    first, last = source.store.place.line, sink.store.place.line
    where = f"both at line {last}" if first == last else f"line {first} before line {last}"
    lines = f"{where}, carried by the loop at line {loop.place.line}"
    return Refusal("VEC902", sink.store.place, sentence, lines)
