"""Zero iterations, sizes 0 and 1, unequal sizes that broadcasting would forgive."""

from __future__ import annotations

import itertools

import pytest
import torch

from .side_by_side import assert_agrees, assert_serves, normal


def slow_addition(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


def addition_column_by_column(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for j in range(tensor1.shape[1]):
        for i in range(tensor1.shape[0]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


def slow_function_application(tensor, func):
    result = torch.zeros_like(tensor)
    for i in range(tensor.numel()):
        idx = torch.unravel_index(torch.tensor(i), tensor.shape)
        result[idx] = func(tensor[idx])
    return result


def slow_conditional(tensor, threshold):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > threshold:
                result[i, j] = tensor[i, j] * 2
            else:
                result[i, j] = tensor[i, j] / 2
    return result


def first_subtracted(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] - x[0]
    return out


def fifth_subtracted(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] - x[4]
    return out


def outer_reads_before_the_inner_loop(x):
    out = torch.zeros(x.shape[0], x.shape[1])
    for i in range(x.shape[0]):
        first = x[i, 0]
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] - first
    return out


def interior(x):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(1, n - 1):
        out[i] = x[i - 1] + x[i + 1]
    return out


def into_a_given_result(result, x):
    for i in range(len(x)):
        result[i] = x[i] * 2
    return result


def rows_into_a_given_result(result, x):
    for i in range(result.shape[0]):
        result[i] = x[i]
    return result


def row_broadcast_by_assignment(x, row):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] + row
    return out


def count_of_iterations(n, x):
    out = torch.zeros(3)
    for i in range(n):
        out[i] = x[i] + 1
    return out


def choice_of_the_larger(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        if a[i] > 0:
            out[i] = a[i]
        else:
            out[i] = b[i]
    return out


def over_the_shorter(a, b):
    out = torch.zeros(max(len(a), len(b)))
    for i, (x, y) in enumerate(zip(a, b)):
        out[i] = x * y
    return out


def double(x):
    return x * 2.0 + 1.0


SHAPES = ((0, 0), (0, 3), (3, 0), (1, 1), (1, 3), (3, 1), (2, 3), (3, 2))


@pytest.mark.parametrize(("one", "other"), list(itertools.product(SHAPES, SHAPES)))
def test_addition_of_unequal_sizes_reads_a_part_or_raises(one, other) -> None:
    assert_agrees(slow_addition, normal(*one), normal(*other, seed=1))


@pytest.mark.parametrize("loop", [slow_addition, addition_column_by_column])
def test_one_function_serves_equal_and_unequal_sizes(loop) -> None:
    pairs = itertools.product(SHAPES, SHAPES)
    assert_serves(loop, *[(normal(*one), normal(*other, seed=1)) for one, other in pairs])


@pytest.mark.parametrize(("one", "other"), list(itertools.product(SHAPES, SHAPES)))
def test_addition_of_unequal_sizes_with_gradients(one, other) -> None:
    left, right = normal(*one).requires_grad_(), normal(*other, seed=1).requires_grad_()
    assert_agrees(slow_addition, left, right)


def test_tensor_of_other_rank_does_what_the_loop_does() -> None:
    for other in (normal(3), normal(2, 3, 2), normal(2, 3, 1), normal(2, 1, 3), normal(1)[0]):
        assert_agrees(slow_addition, normal(2, 3), other)
        assert_agrees(slow_addition, other, normal(2, 3))


@pytest.mark.parametrize("shape", [*SHAPES, (), (0,), (1,), (2, 0, 3), (1, 1, 1)])
def test_function_application_of_every_size(shape) -> None:
    assert_agrees(slow_function_application, normal(*shape), double)
    assert_agrees(slow_function_application, normal(*shape).requires_grad_(), double)


@pytest.mark.parametrize("shape", SHAPES)
def test_condition_of_every_size(shape) -> None:
    assert_agrees(slow_conditional, normal(*shape), 0.1)
    assert_agrees(slow_conditional, normal(*shape).requires_grad_(), 0.1)


def test_condition_with_a_threshold_of_one_element_or_many() -> None:
    for threshold in (torch.tensor(0.1), torch.tensor([0.1]), torch.tensor([[0.1]]), normal(3)):
        assert_agrees(slow_conditional, normal(2, 3), threshold)
        assert_agrees(slow_conditional, normal(0, 3), threshold)


def test_no_iterations_give_no_gradient() -> None:
    for shape in ((0, 3), (3, 0)):
        empty = normal(*shape).requires_grad_()
        assert_agrees(slow_addition, empty, empty)
        assert_agrees(slow_conditional, empty, 0.0)


def test_fixed_element_is_not_read_by_an_empty_loop() -> None:
    for n in (3, 1, 0):
        assert_agrees(first_subtracted, normal(n))
    for n in (6, 5, 4, 1, 0):
        assert_agrees(fifth_subtracted, normal(n))
    assert_serves(fifth_subtracted, *[(normal(n),) for n in (6, 0, 4, 5)])


def test_statement_before_the_inner_loop_runs_though_the_inner_loop_does_not() -> None:
    for shape in SHAPES:
        assert_agrees(outer_reads_before_the_inner_loop, normal(*shape))


def test_interior_of_little() -> None:
    for n in (5, 3, 2, 1, 0):
        assert_agrees(interior, normal(n))
    assert_serves(interior, *[(normal(n),) for n in (5, 0, 1, 2, 3)])


def test_given_result_larger_or_smaller() -> None:
    for size, n in itertools.product((0, 1, 2, 5), repeat=2):
        assert_agrees(into_a_given_result, torch.zeros(size), normal(n))


def test_rows_of_one_element_are_broadcast_by_assignment() -> None:
    for result, rows in ((3, 1), (3, 3), (1, 3), (3, 2), (1, 1), (0, 0), (0, 1), (2, 0)):
        assert_agrees(rows_into_a_given_result, torch.zeros(2, result), normal(2, rows))


def test_row_broadcasts_over_columns_as_in_the_loop() -> None:
    for columns, size in itertools.product((0, 1, 3), repeat=2):
        assert_agrees(row_broadcast_by_assignment, normal(2, columns), normal(size))
        assert_agrees(row_broadcast_by_assignment, normal(0, columns), normal(size))


def test_count_of_iterations_may_be_anything() -> None:
    for n in (3, 2, 1, 0, -1, -5, 4):
        assert_agrees(count_of_iterations, n, normal(3))
    assert_serves(count_of_iterations, *[(n, normal(3)) for n in (3, 0, -2, 4, 1)])


def test_element_read_in_one_branch_only_may_be_missing() -> None:
    a = torch.tensor([1.0, 1.0, -1.0])
    for n in (0, 1, 2, 3, 4):
        assert_agrees(choice_of_the_larger, a, normal(n))
    assert_agrees(choice_of_the_larger, torch.ones(3), normal(1))


def test_zip_ends_with_the_shorter() -> None:
    for n, m in itertools.product((0, 1, 3, 5), repeat=2):
        assert_agrees(over_the_shorter, normal(n), normal(m, seed=1))
