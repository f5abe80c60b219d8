"""Arguments that share memory: the same twice, overlapping views, expanded, attributes."""

from __future__ import annotations

import torch

from .side_by_side import assert_agrees, assert_serves, assert_vectorized, normal


def slow_addition(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


def add_into(out, a, b):
    for i in range(len(out)):
        out[i] = a[i] + b[i]
    return out


def add_matrices_into(out, a, b):
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = a[i, j] + b[i, j]
    return out


def add_onto(a, b):
    for i in range(len(a)):
        a[i] += b[i]
    return a


def transpose_into(out, x):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j, i] = x[i, j]
    return out


def two_results(out1, out2, x):
    for i in range(len(x)):
        out1[i] = x[i] * 2
        out2[i] = x[i] * 3
    return out1, out2


def scaled_by_the_first(x, scale):
    for i in range(len(x)):
        x[i] = x[i] * scale
    return x


def copied(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i]
    return out


def copied_transposed(x):
    out = torch.zeros(x.shape[1], x.shape[0])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j, i] = x[i, j]
    return out


def diagonal(x):
    n = min(x.shape)
    out = torch.zeros(n)
    for i in range(n):
        out[i] = x[i, i]
    return out


def part(x):
    n = len(x) // 2
    out = torch.zeros(n)
    for i in range(n):
        out[i] = x[2 * i]
    return out


def same_value_twice(x):
    a = torch.zeros_like(x)
    b = torch.zeros_like(x)
    for i in range(len(x)):
        a[i] = x[i] * 2
        b[i] = x[i] * 2
    return a, b


def copy_then_change(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i]
    x += 1
    return out


def result_then_change(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    x[0] = 100
    return out, x


class Holder:
    """An object with a tensor that may be the argument too."""

    def __init__(self, x):
        self.x = x

    def add(self, x):
        for i in range(len(x)):
            self.x[i] = x[i] + 1
        return self.x

    def shift(self, x):
        for i in range(len(x) - 1):
            self.x[i + 1] = x[i]
        return self.x


def test_same_tensor_twice_is_added_to_itself() -> None:
    x = normal(3, 4)
    assert_vectorized(slow_addition, x, x)
    leaf = normal(3, 4).requires_grad_()
    assert_vectorized(slow_addition, leaf, leaf, second=True)


def test_same_tensor_as_result_and_operand() -> None:
    x, y = normal(5), normal(5, seed=1)
    assert_agrees(add_into, x, x, y)
    assert_agrees(add_into, x, y, x)
    assert_agrees(add_into, x, x, x)
    assert_agrees(add_onto, x, x)


def test_result_shifted_against_its_operand_carries_a_dependence() -> None:
    for forward in (1, 2, -1, -2):
        base = normal(8)
        low, high = base[2:6], base[2 + forward : 6 + forward]
        assert_agrees(add_into, low, high, normal(4, seed=1))
        assert_agrees(add_onto, low, high)


def test_views_of_one_tensor_that_do_not_overlap() -> None:
    base = normal(8)
    assert_agrees(add_into, base[:4], base[4:], base[4:])
    assert_agrees(add_onto, base[::2], base[1::2])


def test_interleaved_views_that_share_some_elements() -> None:
    base = normal(9)
    assert_agrees(add_onto, base[0:4], base[0:8:2])
    assert_agrees(add_onto, base[0:8:2], base[1:5])


def test_one_function_serves_aliased_and_separate_arguments() -> None:
    base = normal(8)
    assert_serves(
        add_onto,
        (normal(4), normal(4, seed=1)),
        (base[1:5], base[0:4]),
        (base[0:4], base[1:5]),
        (normal(4), normal(4, seed=1)),
        (base[0:4], base[4:]),
        (base, base),
    )


def test_first_call_aliased_and_later_ones_not() -> None:
    base = normal(8)
    calls = [(base[1:5], base[0:4], normal(4)), (normal(4), normal(4, seed=1), normal(4, seed=2))]
    assert_serves(add_into, *calls)
    assert_serves(add_into, *reversed(calls))


def test_transposition_into_itself_is_not_a_transposition() -> None:
    x = normal(3, 3)
    assert_agrees(transpose_into, x, x)
    assert_agrees(transpose_into, x.T, x)
    assert_agrees(transpose_into, torch.zeros(4, 3), normal(3, 4))


def test_two_results_in_one_tensor_get_the_last_write() -> None:
    out = torch.zeros(4)
    assert_agrees(two_results, out, out, normal(4))
    base = torch.zeros(6)
    assert_agrees(two_results, base[:4], base[2:], normal(4))
    assert_agrees(two_results, base[2:], base[:4], normal(4))
    assert_agrees(two_results, torch.zeros(4), torch.zeros(4), normal(4))


def test_result_that_expands_one_row_gets_the_last_row() -> None:
    row = torch.zeros(1, 4)
    assert_agrees(add_matrices_into, row.expand(3, 4), normal(3, 4), normal(3, 4, seed=1))
    assert_agrees(add_onto, torch.zeros(1).expand(4), normal(4))


def test_expanded_operands_are_read_as_they_look() -> None:
    row = normal(1, 4).expand(3, 4)
    column = normal(3, 1).expand(3, 4)
    assert_vectorized(slow_addition, row, column)
    assert_vectorized(slow_addition, normal(3, 4), row)


def test_operands_that_are_not_contiguous() -> None:
    assert_vectorized(slow_addition, normal(4, 3).T, normal(3, 8)[:, ::2])
    assert_vectorized(slow_addition, normal(3, 4).flip(0), normal(6, 4)[1:4])


def test_overlapping_windows_as_result() -> None:
    base = normal(6)
    windows = base.as_strided((3, 3), (1, 1))
    assert_agrees(add_matrices_into, windows, normal(3, 3), normal(3, 3, seed=1))
    assert_agrees(slow_addition, windows, windows)


def test_scale_that_is_an_element_of_the_result() -> None:
    x = normal(4)
    assert_agrees(scaled_by_the_first, x, x[0])
    assert_agrees(scaled_by_the_first, x, x[-1])
    assert_agrees(scaled_by_the_first, x, torch.tensor(2.0))


def test_copy_does_not_share_memory_with_what_was_copied() -> None:
    for x in (normal(4), normal(1), normal(0), normal(4).requires_grad_()):
        assert_agrees(copied, x)
    assert_agrees(copied_transposed, normal(3, 4))
    assert_agrees(diagonal, normal(3, 4))
    assert_agrees(part, normal(6))
    assert_agrees(copy_then_change, normal(4))
    assert_agrees(result_then_change, normal(4))


def test_two_equal_results_are_two_tensors() -> None:
    assert_agrees(same_value_twice, normal(4))


def test_attribute_and_argument_may_be_one_tensor() -> None:
    x = normal(4)
    assert_agrees(Holder.add, Holder(x), x)
    assert_agrees(Holder.shift, Holder(x), x)
    assert_agrees(Holder.add, Holder(normal(4, seed=1)), x)
    assert_agrees(Holder.shift, Holder(normal(4, seed=1)), x)
    assert_agrees(Holder.shift, Holder(x), x.clone())


def test_attribute_may_be_a_view_of_the_argument() -> None:
    base = normal(6)
    assert_agrees(Holder.add, Holder(base[1:5]), base[0:4])
    assert_agrees(Holder.add, Holder(base[0:4]), base[1:5])


def test_real_view_of_a_complex_tensor_shares_its_memory() -> None:
    z = torch.complex(normal(4), normal(4, seed=1))
    assert_agrees(add_onto, z.real, z.imag)
    assert_agrees(add_into, z.real, torch.view_as_real(z)[:, 1], z.real)


def test_view_of_another_dtype_shares_memory() -> None:
    x = normal(4)
    assert_agrees(add_into, x, x.view(torch.int32), x)
