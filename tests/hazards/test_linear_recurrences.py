"""Linear recurrences as scans: where a product of factors is not what the loop multiplies by."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

import deloop

from .side_by_side import (
    INFINITY,
    NAN,
    assert_agrees,
    assert_serves,
    assert_vectorized,
    integers,
    normal,
    values,
)


def discounted(x, gamma):
    out = torch.zeros_like(x)
    h = 0.0
    for t in range(len(x) - 1, -1, -1):
        h = x[t] + gamma * h
        out[t] = h
    return out


def gated(a, x):
    out = torch.zeros_like(x)
    h = 0.0
    for t in range(len(x)):
        h = a[t] * h + x[t]
        out[t] = h
    return out


def gated_from(a, x, h):
    out = torch.zeros_like(x)
    for t in range(len(x)):
        h = a[t] * h + x[t]
        out[t] = h
    return out, h


def smoothed(x, alpha):
    out = torch.zeros_like(x)
    out[0] = x[0]
    for t in range(1, len(x)):
        out[t] = alpha * x[t] + (1 - alpha) * out[t - 1]
    return out


def filtered_in_place(x, a):
    for t in range(1, len(x)):
        x[t] = a * x[t - 1] + x[t]
    return x


def since_reset(x, reset):
    out = torch.zeros_like(x)
    total = torch.zeros((), dtype=x.dtype)
    for t in range(len(x)):
        total = x[t] if reset[t] else total + x[t]
        out[t] = total
    return out


def steps_since(events):
    out = torch.zeros(len(events), dtype=torch.int64)
    steps = 0
    for t in range(len(events)):
        steps = 0 if events[t] else steps + 1
        out[t] = steps
    return out


def flags(*true, n=8):
    made = torch.zeros(n, dtype=torch.bool)
    made[list(true)] = True
    return made


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17])
def test_every_length_is_summed_whole(n):
    x, a = normal(n), normal(n, seed=1)
    for loop, arguments in ((discounted, (x, 0.9)), (gated, (a, x))):
        assert_agrees(loop, *arguments, status="vectorized" if n else None)
    assert_vectorized(since_reset, x, a > 0.5)


@pytest.mark.parametrize("special", [INFINITY, -INFINITY, NAN, 3e38])
def test_huge_values_keep_the_loop(special):
    x = normal(400)
    x[3] = special
    assert_agrees(discounted, x, 0.5, status="kept")
    assert_agrees(gated, torch.full((400,), 0.5), x, status="kept")
    assert_agrees(smoothed, x, 0.5, status="kept")
    assert_agrees(filtered_in_place, x, 0.5, status="kept")


def test_infinite_start_keeps_the_loop():
    assert_agrees(gated_from, normal(6), normal(6, seed=1), torch.tensor(INFINITY), status="kept")
    assert_vectorized(gated_from, normal(6), normal(6, seed=1), torch.tensor(2.0))


@pytest.mark.parametrize("special", [INFINITY, NAN, 1e30])
def test_factors_whose_product_overflows_keep_the_loop(special):
    a = normal(8)
    a[2] = special
    assert_agrees(gated, a, torch.zeros(8), status="kept")
    assert_agrees(gated, torch.full((64,), 1e5), torch.zeros(64), status="kept")
    assert_agrees(discounted, torch.zeros(64), special, status="kept")


@pytest.mark.parametrize("a", [0.0, 1.0, -1.0, -0.5, 1.25, 1e-30])
def test_factors_of_every_size_are_the_loops(a):
    assert_vectorized(discounted, normal(9), a)
    assert_vectorized(smoothed, normal(9), a)
    assert_vectorized(gated, torch.full((9,), a), normal(9))


def test_products_that_vanish_still_carry_what_is_finite():
    x = torch.zeros(300)
    x[0] = 1e20
    assert_vectorized(discounted, x.flip(0), 0.5)
    assert_vectorized(smoothed, x, 0.1)


def test_one_compiled_function_serves_finite_and_infinite_values():
    huge = values(1.0, INFINITY, 2.0, 3.0)
    finite = values(1.0, 2.0, 3.0, 4.0)
    assert_serves(discounted, (finite, 0.9), (huge, 0.9), (finite, 5.0), (finite[:1], 0.9))


@pytest.mark.parametrize("grads", [(True, False), (False, True), (True, True)])
def test_both_gradients_flow_through_the_doublings(grads):
    a, x = normal(6), normal(6, seed=1)
    a[2] = 0.0
    arguments = [t.requires_grad_(g) for t, g in zip((a, x), grads, strict=True)]
    assert_vectorized(gated, *arguments, second=True)


def test_gradient_of_the_start_flows_unless_a_reset_drops_it():
    def run(x, start, reset):
        out = torch.zeros_like(x)
        h = start
        for t in range(len(x)):
            h = x[t] if reset[t] else 0.5 * h + x[t]
            out[t] = h
        return out

    start = torch.tensor(1.0, requires_grad=True)
    assert_agrees(run, normal(5), start, flags(2, n=5), second=True)
    assert_agrees(run, normal(5), start, flags(0, n=5), second=True)


def test_factor_that_alone_has_a_gradient_takes_part_or_keeps_the_loop():
    def run(a, x):
        out = torch.zeros_like(x)
        h = 0.0
        for t in range(len(x)):
            h = a[t] * h + x[t]
            out[t] = h
        return out

    for n in (1, 2, 5):
        assert_agrees(run, normal(n).requires_grad_(), normal(n, seed=1), second=True)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_the_loop_that_rounds_each_step(dtype):
    assert_agrees(discounted, normal(6, dtype=dtype), 0.9, status="kept")
    assert_agrees(since_reset, normal(6, dtype=dtype), flags(2, n=6), status="kept")


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.int16, torch.uint8])
def test_integers_wrap_as_in_the_loop(dtype):
    def run(a, x):
        out = torch.zeros_like(x)
        h = torch.zeros((), dtype=x.dtype)
        for t in range(len(x)):
            h = a[t] * h + x[t]
            out[t] = h
        return out

    a, x = integers(40, dtype=dtype), integers(40, seed=1, dtype=dtype)
    assert "lossy" not in assert_agrees(run, a, x).source
    assert_agrees(since_reset, x, a > 4)


@pytest.mark.parametrize("special", [INFINITY, -INFINITY, NAN])
def test_reset_drops_what_was_infinite(special):
    x = normal(8)
    x[2] = special
    assert_vectorized(since_reset, x, flags(4))
    assert_vectorized(since_reset, x, flags())


@pytest.mark.parametrize("true", [(), (0,), (7,), (0, 7), (3, 4), tuple(range(8))])
def test_resets_anywhere_start_the_count_anew(true):
    assert_vectorized(steps_since, flags(*true))
    assert_vectorized(since_reset, normal(8), flags(*true))


@pytest.mark.parametrize(("start", "again"), [(0, 0), (3, 4), (3, 5), (0, 1), (0, -2), (-1, 0)])
def test_counts_start_and_restart_at_any_number(start, again):
    def run(events):
        out = torch.zeros(len(events), dtype=torch.int64)
        steps = start
        for t in range(len(events)):
            steps = again if events[t] else steps + 1
            out[t] = steps
        return out

    for true in ((), (0,), (2, 5), (7,)):
        assert_agrees(run, flags(*true))


def test_value_left_behind_is_a_tensor_of_its_own():
    report = assert_vectorized(gated_from, normal(4), normal(4, seed=1), torch.tensor(0.5))
    assert ".clone()" in report.source


def test_argument_is_changed_in_place_as_before():
    x = normal(7)
    expected = x.clone()
    for t in range(1, 7):
        expected[t] = 0.5 * expected[t - 1] + expected[t]
    result = deloop.vectorize(filtered_in_place)(x, 0.5)
    assert result is x
    torch.testing.assert_close(x, expected)
    assert_agrees(filtered_in_place, normal(7).requires_grad_(), 0.5)


def test_values_put_in_front_of_a_list_come_out_in_order():
    def run(rewards, gamma):
        returns = []
        running = 0
        for reward in reversed(rewards):
            running = reward + gamma * running
            returns.insert(0, running)
        return torch.stack(returns)

    def from_behind(rewards, gamma):
        returns = []
        running = 0
        for t in range(len(rewards) - 1, -1, -1):
            running = rewards[t] + gamma * running
            returns.append(running)
        return torch.stack(returns[::-1])

    for n in (1, 2, 5):
        assert_vectorized(run, normal(n).requires_grad_(), 0.9)
        assert_vectorized(from_behind, normal(n), 0.9)


def test_values_put_in_front_of_a_list_by_a_loop_that_stays_come_out_in_order():
    def run(x, scale):
        made = []
        h = torch.zeros(x.shape[1])
        for t in range(len(x)):
            h = torch.tanh(h * x[t] + torch.exp(x[t] * scale) * 2)
            made.insert(0, h)
        return torch.stack(made)

    def from_behind(x, scale):
        made = []
        h = torch.zeros(x.shape[1])
        for t in range(len(x)):
            h = torch.tanh(h * x[t] + torch.exp(x[t] * scale) * 2)
            made.append(h)
        return torch.stack(made[::-1])

    assert_agrees(run, normal(4, 3), 0.5)
    assert_agrees(from_behind, normal(4, 3), 0.5)


def test_list_filled_or_taken_from_both_ends_is_kept():
    def filled(x):
        made = []
        for i in range(len(x)):
            made.insert(0, x[i] * 2)
            made.append(x[i])
        return torch.stack(made)

    def second(x):
        made = [x[0]]
        for i in range(len(x)):
            made.insert(1, x[i] * 2)
        return torch.stack(made)

    assert_agrees(filled, normal(4), status="kept")
    assert_agrees(second, normal(4), status="kept")


def test_wide_rows_keep_their_loop_over_time():
    def run(x, decay):
        h = torch.zeros(x.shape[1])
        out = torch.zeros_like(x)
        for t in range(x.shape[0]):
            h = decay * h + x[t]
            out[t] = h
        return out

    assert_vectorized(run, normal(20, 8), 0.9)
    assert_agrees(run, normal(20, 500), 0.9, status="kept")
    assert_agrees(run, normal(4, 8), 0.9, status="kept")


def test_number_on_one_path_of_an_update_in_place_takes_the_elements_dtype():
    def run(x, reset):
        total = 0.0
        out = torch.zeros(len(x))
        for t in range(len(x)):
            if reset[t]:
                total = 0.0
            total += x[t]
            out[t] = total
        return out, total

    assert_agrees(run, normal(6), flags(2, n=6))
    assert_agrees(run, normal(6, dtype=torch.float64), flags(2, n=6))


def running_product(x):
    out = torch.zeros_like(x)
    p = 1.0
    for t in range(len(x)):
        p = p * x[t]
        out[t] = p
    return out


@pytest.mark.parametrize("zeros", [(), (0,), (5,), (2, 3), (0, 5), (0, 1, 2, 3, 4, 5)])
def test_gradient_of_a_running_product_is_the_loops_at_zeros(zeros):
    x = normal(6)
    x[list(zeros)] = 0.0
    assert_vectorized(running_product, x.requires_grad_(), second=True)


@pytest.mark.parametrize("special", [INFINITY, NAN, 1e-40, 1e30])
def test_gradient_of_a_running_product_beyond_rounding_keeps_the_loop(special):
    x = values(2.0, special, 0.5, grad=True)
    assert_agrees(running_product, x, status="kept")


def test_running_product_of_what_is_stored_must_not_overflow_by_itself():
    def run(start, x):
        out = start.clone()
        for t in range(1, len(x)):
            out[t] = out[t - 1] * x[t]
        return out

    assert_vectorized(run, normal(6), normal(6, seed=1))
    assert_agrees(run, torch.zeros(60), torch.full((60,), 30.0), status="kept")
    assert_agrees(run, torch.full((60,), INFINITY), torch.full((60,), 0.1), status="kept")
