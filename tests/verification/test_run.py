"""Differences planted in a rewrite are found by running it beside its loop."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest
import torch

from deloop.diagnostic import Exactness
from deloop.verification.compare import DifferenceKind
from deloop.verification.run import name_arguments, run_side_by_side

K = DifferenceKind


def double_each(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out


def double_in_place(x: torch.Tensor) -> None:
    for i in range(x.shape[0]):
        x[i] = x[i] * 2


def total(x: torch.Tensor) -> float:
    acc = 0.0
    for i in range(x.shape[0]):
        acc += x[i].item()
    return acc


def safe_root(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        if x[i] > 0:
            out[i] = torch.sqrt(x[i])
    return out


def noisy(x: torch.Tensor) -> torch.Tensor:
    for _ in range(x.shape[0]):
        x = x + torch.rand(())
    return x


def chatty(x: torch.Tensor) -> None:
    for i in range(x.shape[0]):
        print(i)


def kinds(
    loop: Callable[..., Any], rewrite: Callable[..., Any], *args: Any, **options: Any
) -> list[DifferenceKind]:
    outcome = run_side_by_side(loop, rewrite, args, **options)
    assert outcome.agrees == (not outcome.differences)
    return [difference.kind for difference in outcome.differences]


VECTOR = torch.tensor([1.0, -2.0, 0.5])


@pytest.mark.parametrize(
    ("loop", "rewrite"),
    [
        (double_each, lambda x: x * 2),
        (double_in_place, lambda x: drop(x.copy_(x * 2))),
        (safe_root, lambda x: torch.where(x > 0, torch.where(x > 0, x, 1.0).sqrt(), 0.0)),
        (chatty, lambda x: print(*range(x.shape[0]), sep="\n") if len(x) else None),
    ],
)
@pytest.mark.parametrize("argument", [VECTOR, VECTOR[::2], VECTOR[:0], VECTOR[None].t()])
def test_right_rewrites_agree(
    loop: Callable[..., Any], rewrite: Callable[..., Any], argument: torch.Tensor
) -> None:
    outcome = run_side_by_side(loop, rewrite, (argument,), second_gradients=True)
    assert outcome.differences == ()
    assert str(outcome).startswith("loop and rewrite agree")


def drop(_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("loop", "rewrite", "argument", "expected"),
    [
        (double_each, lambda x: x.tolist(), VECTOR, [K.TYPE]),
        (double_each, lambda x: (x * 2)[:, None], VECTOR, [K.SHAPE]),
        (double_each, lambda x: x * 2.0, torch.tensor([1, 2]), [K.DTYPE]),
        (double_each, lambda x: (x * 2).detach(), VECTOR.clone().requires_grad_(),
         [K.REQUIRES_GRAD]),
        (double_each, lambda x: x * 2 + 1, VECTOR, [K.VALUE]),
        (double_each, lambda x: 0 + x * 2, torch.tensor([-0.0]), [K.VALUE]),
        (double_each, lambda x: x.mul_(2), VECTOR, [K.VALUE, K.ALIAS]),
        (double_each, lambda x: x.mul_(2).clone(), VECTOR, [K.VALUE]),
        (double_in_place, lambda x: drop(x * 2), VECTOR, [K.VALUE]),
        (double_in_place, lambda x: x.mul_(2), VECTOR, [K.TYPE]),
        (total, lambda x: x.sum(), VECTOR, [K.TYPE]),
        (total, lambda x: x.sum().item(), torch.tensor([0.1, 0.2, 0.3]), [K.VALUE]),
        (noisy, lambda x: x + torch.rand(()) * 0 + x.shape[0], VECTOR, [K.VALUE, K.RANDOM_STATE]),
        (chatty, lambda x: None, VECTOR, [K.OUTPUT]),
    ],
)  # fmt: skip
def test_planted_difference_is_found(
    loop: Callable[..., Any],
    rewrite: Callable[..., Any],
    argument: torch.Tensor,
    expected: list[DifferenceKind],
) -> None:
    assert kinds(loop, rewrite, argument) == expected


def test_result_that_is_a_view_of_the_argument_is_found() -> None:
    def flip(x: torch.Tensor) -> torch.Tensor:
        out = x.new_empty(x.shape[1], x.shape[0])
        for i in range(x.shape[0]):
            out[:, i] = x[i]
        return out

    assert kinds(flip, lambda x: x.t(), torch.ones(2, 3)) == [K.ALIAS]
    assert kinds(flip, lambda x: x.t().clone(), torch.ones(2, 3)) == []


def test_sum_in_another_precision_is_rounding() -> None:
    argument = torch.tensor([0.1, 0.2, 0.3])
    assert kinds(total, lambda x: x.sum().item(), argument, exactness=Exactness.ROUNDING) == []
    wrong = kinds(total, lambda x: x.sum().item() * 1.01, argument, exactness=Exactness.ROUNDING)
    assert wrong == [K.VALUE]


def test_gradient_of_the_branch_not_taken_is_found() -> None:
    def naive(x: torch.Tensor) -> torch.Tensor:
        return torch.where(x > 0, x.sqrt(), 0.0)

    argument = torch.tensor([4.0, 0.0, -1.0], requires_grad=True)
    outcome = run_side_by_side(safe_root, naive, (argument,))
    (found,) = outcome.differences
    assert outcome.has_gradients
    assert found.kind is K.GRADIENT
    assert found.path == "gradient of argument x"
    assert found.index == (1,)
    assert "nan in the rewrite" in found.sentence
    assert kinds(safe_root, naive, argument, gradients=False) == []


def test_lost_gradient_is_found_where_something_else_still_requires_grad() -> None:
    def rewrite(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x.detach() * y

    def loop(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.stack([x[i] * y[i] for i in range(len(x))])

    leaf, other = VECTOR.clone().requires_grad_(), VECTOR.clone().requires_grad_()
    outcome = run_side_by_side(loop, rewrite, (leaf, other))
    (found,) = outcome.differences
    assert found.kind is K.GRADIENT
    assert "no gradient in the rewrite" in found.sentence


def test_gradient_of_zeros_is_as_good_as_none() -> None:
    leaf = VECTOR.clone().requires_grad_()
    other = VECTOR.clone().requires_grad_()
    assert kinds(lambda x, y: x * 2, lambda x, y: x * 2 + y * 0, leaf, other) == []


def test_loops_own_nan_gradient_asks_nothing_of_the_rewrite() -> None:
    leaf = torch.tensor([0.0, 4.0], requires_grad=True)
    assert kinds(lambda x: x.sqrt() * 0, lambda x: torch.zeros_like(x) * x, leaf) == []


def test_second_gradient_is_found_only_when_asked() -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> torch.Tensor:
            return ctx.saved_tensors[0].detach() * 2 * grads[0]

    leaf = VECTOR.clone().requires_grad_()
    assert kinds(lambda x: x * x, Square.apply, leaf) == []
    found = kinds(lambda x: x * x, Square.apply, leaf, second_gradients=True)
    assert found == [K.SECOND_GRADIENT]


def test_gradient_reaches_what_stands_behind_a_non_leaf_changed_in_place() -> None:
    inner = VECTOR.clone().requires_grad_() * 1
    assert kinds(double_in_place, lambda x: drop(x.mul_(2)), inner) == []
    found = kinds(double_in_place, lambda x: drop(x.data.mul_(2)), inner)
    assert found == [K.GRADIENT]


def test_backward_pass_that_only_the_rewrite_breaks_is_found() -> None:
    def broken(x: torch.Tensor) -> torch.Tensor:
        out = x.exp()
        made = out * 2
        out.add_(1)
        return made

    leaf = VECTOR.clone().requires_grad_()
    outcome = run_side_by_side(lambda x: x.exp() * 2, broken, (leaf,))
    assert [difference.kind for difference in outcome.differences] == [K.GRADIENT]
    assert "RuntimeError" in str(outcome)
    assert kinds(broken, lambda x: x.exp() * 2, leaf) == []


def test_exceptions_are_compared_by_type() -> None:
    def raises(error: Exception) -> Callable[..., None]:
        def function(x: torch.Tensor) -> None:
            raise error

        return function

    same = run_side_by_side(raises(IndexError("a")), raises(IndexError("b")), (VECTOR,))
    assert same.agrees
    assert isinstance(same.exception, IndexError)
    assert str(same) == "loop and rewrite agree (both raise IndexError)"
    assert kinds(raises(IndexError()), raises(LookupError()), VECTOR) == [K.EXCEPTION]
    assert kinds(raises(LookupError()), raises(IndexError()), VECTOR) == [K.EXCEPTION]
    quiet = run_side_by_side(raises(IndexError("out")), drop, (VECTOR,))
    assert str(quiet) == "call: the loop raises IndexError (out), the rewrite returns"
    assert kinds(drop, raises(IndexError()), VECTOR) == [K.EXCEPTION]


def test_leaf_changed_in_place_raises_on_both_sides() -> None:
    leaf = VECTOR.clone().requires_grad_()
    outcome = run_side_by_side(double_in_place, lambda x: drop(x.mul_(2)), (leaf,))
    assert outcome.agrees
    assert isinstance(outcome.exception, RuntimeError)


def test_size_one_that_broadcasts_where_the_loop_raises_is_found() -> None:
    def loop(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.stack([x[i] + y[i] for i in range(len(x))])

    assert kinds(loop, lambda x, y: x + y, VECTOR, torch.ones(1)) == [K.EXCEPTION]
    assert kinds(loop, lambda x, y: x + y, VECTOR, VECTOR) == []


def test_overlapping_arguments_tell_order_of_writes() -> None:
    def shift(x: torch.Tensor, y: torch.Tensor) -> None:
        for i in range(len(x)):
            x[i] = y[i] + 1

    def at_once(x: torch.Tensor, y: torch.Tensor) -> None:
        x[:] = y.clone() + 1

    base = torch.zeros(5)
    assert kinds(shift, at_once, base[1:4], base[1:4]) == []
    assert kinds(shift, at_once, base[1:], base[:-1]) == [K.VALUE, K.VALUE]


def test_state_of_an_object_is_an_argument_too() -> None:
    class Counter:
        def __init__(self) -> None:
            self.seen: list[float] = []

    def loop(self: Counter, x: torch.Tensor) -> None:
        for i in range(len(x)):
            self.seen.append(float(x[i]))

    assert kinds(loop, lambda self, x: self.seen.extend(x.tolist()), Counter(), VECTOR) == []
    found = run_side_by_side(loop, lambda self, x: None, (Counter(), VECTOR)).differences
    assert [(difference.path, difference.kind) for difference in found] == [
        ("argument self.seen", K.LENGTH)
    ]


def test_arguments_and_random_states_are_left_as_they_were() -> None:
    argument = VECTOR.clone()
    states = torch.get_rng_state(), random.getstate(), str(numpy.random.get_state())
    run_side_by_side(double_in_place, noisy, (argument,))
    assert torch.equal(argument, VECTOR)
    assert torch.equal(states[0], torch.get_rng_state())
    assert states[1:] == (random.getstate(), str(numpy.random.get_state()))


def test_same_draws_on_both_sides_agree() -> None:
    def draw(x: torch.Tensor) -> object:
        return torch.rand(2), random.random(), numpy.random.rand(2)

    assert kinds(draw, draw, VECTOR) == []


def test_generators_are_run_to_their_end() -> None:
    def rows(x: torch.Tensor) -> Iterator[torch.Tensor]:
        for i in range(len(x)):
            yield x[i] * 2

    assert kinds(rows, lambda x: (row for row in x * 2), VECTOR) == []
    assert kinds(rows, lambda x: (row for row in x * 3), VECTOR) == [K.VALUE] * 3


def test_times_of_both_calls_are_told() -> None:
    outcome = run_side_by_side(double_each, lambda x: x * 2, (VECTOR,))
    assert outcome.loop_seconds > 0
    assert outcome.rewrite_seconds > 0
    assert torch.equal(outcome.result, outcome.rewrite_result)  # type: ignore[arg-type]


def test_arguments_have_the_names_of_the_parameters() -> None:
    def function(a: int, *rest: int, key: int = 0) -> None:
        logging.debug("%s", a)

    assert name_arguments(function, (1, 2, 3), {"key": 4}) == ("a", "rest[0]", "rest[1]", "key")
    assert name_arguments(max, (1, 2), {}) == ("0", "1")
