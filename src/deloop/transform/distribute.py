"""Loop distribution and vectorization by strongly connected components.

J. R. Allen and K. Kennedy, "Automatic translation of Fortran programs to vector form", TOPLAS
1987: at each level the dependence graph's components run in topological order; a component without
a cycle becomes a tensor operation, one with a cycle keeps its loop and is distributed again one
level deeper.
"""

from __future__ import annotations

from collections.abc import Iterable

from deloop.analysis.legality import refuse_carried
from deloop.analysis.recurrence import find_accumulation
from deloop.analysis.scatter import find_masked_store, find_scatters
from deloop.diagnostic import Refusal
from deloop.errors import Unliftable
from deloop.ir.plan import Accumulation, Serial, Statement, Step, Vector, vectors
from deloop.poly.dependence import Dependence, DependenceKind


def distribute(statements: list[Statement], dependences: Iterable[Dependence]) -> tuple[Step, ...]:
    """The plan: which statements are lifted at which level, under which loops that stay."""
    return _generate(statements, list(dependences), 0)


def _generate(
    statements: list[Statement], dependences: list[Dependence], level: int
) -> tuple[Step, ...]:
    names = {s.name for s in statements}
    active = [
        d
        for d in dependences
        if d.source in names and d.sink in names and (d.level == 0 or d.level > level)
    ]
    steps: list[Step] = []
    for component in _components(statements, active):
        if not is_cyclic(component, active):
            found = find_masked_store(component[0], level)
            steps.append(Vector(component[0], level, accumulation=found))
        elif (found := _accumulation_of(component, active, level)) is not None:
            steps.append(Vector(component[0], level, accumulation=found))
        elif (scatters := find_scatters(component, active, level)) is not None:
            steps.extend(Vector(s, level, (), f) for s, f in zip(component, scatters, strict=True))
        else:
            _check_cells(component, active, level, statements)
            loop = component[0].loops[level]
            steps.append(Serial(loop, _generate(component, active, level + 1)))
    return tuple(steps)


def _check_cells(
    component: list[Statement],
    dependences: list[Dependence],
    level: int,
    statements: list[Statement],
) -> None:
    """Refuse a loop that stays because of a carried variable: nothing would be gained by it yet."""
    cells = [s for s in component if s.store.cell is not None]
    names = {s.name for s in cells}
    carried = [
        d for d in dependences if d.source in names and d.sink in names and d.level == level + 1
    ]
    if carried:
        carried.sort(key=lambda d: list(DependenceKind).index(d.kind))
        raise Unliftable(refuse_carried(carried[0], statements))


def _accumulation_of(
    component: list[Statement], dependences: list[Dependence], level: int
) -> Accumulation | None:
    """What a component combines, where its only cycle is one element that each instance updates."""
    return find_accumulation(component[0], dependences, level) if len(component) == 1 else None


def is_cyclic(component: list[Statement], dependences: list[Dependence]) -> bool:
    """Whether a component needs its loop: several statements, or one that depends on itself.

    A statement that overwrites what a later instance would have read first (anti dependence on
    itself) does not: a tensor operation reads everything before it writes.
    """
    if len(component) > 1:
        return True
    name = component[0].name
    depth = len(component[0].loops)
    return any(
        d.source == d.sink == name and d.kind is not DependenceKind.ANTI and 0 < d.level <= depth
        for d in dependences
    )


def _components(
    statements: list[Statement], dependences: list[Dependence]
) -> list[list[Statement]]:
    """Strongly connected components, in an order that respects the edges and else the text.

    R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1972.
    """
    successors: dict[str, list[str]] = {s.name: [] for s in statements}
    for d in dependences:
        if d.source != d.sink:
            successors[d.source].append(d.sink)
    reach = {name: _reachable(name, successors) for name in successors}
    components: list[list[Statement]] = []
    seen: set[str] = set()
    for statement in statements:
        if statement.name in seen:
            continue
        name, reached = statement.name, reach[statement.name]
        members = [
            s for s in statements if s.name == name or (s.name in reached and name in reach[s.name])
        ]
        seen.update(s.name for s in members)
        components.append(members)
    ordered: list[list[Statement]] = []
    while components:
        for component in components:
            names = {s.name for s in component}
            blocked = any(
                names & reach[s.name]
                for other in components
                if other is not component
                for s in other
            )
            if not blocked:
                ordered.append(component)
                components.remove(component)
                break
    return ordered


def _reachable(name: str, successors: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    queue = list(successors[name])
    while queue:
        current = queue.pop()
        if current not in found:
            found.add(current)
            queue.extend(successors[current])
    return found


def check_kept(
    plan: tuple[Step, ...], dependences: Iterable[Dependence], statements: list[Statement]
) -> Refusal | None:
    """Why a loop stays, None where none does. Raises `Unliftable` where nothing was gained.

    A loop that stays is worth a rewrite where something in or beside it lost at least one loop.
    """
    serial = [step for step in plan if isinstance(step, Serial)]
    if not serial:
        return None
    refusal = _reason(serial[0], list(dependences), statements)
    lifted = [v for v in vectors(plan) if not v.statement.store.local]
    if not any(len(v.statement.loops) > v.level for v in lifted):
        raise Unliftable(refusal)
    return refusal


def _reason(step: Serial, dependences: list[Dependence], statements: list[Statement]) -> Refusal:
    """The dependence that a loop stays for: one that it carries, a flow dependence first."""
    names = {v.statement.name for v in vectors((step,))}
    level = next(
        k
        for s in statements
        if s.name in names
        for k, x in enumerate(s.loops)
        if x.iterator == step.loop.iterator
    )
    carried = [d for d in dependences if d.source in names and d.sink in names and d.level > level]
    preferred = sorted(
        carried,
        key=lambda d: (
            d.level != level + 1,
            list(DependenceKind).index(d.kind),
            d.source != d.sink,
        ),
    )
    return refuse_carried(preferred[0], statements)
