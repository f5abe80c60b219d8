"""Everything reachable is found once a path, under the name a person would write."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import NamedTuple

import torch

from deloop.verification.parts import find_parts, walk_parts


class Pair(NamedTuple):
    left: object
    right: object


class Slotted:
    __slots__ = ("kept", "unset")

    def __init__(self) -> None:
        self.kept = 1


def test_parts_have_the_paths_people_write() -> None:
    assert find_parts([1, 2], "x") == [("x[0]", 1), ("x[1]", 2)]
    assert find_parts({"a": 1}, "x") == [("x['a']", 1)]
    assert find_parts(Pair(1, 2), "x") == [("x.left", 1), ("x.right", 2)]
    assert find_parts(SimpleNamespace(a=1), "x") == [("x.a", 1)]
    assert find_parts(Slotted(), "x") == [("x.kept", 1)]


def test_atoms_and_tensors_have_no_parts() -> None:
    for value in (1, 1.0, "ab", None, torch.ones(2), torch.float32, len, int, range(3), torch):
        assert find_parts(value, "x") == []


def test_method_and_partial_lead_to_what_they_hold() -> None:
    owner = SimpleNamespace()
    holder = functools.partial(print, owner)
    assert ("x.args", (owner,)) in find_parts(holder, "x")

    class Bound:
        def method(self) -> None:
            raise NotImplementedError

    bound = Bound()
    assert find_parts(bound.method, "x") == [("x.__self__", bound)]


def test_module_shows_parameters_under_their_names() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 1))
    paths = [path for path, part in walk_parts(model, "model") if isinstance(part, torch.Tensor)]
    assert paths == ["model.0.weight", "model.0.bias"]


def test_cycle_is_walked_once() -> None:
    ring: list[object] = [1]
    ring.append(ring)
    assert [path for path, _ in walk_parts(ring, "x")] == ["x", "x[0]", "x[1]"]


def test_one_object_at_two_paths_is_seen_at_both() -> None:
    tensor = torch.ones(1)
    paths = [path for path, part in walk_parts([tensor, [tensor]], "x") if part is tensor]
    assert paths == ["x[0]", "x[1][0]"]
