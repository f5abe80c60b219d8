"""A counterexample becomes as small and plain as it can while it still fails."""

from __future__ import annotations

from typing import Any

import torch

from deloop.verification.inputs import make_inner
from deloop.verification.shrink import shrink_arguments


def test_sizes_shrink_together_with_the_numbers_that_are_sizes() -> None:
    x, y = torch.randn(6, 5), torch.randn(5, 6)
    (a, b, n), _ = shrink_arguments((x, y, 6), {}, lambda args, _: args[0].shape[0] >= 2)
    assert a.shape == (2, 0)
    assert b.shape == (0, 2)
    assert n == 2


def test_only_the_element_that_matters_stays() -> None:
    x = torch.tensor([0.3, float("nan"), 2.7, 1.1])
    (a,), _ = shrink_arguments((x,), {}, lambda args, _: bool(args[0].isnan().any()))
    assert a.numel() <= 2
    assert a.isnan().sum() == 1


def test_values_become_whole_numbers() -> None:
    x = torch.tensor([0.3, 2.7])
    (a,), _ = shrink_arguments((x,), {}, lambda args, _: bool((args[0] > 1.5).any()))
    assert a.tolist()[-1] == 3.0
    assert all(value in (0.0, 1.0, 3.0) for value in a.tolist())


def test_layout_aliases_and_gradients_go_where_they_do_not_matter() -> None:
    base = torch.randn(8)
    x, y = base[:4], base[2:6].requires_grad_()
    (a, b), _ = shrink_arguments((x, y), {}, lambda args, _: args[0].numel() == 4)
    assert a.untyped_storage().data_ptr() != b.untyped_storage().data_ptr()
    assert a.untyped_storage().nbytes() == 16
    assert not b.requires_grad


def test_what_matters_of_layout_aliases_and_gradients_stays() -> None:
    base = torch.randn(8)
    x, y = base[:4], base[2:6]

    def share(args: tuple[Any, ...], kwargs: Any) -> bool:
        one, other = args
        return bool(one.numel() > 1) and (
            one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
        )

    (a, b), _ = shrink_arguments((x, y), {}, share)
    assert share((a, b), {})
    assert a.numel() == 2
    inner = make_inner(torch.randn(3))

    def needs_inner(args: tuple[Any, ...], kwargs: Any) -> bool:
        return bool(args[0].requires_grad and not args[0].is_leaf)

    (kept,), _ = shrink_arguments((inner,), {}, needs_inner)
    assert needs_inner((kept,), {})


def test_given_arguments_are_not_changed_and_keywords_shrink_too() -> None:
    x = torch.randn(5)
    before = x.clone()
    args, kwargs = shrink_arguments((), {"x": x}, lambda _, kwargs: kwargs["x"].numel() > 0)
    assert args == ()
    assert kwargs["x"].tolist() == [0.0]
    assert torch.equal(x, before)


def test_question_that_raises_is_no() -> None:
    def fails(args: tuple[Any, ...], kwargs: Any) -> bool:
        if args[0].numel() < 3:
            raise ValueError("too small")
        return True

    (a,), _ = shrink_arguments((torch.randn(5),), {}, fails)
    assert a.tolist() == [0.0, 0.0, 0.0]


def test_time_is_bounded() -> None:
    x = torch.randn(5)
    (a,), _ = shrink_arguments((x,), {}, lambda args, _: True, seconds=0.0)
    assert a is x
