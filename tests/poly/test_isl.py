from __future__ import annotations

import pytest

from deloop.ir.affine import Affine, at_least, equal, less_than
from deloop.poly.isl import Columns, PolyBudgetExceeded, Polyhedron, Rows, bounded

i, n = Affine.symbol("i"), Affine.symbol("x.shape[0]")


def test_every_symbol_that_is_no_variable_is_a_parameter() -> None:
    columns = Columns.of(("i",), [at_least(i, 0), less_than(i, n)])
    assert columns.parameters == ("x.shape[0]",)
    assert columns.width == 3


def test_row_and_expression_are_inverse() -> None:
    columns = Columns(("x.shape[0]",), ("i",))
    expression = i * 2 - n + 3
    assert columns.row(expression) == (3, -1, 2)
    assert columns.expression(columns.row(expression)) == expression


def test_renamed_symbols_land_in_their_new_column() -> None:
    assert Columns((), ("i", "i'")).row(i + 1, {"i": "i'"}) == (1, 0, 1)


def test_coefficients_of_any_size_reach_isl() -> None:
    columns = Columns((), ("i",))
    large = 10**30
    assert not Polyhedron.of(columns, [equal(i, large)]).is_empty()
    assert Polyhedron.of(columns, [equal(i * large, 1)]).is_empty()


def test_projection_of_a_range_is_a_condition_on_its_size() -> None:
    columns = Columns(("x.shape[0]",), ("i",))
    points = Polyhedron.of(columns, [at_least(i, 0), less_than(i, n)])
    assert points.project_out(("i",)).pieces() == ((at_least(n, 1),),)


def test_projection_that_needs_a_division_has_no_pieces() -> None:
    columns = Columns(("x.shape[0]",), ("i",))
    assert Polyhedron.of(columns, [equal(i * 2, n)]).project_out(("i",)).pieces() is None


def test_used_up_budget_raises_once() -> None:
    columns = Columns(("x.shape[0]",), ("i",))
    rows = Rows.of(columns, [at_least(i, 0), less_than(i, n)])
    with pytest.raises(PolyBudgetExceeded), bounded(5):
        Polyhedron.build(columns, rows)
    assert not Polyhedron.build(columns, rows).is_empty()


def test_outer_budget_holds_inside() -> None:
    columns = Columns(("x.shape[0]",), ("i",))
    rows = Rows.of(columns, [at_least(i, 0), less_than(i, n)])
    with (
        pytest.raises(PolyBudgetExceeded, match="more than 5 isl steps"),
        bounded(5),
        bounded(10**6),
    ):
        Polyhedron.build(columns, rows)


def test_other_errors_pass_through_a_budget() -> None:
    with pytest.raises(KeyError), bounded():
        Columns((), ("i",)).row(n)
