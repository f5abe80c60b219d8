"""A loop taken apart is source like any other: run as it stands, it does what the loop does."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import inspect
import itertools
import textwrap

import pytest
import torch

from deloop.frontend.iterables import CUT
from deloop.frontend.parse import parse_function
from deloop.frontend.split import Split, find_outermost, split_function
from tests.cases import searches
from tests.hazards import test_hazard_16_exits as hazards

VECTORS = hazards.VECTORS


def split(function) -> Split:
    """The function with all its loops taken apart."""
    parsed = parse_function(textwrap.dedent(inspect.getsource(function)))
    return split_function(parsed, dict.fromkeys(find_outermost(parsed), False))


def run_split(function, *arguments):
    """What the function gives once its loops are taken apart."""
    taken = split(function)
    assert taken.parts
    names = {**function.__globals__, "torch": torch, CUT: itertools.islice}
    exec(taken.function.text, names)
    return names[function.__name__](*arguments)


@pytest.mark.parametrize(
    "function",
    [
        hazards.loop_variable_behind_a_break, hazards.element_behind_a_break,
        hazards.several_ways_out, hazards.one_of_three, hazards.flag_of_a_while,
        hazards.copied_up_to_a_sentinel, hazards.counted_down,
        hazards.endless_but_for_its_returns, hazards.sum_that_stays_a_python_float,
        hazards.last_hit, searches.first_above_running_total, searches.first_by_flag,
        searches.last_from_behind, searches.written_including_the_stop,
    ],
)  # fmt: skip
@pytest.mark.parametrize("x", VECTORS, ids=str)
def test_pieces_do_what_the_loop_did(function, x) -> None:
    arguments = (x, 0.5) if function is searches.first_above_running_total else (x,)
    assert str(run_split(function, *arguments)) == str(function(*arguments))


def test_a_loop_without_an_exit_is_left_alone() -> None:
    assert split(hazards.hit_above_the_last_one).parts == ()


def test_lines_of_pieces_are_the_lines_of_the_statements_they_copy() -> None:
    taken = split(hazards.several_ways_out).function
    copied = [k for k, line in enumerate(taken.text.splitlines(), 1) if "out[i] = 100" in line]
    original = inspect.getsource(hazards.several_ways_out).splitlines()
    assert copied
    assert all("out[i] = 100" in original[taken.lines[k] - 1] for k in copied)
