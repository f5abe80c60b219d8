"""Calls on items, written once for all of them: what may raise, views, guards, modules, sizes."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from .side_by_side import assert_agrees, assert_vectorized, normal


def regular(count: int = 4, size: int = 3, grad: bool = False) -> torch.Tensor:
    made = normal(count, size, size, dtype=torch.float64)
    made = made @ made.mT + torch.eye(size, dtype=torch.float64)
    return made.requires_grad_() if grad else made


def one_singular() -> torch.Tensor:
    made = regular()
    made[1] = 0
    return made


TAKEN = torch.tensor([True, False, True, True])


def inverted(A):
    out = torch.zeros_like(A)
    for i in range(A.shape[0]):
        out[i] = torch.linalg.inv(A[i])
    return out


def inverted_where(A, taken):
    out = torch.zeros_like(A)
    for i in range(A.shape[0]):
        if taken[i]:
            out[i] = torch.linalg.inv(A[i])
    return out


def inverted_or_kept(A, taken):
    out = torch.zeros_like(A)
    for i in range(A.shape[0]):
        out[i] = torch.linalg.inv(A[i]) if taken[i] else A[i]
    return out


def inverted_until(A, taken):
    out = torch.zeros_like(A)
    for i in range(A.shape[0]):
        if not taken[i]:
            break
        out[i] = torch.linalg.inv(A[i])
    return out


def inverse_of_the_one_before(A):
    for i in range(1, A.shape[0]):
        A[i] = torch.linalg.inv(A[i - 1])
    return A


def every_second_inverted(A):
    out = torch.zeros_like(A)
    for i in range(0, A.shape[0], 2):
        out[i] = torch.linalg.inv(A[i])
    return out


@pytest.mark.parametrize("loop", [inverted_where, inverted_or_kept])
def test_call_that_may_raise_for_an_item_passed_over_keeps_its_loop(loop):
    report = assert_agrees(loop, one_singular(), TAKEN, status="kept")
    assert report.loops[0].refusal.code == "VEC917"


def test_call_behind_an_exit_is_not_made():
    assert_agrees(inverted_until, one_singular(), TAKEN)


def test_call_raises_as_the_loop_does():
    assert_vectorized(inverted, one_singular())


def test_call_sees_the_items_of_the_loop_alone():
    assert_vectorized(every_second_inverted, one_singular())


def test_item_that_an_earlier_iteration_wrote_keeps_its_loop():
    assert_agrees(inverse_of_the_one_before, regular(), status="kept")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_items_are_inverted_as_in_the_loop(count):
    assert_agrees(inverted, regular(count))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_of_inverses_agree_twice(dtype):
    assert_vectorized(inverted, regular().to(dtype).requires_grad_(), second=True)


def distances_where(x, taken):
    out = torch.zeros(x.shape[0], x.shape[1], x.shape[1], dtype=x.dtype)
    for i in range(x.shape[0]):
        if taken[i]:
            out[i] = torch.cdist(x[i], x[i] * 2)
    return out


def test_gradient_of_an_item_passed_over_is_zero():
    x = normal(4, 3, 2, dtype=torch.float64)
    x[1] = 0  # the distance of equal points has no finite derivative
    assert_agrees(distances_where, x.requires_grad_(), TAKEN)


def heads(q, k, v):
    out = []
    for i in range(q.shape[0]):
        out.append(F.scaled_dot_product_attention(q[i], k[i], v[i]))
    return torch.stack(out)


@pytest.mark.parametrize("shape", [(3, 4, 2), (3, 2, 4, 2), (3, 1, 2, 4, 2)])
@pytest.mark.parametrize("grad", [False, True])
def test_attention_has_the_second_gradients_of_the_loop(shape, grad):
    given = [normal(*shape, seed=k, dtype=torch.float64) for k in range(3)]
    assert_vectorized(heads, *(g.requires_grad_(grad) for g in given), second=len(shape) < 5)


def diagonals_changed(A):
    for i in range(A.shape[0]):
        d = A[i].diagonal()
        d += 1
    return A


def pieces_changed(x):
    for i in range(x.shape[0]):
        a, b, c = x[i].unbind()
        a.add_(1)
        b += c
    return x


def turned_and_changed(x):
    for i in range(x.shape[0]):
        t = x[i].permute(1, 0)
        t += 1
    return x


def folded_and_changed(x):
    for i in range(x.shape[0]):
        t = x[i].reshape(-1)
        t[0] = 1
    return x


def made_contiguous_and_changed(x):
    for i in range(x.shape[0]):
        t = x[i].contiguous()
        t += 1
    return x


def windows_of_what_is_overwritten(x):
    out = torch.zeros(x.shape[0], x.shape[1], x.shape[2] - 1, 2, dtype=x.dtype)
    for i in range(x.shape[0]):
        w = x[i].unfold(1, 2, 1)
        x[i] = 0
        out[i] = w
    return out


@pytest.mark.parametrize(
    "loop",
    [
        diagonals_changed, pieces_changed, turned_and_changed, folded_and_changed,
        made_contiguous_and_changed, windows_of_what_is_overwritten,
    ],
)  # fmt: skip
def test_view_of_an_item_stays_the_same_memory(loop):
    assert_agrees(loop, normal(4, 3, 3))


def pooled_rows(x):
    return torch.stack([F.max_pool1d(x[i], 2) for i in range(x.shape[0])])


def test_pool_takes_nan_and_infinity_as_the_loop_does():
    x = normal(2, 3, 6)
    x[0, 0, 1], x[1, 2, 3] = float("nan"), float("-inf")
    assert_vectorized(pooled_rows, x)


def singles(x):
    out = torch.zeros(1, x.shape[0], 1)
    for i in range(x.shape[0]):
        out[0, i] = x[i].mean(0, keepdim=True)
    return out


@pytest.mark.parametrize("count", [1, 3])
def test_dimensions_of_size_one_stay_where_they_are(count):
    assert_agrees(singles, normal(count, 4))


def dropped(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = F.dropout(x[i])
    return out


def test_dropout_in_training_keeps_its_loop():
    assert "random" in str(assert_agrees(dropped, normal(3, 4), status="kept").loops[0].refusal)


# ---------------------------------------------------------------------- modules
def called_on_means(net, x):
    return torch.stack([net(x[i].mean(0)) for i in range(x.shape[0])])


def called_on_batches_of_one(net, x):
    return torch.stack([net(x[i].unsqueeze(0)).squeeze(0) for i in range(x.shape[0])])


def outputs_of(net, x):
    return torch.stack([net(x[i].unsqueeze(0))[0].squeeze(0) for i in range(x.shape[0])])


def last_states_of(net, x):
    return torch.stack([net(x[i].unsqueeze(0))[1].squeeze(1) for i in range(x.shape[0])])


def test_layer_takes_computed_items():
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.GELU(), torch.nn.LayerNorm(3))
    assert_vectorized(called_on_means, net, normal(5, 2, 4), second=True)


def test_layer_that_changes_its_argument_keeps_its_loop():
    net = torch.nn.Sequential(torch.nn.ReLU(inplace=True), torch.nn.MaxPool1d(2))
    assert_agrees(called_on_batches_of_one, net, normal(3, 2, 4), status="kept")


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_is_for_all_items_once_it_has_learnt(training):
    net = torch.nn.BatchNorm2d(2).train(training)
    status = "kept" if training else "vectorized"
    assert_agrees(called_on_batches_of_one, net, normal(3, 2, 4, 4), status=status)


def test_images_are_convolved_and_pooled_at_once():
    net = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2))
    assert_vectorized(called_on_batches_of_one, net, normal(3, 2, 6, 6))


@pytest.mark.parametrize("bidirectional", [True, False])
def test_sequences_go_through_a_recurrent_layer_at_once(bidirectional):
    net = torch.nn.LSTM(4, 3, 2, batch_first=True, bidirectional=bidirectional)
    assert_vectorized(outputs_of, net, normal(3, 5, 4))


def test_last_states_are_those_of_each_sequence():
    assert_vectorized(last_states_of, torch.nn.GRU(4, 3, 2, batch_first=True), normal(3, 5, 4))


def test_recurrent_layer_with_dropout_in_training_keeps_its_loop():
    net = torch.nn.LSTM(4, 3, 2, batch_first=True, dropout=0.5)
    assert_agrees(outputs_of, net, normal(3, 5, 4), status="kept")
