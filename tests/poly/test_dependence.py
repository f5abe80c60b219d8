from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deloop.ir.affine import Affine, Constraint, at_least, equal, less_than
from deloop.poly.access import Access
from deloop.poly.dependence import Dependence, DependenceKind, find_dependences
from deloop.poly.domain import Domain
from deloop.poly.isl import PolyBudgetExceeded
from deloop.poly.schedule import ScheduledStatement
from tests.poly.enumeration import observe_dependences

FLOW, ANTI, OUTPUT = DependenceKind.FLOW, DependenceKind.ANTI, DependenceKind.OUTPUT
i, j, k, n, m = (Affine.symbol(name) for name in "ijknm")
zero = Affine.number(0)


def in_range(iterator: Affine, start: Affine | int, stop: Affine | int) -> tuple[Constraint, ...]:
    stop = Affine.number(stop) if isinstance(stop, int) else stop
    return (at_least(iterator, start), less_than(iterator, stop))


def statement(
    name: str,
    domain: Domain,
    schedule: tuple[int | str, ...],
    reads: tuple[Access, ...] = (),
    writes: tuple[Access, ...] = (),
) -> ScheduledStatement:
    return ScheduledStatement(name, domain, schedule, reads, writes)


def one_loop(
    reads: tuple[Access, ...], writes: tuple[Access, ...], start: Affine | int = 0
) -> ScheduledStatement:
    return statement("S", Domain(("i",), in_range(i, start, n)), (0, "i", 0), reads, writes)


def two_loops(
    reads: tuple[Access, ...], writes: tuple[Access, ...], start: int = 0
) -> ScheduledStatement:
    domain = Domain(("i", "j"), (*in_range(i, start, n), *in_range(j, start, m)))
    return statement("S", domain, (0, "i", 0, "j", 0), reads, writes)


def summary(found: tuple[Dependence, ...]) -> list[tuple[DependenceKind, int, object, str]]:
    return [(d.kind, d.level, d.distance, "".join(d.direction)) for d in found]


def a(*subscripts: Affine | None) -> Access:
    return Access("a", subscripts)


def b(*subscripts: Affine | None) -> Access:
    return Access("b", subscripts)


def test_elementwise_loop_has_no_dependence() -> None:
    assert find_dependences((two_loops((a(i, j),), (b(i, j),)),)) == ()


def test_update_in_place_of_one_element_has_no_dependence() -> None:
    assert find_dependences((two_loops((a(i, j),), (a(i, j),)),)) == ()


def test_read_of_the_previous_element_is_a_flow_dependence_of_distance_1() -> None:
    found = find_dependences((one_loop((a(i - 1),), (a(i),), start=1),))
    assert summary(found) == [(FLOW, 1, (1,), "<")]
    assert (found[0].source, found[0].sink, found[0].array) == ("S", "S", "a")
    assert (found[0].source_access, found[0].sink_access) == (a(i), a(i - 1))


def test_read_of_the_next_element_is_an_anti_dependence_of_distance_1() -> None:
    assert summary(find_dependences((one_loop((a(i + 1),), (a(i),)),))) == [(ANTI, 1, (1,), "<")]


def test_stencil_in_place_is_carried_by_both_loops() -> None:
    found = find_dependences((two_loops((a(i - 1, j), a(i, j - 1)), (a(i, j),), start=1),))
    assert summary(found) == [(FLOW, 1, (1, 0), "<="), (FLOW, 2, (0, 1), "=<")]


def test_accumulation_into_one_element_is_carried_in_all_three_kinds() -> None:
    found = find_dependences((one_loop((a(zero),), (a(zero),)),))
    assert summary(found) == [
        (FLOW, 1, (None,), "<"),
        (ANTI, 1, (None,), "<"),
        (OUTPUT, 1, (None,), "<"),
    ]


def test_accumulation_over_the_inner_loop_leaves_the_outer_loop_free() -> None:
    found = find_dependences((two_loops((a(i), b(i, j)), (a(i),)),))
    assert {d.level for d in found} == {2}
    assert {d.distance for d in found} == {(0, None)}


def test_transposed_read_depends_in_both_directions_at_the_outer_loop() -> None:
    found = find_dependences((two_loops((a(j, i),), (a(i, j),)),))
    assert summary(found) == [(FLOW, 1, (None, None), "<>"), (ANTI, 1, (None, None), "<>")]


def test_transposed_read_of_the_strict_upper_triangle_is_free_of_dependences() -> None:
    domain = Domain(("i", "j"), (*in_range(i, 0, n), *in_range(j, i + 1, n)))
    mirror = statement("S", domain, (0, "i", 0, "j", 0), (a(i, j),), (a(j, i),))
    assert find_dependences((mirror,)) == ()


def test_even_and_odd_elements_never_meet() -> None:
    assert find_dependences((one_loop((a(i * 2),), (a(i * 2 + 1),)),)) == ()


def test_coefficients_without_a_common_solution_leave_only_the_writes_of_one_element() -> None:
    domain = Domain(("i", "j"), (*in_range(i, 0, n), *in_range(j, 0, m)))
    loop = statement("S", domain, (0, "i", 0, "j", 0), (a(i * 4 + j * 6),), (a(i * 2 + j * 4 + 1),))
    assert summary(find_dependences((loop,))) == [(OUTPUT, 1, (None, None), "<>")]


def test_halves_written_and_read_never_meet_when_the_shift_is_the_size() -> None:
    assert find_dependences((one_loop((a(i + n),), (a(i),)),)) == ()


def test_symbolic_shift_is_reported_because_it_may_be_small() -> None:
    found = find_dependences((one_loop((a(i - m),), (a(i),)),))
    assert {(d.kind, d.level) for d in found} == {(FLOW, 1), (ANTI, 1)}


def test_context_on_a_symbolic_shift_removes_the_impossible_dependence() -> None:
    found = find_dependences((one_loop((a(i - m),), (a(i),)),), (at_least(m, 1),))
    assert {(d.kind, d.level) for d in found} == {(FLOW, 1)}
    assert find_dependences((one_loop((a(i - m),), (a(i),)),), (at_least(m, n),)) == ()


def test_reversed_read_meets_the_write_once_in_the_middle() -> None:
    found = find_dependences((one_loop((a(n - 1 - i),), (a(i),)),))
    assert summary(found) == [(FLOW, 1, (None,), "<"), (ANTI, 1, (None,), "<")]


def test_reversed_read_of_the_other_half_has_no_flow_into_it() -> None:
    domain = Domain(("i",), (at_least(i, 0), less_than(i * 2 + 1, n)))
    swap = statement("S", domain, (0, "i", 0), (a(n - 1 - i),), (a(i),))
    assert find_dependences((swap,)) == ()


def test_strided_write_is_carried_at_the_stride() -> None:
    found = find_dependences((one_loop((a(i * 3 - 6),), (a(i * 3),)),))
    assert summary(found) == [(FLOW, 1, (2,), "<")]


def test_coupled_subscripts_are_solved_together() -> None:
    found = find_dependences((two_loops((a(i + j, i - j),), (a(i + j + 1, i - j + 1),)),))
    assert summary(found) == [(FLOW, 1, (1, 0), "<=")]


def test_coupled_subscripts_with_odd_sum_never_meet() -> None:
    assert find_dependences((two_loops((a(i + j, i - j),), (a(i + j + 1, i - j),)),)) == ()


def test_statement_after_another_in_one_body_depends_on_it_within_the_iteration() -> None:
    domain = Domain(("i",), in_range(i, 0, n))
    first = statement("S", domain, (0, "i", 0), (), (a(i),))
    second = statement("T", domain, (0, "i", 1), (a(i),), (b(i),))
    found = find_dependences((second, first))
    assert summary(found) == [(FLOW, 0, (0,), "=")]
    assert (found[0].source, found[0].sink) == ("S", "T")


def test_loops_in_sequence_share_no_loop() -> None:
    domain = Domain(("i",), in_range(i, 0, n))
    first = statement("S", domain, (0, "i", 0), (), (a(i),))
    second = statement("T", domain, (1, "i", 0), (a(i - 1),), (b(i),))
    found = find_dependences((first, second))
    assert [(d.source, d.sink, d.level, d.distance) for d in found] == [("S", "T", 0, ())]


def test_imperfect_nest_initialises_before_it_accumulates() -> None:
    outer = Domain(("i",), in_range(i, 0, n))
    inner = Domain(("i", "j"), (*in_range(i, 0, n), *in_range(j, 0, m)))
    start = statement("Z", outer, (0, "i", 0), (), (a(i),))
    add = statement("S", inner, (0, "i", 1, "j", 0), (a(i), b(i, j)), (a(i),))
    found = find_dependences((start, add))
    assert [(d.source, d.sink, d.kind, d.level) for d in found] == [
        ("Z", "S", FLOW, 0),
        ("Z", "S", OUTPUT, 0),
        ("S", "S", FLOW, 2),
        ("S", "S", ANTI, 2),
        ("S", "S", OUTPUT, 2),
    ]


def test_unknown_subscript_depends_on_everything_in_its_row() -> None:
    found = find_dependences((two_loops((a(i, None),), (a(i, j),)),))
    assert summary(found) == [(FLOW, 2, (0, None), "=<"), (ANTI, 2, (0, None), "=<")]


def test_row_access_reaches_the_elements_of_that_row_alone() -> None:
    domain = Domain(("i",), in_range(i, 1, n))
    loop = statement("S", domain, (0, "i", 0), (a(i - 1),), (a(i, zero),))
    assert summary(find_dependences((loop,))) == [(FLOW, 1, (1,), "<")]


def test_different_arrays_never_depend_on_each_other() -> None:
    assert find_dependences((one_loop((b(i - 1),), (a(i),)),)) == ()


def test_empty_domain_has_no_dependences() -> None:
    domain = Domain(("i",), in_range(i, n, n))
    loop = statement("S", domain, (0, "i", 0), (a(zero),), (a(zero),))
    assert find_dependences((loop,)) == ()


def test_existential_iterator_cuts_the_domain_and_orders_nothing() -> None:
    half = Affine.symbol("half")
    domain = Domain(("i", "half"), (*in_range(i, 0, n), equal(i, half * 2)))
    loop = statement("S", domain, (0, "i", 0), (a(i - 1),), (a(i),))
    assert find_dependences((loop,)) == ()


def test_loop_variable_read_after_its_loop_is_not_the_iterator() -> None:
    loop = statement("S", Domain(("i",), in_range(i, 0, n)), (0, "i", 0), (), (a(i),))
    after = statement("T", Domain((), ()), (1,), (a(i),), ())
    found = find_dependences((loop, after))
    assert [(d.source, d.sink, d.kind) for d in found] == [("S", "T", FLOW)]


def test_relation_is_written_in_the_names_of_the_user() -> None:
    size = Affine.symbol("tensor.shape[0]")
    domain = Domain(("i",), in_range(i, 1, size))
    loop = statement("update", domain, (0, "i", 0), (a(i - 1),), (a(i),))
    (found,) = find_dependences((loop,))
    assert found.relation == (
        "[tensor.shape[0]] -> { update[i] -> update[i' = 1 + i] : 0 < i <= -2 + tensor.shape[0] }"
    )


def test_dependence_reads_as_a_sentence() -> None:
    (found,) = find_dependences((one_loop((a(i - 1),), (a(i),), start=1),))
    assert str(found) == "flow dependence S -> S on a, carried by loop 1, distance (1)"


def test_work_past_the_budget_is_refused_and_later_work_is_not() -> None:
    loop = two_loops((a(i * 3 + j * 5),), (a(i * 7 - j * 2),))
    with pytest.raises(PolyBudgetExceeded, match="more than 10 isl steps"):
        find_dependences((loop,), max_operations=10)
    assert {d.kind for d in find_dependences((loop,))} == {FLOW, ANTI, OUTPUT}


def test_schedules_that_mix_loops_and_positions_are_an_error() -> None:
    domain = Domain(("i",), in_range(i, 0, n))
    first = statement("S", domain, (0, "i", 0), (), (a(i),))
    second = statement("T", domain, (0, 1, "i"), (a(i),), ())
    with pytest.raises(ValueError, match="different things at one position"):
        find_dependences((first, second))


def test_threads_analyse_independently() -> None:
    results: dict[int, list[tuple[int | None, ...]]] = {}

    def analyse(shift: int) -> None:
        loop = one_loop((a(i - shift),), (a(i),), start=shift)
        results[shift] = [d.distance for d in find_dependences((loop,))]

    threads = [threading.Thread(target=analyse, args=(shift,)) for shift in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {shift: [(shift,)] for shift in range(1, 9)}


# ---------------------------------------------------------------- against enumeration

coefficients = st.integers(-2, 2)


@st.composite
def subscripts(draw: st.DrawFn, iterators: tuple[str, ...]) -> Affine | None:
    if draw(st.integers(0, 15)) == 0:
        return None
    result = Affine.number(draw(st.integers(-3, 3)))
    for name in iterators:
        result = result + Affine.symbol(name) * draw(coefficients)
    return result + n * draw(st.sampled_from((0, 0, 0, 1, -1)))


@st.composite
def accesses(draw: st.DrawFn, iterators: tuple[str, ...]) -> Access:
    array, rank = draw(st.sampled_from((("a", 1), ("a", 1), ("b", 2))))
    return Access(array, tuple(draw(subscripts(iterators)) for _ in range(rank)))


@st.composite
def domains(draw: st.DrawFn, iterators: tuple[str, ...]) -> Domain:
    constraints: list[Constraint] = []
    for position, name in enumerate(iterators):
        symbol = Affine.symbol(name)
        starts = [zero, Affine.number(1)]
        if position:
            outer = Affine.symbol(iterators[position - 1])
            starts += [outer, outer + 1]
        constraints += in_range(symbol, draw(st.sampled_from(starts)), n)
    if draw(st.integers(0, 4)) == 0:
        guard = draw(subscripts(iterators))
        if guard is not None:
            constraints.append(at_least(guard, 0))
    return Domain(iterators, tuple(constraints))


@st.composite
def programs(draw: st.DrawFn) -> tuple[ScheduledStatement, ...]:
    result = []
    nests: tuple[tuple[int | str, ...], ...] = draw(
        st.sampled_from(
            (
                ((0, "i", 0),),
                ((0, "i", 0, "j", 0),),
                ((0, "i", 0, "j", 0, "k", 0),),
                ((0, "i", 0), (0, "i", 1)),
                ((0, "i", 0, "j", 0), (0, "i", 0, "j", 1)),
                ((0, "i", 0, "j", 0), (0, "i", 1)),
                ((0, "i", 0), (0, "i", 1, "j", 0)),
                ((0, "i", 0), (1, "i", 0)),
                ((0, "i", 0, "j", 0), (0, "i", 1, "j", 0)),
            )
        )
    )
    for name, schedule in zip("ST", nests, strict=False):
        iterators = tuple(x for x in schedule if isinstance(x, str))
        reads = tuple(draw(st.lists(accesses(iterators), max_size=2)))
        writes = tuple(draw(st.lists(accesses(iterators), min_size=1, max_size=1)))
        result.append(ScheduledStatement(name, draw(domains(iterators)), schedule, reads, writes))
    return tuple(result)


def key_of(d: Dependence) -> tuple[str, str, str, Access, Access, int]:
    return (d.source, d.sink, d.kind.value, d.source_access, d.sink_access, d.level)


@settings(max_examples=150, deadline=None)
@given(programs(), st.sampled_from((3, 4, 2, 1, 0)))
def test_dependences_at_a_fixed_size_are_those_of_enumeration(
    program: tuple[ScheduledStatement, ...], size: int
) -> None:
    seen = observe_dependences(program, {"n": size})
    found = find_dependences(program, (equal(n, size),))
    assert {key_of(d): (d.distance, d.direction) for d in found} == {
        key: (observed.distance, observed.direction) for key, observed in seen.items()
    }


@settings(max_examples=60, deadline=None)
@given(programs())
def test_dependences_at_symbolic_size_hold_all_that_any_size_has(
    program: tuple[ScheduledStatement, ...],
) -> None:
    found = {key_of(d): d for d in find_dependences(program)}
    for size in range(5):
        for key, observed in observe_dependences(program, {"n": size}).items():
            assert key in found
            symbolic = found[key]
            for mine, theirs in zip(symbolic.distance, observed.distance, strict=True):
                assert mine is None or mine == theirs
            for sign, seen in zip(symbolic.direction, observed.direction, strict=True):
                assert sign in ("*", seen)
