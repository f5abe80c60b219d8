"""What `find_differences` takes for the same, and what it does not."""

from __future__ import annotations

import functools
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import numpy
import pytest
import torch

from deloop.diagnostic import Exactness
from deloop.verification.compare import Closeness, DifferenceKind, find_differences

K = DifferenceKind


def kinds(expected: object, actual: object, **options: object) -> list[DifferenceKind]:
    found = find_differences(expected, actual, **options)  # type: ignore[arg-type]
    return [difference.kind for difference in found]


class Point(NamedTuple):
    x: object
    y: object


@dataclass
class State:
    count: int
    total: torch.Tensor


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


@pytest.mark.parametrize(
    "make",
    [
        lambda: None,
        lambda: 3,
        lambda: float("nan"),
        lambda: complex("nan"),
        lambda: "text",
        lambda: {1, 2},
        lambda: torch.tensor([1.0, float("nan"), -0.0, float("inf")]),
        lambda: torch.tensor([complex(float("nan"), 1)]),
        lambda: torch.zeros(0, 3),
        lambda: torch.eye(3).to_sparse(),
        lambda: torch.empty(3, device="meta"),
        lambda: torch.tensor(True),
        lambda: [torch.ones(2), {"a": (1, 2.0)}],
        lambda: Point(1, torch.ones(1)),
        lambda: State(1, torch.ones(2)),
        lambda: Slotted(torch.ones(2)),
        lambda: numpy.array([1.0, float("nan")]),
        lambda: numpy.float32(1.5),
        lambda: functools.partial(max, torch.ones(2)),
        lambda: torch.Size([1, 2]),
        lambda: object(),
        lambda: torch.ones(2).to(torch.float8_e4m3fn),
        lambda: torch.max(torch.ones(2, 2), 0),
    ],
)
def test_a_value_made_twice_is_the_same(make: object) -> None:
    assert find_differences(make(), make()) == ()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("expected", "actual", "kind"),
    [
        (1, 1.0, K.TYPE),
        (1, True, K.TYPE),
        (1.0, torch.tensor(1.0), K.TYPE),
        ([1], (1,), K.TYPE),
        ((1, 2), Point(1, 2), K.TYPE),
        ({"a": 1}, OrderedDict(a=1), K.TYPE),
        (torch.nn.Parameter(torch.ones(1)), torch.ones(1, requires_grad=True), K.TYPE),
        (None, 0, K.TYPE),
        ([1], [1, 2], K.LENGTH),
        ({"a": 1}, {"b": 1}, K.KEYS),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, K.KEYS),
        (torch.ones(1), torch.ones(()), K.SHAPE),
        (torch.ones(0, 2), torch.ones(2, 0), K.SHAPE),
        (torch.ones(1), torch.ones(1, dtype=torch.float64), K.DTYPE),
        (torch.ones(1), torch.ones(1, device="meta"), K.DEVICE),
        (torch.eye(2), torch.eye(2).to_sparse(), K.LAYOUT),
        (torch.ones(1), torch.ones(1, requires_grad=True), K.REQUIRES_GRAD),
        (torch.ones(2), torch.tensor([1.0, 2.0]), K.VALUE),
        (torch.tensor(2**53 + 1), torch.tensor(2**53), K.VALUE),
        (torch.tensor([-0.0]), torch.tensor([0.0]), K.VALUE),
        (torch.tensor([float("nan")]), torch.tensor([0.0]), K.VALUE),
        (torch.tensor([1.0]), torch.tensor([float("nan")]), K.VALUE),
        (torch.tensor([complex(0.0, -0.0)]), torch.tensor([complex(0.0, 0.0)]), K.VALUE),
        (1.0, 1.0 + 2**-52, K.VALUE),
        (-0.0, 0.0, K.VALUE),
        (10**400, 10**400 + 1, K.VALUE),
        ("a", "b", K.VALUE),
        ({1}, {2}, K.VALUE),
        (numpy.ones(2), numpy.zeros(2), K.VALUE),
        (numpy.ones(2), numpy.ones(2, dtype="f4"), K.DTYPE),
        (State(1, torch.ones(1)), State(2, torch.ones(1)), K.VALUE),
        (Slotted(1), Slotted(2), K.VALUE),
    ],
)
def test_each_kind_of_difference_is_found(
    expected: object, actual: object, kind: DifferenceKind
) -> None:
    assert kinds(expected, actual) == [kind]


def test_path_index_and_both_values_are_told() -> None:
    (found,) = find_differences([0, {"a": torch.zeros(2, 3)}], [0, {"a": torch.eye(2, 3)}])
    assert found.path == "result[1]['a']"
    assert found.index == (0, 0)
    assert str(found) == (
        "result[1]['a']: 2 of 6 elements differ; the first at [0, 0]: "
        "0.0 in the loop, 1.0 in the rewrite"
    )


def test_shape_and_dtype_are_told_together() -> None:
    one, other = torch.ones(2), torch.ones(3, dtype=torch.int64)
    assert kinds(one, other) == [K.SHAPE, K.DTYPE]


def test_zero_signs_count_only_for_bitwise_or_when_asked() -> None:
    one, other = torch.tensor([-0.0]), torch.tensor([0.0])
    assert kinds(one, other, signed_zero=False) == []
    assert kinds(one, other, exactness=Exactness.ROUNDING) == []
    assert kinds(one, other, exactness=Exactness.ROUNDING, signed_zero=True) == [K.VALUE]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_one_rounding_step_is_bitwise_different_and_the_same_up_to_rounding(
    dtype: torch.dtype,
) -> None:
    one = torch.tensor([1.0, 3.0], dtype=dtype)
    other = one * (1 + torch.finfo(dtype).eps)
    assert kinds(one, other) == [K.VALUE]
    assert kinds(one, other, exactness=Exactness.ROUNDING) == []


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_tenth_is_no_rounding(dtype: torch.dtype) -> None:
    one = torch.tensor([1.0, 3.0], dtype=dtype)
    assert kinds(one, one * 1.1, exactness=Exactness.ROUNDING) == [K.VALUE]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_positions_of_non_finite_values_are_exact_up_to_rounding(value: float) -> None:
    one, other = torch.tensor([1.0, value]), torch.tensor([1.0, 3e38])
    assert kinds(one, other, exactness=Exactness.ROUNDING) == [K.VALUE]
    assert kinds(other, one, exactness=Exactness.ROUNDING) == [K.VALUE]
    assert kinds(one, one.clone(), exactness=Exactness.ROUNDING) == []
    assert kinds(value, 1.0, exactness=Exactness.ROUNDING) == [K.VALUE]


def test_integers_are_exact_up_to_rounding_too() -> None:
    one, other = torch.tensor([10**9]), torch.tensor([10**9 + 1])
    assert kinds(one, other, exactness=Exactness.ROUNDING) == [K.VALUE]
    assert kinds(10**9, 10**9 + 1, exactness=Exactness.ROUNDING) == [K.VALUE]


def test_cancelled_sum_is_measured_against_the_terms_that_went_in() -> None:
    one, other = torch.tensor(1e-7), torch.tensor(2e-7)
    assert kinds(one, other, exactness=Exactness.ROUNDING) == [K.VALUE]
    near = Closeness(Exactness.ROUNDING, magnitude=1.0)
    assert find_differences(one, other, closeness=near) == ()


def test_python_float_is_as_precise_as_the_dtype_it_came_from() -> None:
    assert kinds(1.0, 1.0 + 1e-7, exactness=Exactness.ROUNDING) == [K.VALUE]
    near = Closeness(Exactness.ROUNDING, precision="float32")
    assert find_differences(1.0, 1.0 + 1e-7, closeness=near) == ()


def test_given_tolerances_replace_the_defaults() -> None:
    one, other = torch.tensor([1.0]), torch.tensor([1.05])
    options = {"exactness": Exactness.ROUNDING}
    assert kinds(one, other, rtol={"float32": 0.1}, **options) == []
    assert kinds(one, other, atol={"float32": 0.1}, **options) == []
    assert kinds(one, other, rtol={"float64": 0.1}, **options) == [K.VALUE]


def test_structures_that_contain_themselves_are_compared() -> None:
    one: list[object] = [1.0]
    other: list[object] = [1.0]
    one.append(one)
    other.append(other)
    assert find_differences(one, other) == ()
    other[0] = 2.0
    assert kinds(one, other) == [K.VALUE]


def test_module_state_is_compared_under_its_own_names() -> None:
    torch.manual_seed(0)
    one = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    other = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    other.load_state_dict(one.state_dict())
    assert find_differences(one, other, path="argument model") == ()
    other(torch.ones(3, 2))
    paths = {found.path for found in find_differences(one, other, path="argument model")}
    assert "argument model.1.running_mean" in paths
    assert "argument model.1.num_batches_tracked" in paths
