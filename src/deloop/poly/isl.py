"""The only door to isl: integer polyhedra built from `Affine` constraints, with bounded work.

A symbol of an `Affine` is an arbitrary string (``tensor.shape[0]``), so isl never sees a name:
`Columns` gives each symbol a position, a constraint is a row of integers, and names are put back
when something is printed. Rows go to isl as matrices, which is several times faster than text.

isl counts its own steps. `bounded` limits them, and past the limit the work ends with
`PolyBudgetExceeded`, which the caller turns into a refusal.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import islpy

from deloop.ir.affine import Affine, Constraint, Sign

Row = tuple[int, ...]

DEFAULT_MAX_OPERATIONS = 200_000
"""isl steps for one question; about a fifth of a second."""


class PolyBudgetExceeded(Exception):
    """isl needed more steps than it was allowed."""


class _ThreadState(threading.local):
    """isl is not thread-safe within a context: each thread has its own."""

    def __init__(self) -> None:
        self.context = islpy.Context()
        self.is_bounded = False
        self.small = {k: islpy.Val.int_from_si(self.context, k) for k in range(-8, 9)}


_state = _ThreadState()
_CONSTANT = islpy.dim_type.cst
_PARAMETER = islpy.dim_type.param
_SET = islpy.dim_type.set
_IN = islpy.dim_type.in_
_OUT = islpy.dim_type.out
_DIVISION = islpy.dim_type.div


@contextmanager
def bounded(max_operations: int = DEFAULT_MAX_OPERATIONS) -> Iterator[None]:
    """Limit the isl steps taken inside; within another `bounded`, the outer limit holds.

    Raises
    ------
    PolyBudgetExceeded
        When the steps are used up. Nothing is left half-done: objects made before stay valid.
    """
    if _state.is_bounded:
        yield
        return
    context = _state.context
    context.reset_operations()
    context.set_max_operations(max_operations)
    _state.is_bounded = True
    try:
        yield
    except Exception as error:
        # Out of steps, isl answers with nothing, and what fails next may be any error at all.
        if not _is_exhausted(context):
            raise
        raise PolyBudgetExceeded(f"more than {max_operations} isl steps") from error
    else:
        if _is_exhausted(context):
            raise PolyBudgetExceeded(f"more than {max_operations} isl steps")
    finally:
        _state.is_bounded = False
        context.set_max_operations(0)
        context.reset_operations()


def _is_exhausted(context: islpy.Context) -> bool:
    """Whether the steps are used up: then the smallest thing cannot be made either."""
    try:
        islpy.Space.set_alloc(context, 0, 0)
    except islpy.Error:
        return True
    return False


@dataclass(frozen=True)
class Columns:
    """Where each symbol stands in a row: the constant first, then parameters, then variables."""

    parameters: tuple[str, ...]
    variables: tuple[str, ...]

    @classmethod
    def of(cls, variables: Sequence[str], constraints: Iterable[Constraint | Affine]) -> Columns:
        """The columns that `constraints` need: every symbol not a variable is a parameter."""
        known = set(variables)
        parameters: dict[str, None] = {}
        for item in constraints:
            expression = item.expression if isinstance(item, Constraint) else item
            for name, _ in expression.terms:
                if name not in known:
                    parameters[name] = None
        return cls(tuple(parameters), tuple(variables))

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Symbol to column number."""
        return {name: k + 1 for k, name in enumerate((*self.parameters, *self.variables))}

    @property
    def width(self) -> int:
        """The length of a row."""
        return 1 + len(self.parameters) + len(self.variables)

    def row(self, expression: Affine, rename: Mapping[str, str] | None = None) -> Row:
        """The coefficients of an expression, its symbols renamed first: ``i - n -> (0, -1, 1)``."""
        row = [0] * self.width
        row[0] = expression.constant
        positions = self.positions
        for name, coefficient in expression.terms:
            row[positions[rename.get(name, name) if rename else name]] += coefficient
        return tuple(row)

    def expression(self, row: Sequence[int]) -> Affine:
        """The expression that a row stands for."""
        names = (*self.parameters, *self.variables)
        return Affine.build(dict(zip(names, row[1:], strict=True)), row[0])


@dataclass(frozen=True)
class Rows:
    """A conjunction: each equality row is zero, each inequality row is not negative."""

    equalities: tuple[Row, ...] = ()
    inequalities: tuple[Row, ...] = ()

    @classmethod
    def of(
        cls,
        columns: Columns,
        constraints: Iterable[Constraint],
        rename: Mapping[str, str] | None = None,
    ) -> Rows:
        """Constraints as rows."""
        equalities: list[Row] = []
        inequalities: list[Row] = []
        for constraint in constraints:
            target = equalities if constraint.sign is Sign.ZERO else inequalities
            target.append(columns.row(constraint.expression, rename))
        return cls(tuple(equalities), tuple(inequalities))

    def __add__(self, other: Rows) -> Rows:
        return Rows(self.equalities + other.equalities, self.inequalities + other.inequalities)


def _value(number: int) -> islpy.Val:
    """The number for isl; the small ones are kept, because making one takes longer than its use."""
    kept = _state.small.get(number)
    return kept if kept is not None else islpy.Val.read_from_str(_state.context, str(number))


def _matrix(rows: Sequence[Row], width: int) -> islpy.Mat:
    matrix = islpy.Mat.alloc(_state.context, 0, width).add_zero_rows(len(rows))
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value:
                matrix = matrix.set_element_val(r, c, _value(value))
    return matrix


@dataclass(frozen=True, eq=False)
class Polyhedron:
    """The integer points of a conjunction of affine constraints; lives within one thread.

    Integer points in the sense of F. Verdoolaege, "isl: An Integer Set Library for the Polyhedral
    Model", ICMS 2010: emptiness and projection are exact for integers, not rational bounds.
    """

    columns: Columns
    handle: islpy.BasicSet

    @classmethod
    def build(cls, columns: Columns, rows: Rows) -> Polyhedron:
        """The points at which all rows hold."""
        space = islpy.Space.set_alloc(
            _state.context, len(columns.parameters), len(columns.variables)
        )
        handle = islpy.BasicSet.from_constraint_matrices(
            space,
            _matrix(rows.equalities, columns.width),
            _matrix(rows.inequalities, columns.width),
            _CONSTANT,
            _PARAMETER,
            _SET,
            _DIVISION,
        )
        return cls(columns, handle)

    @classmethod
    def of(cls, columns: Columns, constraints: Iterable[Constraint]) -> Polyhedron:
        """The points at which all constraints hold."""
        return cls.build(columns, Rows.of(columns, constraints))

    def __and__(self, other: Polyhedron) -> Polyhedron:
        return Polyhedron(self.columns, self.handle.intersect(other.handle))

    def is_empty(self) -> bool:
        """Whether no integer values of parameters and variables satisfy the constraints."""
        return bool(self.handle.is_empty())

    def affine_hull(self) -> Rows:
        """The equalities that hold at every integer point."""
        hull = self.handle.affine_hull()
        rows = [_row_of(c, self.columns) for c in hull.get_constraints() if c.is_equality()]
        return Rows(tuple(row for row in rows if row is not None))

    def project_out(self, variables: Sequence[str]) -> Union:
        """The shadow on the remaining symbols: ``{i, j : 0 <= i < j < n} -> {j : 0 < j < n}``."""
        return self.without(()).project_out(variables)

    def without(self, others: Sequence[Union]) -> Union:
        """The points that are in none of the others."""
        left = islpy.Set.from_basic_set(self.handle)
        for other in others:
            left = left.subtract(other.handle)
        return Union(self.columns, left)


@dataclass(frozen=True, eq=False)
class Union:
    """A finite union of polyhedra over the same columns, perhaps with existential divisions."""

    columns: Columns
    handle: islpy.Set

    def project_out(self, variables: Sequence[str]) -> Union:
        """The shadow on the remaining symbols."""
        result = self.handle
        remaining = list(self.columns.variables)
        for name in variables:
            result = result.project_out(_SET, remaining.index(name), 1)
            remaining.remove(name)
        return Union(Columns(self.columns.parameters, tuple(remaining)), result)

    def contains(self, other: Polyhedron) -> bool:
        """Whether every point of `other` is one of these, for every value of the parameters."""
        return bool(islpy.Set.from_basic_set(other.handle).is_subset(self.handle))

    def simplify(self, context: Polyhedron) -> Union:
        """The same set as far as `context` holds, with what `context` says left out."""
        known = islpy.Set.from_basic_set(context.handle)
        handle = self.handle.intersect(known).coalesce().gist(known)
        return Union(self.columns, handle.coalesce().remove_redundancies())

    def pieces(self) -> tuple[tuple[Constraint, ...], ...] | None:
        """Each part as constraints, or None where one needs a division (``n % 2 = 0``)."""
        result: list[tuple[Constraint, ...]] = []
        for basic in self.handle.get_basic_sets():
            rows = _rows_of_basic(basic, self.columns)
            if rows is None:
                return None
            result.append(
                tuple(
                    [Constraint(self.columns.expression(r), Sign.ZERO) for r in rows.equalities]
                    + [Constraint(self.columns.expression(r)) for r in rows.inequalities]
                )
            )
        return tuple(result)


def _rows_of_basic(basic: islpy.BasicSet, columns: Columns) -> Rows | None:
    equalities: list[Row] = []
    inequalities: list[Row] = []
    for constraint in basic.get_constraints():
        row = _row_of(constraint, columns)
        if row is None:
            return None
        (equalities if constraint.is_equality() else inequalities).append(row)
    return Rows(tuple(equalities), tuple(inequalities))


def _row_of(constraint: islpy.Constraint, columns: Columns) -> Row | None:
    """The constraint's coefficients, or None where it says something of a division."""
    for k in range(constraint.dim(_DIVISION)):
        if not constraint.get_coefficient_val(_DIVISION, k).is_zero():
            return None
    row = [_integer(constraint.get_constant_val())]
    for kind, count in ((_PARAMETER, len(columns.parameters)), (_SET, len(columns.variables))):
        row += [_integer(constraint.get_coefficient_val(kind, k)) for k in range(count)]
    return tuple(row)


def _integer(value: islpy.Val) -> int:
    return int(value.to_python())


_IDENTIFIER = re.compile(r"(?<![A-Za-z0-9_])(\d*)(q\d+_)")


def relation_text(source: str, sink: str, columns: Columns, source_count: int, rows: Rows) -> str:
    """A relation in isl's notation with the user's names: ``{ S[i] -> T[1 + i] : 0 <= i < n }``.

    Parameters
    ----------
    source, sink:
        Names of the two statements.
    columns, source_count:
        The first `source_count` variables belong to the source, the others to the sink.
    rows:
        What relates them.
    """
    names = (*columns.parameters, *columns.variables)
    sink_count = len(columns.variables) - source_count
    parameter_count = len(columns.parameters)
    with bounded():
        space = islpy.Space.alloc(_state.context, parameter_count, source_count, sink_count)
        relation = islpy.BasicMap.from_constraint_matrices(
            space,
            _matrix(rows.equalities, columns.width),
            _matrix(rows.inequalities, columns.width),
            _CONSTANT,
            _PARAMETER,
            _IN,
            _OUT,
            _DIVISION,
        ).remove_redundancies()
        spelled = {f"q{k}_": name for k, name in enumerate(names)}
        spelled["q_source"], spelled["q_sink"] = source, sink
        identifiers = iter(spelled)
        for kind, count in ((_PARAMETER, parameter_count), (_IN, source_count), (_OUT, sink_count)):
            for k in range(count):
                relation = relation.set_dim_name(kind, k, next(identifiers))
        relation = relation.set_tuple_name(_IN, "q_source").set_tuple_name(_OUT, "q_sink")
        text = str(islpy.Map.from_basic_map(relation))
    text = text.replace("q_source[", f"{source}[").replace("q_sink[", f"{sink}[")
    return _IDENTIFIER.sub(lambda match: _spell(match[1], spelled[match[2]]), text)


def _spell(coefficient: str, name: str) -> str:
    atom = name if " " not in name else f"({name})"
    return f"{coefficient}*{atom}" if coefficient else atom
