"""A change of an argument in place stays one; a leaf that requires grad raises as before."""

from __future__ import annotations

import torch
from torch import nn

from .side_by_side import assert_agrees, assert_vectorized, integers, normal


def doubled(x):
    for i in range(len(x)):
        x[i] *= 2
    return x


def doubled_by_assignment(x):
    for i in range(len(x)):
        x[i] = x[i] * 2
    return x


def doubled_without_return(x):
    for i in range(len(x)):
        x[i] *= 2


def negatives_removed(x):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] < 0:
                x[i, j] = 0


def written_and_another_returned(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        x[i] = x[i] + 1
        out[i] = x[i] * 2
    return out


def filled(out, x):
    for i in range(len(out)):
        out[i] = x[i] * 2
    return out


def under_no_grad(x):
    with torch.no_grad():
        for i in range(len(x)):
            x[i] *= 2
    return x


def no_grad_around_the_result(x):
    out = torch.zeros_like(x)
    with torch.no_grad():
        for i in range(len(x)):
            out[i] = x[i] * 2
    return out


def detached(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i].detach() * x[i]
    return out


def data_written(x):
    for i in range(len(x)):
        x.data[i] = x.data[i] * 2
    return x


def in_place_on_a_clone(x):
    y = x.clone()
    for i in range(len(y)):
        y[i] *= y[i]
    return y


def result_that_requires_grad(x):
    out = torch.zeros(len(x), requires_grad=True)
    for i in range(len(x)):
        out[i] = x[i]
    return out


def result_multiplied_again(x, w):
    out = torch.ones_like(x)
    for i in range(len(x)):
        out[i] = x[i] * w[i]
        out[i] *= w[i]
    return out


class Layer(nn.Module):
    """A module that changes its buffer and its parameter."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))
        self.register_buffer("mean", torch.zeros(3))

    def change_the_buffer(self, x):
        for i in range(3):
            self.mean[i] = self.mean[i] * 0.5 + x[i]
        return self.mean

    def change_the_parameter(self, x):
        for i in range(3):
            self.weight[i] = x[i]
        return self.weight

    @torch.no_grad()
    def change_the_parameter_without_gradient(self, x):
        for i in range(3):
            self.weight[i] = x[i]
        return self.weight


IN_PLACE = (doubled, doubled_by_assignment, doubled_without_return)


def test_argument_itself_is_changed_and_returned() -> None:
    for loop in IN_PLACE:
        for n in (4, 1, 0):
            assert_agrees(loop, normal(n))
        assert_vectorized(loop, normal(4))
        assert_vectorized(loop, integers(4))


def test_part_of_a_larger_tensor_is_changed_in_place() -> None:
    base = normal(9)
    for loop in IN_PLACE:
        assert_agrees(loop, base[2:6])
        assert_agrees(loop, base[::3])
        assert_agrees(loop, normal(3, 4)[:, 1])


def test_masked_change_in_place() -> None:
    for shape in ((3, 4), (1, 1), (0, 3), (3, 0)):
        assert_agrees(negatives_removed, normal(*shape))
    assert_agrees(negatives_removed, normal(4, 3).T)


def test_change_of_an_argument_is_not_lost_beside_another_result() -> None:
    assert_vectorized(written_and_another_returned, normal(4))


def test_leaf_that_requires_grad_raises_as_before() -> None:
    for loop in IN_PLACE:
        assert_agrees(loop, normal(4).requires_grad_())
    assert_agrees(filled, normal(3).requires_grad_(), normal(3, seed=1))
    assert_agrees(negatives_removed, normal(2, 2).requires_grad_())


def test_leaf_that_requires_grad_does_not_raise_without_iterations() -> None:
    for loop in IN_PLACE:
        assert_agrees(loop, normal(0).requires_grad_())


def test_condition_that_never_holds_never_raises() -> None:
    assert_agrees(negatives_removed, (normal(2, 2).abs() + 1).requires_grad_())


def test_inner_value_is_changed_and_keeps_its_gradient() -> None:
    x = normal(4).requires_grad_()
    for loop in IN_PLACE:
        assert_agrees(loop, x * 3)


def test_result_without_grad_takes_an_operands_gradient() -> None:
    assert_agrees(filled, torch.zeros(3), normal(3).requires_grad_())
    assert_agrees(filled, (normal(3).requires_grad_() * 1), normal(3, seed=1))


def test_no_grad_inside_the_function() -> None:
    assert_agrees(under_no_grad, normal(4).requires_grad_())
    assert_agrees(no_grad_around_the_result, normal(4).requires_grad_())


def test_call_under_no_grad() -> None:
    with torch.no_grad():
        for loop in IN_PLACE:
            assert_agrees(loop, normal(4).requires_grad_())


def test_detach_stops_one_of_two_gradients() -> None:
    assert_agrees(detached, normal(4).requires_grad_(), second=True)


def test_data_is_written_behind_autograds_back() -> None:
    assert_agrees(data_written, normal(4).requires_grad_())


def test_clone_is_changed_and_differentiable() -> None:
    assert_agrees(in_place_on_a_clone, normal(4).requires_grad_(), second=True)


def test_result_that_is_a_leaf_raises_as_before() -> None:
    assert_agrees(result_that_requires_grad, normal(4))
    assert_agrees(result_that_requires_grad, normal(0))


def test_two_stores_into_one_element_have_one_gradient() -> None:
    x, w = normal(4).requires_grad_(), normal(4, seed=1).requires_grad_()
    assert_vectorized(result_multiplied_again, x, w, second=True)


def test_buffers_and_parameters_of_a_module() -> None:
    assert_agrees(Layer.change_the_buffer, Layer(), normal(3))
    assert_agrees(Layer.change_the_buffer, Layer(), normal(3).requires_grad_())
    assert_agrees(Layer.change_the_parameter, Layer(), normal(3))
    assert_agrees(Layer.change_the_parameter_without_gradient, Layer(), normal(3))
