from __future__ import annotations

from deloop.ir.affine import Affine
from deloop.poly.access import Access, solve_distances

i = Affine.symbol("i")

# Columns: constant, n, source i, source j, sink i, sink j.
PAIRS = [(2, 4), (3, 5)]


def test_shifted_subscript_forces_its_distance() -> None:
    found = solve_distances([(1, 0, 1, 0, -1, 0)], PAIRS)
    assert found.solvable
    assert found.constant == {0: 1}


def test_symbolic_shift_forces_nothing() -> None:
    assert solve_distances([(0, 1, 1, 0, -1, 0)], PAIRS).constant == {}


def test_coupled_subscripts_force_both_distances() -> None:
    found = solve_distances([(-1, 0, 1, 1, -1, -1), (-1, 0, 1, -1, -1, 1)], PAIRS)
    assert found.constant == {0: -1, 1: 0}


def test_even_never_equals_odd() -> None:
    assert not solve_distances([(1, 0, 2, 0, -2, 0)], PAIRS).solvable


def test_coupled_subscripts_of_different_parity_have_no_solution() -> None:
    rows = [(1, 0, 1, 1, -1, -1), (0, 0, 1, -1, -1, 1)]
    assert not solve_distances(rows, PAIRS).solvable


def test_different_constants_have_no_solution() -> None:
    assert not solve_distances([(3, 0, 0, 0, 0, 0)], PAIRS).solvable


def test_no_equations_force_nothing() -> None:
    found = solve_distances([], PAIRS)
    assert found.solvable
    assert found.constant == {}


def test_reversed_subscript_forces_nothing() -> None:
    assert solve_distances([(-1, 1, -1, 0, -1, 0)], PAIRS).constant == {}


def test_access_reads_as_a_subscript() -> None:
    assert str(Access("x", (i - 1, None))) == "x[i - 1, :]"
