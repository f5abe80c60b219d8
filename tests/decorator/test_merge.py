"""Guards that say the same in fewer comparisons."""

from __future__ import annotations

from deloop.decorator.merge import merge_shape_tests

ROWS = "(y.shape[0] == x.shape[0])"
COLUMNS = "(y.shape[1] == x.shape[1])"


def test_sizes_in_every_dimension_become_one_comparison() -> None:
    tests = ("a", ROWS, "b", COLUMNS)
    assert merge_shape_tests(tests, {"x": 2, "y": 2}) == ("a", "y.shape == x.shape", "b")


def test_sizes_in_some_dimensions_stay() -> None:
    assert merge_shape_tests((ROWS,), {"x": 2, "y": 2}) == (ROWS,)
    assert merge_shape_tests((ROWS, COLUMNS), {"x": 3, "y": 3}) == (ROWS, COLUMNS)


def test_tensors_of_different_ranks_stay() -> None:
    assert merge_shape_tests((ROWS, COLUMNS), {"x": 2, "y": 3}) == (ROWS, COLUMNS)
    assert merge_shape_tests((ROWS, COLUMNS), {"x": 2}) == (ROWS, COLUMNS)


def test_crossed_dimensions_stay() -> None:
    crossed = ("(y.shape[0] == x.shape[1])", "(y.shape[1] == x.shape[0])")
    assert merge_shape_tests(crossed, {"x": 2, "y": 2}) == crossed


def test_larger_expressions_stay() -> None:
    tests = ("(y.shape[0] == x.shape[0] + 1)", "(y.shape[1] == x.shape[1])")
    assert merge_shape_tests(tests, {"x": 2, "y": 2}) == tests
