"""The gradient through a branch that was not taken must not be NaN."""

from __future__ import annotations

import torch

import deloop

from .side_by_side import assert_agrees, assert_vectorized, normal, values


def square_root_above_zero(x):
    y = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            y[i] = torch.sqrt(x[i])
        else:
            y[i] = 0
    return y


def square_root_onto_zeros(x):
    y = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            y[i] = torch.sqrt(x[i])
    return y


def logarithm_or_line(x):
    y = torch.empty_like(x)
    for i in range(len(x)):
        y[i] = torch.log(x[i]) if x[i] > 0 else x[i] - 1
    return y


def safe_division(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        if b[i] != 0:
            out[i] = a[i] / b[i]
    return out


def safe_power(x, p):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            out[i] = x[i] ** p
        else:
            out[i] = -x[i]
    return out


def bounded_arc_sine(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] >= 1:
            out[i] = 1.5
        elif x[i] <= -1:
            out[i] = -1.5
        else:
            out[i] = torch.asin(x[i])
    return out


def exponential_linear_unit(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] if x[i] > 0 else torch.exp(x[i]) - 1
    return out


def reversed_exponential(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] < 1:
            out[i] = torch.exp(x[i] * x[i])
        else:
            out[i] = x[i]
    return out


def nested_guards(x, y):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            if y[i] > 0:
                out[i] = torch.log(x[i]) / torch.sqrt(y[i])
            else:
                out[i] = torch.sqrt(x[i])
        else:
            out[i] = y[i]
    return out


def guard_by_continue(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] <= 0:
            continue
        root = torch.sqrt(x[i])
        out[i] = root * root * root
    return out


def helper_root(value):
    if value > 0:
        return torch.sqrt(value)
    return value * 0


def root_by_helper(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = helper_root(x[i])
    return out


def norm_or_zero(x, y):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        squared = x[i] * x[i] + y[i] * y[i]
        if squared > 0:
            out[i] = squared.sqrt()
    return out


def reciprocal_root(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            out[i] = 1 / x[i].sqrt()
        else:
            out[i] = x[i]
    return out


def chosen_operand(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = max(a[i], b[i]) * min(a[i], 2)
    return out


def absolute(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            out[i] = x[i]
        else:
            out[i] = -x[i]
    return out


def growing_power(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] ** i
    return out


def positive_power(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] ** (i + 1)
    return out


def powers_from_data(x, p):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = torch.pow(x[i], p[i].item())
    return out


def one_power_from_data(x, p):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] ** p[0].item()
    return out


def helper_power(value, k):
    return value**k


def power_by_helper(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = helper_power(x[i], i)
    return out


def power_in_a_branch(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] >= 0:
            out[i] = x[i] ** i
        else:
            out[i] = -x[i]
    return out


def leaf(*numbers: float) -> torch.Tensor:
    return values(*numbers, grad=True)


EDGES = (1.0, 0.0, -1.0, 4.0, 0.25, -0.0, -4.0)


def test_square_root_has_no_gradient_where_it_was_not_taken() -> None:
    assert_vectorized(square_root_above_zero, leaf(*EDGES), second=True)
    assert_vectorized(square_root_onto_zeros, leaf(*EDGES), second=True)


def test_gradient_of_the_rewritten_square_root_is_finite() -> None:
    x = leaf(*EDGES)
    deloop.vectorize(square_root_above_zero)(x).sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()


def test_logarithm_has_no_gradient_where_it_was_not_taken() -> None:
    assert_vectorized(logarithm_or_line, leaf(*EDGES), second=True)


def test_division_has_no_gradient_where_it_was_not_taken() -> None:
    for a, b in ((leaf(1, 2, 3), leaf(2, 0, -1)), (leaf(0, 0, 3), leaf(0, 1, -0.0))):
        assert_vectorized(safe_division, a, b, second=True)


def test_power_has_no_gradient_where_it_was_not_taken() -> None:
    assert_vectorized(safe_power, leaf(*EDGES), 0.5, second=True)
    assert_vectorized(safe_power, leaf(*EDGES), -1.5, second=True)


def test_arc_sine_has_no_gradient_outside_its_domain() -> None:
    assert_vectorized(bounded_arc_sine, leaf(0.5, 1.0, -1.0, 2.0, -3.0), second=True)


def test_exponential_that_overflows_where_it_was_not_taken() -> None:
    assert_vectorized(exponential_linear_unit, leaf(1.0, -1.0, 100.0, 1000.0, 0.0), second=True)
    assert_vectorized(reversed_exponential, leaf(0.5, 20.0, 1.0, 200.0), second=True)


def test_nested_guards_protect_each_operand() -> None:
    x, y = leaf(1.0, 4.0, 0.0, -1.0), leaf(2.0, 0.0, -1.0, 3.0)
    assert_vectorized(nested_guards, x, y, second=True)


def test_continue_is_a_guard_too() -> None:
    assert_vectorized(guard_by_continue, leaf(*EDGES), second=True)


def test_guard_inside_a_helper_function() -> None:
    assert_vectorized(root_by_helper, leaf(*EDGES), second=True)


def test_guard_on_a_computed_value() -> None:
    assert_vectorized(norm_or_zero, leaf(0.0, 3.0, 0.0), leaf(0.0, 4.0, 1.0), second=True)


def test_composition_of_two_unsafe_operations() -> None:
    assert_vectorized(reciprocal_root, leaf(*EDGES), second=True)


def test_gradient_of_max_goes_to_what_was_chosen() -> None:
    a, b = leaf(1.0, 2.0, 3.0, 0.0), leaf(1.0, 3.0, 2.0, -0.0)
    assert_vectorized(chosen_operand, a, b, second=True)


def test_gradient_at_the_kink_is_the_branchs_own() -> None:
    assert_vectorized(absolute, leaf(0.0, -0.0, 1.0, -1.0), second=True)


def test_python_zero_as_an_exponent_has_no_second_gradient_at_zero() -> None:
    for function in (growing_power, positive_power, power_by_helper, power_in_a_branch):
        for numbers in ((0.0, 0.0, 0.0, 0.0), (-0.0, 2.0, -1.0), (0.0,)):
            assert_vectorized(function, leaf(*numbers), second=True)


def test_zero_read_from_data_as_an_exponent_has_no_second_gradient_at_zero() -> None:
    for function in (powers_from_data, one_power_from_data):
        assert_vectorized(function, leaf(0.0, -0.0, 2.0), values(0.0, 2.0, 0.0), second=True)


def test_base_is_left_alone_where_no_exponent_is_zero_or_no_gradient_flows() -> None:
    for function, x in ((positive_power, leaf(*EDGES)), (growing_power, values(*EDGES))):
        assert "where" not in deloop.vectorize(function).explain(x).source


def test_infinite_values_in_the_branch_not_taken() -> None:
    infinite = leaf(float("inf"), 1.0, float("-inf"), float("nan"))
    assert_agrees(square_root_above_zero, infinite)
    assert_agrees(safe_division, leaf(1.0, 1.0, 1.0, 1.0), infinite)


def test_inner_value_that_requires_grad() -> None:
    weight = normal(5).requires_grad_()
    assert_agrees(square_root_above_zero, weight * 2)
