"""Loop distribution and vectorization by strongly connected components.

J. R. Allen and K. Kennedy, "Automatic translation of Fortran programs to vector form", TOPLAS
1987: at each level the dependence graph's components run in topological order; a component without
a cycle becomes a tensor operation, one with a cycle keeps its loop and is distributed again one
level deeper.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from deloop.analysis.arg_reduction import find_arg_reduction
from deloop.analysis.held import find_held_update
from deloop.analysis.legality import refuse_carried
from deloop.analysis.recurrence import (
    find_accumulation,
    find_joint_accumulations,
    start_number,
)
from deloop.analysis.scan import find_chain, find_running
from deloop.analysis.scatter import find_masked_store, find_overlaps, find_scatters
from deloop.analysis.surroundings import Surroundings
from deloop.diagnostic import Refusal
from deloop.dtype import Rank, is_floating
from deloop.errors import Unliftable, Unsupported
from deloop.frontend.expression import aliased_arrays
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import LIST
from deloop.ir.plan import Accumulation, Serial, Statement, Step, Vector, vectors
from deloop.ir.scalar import loads
from deloop.ops.scans import CLIPPED
from deloop.poly.dependence import Dependence, DependenceKind
from deloop.transform.interchange import move_carrier_outwards
from deloop.transform.linear import find_last, pays_off
from deloop.transform.narrow import narrow
from deloop.transform.scan import expand_chain, expand_running, is_late
from deloop.transform.updated import read_updated


def distribute(
    statements: list[Statement], dependences: Iterable[Dependence], around: Surroundings
) -> tuple[Step, ...]:
    """The plan: which statements are lifted at which level, under which loops that stay."""
    plan = _Distribution(statements, around).generate(statements, list(dependences), 0)
    return _with_origins(plan, around)


def _with_origins(plan: tuple[Step, ...], around: Surroundings) -> tuple[Step, ...]:
    """The plan with what extremes start from written out, so that their range may take it in.

    ``best = abs(x[0]); …; best = max(best, …)   ->   the start abs(x[0]) instead of best``
    """
    extremes = {
        v.statement.store.array
        for v in vectors(plan)
        if v.accumulation is not None and v.accumulation.kind in ("max", "min")
    }
    steps: list[Step] = []
    for step in plan:
        if isinstance(step, Vector) and not step.accumulation:
            store = step.statement.store
            if store.array in extremes and store.cell is not None:
                store = replace(store, value=around.original(store.value))
                step = replace(step, statement=replace(step.statement, store=store))
        steps.append(step)
    return tuple(steps)


class _Distribution:
    def __init__(self, statements: list[Statement], around: Surroundings) -> None:
        self.all = statements
        self.around = around
        self.live = around.live
        self.expanded: set[str] = set()

    def generate(
        self, statements: list[Statement], dependences: list[Dependence], level: int
    ) -> tuple[Step, ...]:
        names = {s.name for s in statements}
        active = [
            d
            for d in dependences
            if d.source in names and d.sink in names and (d.level == 0 or d.level > level)
        ]
        steps: list[Step] = []
        done: set[str] = set()
        around = self.around
        for component in _components(statements, active, level):
            if component[0].name in done:
                continue
            done.update(s.name for s in component)
            if _stays(component[0], level):
                steps.append(self._whole(component, active, level))
            elif not is_cyclic(component, active):
                masked = find_masked_store(component[0], level)
                steps.append(Vector(component[0], level, accumulation=masked))
            elif (
                found := _accumulations_of(component, active, level, around)
            ) is not None and not _starts_from_the_last(found, level):
                steps.extend(Vector(s, level, accumulation=a) for s, a in found)
            elif found := _with_readers(component, statements, active, level, around, done):
                done.update(s.name for s, _ in found)
                steps.extend(Vector(s, level, accumulation=a) for s, a in found)
            elif (scatters := find_scatters(component, active, level)) is not None:
                pairs = zip(component, scatters, strict=True)
                steps.extend(Vector(s, level, accumulation=f) for s, f in pairs)
            elif (
                overlaps := find_overlaps(component, active, level, self._seen)
            ) is not None:
                steps.extend(Vector(s, level, accumulation=a) for s, a in overlaps)
            elif (cut := self._narrowed(component, active, level)) is not None:
                steps.extend(cut)
            elif (chained := _chain_of(component, active, level, around)) is not None:
                steps.append(Vector(chained, level))
            elif (last := self._last_of(component, active, level)) is not None:
                steps.append(Vector(last, level))
            elif (scanned := self._scanned(component, active, level)) is not None:
                steps.extend(scanned)
            else:
                steps.append(self._serial(component, active, level))
        return tuple(steps)

    def _seen(self, size: Affine) -> int | None:
        """What a size was at the call that is compiled."""
        return None if self.around.facts is None else self.around.facts.value(size)

    def _whole(
        self, component: list[Statement], dependences: list[Dependence], level: int
    ) -> Serial:
        """All that a loop does which is to stay, under that loop."""
        loop = component[0].loops[level]
        for statement in component:
            if not _stays(statement, level) or statement.loops[level].iterator != loop.iterator:
                sentence = "loop kept: other loops take part in what it does"
                raise Unsupported(Refusal("VEC961", loop.place, sentence))
        return Serial(loop, self.generate(component, dependences, level + 1))

    def _narrowed(
        self, component: list[Statement], dependences: list[Dependence], level: int
    ) -> tuple[Step, ...] | None:
        """A statement of its own, what its conditions say of its loops taken for their ranges."""
        if len(component) != 1 or not component[0].store.guards:
            return None
        records = any(t.type.requires_grad for t in self.around.arrays.values())
        alone, own = narrow(
            component[0], dependences, level, self.around.assume, least_often=int(records)
        )
        return None if alone.store.guards else self.generate([alone], own, level)

    def _serial(
        self, component: list[Statement], dependences: list[Dependence], level: int
    ) -> Serial:
        """The component under the loop that stays for it, distributed further inside."""
        moved = move_carrier_outwards(component, dependences, level)
        if moved is not None:
            component, dependences = moved
        self._check_left_views(component, dependences)
        component, dependences = read_updated(component, dependences)
        loop = component[0].loops[level]
        return Serial(loop, self.generate(component, dependences, level + 1))

    def _check_left_views(
        self, component: list[Statement], dependences: list[Dependence]
    ) -> None:
        """Refuse a choice between elements that is left behind: the loop leaves the element."""
        for statement in component:
            store = statement.store
            if store.cell is None or store.array not in self.live:
                continue
            chosen = not isinstance(store.value, scalar.Load) and aliased_arrays(store.value)
            if chosen and store.cell.rank is not Rank.NUMBER:
                names = {s.name for s in component}
                carried = [d for d in dependences if {d.source, d.sink} <= names and d.level]
                raise Unliftable(refuse_carried(carried[0], component))

    def _scanned(
        self, component: list[Statement], dependences: list[Dependence], level: int
    ) -> tuple[Step, ...] | None:
        """The component distributed further, its reads of an accumulating variable made scans."""
        running = find_running(component, dependences, level, self.around)
        if running is None or running.statement.name in self.expanded:
            return None
        if running.accumulation.kind in ("linear", *CLIPPED):
            is_light = not any(map(self._is_slow, (running.statement, *running.readers)))
            facts = self.around.facts
            outer = running.outer
            if not pays_off(running.statement, running.loop, level, facts, is_light, outer):
                return None
        start = None if level else start_number(running.statement, self.around)
        statements, changed = expand_running(running, component, dependences, level, start)
        readers = {r.name for r in running.readers}
        if any(s.store.array in self.live and is_late(s) for s in statements if s.name in readers):
            return None  # what is left behind is the object that the variable held before
        if self._is_done(running.statement, readers, level):
            statements = [s for s in statements if s.name != running.statement.name]
        self.expanded.add(running.statement.name)
        try:
            steps = self.generate(statements, changed, level)
        except Unliftable:
            return None
        finally:
            self.expanded.discard(running.statement.name)
        inside = {v.statement.name for s in steps if isinstance(s, Serial) for v in vectors((s,))}
        return None if inside & readers else steps

    def _is_slow(self, statement: Statement) -> bool:
        """Whether each iteration calls PyTorch: stores an element, or computes with one."""
        store = statement.store
        is_kept = self.around.arrays[store.array].storage.startswith((LIST, "cell:", "local:"))
        return not is_kept or any(
            isinstance(n, scalar.Call) and n.type.rank is not Rank.NUMBER
            for n in scalar.walk(store.value)
        )

    def _last_of(
        self, component: list[Statement], dependences: list[Dependence], level: int
    ) -> Statement | None:
        """The statement of a component as the last value of a linear recurrence, if it is one."""
        store = component[0].store
        if len(component) != 1:
            return None
        held = find_held_update(component[0], dependences, level)
        if held is not None:
            if self.around.starts_unset(store.array):
                return None  # there is nothing to hold before the first update
            is_read = component[0].name in self.expanded
            if not (is_read or isinstance(held.term, scalar.Call)):
                return None  # the last one alone is a search
            if store.array in self.live and self._is_left_behind(component[0], held):
                return None
        elif store.array in self.live and aliased_arrays(store.value):
            return None
        return find_last(component[0], dependences, level, self.around.facts)

    def _is_left_behind(self, statement: Statement, held: Accumulation) -> bool:
        """Whether a held value is an element itself to the code behind the loop, not its number."""
        store = statement.store
        if store.cell is None or store.cell.rank is Rank.NUMBER:
            return False
        shared = {cell.key for cell in self.around.cells if cell.starts_shared}
        is_view = bool(aliased_arrays(held.term)) and store.array in self.around.escaping
        return is_view or store.array in shared

    def _is_done(self, statement: Statement, readers: set[str], level: int) -> bool:
        """Whether nobody needs the last value of a variable that `readers` read on its way."""
        array = statement.store.array
        if statement.store.cell is None and array not in self.around.private:
            return False
        around = {x.iterator for x in statement.loops[:level]}
        own = {s for x in statement.store.subscripts if isinstance(x, Affine) for s in x.symbols}
        own |= _pieces_of(statement, own)
        used = any(
            load.array == array
            for s in self.all
            if s.name != statement.name and s.name not in readers
            for load in scalar.loads(s.store.value)
        )
        return array not in self.live and around <= own and not used


def _chain_of(
    component: list[Statement], dependences: list[Dependence], level: int, around: Surroundings
) -> Statement | None:
    """The statement of a component as a scan of what it stores itself, if it is one."""
    if len(component) != 1:
        return None
    chain = find_chain(component[0], dependences, level)
    if chain is None:
        return None
    if chain.kind == "linear" and not pays_off(component[0], chain.loop, level, around.facts):
        return None
    if chain.kind == "prod" and is_floating(component[0].store.dtype) and around.facts is not None:
        if not around.facts.may_multiply:
            return None
        around.facts.multiplies = True
    return expand_chain(chain, component[0])


def _starts_from_the_last(found: list[tuple[Statement, Accumulation]], level: int) -> bool:
    """Whether a search goes on from what an iteration of a loop that stays has found."""
    for statement, accumulation in found:
        around = {x.iterator for x in statement.loops[:level]}
        own = {s for x in statement.store.subscripts if isinstance(x, Affine) for s in x.symbols}
        own |= _pieces_of(statement, own)
        if accumulation.winner is not None and not around <= own:
            return True
    return False


def _pieces_of(statement: Statement, iterators: set[str]) -> set[str]:
    """The loops over pieces of ranges of which such loops run one each."""
    staying = {x.iterator for x in statement.loops if x.stays}
    inside = [c for x in statement.loops if x.iterator in iterators for c in x.constraints]
    return staying & {symbol for c in inside for symbol in c.expression.symbols}


def _accumulations_of(
    component: list[Statement], dependences: list[Dependence], level: int, around: Surroundings
) -> list[tuple[Statement, Accumulation]] | None:
    """What a component combines, where its only cycle is what each of its instances updates."""
    if len(component) == 1:
        found = find_accumulation(component[0], dependences, level, around)
        if found is not None:
            return [(component[0], found)]
    joint = find_joint_accumulations(component, dependences, level, around)
    return joint or find_arg_reduction(component, level, around)


def _with_readers(
    component: list[Statement],
    statements: list[Statement],
    dependences: list[Dependence],
    level: int,
    around: Surroundings,
    done: set[str],
) -> list[tuple[Statement, Accumulation]] | None:
    """An arg-reduction that other statements join by a temporary: the mask that all of them read.

    They must wait for nothing that comes later.
    """
    temporaries = {s.store.array for s in component if s.store.local}
    joined = [
        s
        for s in statements
        if s.name not in done and any(x.array in temporaries for x in loads(s.store.value))
    ]
    names = {s.name for s in joined}
    if not joined or any(d.sink in names and d.source not in names | done for d in dependences):
        return None
    together = [s for s in statements if s in component or s.name in names]
    return find_arg_reduction(together, level, around)


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


def _stays(statement: Statement, level: int) -> bool:
    """Whether the statement's loop at a level is one that is to stay."""
    return level < len(statement.loops) and statement.loops[level].stays


def _components(
    statements: list[Statement], dependences: list[Dependence], level: int
) -> list[list[Statement]]:
    """Strongly connected components, in an order that respects the edges and else the text.

    What stands in one loop that is to stay is one component.

    R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1972.
    """
    successors: dict[str, list[str]] = {s.name: [] for s in statements}
    for d in dependences:
        if d.source != d.sink:
            successors[d.source].append(d.sink)
    bound = [s.name for s in statements if _stays(s, level)]
    for first, second in zip(bound, (*bound[1:], *bound[:1]), strict=True):
        successors[first].append(second)
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
    plan: tuple[Step, ...],
    dependences: Iterable[Dependence],
    statements: list[Statement],
    hoisted: frozenset[str],
) -> Refusal | None:
    """Why a loop stays, None where none does. Raises `Unliftable` where nothing was gained.

    A loop that stays is worth a rewrite where something in or beside it lost at least one loop;
    `hoisted` are the arrays of what left it.
    """
    plan = _without_chunks(plan)
    serial = [step for step in plan if isinstance(step, Serial)]
    if not serial:
        return None
    refusal = _reason(serial[0], list(dependences), statements)
    lifted = [
        v
        for v in vectors(plan)
        if not v.statement.store.local or v.statement.store.array in hoisted
    ]
    moved = [len(v.statement.loops) for v in lifted if len(v.statement.loops) > v.level]
    depth = max(moved, default=0)
    if not depth or any(_costs_more(v, depth) for v in vectors(plan)):
        raise Unliftable(refusal)
    return refusal


def _without_chunks(plan: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, what is done in pieces for its memory's sake as if it were done at once."""
    steps: list[Step] = []
    for step in plan:
        is_piece = isinstance(step, Serial) and step.loop.stays
        steps.extend(_without_chunks(step.body) if is_piece else [step])  # type: ignore[union-attr]
    return tuple(steps)


def _costs_more(vector: Vector, depth: int) -> bool:
    """Whether a choice stays in the innermost loop: there an ``if`` is faster than a `where`."""
    statement = vector.statement
    if vector.axes or vector.level < depth:
        return False
    return any(
        isinstance(n, scalar.Select) and n.condition.type.rank is not Rank.NUMBER
        for n in scalar.walk(statement.store.value)
    )


def _reason(step: Serial, dependences: list[Dependence], statements: list[Statement]) -> Refusal:
    """The dependence that a loop stays for: one that it carries, a flow dependence first."""
    names = {v.statement.name for v in vectors((step,))}
    level = next(
        k
        for s in statements
        if s.name in names
        for k, x in enumerate(s.loops)
        if x.iterator == step.loop.iterator or step.loop.diagonal is not None
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
    if not preferred:
        sentence = f"loop kept: what runs inside has a range that moves with {step.loop.iterator}"
        return Refusal("VEC945", step.loop.place, sentence)
    return refuse_carried(preferred[0], statements)
