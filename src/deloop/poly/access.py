"""Accesses, and what two affine accesses to one array say about the distance between iterations.

The tests here are pure integer arithmetic on the subscript equations: the GCD test and Gaussian
elimination (U. Banerjee, "Dependence Analysis", 1997, chapters 3 and 5). They decide the common
cases (a uniform distance, no solution) before isl is asked anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

from deloop.diagnostic import Place
from deloop.ir.affine import Affine


@dataclass(frozen=True)
class Access:
    """One read or write of an array's elements.

    Parameters
    ----------
    array:
        The array's name. Different names never alias.
    subscripts:
        One expression a dimension; None for an unknown subscript or a whole dimension. An access
        with fewer subscripts than the array has dimensions reaches all of the remaining ones.
    must:
        Whether the access surely happens in each instance of its statement.
    place:
        Where it stands in the user's source.
    """

    array: str
    subscripts: tuple[Affine | None, ...]
    must: bool = True
    place: Place | None = None

    def __str__(self) -> str:
        inside = ", ".join(":" if s is None else str(s) for s in self.subscripts)
        return f"{self.array}[{inside}]"


@dataclass(frozen=True)
class Distances:
    """What the equations force: whether they have a solution, and which distances are constant.

    ``constant`` maps a position among the common iterators to sink minus source.
    """

    solvable: bool
    constant: dict[int, int]


NO_SOLUTION = Distances(False, {})


def solve_distances(
    equalities: Sequence[Sequence[int]], pairs: Sequence[tuple[int, int]]
) -> Distances:
    """Distances forced by equations: ``s + 1 - t = 0 -> t - s = 1``.

    Parameters
    ----------
    equalities:
        Rows of integers, the constant first; each is zero at every point of the relation.
    pairs:
        Columns ``(source, sink)`` of each common iterator.

    Returns
    -------
    Necessary conditions only: a row over the integers is combined, never divided beyond its gcd,
    so `solvable` may be true where there is no solution, never the reverse.
    """
    count = len(pairs)
    if not equalities:
        return Distances(True, {})
    rows = [_in_distances(row, pairs) for row in equalities]
    if not all(map(_has_integer_solution, rows)):
        return NO_SOLUTION
    rows = _eliminate(rows, range(count + 1, len(rows[0])))
    rows = _eliminate(rows, range(1, count + 1), keep_pivots=True)
    constant: dict[int, int] = {}
    for row in rows:
        if not _has_integer_solution(row):
            return NO_SOLUTION
        used = [k for k in range(1, count + 1) if row[k]]
        if len(used) == 1 and not any(row[count + 1 :]):
            constant[used[0] - 1] = -row[0] // row[used[0]]
    return Distances(True, constant)


def _in_distances(row: Sequence[int], pairs: Sequence[tuple[int, int]]) -> list[int]:
    """The row with ``sink = source + distance`` put in: constant, distances, everything else."""
    rest = list(row)
    distances = []
    for source, sink in pairs:
        distances.append(rest[sink])
        rest[source] += rest[sink]
        rest[sink] = 0
    return [rest[0], *distances, *rest[1:]]


def _eliminate(rows: list[list[int]], columns: range, keep_pivots: bool = False) -> list[list[int]]:
    """Rows free of `columns` as far as possible; pivot rows are dropped unless kept."""
    remaining = list(rows)
    pivots: list[list[int]] = []
    for column in columns:
        pivot = next((row for row in remaining if row[column]), None)
        if pivot is None:
            continue
        remaining = [_cancel(r, pivot, column) for r in remaining if r is not pivot]
        if keep_pivots:
            pivots = [_cancel(r, pivot, column) for r in pivots]
            pivots.append(pivot)
    return pivots + remaining


def _cancel(row: list[int], pivot: list[int], column: int) -> list[int]:
    if not row[column]:
        return row
    a, b = pivot[column], row[column]
    combined = [a * x - b * y for x, y in zip(row, pivot, strict=True)]
    divisor = gcd(*combined)
    return [x // divisor for x in combined] if divisor > 1 else combined


def _has_integer_solution(row: Sequence[int]) -> bool:
    """The GCD test: the gcd of the coefficients divides the constant."""
    divisor = gcd(*row[1:])
    return row[0] % divisor == 0 if divisor else row[0] == 0
