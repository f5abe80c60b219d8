"""Every pair of statements with neighbouring subscripts over two arrays, side by side.

432 loops: which of two statements reads what the other writes, in which iteration, in which order.
Distribution that mixes up two statements, or lifts a carried dependence, shows here.
"""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path
from types import ModuleType

import pytest

import deloop

from .side_by_side import assert_agrees, normal

# Of 27 each: all, those where neither statement feeds itself, those without a cycle of the two.
LEAST_VECTORIZED = {"abab": 27, "aabb": 12, "abba": 15}
SUBSCRIPTS = ("i - 1", "i", "i + 1")
LOOP = """\
def loop_{number}(a, b):
    for i in range(1, len(a) - 1):
        {one}[i] = {two}[{first}] * 2
        {three}[{second}] = {four}[{third}] + 1


"""


def load_loops(path: Path, arrays: tuple[str, ...]) -> ModuleType:
    """The 27 loops with these arrays in the statements' four places, from a file of their own."""
    one, two, three, four = arrays
    text = "".join(
        LOOP.format(
            number=number, one=one, two=two, three=three, four=four,
            first=first, second=second, third=third,
        )
        for number, (first, second, third) in enumerate(itertools.product(SUBSCRIPTS, repeat=3))
    )
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("arrays", list(itertools.product("ab", repeat=4)), ids="".join)
def test_two_statements_keep_their_dependences(tmp_path: Path, arrays: tuple[str, ...]) -> None:
    module = load_loops(tmp_path / f"pairs_{''.join(arrays)}.py", arrays)
    loops = [value for name, value in vars(module).items() if name.startswith("loop_")]
    assert len(loops) == 27
    for loop in loops:
        assert_agrees(loop, normal(7), normal(7, seed=1))


@pytest.mark.parametrize("arrays", ["abab", "aabb", "abba"])
def test_pairs_without_a_cycle_are_vectorized(tmp_path: Path, arrays: str) -> None:
    module = load_loops(tmp_path / f"pairs_{arrays}.py", tuple(arrays))
    loops = [value for name, value in vars(module).items() if name.startswith("loop_")]
    statuses = [
        deloop.vectorize(loop).explain(normal(7), normal(7, seed=1)).status for loop in loops
    ]
    assert statuses.count("vectorized") >= LEAST_VECTORIZED[arrays]
