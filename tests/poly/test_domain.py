from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deloop.ir.affine import Affine, Constraint, Sign, at_least, equal, less_than
from deloop.poly.domain import (
    Domain,
    bounds,
    complement,
    covers,
    intersect,
    is_empty,
    is_injective,
    is_rectangular,
    negate,
    proves,
    required_condition,
    required_for_each,
)
from tests.poly.enumeration import element, holds, points

i, j, k, n, m = (Affine.symbol(name) for name in "ijknm")
rows, columns = Affine.symbol("tensor.shape[0]"), Affine.symbol("n // 2")


def in_range(iterator: Affine, start: Affine | int, stop: Affine | int) -> tuple[Constraint, ...]:
    stop = Affine.number(stop) if isinstance(stop, int) else stop
    return (at_least(iterator, start), less_than(iterator, stop))


line = Domain(("i",), in_range(i, 0, n))
box = Domain(("i", "j"), (*in_range(i, 0, n), *in_range(j, 0, m)))
triangle = Domain(("i", "j"), (*in_range(i, 0, n), *in_range(j, i + 1, n)))


def test_range_is_empty_only_where_the_context_says_so() -> None:
    assert not is_empty(line)
    assert is_empty(line, (at_least(Affine.number(0), n),))


def test_gap_between_integers_is_empty() -> None:
    assert is_empty(Domain(("i",), (equal(i * 2, n * 2 + 1),)))


def test_range_proves_its_own_bounds_and_nothing_of_another_size() -> None:
    assert proves(line, less_than(i, n))
    assert proves(line, at_least(n, 1))
    assert not proves(line, less_than(i, m))
    assert proves(line, less_than(i, m), (at_least(m, n),))


def test_equality_is_proved_from_both_sides() -> None:
    diagonal = intersect(box, (equal(i, j),))
    assert proves(diagonal, equal(i - j, 0))
    assert not proves(box, equal(i - j, 0))


def test_empty_domain_proves_everything() -> None:
    nothing = Domain(("i",), in_range(i, n, n))
    assert proves(nothing, equal(Affine.number(1), 0))


def test_two_sizes_must_be_ordered_unless_the_loop_is_empty() -> None:
    assert required_condition(line, less_than(i, m)) == ((at_least(m, n),), (at_least(-n, 0),))


def test_what_the_context_says_is_left_out_of_the_condition() -> None:
    assert required_condition(line, less_than(i, m), (at_least(n, 1),)) == ((at_least(m, n),),)


def test_nothing_is_required_where_the_domain_proves_it() -> None:
    assert required_condition(line, at_least(i, 0)) == ((),)


def test_nothing_helps_where_some_point_always_fails() -> None:
    assert required_condition(line, at_least(i, 1), (at_least(n, 1),)) == ()


def test_window_needs_room_for_its_kernel() -> None:
    windows = Domain(("i", "k"), (*in_range(i, 0, n), *in_range(k, 0, m)))
    condition = required_condition(
        windows, less_than(i + k, rows), (at_least(n, 1), at_least(m, 1))
    )
    assert condition == ((at_least(rows, n + m - 1),),)


def test_condition_that_needs_a_division_is_not_given() -> None:
    evens = Domain(("i",), (equal(i * 2, n),))
    assert required_condition(evens, at_least(n, 7)) is None


def test_complement_of_the_interior_is_both_ends() -> None:
    first, last = complement(line, in_range(i, 1, n - 1))
    assert bounds(first, "i", (at_least(n, 1),)) == (Affine.number(0), Affine.number(1))
    assert proves(last, equal(i, n - 1))
    assert is_empty(intersect(first, last.constraints))


def test_complement_of_everything_is_nothing() -> None:
    assert complement(line, line.constraints) == ()


def test_negated_equality_has_two_sides() -> None:
    assert negate(equal(i, 3)) == (at_least(i, 4), Constraint(-i + 2))


def test_intersection_repeats_no_constraint() -> None:
    assert intersect(line, (less_than(i, n), at_least(i, 1))).constraints == (
        *line.constraints,
        at_least(i, 1),
    )


def test_bounds_of_a_triangle_name_the_outer_iterator() -> None:
    assert bounds(triangle, "i") == (Affine.number(0), n)
    assert bounds(triangle, "j") == (i + 1, n)


def test_bounds_with_two_uppers_need_to_know_which_is_smaller() -> None:
    domain = Domain(("i",), (*in_range(i, 0, n), less_than(i, m)))
    assert bounds(domain, "i") is None
    assert bounds(domain, "i", (at_least(m, n),)) == (Affine.number(0), n)


def test_bounds_with_coefficient_two_are_rounded_where_they_can_be() -> None:
    assert bounds(Domain(("i",), (at_least(i * 2, 3), less_than(i * 2, 10))), "i") == (
        Affine.number(2),
        Affine.number(5),
    )
    assert bounds(Domain(("i",), (at_least(i, 0), less_than(i * 2, n))), "i") is None


def test_bounds_of_an_equality_are_one_wide() -> None:
    assert bounds(Domain(("i",), (equal(i, n - 1),)), "i") == (n - 1, n)


def test_bounds_are_found_through_inner_iterators() -> None:
    domain = Domain(("i", "k"), (equal(i, k), *in_range(k, 0, n)))
    assert bounds(domain, "i") == (Affine.number(0), n)


def test_box_is_rectangular_and_triangle_is_not() -> None:
    assert is_rectangular(box, ("i", "j"))
    assert not is_rectangular(triangle, ("i", "j"))
    assert is_rectangular(triangle, ("j",))


def test_redundant_diagonal_constraint_leaves_a_box() -> None:
    assert is_rectangular(intersect(box, (less_than(i + j, n + m - 1),)), ("i", "j"))
    assert not is_rectangular(intersect(box, (less_than(i + j, n + m - 2),)), ("i", "j"))


@pytest.mark.parametrize(
    ("subscripts", "shape", "expected"),
    [
        ((i, j), (n, m), True),
        ((j, i), (m, n), True),
        ((n - 1 - i, j), (n, m), True),
        ((i, j), (m, n), False),
        ((i, j), (n + 1, m), False),
        ((i + 1, j), (n, m), False),
        ((i * 2, j), (n * 2, m), False),
        ((i, i), (n, n), False),
    ],
)
def test_box_covers_its_shape_in_any_order_or_direction(
    subscripts: tuple[Affine, ...], shape: tuple[Affine, ...], expected: bool
) -> None:
    assert covers(box, subscripts, shape) is expected


def test_projection_covers_only_where_the_dropped_loop_runs() -> None:
    assert not covers(box, (i,), (n,))
    assert covers(box, (i,), (n,), (at_least(m, 1),))


def test_triangle_does_not_cover_the_square() -> None:
    assert not covers(triangle, (i, j), (n, n))


def test_flat_index_of_fixed_width_covers_the_line() -> None:
    table = Domain(("i", "j"), (*in_range(i, 0, n), *in_range(j, 0, 4)))
    assert covers(table, (i * 4 + j,), (n * 4,))
    assert is_injective(table, (i * 4 + j,))
    assert not covers(table, (i * 5 + j,), (n * 5,))


def test_subscripts_and_shape_must_have_one_length() -> None:
    with pytest.raises(ValueError, match="1 subscripts for 2 dimensions"):
        covers(box, (i,), (n, m))


def test_sum_of_iterators_repeats_elements_unless_one_stays_serial() -> None:
    assert is_injective(box, (i, j))
    assert is_injective(box, (i + j, i - j))
    assert not is_injective(box, (i + j,))
    assert is_injective(box, (i + j,), ("i",))
    assert not is_injective(box, (i,))


def test_unknown_subscript_separates_nothing() -> None:
    assert not is_injective(box, (i, None))
    assert is_injective(box, (i, j, None))


def test_single_iteration_never_repeats() -> None:
    assert not is_injective(line, (Affine.number(0),))
    assert is_injective(line, (Affine.number(0),), (), (equal(n, 1),))


def test_domain_reads_as_a_set() -> None:
    assert str(line) == "{ [i] : i >= 0 and n - i - 1 >= 0 }"


# ---------------------------------------------------------------- against enumeration

small = st.integers(-2, 2)
sizes = range(-1, 5)


@st.composite
def expressions(draw: st.DrawFn, symbols: tuple[Affine, ...] = (i, j, n, m)) -> Affine:
    result = Affine.number(draw(st.integers(-3, 3)))
    for symbol in symbols:
        result = result + symbol * draw(small)
    return result


@st.composite
def constraints(draw: st.DrawFn) -> Constraint:
    sign = draw(st.sampled_from((Sign.NONNEGATIVE, Sign.NONNEGATIVE, Sign.ZERO)))
    return Constraint(draw(expressions()), sign)


@st.composite
def domains(draw: st.DrawFn) -> Domain:
    extra = tuple(draw(st.lists(constraints(), max_size=1)))
    return intersect(draw(st.sampled_from((box, triangle))), extra)


@settings(max_examples=60)
@given(domains(), constraints())
def test_required_condition_is_true_exactly_where_all_points_pass(
    domain: Domain, constraint: Constraint
) -> None:
    condition = required_condition(domain, constraint)
    if condition is None:
        return
    for a, b in product(sizes, sizes):
        parameters = {"n": a, "m": b}
        passed = all(holds(constraint, point) for point in points(domain, parameters))
        said = any(all(holds(c, parameters) for c in each) for each in condition)
        assert said is passed


@settings(max_examples=60)
@given(domains(), constraints(), st.sampled_from(sizes), st.sampled_from(sizes))
def test_complement_takes_each_failing_point_once(
    domain: Domain, constraint: Constraint, a: int, b: int
) -> None:
    parameters = {"n": a, "m": b}
    pieces = complement(domain, (constraint, at_least(i, 1)))
    found = [(p["i"], p["j"]) for piece in pieces for p in points(piece, parameters)]
    failing = [
        (p["i"], p["j"])
        for p in points(domain, parameters)
        if not (holds(constraint, p) and p["i"] >= 1)
    ]
    assert sorted(found) == failing


@settings(max_examples=80)
@given(domains(), st.lists(expressions((i, j)), min_size=1, max_size=2), st.integers(0, 4))
def test_injective_and_covering_subscripts_are_those_of_enumeration(
    domain: Domain, subscripts: list[Affine], size: int
) -> None:
    context = (equal(n, size), equal(m, size))
    parameters = {"n": size, "m": size}
    reached = [element(subscripts, p) for p in points(domain, parameters)]
    distinct = all(a != b for a, b in combinations(reached, 2))
    assert is_injective(domain, tuple(subscripts), (), context) is distinct
    shape = tuple(n for _ in subscripts)
    whole = set(product(range(size), repeat=len(subscripts)))
    assert covers(domain, tuple(subscripts), shape, context) is (set(reached) == whole)


@settings(max_examples=60)
@given(domains(), st.sampled_from(sizes), st.sampled_from(sizes))
def test_bounds_are_the_range_of_the_innermost_iterator(domain: Domain, a: int, b: int) -> None:
    found = bounds(domain, "j")
    parameters = {"n": a, "m": b}
    if found is None:
        return
    by_row: dict[int, list[int]] = {}
    for point in points(domain, parameters):
        by_row.setdefault(point["i"], []).append(point["j"])
    for row, reached in by_row.items():
        values = {**parameters, "i": row}
        lower, upper = (bound.evaluate(values) for bound in found)
        assert lower is not None
        assert upper is not None
        assert reached == list(range(lower, upper))


def test_each_has_another_where_there_are_two() -> None:
    before = Domain(("i", "j"), (*box.constraints, less_than(j, i)))
    behind = Domain(("i", "j"), (*box.constraints, less_than(i, j)))
    others = (before, behind)
    square = (equal(n, m), at_least(n, 1))
    assert required_for_each(line, others, square) == ((at_least(n, 2),),)
    assert required_for_each(line, (behind,), square) == ()


def test_each_has_a_partner_where_the_inner_range_is_not_empty() -> None:
    assert required_for_each(line, (box,), (at_least(n, 1),)) == ((at_least(m, 1),),)
    assert required_for_each(line, (triangle,), (at_least(n, 1),)) == ()
    assert required_for_each(line, (), (at_least(n, 1),)) == ()
