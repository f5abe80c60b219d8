"""Gradients agree up to rounding, and finite ones stay finite."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from deloop.verification.compare import Closeness, Difference, DifferenceKind
from deloop.verification.copies import Leaf
from deloop.verification.gradients import find_gradient_differences

K = DifferenceKind
Function = Callable[[torch.Tensor], torch.Tensor]


def compare(
    loop: Function, rewrite: Function, values: list[complex], second: bool = True
) -> tuple[Difference, ...]:
    sides = []
    for function in (loop, rewrite):
        leaf = torch.tensor(values, requires_grad=True)
        sides.append(([("result", function(leaf))], [Leaf("argument x", leaf)]))
    return find_gradient_differences(
        sides[0], sides[1], closeness=Closeness(), second_gradients=second
    )


@pytest.mark.parametrize(
    ("loop", "rewrite"),
    [
        (lambda x: x * x * x, lambda x: x**3),
        (lambda x: x * 2, lambda x: x + x),
        (lambda x: x.sin().cumsum(0), lambda x: torch.stack([x[: i + 1].sin().sum() for i in
                                                            range(len(x))])),
        (lambda x: x[0] * 1, lambda x: x.sum() - x[1:].sum()),
    ],
)  # fmt: skip
def test_equal_functions_have_equal_gradients(loop: Function, rewrite: Function) -> None:
    assert compare(loop, rewrite, [0.5, -1.5, 2.0]) == ()


def test_equal_values_with_other_gradients_differ() -> None:
    (found,) = compare(lambda x: x.abs(), lambda x: x.relu() + (-x).relu().detach(), [1.0, -2.0])
    assert found.kind is K.GRADIENT
    assert found.path == "gradient of argument x"
    assert found.index == (1,)


def test_other_second_gradient_differs_alone() -> None:
    found = compare(lambda x: x * x, lambda x: x * x.detach() * 2 - (x * x).detach(), [1.0, 3.0])
    assert [difference.kind for difference in found] == [K.SECOND_GRADIENT]
    assert found[0].path == "second gradient of argument x"
    assert compare(
        lambda x: x * x, lambda x: x * x.detach() * 2 - (x * x).detach(), [1.0, 3.0], second=False
    ) == ()  # fmt: skip


def test_infinite_gradient_of_the_loop_is_kept() -> None:
    assert compare(torch.sqrt, torch.sqrt, [0.0, 1.0]) == ()
    found = compare(torch.sqrt, lambda x: (x + 1e-12).sqrt(), [0.0, 1.0])
    assert found[0].index == (0,)


def test_nan_gradient_where_the_loops_is_finite_differs() -> None:
    (found,) = compare(
        lambda x: x * 1, lambda x: torch.where(x < 9, x, x / (x - x)), [1.0, 2.0], second=False
    )
    assert "nan in the rewrite" in found.sentence


def test_imaginary_parts_of_complex_gradients_are_compared() -> None:
    assert compare(lambda x: x * 2j, lambda x: 2j * x, [1 + 1j, 2 - 1j]) == ()
    found = compare(lambda x: x * 2j, lambda x: x.conj() * 2j, [1 + 0j, 2 + 0j])
    assert [difference.kind for difference in found] == [K.GRADIENT]


def test_nothing_that_requires_grad_means_nothing_to_compare() -> None:
    assert compare(lambda x: x.detach(), lambda x: x * 3, [1.0]) == ()
