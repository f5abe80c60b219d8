"""Whether a result requires grad depends on which branch ran; one never taken records nothing."""

from __future__ import annotations

import itertools

import pytest
import torch

from .side_by_side import assert_agrees, assert_serves, values


def larger(a, b):
    return a if a > b else b


def larger_by_statements(a, b):
    if a > b:
        return a
    return b


def by_builtin(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = max(a[i], b[i])
    return out


def by_expression(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = a[i] if a[i] > b[i] else b[i]
    return out


def by_helper(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = larger(a[i], b[i])
    return out


def by_helper_with_statements(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = larger_by_statements(a[i], b[i])
    return out


def by_temporary(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        chosen = a[i]
        if b[i] > a[i]:
            chosen = b[i]
        out[i] = chosen
    return out


def by_two_choices(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        chosen = a[i]
        if b[i] > a[i]:
            chosen = b[i] * 2
        out[i] = chosen + 1 if i > 0 else chosen
        out[i] = abs(out[i])
    return out


def by_index(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        if i > 0:
            out[i] = b[i]
        else:
            out[i] = a[i]
    return out


def by_two_builtins(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = min(a[i], max(b[i], 0))
    return out


def into_two_results(a, b):
    out = torch.zeros_like(a)
    other = torch.zeros_like(a)
    for i in range(len(a)):
        if a[i] > b[i]:
            out[i] = b[i]
        if a[i] < b[i]:
            other[i] = b[i]
    return out, other


def in_place(a, b):
    for i in range(len(a)):
        if a[i] < b[i]:
            a[i] = b[i]
    return a


def by_continue(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        if a[i] > b[i]:
            continue
        out[i] = b[i]
    return out


LOOPS = (
    by_builtin, by_expression, by_helper, by_helper_with_statements, by_temporary, by_two_choices,
    by_index, by_two_builtins, into_two_results, in_place, by_continue,
)
VALUES = (
    (values(1, 1, 1), values(0, 0, 0)),
    (values(0, 0, 0), values(1, 1, 1)),
    (values(1), values(0)),
    (values(0, 1, 2), values(1, 1, 1)),
    (values(), values()),
)


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
def test_choice_never_taken_records_no_gradient(loop) -> None:
    for (a, b), (one, other), inner in itertools.product(
        VALUES, ((False, True), (True, False), (True, True)), (False, True)
    ):
        left = a.clone().requires_grad_(one)
        right = b.clone().requires_grad_(other)
        if inner:
            left, right = left * 1, right * 1
        assert_agrees(loop, left, right, second=True)


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
def test_one_function_serves_taken_and_untaken_choices(loop) -> None:
    calls = [(a.clone(), b.clone().requires_grad_()) for a, b in VALUES]
    assert_serves(loop, *calls, *reversed(calls))
