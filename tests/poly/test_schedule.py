from __future__ import annotations

import pytest

from deloop.poly.domain import Domain
from deloop.poly.schedule import ScheduledStatement, common_iterators, is_textually_before


def at(*schedule: int | str) -> ScheduledStatement:
    iterators = tuple(x for x in schedule if isinstance(x, str))
    return ScheduledStatement("S", Domain(iterators), schedule)


def test_statements_of_one_body_share_all_loops() -> None:
    assert common_iterators(at(0, "i", 0, "j", 0), at(0, "i", 0, "j", 1)) == ("i", "j")


def test_loops_of_one_name_in_sequence_are_two_loops() -> None:
    assert common_iterators(at(0, "i", 0, "j", 0), at(0, "i", 1, "j", 0)) == ("i",)
    assert common_iterators(at(0, "i", 0), at(1, "i", 0)) == ()


def test_statement_after_a_loop_comes_after_its_body() -> None:
    loop, after = at(0, "i", 0, "j", 0), at(0, "i", 1)
    assert is_textually_before(loop, after)
    assert not is_textually_before(after, loop)


def test_statement_is_not_before_itself() -> None:
    assert not is_textually_before(at(0, "i", 0), at(0, "i", 0))


def test_two_iterators_at_one_position_are_an_error() -> None:
    with pytest.raises(ValueError, match="different things at one position"):
        is_textually_before(at(0, "i", 0), at(0, "j", 0))
