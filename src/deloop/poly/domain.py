"""Iteration domains, and exact answers about them for every value of the parameters.

In every function `context` is what is known of the parameters (``n >= 1``). Answers are cached:
they depend on nothing but their arguments. Every function raises `PolyBudgetExceeded` where isl
would need too many steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import gcd

from deloop.ir.affine import Affine, Constraint, Sign, at_least, equal, less_than
from deloop.poly.access import solve_distances
from deloop.poly.isl import Columns, Polyhedron, Rows, bounded

Context = tuple[Constraint, ...]
Condition = tuple[tuple[Constraint, ...], ...]

_CACHE_SIZE = 4096
_MAX_ALTERNATIVES = 64


@dataclass(frozen=True)
class Domain:
    """The instances of a statement: ``{(i, j) : 0 <= i < n, 0 <= j <= i}``.

    Parameters
    ----------
    iterators:
        Names, outermost first. Every other symbol in `constraints` is a parameter.
    constraints:
        All of them hold at every point.
    """

    iterators: tuple[str, ...]
    constraints: tuple[Constraint, ...] = ()

    def __str__(self) -> str:
        inside = " and ".join(map(str, self.constraints)) or "true"
        return f"{{ [{', '.join(self.iterators)}] : {inside} }}"


def negate(constraint: Constraint) -> Context:
    """The alternatives to a constraint: ``i >= 0 -> i <= -1``; ``i = 0 -> i >= 1, i <= -1``."""
    expression = constraint.expression
    below = Constraint(-expression - 1)
    if constraint.sign is Sign.NONNEGATIVE:
        return (below,)
    return (Constraint(expression - 1), below)


def _has_points(variables: Sequence[str], constraints: Sequence[Constraint]) -> bool:
    columns = Columns.of(variables, constraints)
    return not Polyhedron.of(columns, constraints).is_empty()


@lru_cache(maxsize=_CACHE_SIZE)
def is_empty(domain: Domain, context: Context = ()) -> bool:
    """Whether the domain has no point for any parameter values that `context` allows."""
    with bounded():
        return not _has_points(domain.iterators, (*domain.constraints, *context))


@lru_cache(maxsize=_CACHE_SIZE)
def proves(domain: Domain, constraint: Constraint, context: Context = ()) -> bool:
    """Whether every point of the domain satisfies `constraint`, whatever the parameters are.

    ``{i : 0 <= i < n}`` proves ``i + 1 <= n`` and does not prove ``i < m``.
    """
    expression = constraint.expression
    if expression.is_constant:
        value = expression.constant
        if value == 0 or (value > 0 and constraint.sign is Sign.NONNEGATIVE):
            return True
    known = (*domain.constraints, *context)
    if constraint in known:
        return True
    with bounded():
        return not any(
            _has_points(domain.iterators, (*known, opposite)) for opposite in negate(constraint)
        )


@lru_cache(maxsize=_CACHE_SIZE)
def required_condition(
    domain: Domain, constraint: Constraint, context: Context = ()
) -> Condition | None:
    """The weakest condition on the parameters alone under which the domain proves `constraint`.

    ``{i : 0 <= i < n}``, ``i < m``  ->  ``n <= m`` or ``n <= 0``

    Returns
    -------
    A disjunction of conjunctions, those that compare most symbols first: ``((),)`` where nothing
    is required, ``()`` where nothing helps; None where it cannot be said without divisions or is
    too long. What `context` says is left out.
    """
    known = (*domain.constraints, *context)
    columns = Columns.of(domain.iterators, (*known, constraint))
    on_parameters = Columns(columns.parameters, ())
    violations: list[Context] = []
    with bounded():
        allowed = Polyhedron.of(on_parameters, context)
        for opposite in negate(constraint):
            points = Polyhedron.of(columns, (*known, opposite))
            pieces = points.project_out(domain.iterators).simplify(allowed).pieces()
            if pieces is None:
                return None
            violations.extend(pieces)
        return _negate_union(violations, context)


@lru_cache(maxsize=_CACHE_SIZE)
def required_for_each(
    outer: Domain, inner: tuple[Domain, ...], context: Context = ()
) -> Condition | None:
    """The weakest condition on the parameters under which no point of `outer` is alone.

    Each of `inner` has the iterators of `outer` and others behind them; a point is alone where no
    point of any of them begins with it.

    ``{i : 0 <= i < n}``, ``{i, j : 0 <= j < n, j < i}``, ``{i, j : 0 <= j < n, j > i}``  ->
    ``n >= 2`` or ``n <= 0``

    Returns
    -------
    As `required_condition`.
    """
    used = [*outer.constraints, *context, *(c for d in inner for c in d.constraints)]
    names = [*outer.iterators, *(x for d in inner for x in d.iterators)]
    parameters = Columns.of(list(dict.fromkeys(names)), used).parameters
    with bounded():
        shadows = [
            Polyhedron.of(Columns(parameters, d.iterators), (*d.constraints, *context)).project_out(
                d.iterators[len(outer.iterators) :]
            )
            for d in inner
        ]
        points = Polyhedron.of(Columns(parameters, outer.iterators), outer.constraints)
        alone = points.without(shadows).project_out(outer.iterators)
        pieces = alone.simplify(Polyhedron.of(Columns(parameters, ()), context)).pieces()
        return None if pieces is None else _negate_union(pieces, context)


def _negate_union(pieces: Sequence[Context], context: Context) -> Condition | None:
    """Not (A or B or …) in disjunctive form: one negated constraint from each piece, combined."""
    choices = [[option for c in piece for option in negate(c)] for piece in pieces]
    total = 1
    for options in choices:
        total *= len(options)
    if total > _MAX_ALTERNATIVES:
        return None
    candidates = sorted({_shorten(chosen, context) for chosen in product(*choices)}, key=_rank)
    kept: list[Context] = []
    for candidate in candidates:
        if not _has_points((), (*candidate, *context)):
            continue
        if any(_implies(candidate, other, context) for other in kept):
            continue
        kept = [other for other in kept if not _implies(other, candidate, context)]
        kept.append(candidate)
    return tuple(kept)


def _shorten(conjunction: Iterable[Constraint], context: Context) -> Context:
    """The conjunction without the members that the others imply."""
    members = list(dict.fromkeys(conjunction))
    for member in tuple(members):
        others = [m for m in members if m is not member]
        if _implies((*others,), (member,), context):
            members = others
    return tuple(sorted(members, key=str))


def _implies(premise: Context, conclusion: Context, context: Context) -> bool:
    given = Domain((), (*premise, *context))
    return all(proves(given, c) for c in conclusion)


def _rank(conjunction: Context) -> tuple[int, int, str]:
    symbols = {s for c in conjunction for s in c.expression.symbols}
    return (-len(symbols), len(conjunction), " ".join(map(str, conjunction)))


@lru_cache(maxsize=_CACHE_SIZE)
def intersect(domain: Domain, constraints: Context) -> Domain:
    """The points of the domain that satisfy all of `constraints`."""
    return Domain(domain.iterators, tuple(dict.fromkeys((*domain.constraints, *constraints))))


@lru_cache(maxsize=_CACHE_SIZE)
def complement(domain: Domain, constraints: Context) -> tuple[Domain, ...]:
    """The points that fail one of `constraints`, as disjoint convex pieces that are not empty.

    ``{i : 0 <= i < n}`` without ``1 <= i < n - 1``  ->  ``{i = 0}``, ``{i = n - 1}``
    """
    pieces: list[Domain] = []
    passed = domain
    for constraint in constraints:
        for opposite in negate(constraint):
            piece = intersect(passed, (opposite,))
            if not is_empty(piece):
                pieces.append(piece)
        passed = intersect(passed, (constraint,))
    return tuple(pieces)


@lru_cache(maxsize=_CACHE_SIZE)
def bounds(domain: Domain, iterator: str, context: Context = ()) -> tuple[Affine, Affine] | None:
    """The range of an iterator for given values of the outer ones: ``(lower, upper)``.

    ``{(i, j) : 0 <= i < n, i < j < n}``, ``j``  ->  ``(i + 1, n)``

    Returns
    -------
    Inclusive lower and exclusive upper bound in parameters and outer iterators, or None where
    there is no single affine expression with coefficient 1 for one of them.
    """
    position = domain.iterators.index(iterator)
    inner = domain.iterators[position + 1 :]
    direct = [c for c in domain.constraints if not set(inner) & set(c.expression.symbols)]
    found = _single_bounds(domain.iterators[: position + 1], iterator, direct, context)
    if found or not inner:
        return found
    columns = Columns.of(domain.iterators, (*domain.constraints, *context))
    with bounded():
        points = Polyhedron.of(columns, (*domain.constraints, *context))
        pieces = points.project_out(inner).pieces()
    if pieces is None or len(pieces) != 1:
        return None
    return _single_bounds(domain.iterators[: position + 1], iterator, pieces[0], context)


def _single_bounds(
    iterators: tuple[str, ...], iterator: str, constraints: Sequence[Constraint], context: Context
) -> tuple[Affine, Affine] | None:
    tightened = [_tighten(c) for c in constraints]
    plain = [c for c in tightened if abs(c.expression.coefficient(iterator)) <= 1]
    lowers, uppers = _candidates(iterator, plain)
    outer = Domain(
        iterators[:-1],
        tuple(c for c in plain if not c.expression.coefficient(iterator)),
    )
    lower = _dominant(lowers, outer, context, largest=True)
    upper = _dominant(uppers, outer, context, largest=False)
    if lower is None or upper is None:
        return None
    inside = Domain(iterators, tuple(plain))
    if not all(proves(inside, c, context) for c in tightened if c not in plain):
        return None
    return lower, upper


def _candidates(
    iterator: str, constraints: Iterable[Constraint]
) -> tuple[list[Affine], list[Affine]]:
    """Inclusive lower and exclusive upper bounds that constraints with coefficient 1 or -1 give."""
    lowers: list[Affine] = []
    uppers: list[Affine] = []
    for constraint in constraints:
        coefficient = constraint.expression.coefficient(iterator)
        bound = constraint.expression.without((iterator,)) * -coefficient
        is_equality = constraint.sign is Sign.ZERO
        if coefficient == 1 or (coefficient and is_equality):
            lowers.append(bound)
        if coefficient == -1 or (coefficient and is_equality):
            uppers.append(bound + 1)
    return lowers, uppers


def _tighten(constraint: Constraint) -> Constraint:
    """Divided by the gcd of its coefficients, rounding: ``2*i - 3 >= 0 -> i - 2 >= 0``."""
    expression = constraint.expression
    divisor = gcd(*(c for _, c in expression.terms))
    inexact = divisor and constraint.sign is Sign.ZERO and expression.constant % divisor
    if divisor <= 1 or inexact:
        return constraint
    terms = tuple((s, c // divisor) for s, c in expression.terms)
    return Constraint(Affine(terms, expression.constant // divisor), constraint.sign)


def _dominant(
    candidates: Sequence[Affine], outer: Domain, context: Context, largest: bool
) -> Affine | None:
    """The candidate that is always the largest (smallest) one."""
    distinct = tuple(dict.fromkeys(candidates))
    for candidate in distinct:
        if all(
            proves(outer, at_least(candidate, o) if largest else at_least(o, candidate), context)
            for o in distinct
        ):
            return candidate
    return None


@lru_cache(maxsize=_CACHE_SIZE)
def is_rectangular(domain: Domain, iterators: tuple[str, ...], context: Context = ()) -> bool:
    """Whether, for fixed values of all other iterators, the domain is a box in `iterators`.

    A constraint that ties two of them together is allowed where the others imply it.
    """
    chosen = set(iterators)
    separate: list[Constraint] = []
    tying: list[Constraint] = []
    for constraint in domain.constraints:
        together = len(chosen.intersection(constraint.expression.symbols)) > 1
        (tying if together else separate).append(constraint)
    box = Domain(domain.iterators, tuple(separate))
    return all(proves(box, constraint, context) for constraint in tying)


@lru_cache(maxsize=_CACHE_SIZE)
def covers(
    domain: Domain,
    subscripts: tuple[Affine, ...],
    shape: tuple[Affine, ...],
    context: Context = (),
) -> bool:
    """Whether the elements that the subscripts reach are exactly the box ``0 <= a_k < shape_k``.

    ``{(i, j) : 0 <= i < n, 0 <= j < m}``, ``(j, n - 1 - i)``, ``(m, n)``  ->  True
    """
    if len(subscripts) != len(shape):
        raise ValueError(f"{len(subscripts)} subscripts for {len(shape)} dimensions")
    if _covers_plainly(domain, subscripts, shape):
        return True
    for subscript, size in zip(subscripts, shape, strict=True):
        if not proves(domain, at_least(subscript, 0), context):
            return False
        if not proves(domain, less_than(subscript, size), context):
            return False
    return _reaches_all(domain, subscripts, shape, context)


def _covers_plainly(
    domain: Domain, subscripts: tuple[Affine, ...], shape: tuple[Affine, ...]
) -> bool:
    """Each subscript is one iterator, forwards or backwards, over exactly its dimension."""
    needed: set[Constraint] = set()
    seen: list[str] = []
    for subscript, size in zip(subscripts, shape, strict=True):
        inside = [(s, c) for s, c in subscript.terms if s in domain.iterators]
        if len(inside) != 1 or abs(inside[0][1]) != 1:
            return False
        seen.append(inside[0][0])
        needed |= {at_least(subscript, 0), less_than(subscript, size)}
    return sorted(seen) == sorted(domain.iterators) and needed == set(domain.constraints)


def _reaches_all(
    domain: Domain, subscripts: tuple[Affine, ...], shape: tuple[Affine, ...], context: Context
) -> bool:
    elements = tuple(f"[{k}]" for k in range(len(shape)))
    symbols = [Affine.symbol(name) for name in elements]
    reached = [equal(a, s) for a, s in zip(symbols, subscripts, strict=True)]
    box = [
        c
        for a, size in zip(symbols, shape, strict=True)
        for c in (at_least(a, 0), less_than(a, size))
    ]
    points = [*domain.constraints, *context, *reached]
    columns = Columns.of((*domain.iterators, *elements), [*points, *box])
    with bounded():
        image = Polyhedron.of(columns, points).project_out(domain.iterators)
        return image.contains(Polyhedron.of(image.columns, [*box, *context]))


@lru_cache(maxsize=_CACHE_SIZE)
def is_injective(
    domain: Domain,
    subscripts: tuple[Affine | None, ...],
    serial: tuple[str, ...] = (),
    context: Context = (),
) -> bool:
    """Whether two different points never reach the same element.

    Parameters
    ----------
    domain, subscripts:
        The points and the element that each reaches; None for an unknown subscript.
    serial:
        Iterators that stay loops: only points with equal values of them are compared.
    context:
        What is known of the parameters.
    """
    known = [s for s in subscripts if s is not None]
    names = domain.iterators
    other = {name: f"{name}'" for name in names}
    columns = Columns.of(
        (*names, *other.values()),
        [*domain.constraints, *context, *known, *(Affine.symbol(n) for n in other.values())],
    )
    same = [_difference(columns.row(s), columns.row(s, other)) for s in known]
    same += [
        _difference(columns.row(Affine.symbol(n)), columns.row(Affine.symbol(other[n])))
        for n in serial
    ]
    here = Rows.of(columns, (*domain.constraints, *context))
    there = Rows.of(columns, domain.constraints, other)
    pairs = [(columns.positions[n], columns.positions[other[n]]) for n in names]
    forced = solve_distances([*same, *here.equalities, *there.equalities], pairs)
    if not forced.solvable or all(forced.constant.get(k) == 0 for k in range(len(names))):
        return True
    with bounded():
        base = Polyhedron.build(columns, here + there + Rows(tuple(same)))
        for k, name in enumerate(names):
            order = [equal(Affine.symbol(n), Affine.symbol(other[n])) for n in names[:k]]
            order.append(less_than(Affine.symbol(name), Affine.symbol(other[name])))
            if not (base & Polyhedron.of(columns, order)).is_empty():
                return False
    return True


def _difference(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    return tuple(x - y for x, y in zip(left, right, strict=True))
