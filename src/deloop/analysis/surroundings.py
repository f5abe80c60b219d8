"""What is known around a component of statements: other statements, arrays, what began as what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deloop.analysis.facts import Facts
from deloop.dtype import Rank
from deloop.frontend.expression import cast, number
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint
from deloop.ir.loop import Cell, Store
from deloop.ir.plan import Statement
from deloop.ir.scalar import Cast, ElementType, Expression, Invariant, Load
from deloop.ir.types import Tensor


@dataclass(frozen=True)
class Surroundings:
    """What is known around a component: all statements, arrays, cells, and names that escape."""

    statements: Sequence[Statement]
    arrays: Mapping[str, Tensor]
    cells: Sequence[Cell] = ()
    escaping: frozenset[str] = frozenset()
    origins: Mapping[str, Expression] = field(default_factory=dict)
    live: frozenset[str] = frozenset()
    facts: Facts | None = None
    private: frozenset[str] = frozenset()
    """Tensors that only the loop looks at."""

    def assume(self, constraint: Constraint, reason: str) -> bool:
        """Take a constraint on sizes as given, with a guard; False where it does not hold."""
        return self.facts is not None and self.facts.assume(constraint, reason)

    def original(self, value: Expression) -> Expression:
        """The value with variables that were set right before the loop written out."""
        match value:
            case Cast(inner, kind):
                return replace(value, value=self.original(inner)) if inner.type != kind else value
            case Invariant(name) | Load(name):
                found = self.origins.get(name)
                if found is not None and isinstance(value, Load) and value.subscripts:
                    found = _along(found, value)
                if found is not None and found.type == value.type and not self._is_written(found):
                    return self.original(found)
        return value

    def element_of_origin(self, element: Load) -> Expression | None:
        """What an element of a copied row was: ``x[0, j]`` where ``out = x[0].clone()``."""
        found = self.origins.get(element.array)
        while isinstance(found, Cast) and found.type == found.value.type:
            found = found.value
        if not isinstance(found, Load) or self._is_written(found) or element.implicit:
            return None
        names = sorted((i for i, _ in found.implicit), reverse=True)
        if len(names) != len(element.subscripts):
            return None
        values = {n: s for n, s in zip(names, element.subscripts, strict=True)
                  if isinstance(s, Affine)}  # fmt: skip
        moved = scalar.substitute_symbols(found, values)
        assert isinstance(moved, Load)
        return replace(moved, type=replace(found.type, rank=Rank.SCALAR), implicit=())

    def start_of(
        self, own: Load, statement: Statement, updaters: Collection[str], reduced: frozenset[str]
    ) -> Expression | None:
        """What a variable holds before the loops that it is reduced over, None where not known.

        `own` is the element that `statement` updates, `updaters` names all statements that take
        part, `reduced` the iterators that are combined away.
        """
        writers = [
            s for s in self.statements if s.store.array == own.array and s.name not in updaters
        ]
        if not writers:
            if not self.arrays[own.array].fresh or statement.store.cell is not None:
                return None
            return self._filled(own) or self.element_of_origin(own)
        first = writers[0]
        outer = statement.loops[: len(first.loops)]
        usable = (
            len(writers) == 1
            and not first.store.guards
            and _subscripts_as(first.store, statement.store) == own.subscripts
            and first.loops == outer
            and not {x.iterator for x in outer} & reduced
            and first.schedule < statement.schedule[: len(first.schedule)]
        )
        if not usable or self._is_written(first.store.value):
            return None
        found = self.original(_renamed(first.store, statement.store))
        if isinstance(found, Load) and found.array in self.arrays:
            return self._filled(found) or found
        return found

    def _filled(self, element: Load) -> Expression | None:
        """The number that an element of a new tensor still is."""
        tensor = self.arrays[element.array]
        if not tensor.fresh or tensor.fill is None:
            return None
        return cast(number(tensor.fill), ElementType(tensor.type.dtype, element.type.rank))

    def _is_written(self, value: Expression) -> bool:
        written = {s.store.array for s in self.statements}
        return any(load.array in written for load in scalar.loads(value))

    def starts_beyond(self, array: str) -> bool:
        """Whether a variable begins as an infinity that its type does not have."""
        return any(c.key == array and c.starts_beyond for c in self.cells)

    def starts_unset(self, array: str) -> bool:
        """Whether a variable holds nothing before the loop."""
        return any(c.key == array and c.starts_unset for c in self.cells)

    def changes_type(self, array: str) -> bool:
        """Whether a variable begins as a Python number, or as a tensor of others'."""
        return any(
            c.key == array and (c.changes_type or c.starts_shared) for c in self.cells
        )


def _along(value: Expression, row: Load) -> Expression | None:
    """The value of a whole row with the iterators by which another row is read."""
    names = [i for i, _ in row.implicit]
    if row.subscripts != tuple(map(Affine.symbol, names)):
        return None
    extents = {i: e for load in scalar.loads(value) for i, e in load.implicit}
    own = sorted(extents, reverse=True)
    if [extents[i] for i in own] != [e for _, e in row.implicit]:
        return None
    return _with_iterators(value, dict(zip(own, names, strict=True)))


def _renamed(first: Store, second: Store) -> Expression:
    """The value of one store to a row, its iterators along the row called as in another one."""
    names = [x.iterator for x in first.implicit], [x.iterator for x in second.implicit]
    if len(names[0]) != len(names[1]):
        return first.value
    return _with_iterators(first.value, dict(zip(*names, strict=True)))


def _subscripts_as(first: Store, second: Store) -> tuple[scalar.Subscript, ...]:
    """Where a store goes, its iterators along a row called as in another one."""
    names = [x.iterator for x in first.implicit], [x.iterator for x in second.implicit]
    symbols = dict(zip(names[0], map(Affine.symbol, names[1]), strict=False))
    return tuple(s.substitute(symbols) if isinstance(s, Affine) else s for s in first.subscripts)


def _with_iterators(value: Expression, values: Mapping[str, str]) -> Expression:

    def change(node: Expression) -> Expression:
        node = scalar.rebuild(node, change)
        if isinstance(node, Load) and node.implicit:
            return replace(node, implicit=tuple((values.get(i, i), e) for i, e in node.implicit))
        return node

    symbols = {old: Affine.symbol(new) for old, new in values.items()}
    return scalar.substitute_symbols(change(value), symbols)
