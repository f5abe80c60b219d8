"""Guards that say the same in fewer comparisons."""

from __future__ import annotations

from deloop.decorator.merge import drop_implied, merge_shape_tests

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


def test_sizes_of_vectors_become_one_comparison_too() -> None:
    assert merge_shape_tests((ROWS,), {"x": 1, "y": 1}) == ("y.shape == x.shape",)


def test_rank_follows_from_the_rank_of_what_has_the_same_shape() -> None:
    tests = ("x.ndim == 2", "y.ndim == 2", "y.shape == x.shape")
    assert drop_implied(tests) == ("x.ndim == 2", "y.shape == x.shape")


def test_rank_stays_where_only_one_size_is_compared_or_the_ranks_differ() -> None:
    one_size = ("x.ndim == 2", "y.ndim == 2", ROWS)
    assert drop_implied(one_size) == one_size
    other_ranks = ("x.ndim == 2", "y.ndim == 3", "y.shape == x.shape")
    assert drop_implied(other_ranks) == other_ranks


def test_nested_tensor_is_not_asked_for_where_its_shape_would_raise() -> None:
    asked = ("not x.is_nested", "not y.is_nested", "not z.is_nested")
    assert drop_implied((*asked, ROWS)) == ("not z.is_nested", ROWS)
    chosen = (*asked, "(x.shape[0] == y.shape[0] or y.numel() == 0)")
    assert drop_implied(chosen) == chosen
