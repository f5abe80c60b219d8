"""Several variables that remember one iteration: the best value, its index, what belonged to it.

A dependence cycle in which every variable changes under one condition, ``x[i] > best``, takes all
its values from the iteration that won: the one with the greatest key, the first or the last of
equals as the comparison says. The variables are read off one iteration run symbolically, so that
neither their order nor the temporaries in between count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from deloop.analysis.masks import comparison_of
from deloop.analysis.surroundings import Surroundings
from deloop.dtype import RANGES, Rank, category
from deloop.frontend.expression import BOOL, aliased_arrays, both, cast, negate, number
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, Sign
from deloop.ir.plan import Accumulation, Statement, Step, Winner, vectors
from deloop.ir.scalar import (
    UNSET,
    Call,
    Cast,
    ElementType,
    Expression,
    Index,
    Load,
    Number,
    Select,
)

Location = tuple[str, tuple[scalar.Subscript, ...]]
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}


@dataclass(frozen=True)
class _Update:
    """``variable = taken`` where all of `conditions` hold."""

    statement: Statement
    own: Load
    conditions: tuple[Expression, ...]
    taken: Expression


@dataclass(frozen=True)
class _Comparison:
    """``key > best`` (or an index of the best so far), with `best` as it was left by others."""

    word: str
    key: Expression
    held: Expression
    owner: _Update
    takes_first: bool = False
    """Whether the first iteration wins whatever it has: ``best is None or x[i] > best``."""
    is_written: bool = True
    """Whether the loop compares so, and not the other way round, which lets NaN in."""


def find_arg_reduction(
    component: Sequence[Statement], level: int, around: Surroundings
) -> list[tuple[Statement, Accumulation]] | None:
    """What each variable of a component takes from the iteration that wins, None for no match.

    ``if x[i] > best: best = x[i]; index = i   ->   x[i] and i where x[i] is greatest``
    """
    loops = component[0].loops[level:]
    iterators = [loop.iterator for loop in loops]
    updates = _updates_of(component, level, around)
    if updates is None:
        return None
    kept = {s for s in iterators if _moves(updates[0].statement, s)}
    reduced = [i for i in iterators if i not in kept]
    if not reduced or any(
        {s for s in iterators if _moves(u.statement, s)} != kept for u in updates
    ):
        return None
    conditions = set(updates[0].conditions)
    arrays = {u.own.array for u in updates}
    if any(set(u.conditions) != conditions or _reads(u.taken, arrays) for u in updates):
        return None
    compared = [c for c in updates[0].conditions if _reads(c, arrays)]
    if len(compared) != 1:
        return None
    comparison = _comparison_of(compared[0], updates)
    if comparison is None or _is_out_of_reach(comparison, around):
        return None
    if comparison.key.type.dtype == "bool" and comparison.key.type.rank is not Rank.NUMBER:
        counted = ElementType("int32", comparison.key.type.rank)  # PyTorch has no argmax of bools
        comparison = replace(comparison, key=cast(comparison.key, counted))
    if category(comparison.key.type.dtype) not in ("int", "float"):
        return None
    if not scalar.iterators_of(comparison.key, frozenset(reduced)):
        return None
    written = {node for s in component for node in scalar.walk(s.store.value)}
    comparison = replace(comparison, is_written=compared[0] in written)
    guard: Expression = number(True)
    for condition in updates[0].conditions:
        guard = guard if condition in compared else both(guard, condition)
    found = _Remembered(updates, comparison, guard, tuple(reduced), bool(kept), around)
    return found.accumulations()


def _is_out_of_reach(comparison: _Comparison, around: Surroundings) -> bool:
    """Whether a search begins with what only the type's own extreme may equal: ``n[i] >= inf``."""
    array = comparison.owner.own.array
    for cell in around.cells:
        if cell.key == array and cell.starts_beyond and isinstance(cell.start, Number):
            low, high = RANGES.get(cell.kind.dtype, (0, 1))
            start = cell.start.value
            assert not isinstance(start, complex)
            wrong = {"ge": start > high, "le": start < low}
            return wrong.get(comparison.word, False)
    return False


def _moves(statement: Statement, iterator: str) -> bool:
    return any(isinstance(s, Affine) and iterator in s.symbols for s in statement.store.subscripts)


def _reads(value: Expression, arrays: set[str]) -> bool:
    return any(load.array in arrays for load in scalar.loads(value))


# ---------------------------------------------------------------------- one iteration, symbolically
def _updates_of(
    component: Sequence[Statement], level: int, around: Surroundings
) -> list[_Update] | None:
    """What one iteration makes of each variable, in terms of what they held when it began."""
    names = {s.name for s in component}
    loops = component[0].loops
    temporaries = {s.store.array for s in component if s.store.local}
    for statement in around.statements:
        if statement.name not in names and _reads(statement.store.value, temporaries):
            return None  # somebody else needs what each iteration had
    written = {s.store.array for s in component}
    guards = _guards_of(component)
    if guards is None:
        return None
    state: dict[Location, Expression] = {}
    owners: dict[Location, Statement] = {}
    for statement in component:
        store = statement.store
        location = store.array, store.subscripts
        plain = all(isinstance(s, Affine) and len(s.symbols) <= 1 for s in store.subscripts)
        if statement.loops != loops or not plain or (store.local and store.guards):
            return None
        if store.guards and location in owners:
            continue  # another piece of the same guard
        value = _substituted(store.value, state, owners, written)
        if value is None:
            return None
        if store.guards:
            own = _own(location, component, around)
            value = Select(guards[location], value, own)
        state[location] = value
        if not store.local:
            owners.setdefault(location, statement)
    updates: list[_Update] = []
    for location, statement in owners.items():
        own = _own(location, component, around)
        split = _split(state[location], own)
        if split is None:
            return None
        conditions, taken = split
        updates.append(_Update(statement, own, tuple(dict.fromkeys(conditions)), taken))
    if len({u.own.array for u in updates}) != len(updates) or not updates:
        return None
    return updates


def _guards_of(component: Sequence[Statement]) -> dict[Location, Expression] | None:
    """The condition on iterators under which each variable is set: ``j < i`` or ``j > i``.

    One store may stand there several times, in pieces that exclude each other, so that an iteration
    runs it once. None where that is not so.
    """
    by_location: dict[Location, list[Statement]] = {}
    for statement in component:
        if not statement.store.local:
            location = statement.store.array, statement.store.subscripts
            by_location.setdefault(location, []).append(statement)
    found: dict[Location, Expression] = {}
    for location, statements in by_location.items():
        pieces = [s.store.guards for s in statements]
        if not any(pieces):
            continue
        if len({s.store.value for s in statements}) != 1:
            return None
        for k, first in enumerate(pieces):
            for second in pieces[k + 1 :]:
                if not any(_excludes(a, b) for a in first for b in second):
                    return None
        first_at, last_at = component.index(statements[0]), component.index(statements[-1])
        for between in component[first_at + 1 : last_at]:
            own_piece = between in statements or between.store.guards in pieces
            if not own_piece and _reads(between.store.value, {location[0]}):
                return None
        found[location] = _guard_of(pieces, {x.iterator for x in statements[0].loops})
    return found


def _excludes(first: Constraint, second: Constraint) -> bool:
    """Whether two constraints cannot hold together: their sum is a negative constant."""
    total = first.expression + second.expression
    inequalities = Sign.ZERO not in (first.sign, second.sign)
    return inequalities and total.is_constant and total.constant < 0


def _guard_of(pieces: Sequence[tuple[Constraint, ...]], iterators: set[str]) -> Expression:
    """The condition that one of the pieces holds: ``j < i`` or ``j > i`` is ``j != i``."""
    if len(pieces) == 2 and all(len(p) == 1 for p in pieces):
        (below,), (above,) = pieces
        if below.expression + above.expression == Affine.number(-2):
            apart = comparison_of(replace(above, expression=above.expression + 1, sign=Sign.ZERO),
                                  iterators)  # fmt: skip
            assert isinstance(apart, Call)
            return replace(apart, operator="ne")
    result: Expression = number(False)
    for piece in pieces:
        holds: Expression = number(True)
        for constraint in piece:
            holds = both(holds, comparison_of(constraint, iterators))
        result = both(result, holds, "logical_or")
    return result


def _own(location: Location, component: Sequence[Statement], around: Surroundings) -> Load:
    for statement in component:
        for load in scalar.loads(statement.store.value):
            if (load.array, load.subscripts) == location:
                return load
    array, subscripts = location
    return Load(array, subscripts, ElementType(around.arrays[array].type.dtype, Rank.SCALAR))


def _substituted(
    value: Expression,
    state: Mapping[Location, Expression],
    owners: Mapping[Location, Statement],
    written: set[str],
) -> Expression | None:
    """The value with what this iteration has already set put in; None where that is unclear."""
    failed = False
    locations = {location: True for location in (*state, *owners)}

    def change(node: Expression) -> Expression:
        nonlocal failed
        if isinstance(node, Load) and node.array in written:
            held = state.get((node.array, node.subscripts))
            if held is not None:
                return cast(held, node.type)
            others = {sub for array, sub in locations if array == node.array}
            plain = all(isinstance(s, Affine) for s in node.subscripts)
            failed = failed or bool(others) or not plain
            return node
        return scalar.rebuild(node, change)

    result = change(value)
    return None if failed else result


def _split(value: Expression, own: Load) -> tuple[list[Expression], Expression] | None:
    """``select(c and d, e, own) -> [c, d], e``."""
    if _is_own(value, own):
        return None
    if not isinstance(value, Select):
        return [], value
    for branch, other, condition in (
        (value.then, value.otherwise, value.condition),
        (value.otherwise, value.then, _opposite(value.condition)),
    ):
        if _is_own(other, own):
            inner = _split(branch, own)
            if inner is None:
                return None
            return [*_conjuncts(condition), *inner[0]], inner[1]
    then, otherwise = _split(value.then, own), _split(value.otherwise, own)
    if then and otherwise and then[1] == otherwise[1] and not then[0]:
        rest: Expression = number(True)
        for condition in otherwise[0]:
            rest = both(rest, condition)
        return _conjuncts(both(value.condition, rest, "logical_or")), then[1]
    return [], value


def _is_own(value: Expression, own: Load) -> bool:
    while isinstance(value, Cast) and value.type == value.value.type:
        value = value.value
    return isinstance(value, Load) and (value.array, value.subscripts) == (
        own.array,
        own.subscripts,
    )


def _conjuncts(condition: Expression) -> list[Expression]:
    match condition:
        case Number(True):
            return []
        case Call("logical_and", (left, right)):
            return [*_conjuncts(left), *_conjuncts(right)]
        case Call("logical_not", (Call("logical_or", (left, right)),)):
            return [*_conjuncts(negate(left)), *_conjuncts(negate(right))]
        case Call("logical_not", (inner,)):
            return [_normal(_opposite(inner))]
    return [_normal(condition)]


def _normal(condition: Expression) -> Expression:
    """One form for a comparison of two ints, however it is spelled: ``i < j``, ``j > i``."""
    match condition:
        case Call(word, (Index() | Number() as left, Index() | Number() as right)):
            first, second = _affine_of(left, None), _affine_of(right, None)
            if first is None or second is None or word not in _OPPOSITE:
                return condition
            names = {*first.symbols, *second.symbols}
            gap = first - second
            if word in ("eq", "ne"):
                gap = gap if gap.terms and gap.terms[0][1] > 0 else -gap
                made = comparison_of(Constraint(gap, Sign.ZERO), names)
                assert isinstance(made, Call)
                return replace(made, operator=word)
            gap = {"lt": -gap - 1, "le": -gap, "gt": gap - 1, "ge": gap}[word]
            return comparison_of(Constraint(gap), names)
    return condition


def _opposite(condition: Expression) -> Expression:
    """``not a <= b -> a > b``: the same where neither is NaN, which is asked for."""
    if isinstance(condition, Call) and condition.operator in _OPPOSITE and not condition.spelling:
        return replace(condition, operator=_OPPOSITE[condition.operator])
    return negate(condition)


# ---------------------------------------------------------------------- what is compared
def _comparison_of(condition: Expression, updates: Sequence[_Update]) -> _Comparison | None:
    match condition:
        case Call("logical_or", (first, second)) if _takes_first(first, updates):
            found = _comparison_of(second, updates)
            return None if found is None else replace(found, takes_first=True)
    if not isinstance(condition, Call) or condition.operator not in _MIRRORED:
        return None
    left, right = condition.arguments
    arrays = {u.own.array for u in updates}
    word = condition.operator
    if _reads(left, arrays):
        left, right, word = right, left, _MIRRORED[word]
    if _reads(left, arrays):
        return None
    for update in updates:
        if _is_own(unwidened(right), update.own):
            if unwidened(left) != unwidened(update.taken):
                return None
            if not _holds_exactly(unwidened(left).type, update.statement.store.dtype):
                return None
            return _Comparison(word, left, right, update)
        if _is_at(left, right, update):
            return _Comparison(word, left, right, update)
    return None


def _takes_first(condition: Expression, updates: Sequence[_Update]) -> bool:
    """Whether a condition holds as long as nothing is set: ``best is None``, ``i == 0``."""
    if isinstance(condition, Call) and condition.operator == UNSET:
        return any(_is_own(condition.arguments[0], u.own) for u in updates)
    statement = updates[0].statement
    match condition:
        case Call("eq", (first, second)) if len(updates[0].conditions) == 1:
            left, right = _affine_of(first, updates[0].own), _affine_of(second, updates[0].own)
            kept = {s for u in updates for i in u.statement.store.subscripts
                    if isinstance(i, Affine) for s in i.symbols}  # fmt: skip
            reduced = [x for x in statement.loops if x.iterator not in kept]
            if left is None or right is None or len(reduced) != 1:
                return False
            start = Affine.symbol(reduced[0].iterator) - reduced[0].lower
            return left - right in (start, -start)
    return False


def unwidened(value: Expression) -> Expression:
    """The value without casts that change no value: ``x[i].item() -> x[i]``."""
    while isinstance(value, Cast) and _holds_exactly(value.value.type, value.type.dtype):
        value = value.value
    return value


_FLOATS = ("float16", "float32", "float64")
_INTEGERS = ("int8", "int16", "int32", "int64")


def _holds_exactly(kind: ElementType, dtype: str) -> bool:
    """Whether every value of a type is one of the dtype's: float32 in float64."""
    if kind.dtype == dtype:
        return True
    if (kind.dtype, dtype) in (("bfloat16", "float32"), ("bfloat16", "float64")):
        return True
    if kind.dtype == "uint8":
        return dtype in ("int16", "int32", "int64")
    return any(
        kind.dtype in order and dtype in order and order.index(kind.dtype) <= order.index(dtype)
        for order in (_FLOATS, _INTEGERS)
    )


def _is_at(key: Expression, held: Expression, update: _Update) -> bool:
    """Whether `held` is the key of the iteration that an index remembers: ``x[best]``, ``x[i]``."""
    taken = _affine_of(update.taken, update.own)
    if taken is None or category(update.own.type.dtype) != "int":
        return False
    if isinstance(key, Load) and isinstance(held, Load):
        if key.array != held.array or len(key.subscripts) != len(held.subscripts):
            return False
        pairs = list(zip(key.subscripts, held.subscripts, strict=True))
        return any(s != t for s, t in pairs) and all(
            s == t or _subscript_at(s, t, update.own, taken) for s, t in pairs
        )
    first, second = scalar.children(key), scalar.children(held)
    if len(first) != len(second) or not first:
        return False
    filler = number(0)
    if scalar.rebuild(key, lambda _: filler) != scalar.rebuild(held, lambda _: filler):
        return False
    moved = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    return bool(moved) and all(_is_at(a, b, update) for a, b in moved)


def _subscript_at(
    key: scalar.Subscript, held: scalar.Subscript, own: Load, taken: Affine
) -> bool:
    if not isinstance(key, Affine) or isinstance(held, Affine):
        return False
    affine = _affine_of(held, own)
    return affine is not None and affine.substitute({_OWN: taken}) == key


_OWN = "the index so far"


def _affine_of(value: Expression, own: Load | None) -> Affine | None:
    """An integer expression of iterators and of what an index variable holds."""
    if own is not None and _is_own(value, own):
        return Affine.symbol(_OWN)
    match value:
        case Number(int() as constant) if not isinstance(constant, bool):
            return Affine.number(constant)
        case Index(affine):
            return affine
        case Cast(inner, kind) if kind.dtype == "int64":
            return _affine_of(inner, own)
        case Call("add" | "sub" as word, (first, second), _, "", ()):
            left, right = _affine_of(first, own), _affine_of(second, own)
            if left is None or right is None:
                return None
            return left + right if word == "add" else left - right
    return None


# ---------------------------------------------------------------------- where it begins
class _Remembered:
    """The variables of one arg-reduction on their way to accumulations."""

    def __init__(
        self,
        updates: Sequence[_Update],
        comparison: _Comparison,
        guard: Expression,
        reduced: tuple[str, ...],
        is_along: bool,
        around: Surroundings,
    ) -> None:
        self.updates = updates
        self.comparison = comparison
        self.guard = guard
        self.loops = [x for x in updates[0].statement.loops if x.iterator in reduced]
        self.reduced = reduced
        self.is_along = is_along
        """Whether axes are left, along which each has a winner."""
        self.around = around

    def accumulations(self) -> list[tuple[Statement, Accumulation]] | None:
        found: list[tuple[Statement, Accumulation]] = []
        owner = self.comparison.owner
        mine = {u.statement.name for u in self.updates}
        over = frozenset(self.reduced)
        starts = {
            u.own.array: self.around.start_of(u.own, u.statement, mine, over)
            for u in self.updates
        }
        folded = self._folded(starts)
        beats: Expression | None = None
        if self.comparison.takes_first:
            folded = ()
        elif folded is None:
            beats = self._beats(starts[owner.own.array])
            if beats is None:
                return None
        arrays = {u.own.array for u in self.updates}
        wanted = {a for a in arrays if a in self.around.live or not self._is_private(a, arrays)}
        others = {a: bool(wanted - {a}) for a in arrays}
        is_last = self.comparison.word in ("ge", "le")
        kind = "max" if self.comparison.word in ("gt", "ge") else "min"
        for update in self.updates:
            element = self._is_element(update)
            if element is None:
                return None
            is_value = unwidened(update.taken) == unwidened(self.comparison.key)
            if is_value and not self.is_along and others[update.own.array]:
                is_value = not isinstance(unwidened(update.taken), Load)
            skips = category(self.comparison.key.type.dtype) == "float"
            exact = beats is not None and (self.comparison.is_written or not skips)
            exact = exact and not self.around.starts_beyond(owner.own.array)
            winner = Winner(
                kind, self.comparison.key, self.guard, folded or (), beats, is_last,
                is_value and not element, owner.statement.store.place,
                exact and (not is_last or _is_finite(starts[owner.own.array])),
            )  # fmt: skip
            accumulation = Accumulation(
                "at", update.taken, frozenset(self.reduced), skips, winner
            )
            found.append((update.statement, accumulation))
        found.sort(key=lambda pair: (pair[0].store.place.line, pair[0].store.place.column))
        taken_at = [a for _, a in found if a.winner is not None and not a.winner.is_value]
        if not all(isinstance(a.term, Index) for a in taken_at):
            # Where an index is kept anyway, the others are read through it.
            found.sort(key=lambda pair: not isinstance(pair[1].term, Index))
        return found

    def _is_private(self, array: str, mine: set[str]) -> bool:
        """Whether a variable serves only the search itself."""
        within = mine | {s.store.array for s in self.around.statements if s.store.local}
        is_cell = any(c.key == array for c in self.around.cells)
        return is_cell and not any(
            s.store.array not in within and _reads(s.store.value, {array})
            for s in self.around.statements
        )

    def _is_element(self, update: _Update) -> bool | None:
        """Whether the variable's memory may be told from a copy; None where it cannot be had."""
        if update.own.array not in self.around.escaping or not aliased_arrays(update.taken):
            return False
        return True if isinstance(update.taken, Load) else None

    def _folded(
        self, starts: Mapping[str, Expression | None]
    ) -> tuple[tuple[str, Affine], ...] | None:
        """The iteration of which every start is the value: the one before the first, or it."""
        iterators = {x.iterator for x in self.updates[0].statement.loops}
        moving = any(
            (set(c.expression.symbols) & iterators) - {x.iterator}
            for x in self.loops
            for c in x.constraints
        )
        if moving or not isinstance(self.guard, Number):
            return None
        candidates = [{x.iterator: x.lower for x in self.loops}]
        if len(self.loops) == 1 and self.loops[0].span is None:
            loop = self.loops[0]
            candidates.append({loop.iterator: loop.lower - 1})
        for values in candidates:
            if all(self._begins_at(u, starts[u.own.array], values) for u in self.updates):
                return tuple(values.items())
        return None

    def _begins_at(
        self, update: _Update, start: Expression | None, values: dict[str, Affine]
    ) -> bool:
        if start is None:
            return False
        taken = scalar.substitute_symbols(update.taken, values)
        if self._is_element(update):
            return start == taken
        if _affine_of(start, update.own) is not None:
            same_type = not self.around.changes_type(update.own.array)
            return same_type and _affine_of(taken, update.own) == _affine_of(start, update.own)
        while isinstance(start, Cast) and start.type == start.value.type:
            start = start.value
        while isinstance(taken, Cast) and taken.type == taken.value.type:
            taken = taken.value
        return start == taken

    def _beats(self, start: Expression | None) -> Expression | None:
        """That an iteration is better than the start, from which all values are then taken."""
        comparison = self.comparison
        if start is None or not _is_own(unwidened(comparison.held), comparison.owner.own):
            return None
        word = comparison.word
        if not isinstance(self.guard, Number) and not _is_finite(start):
            # those left out are as bad as can be
            word = {"ge": "gt", "le": "lt"}.get(word, word)
        first = comparison.key
        if _is_plain(start):
            first = unwidened(first)
        rank = max(first.type.rank, start.type.rank)
        kind = BOOL if rank is Rank.NUMBER else ElementType("bool", rank)
        return both(self.guard, Call(word, (first, start), kind))



def _is_finite(start: Expression | None) -> bool:
    """Whether a start is a number that is known, and no infinity: better than the worst there is.
    """
    while isinstance(start, Cast):
        start = start.value
    if not isinstance(start, Number) or isinstance(start.value, complex):
        return False
    return abs(start.value) < 2**30


def _is_plain(start: Expression) -> bool:
    """Whether a start is a number that every floating dtype holds exactly."""
    while isinstance(start, Cast):
        start = start.value
    if not isinstance(start, Number) or isinstance(start.value, complex):
        return False
    return abs(start.value) == float("inf") or (abs(start.value) <= 256 and start.value % 1 == 0)


def find_settled(plan: tuple[Step, ...]) -> frozenset[str]:
    """Variables that are set by an arg-reduction, which asks for an iteration that beats the start.
    """
    return frozenset(
        v.statement.store.array
        for v in vectors(plan)
        if v.accumulation is not None and v.accumulation.winner is not None
    )
