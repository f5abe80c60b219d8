"""What is computed for all items at once, or under a mask, reaches no further than the loop."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch
from torch import nn

from .side_by_side import assert_agrees, assert_vectorized

NAN, INF = float("nan"), float("inf")
ROWS = torch.tensor([[1.0, -2.0, 3.0], [0.5, NAN, -1.0], [INF, 2.0, -INF], [-4.0, 0.0, 0.25]])
FINITE = torch.tensor([[1.0, -2.0, 3.0], [-0.5, 4.0, -1.0], [2.0, 2.0, -3.0]])
LENGTHS = [torch.tensor(n) for n in ([3, 1, 2, 3], [0, 3, 1, 2], [4, 1, 1, 1], [-1, 2, 2, 2])]
each_length = pytest.mark.parametrize("n", LENGTHS, ids=str)
each_gradient = pytest.mark.parametrize("grad", [False, True])


# ---------------------------------------------------------------------- masks and lengths
def mean_of_class(x, labels, C):
    out = torch.zeros(C, x.shape[1])
    for c in range(C):
        out[c] = x[labels == c].mean(0)
    return out


@each_gradient
@pytest.mark.parametrize("labels", [[0, 1, 1, 0], [2, 2, 2, 2], [0, -1, 7, 1], [3, 0, 1, 2]])
def test_classes_that_are_empty_or_beyond_the_range(labels, grad) -> None:
    assert_agrees(mean_of_class, ROWS.clone().requires_grad_(grad), torch.tensor(labels), 3)


def mean_of_first(x, n):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = x[i, : n[i]].mean()
    return out


def greatest_of_first(x, n):
    out = []
    for i in range(x.shape[0]):
        out.append(x[i, : n[i]].max())
    return torch.stack(out)


def roots_of_first(x, n):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = torch.sqrt(x[i, : n[i]]).sum()
    return out


@each_gradient
@each_length
@pytest.mark.parametrize("loop", [mean_of_first, greatest_of_first, roots_of_first])
def test_lengths_that_clamp_wrap_or_take_nothing(loop, n, grad) -> None:
    assert_agrees(loop, ROWS.clone().requires_grad_(grad), n)


def slice_changed_in_place(x, n):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        s = x[i, : n[i]]
        s += 1
        out[i] = s.sum()
    return out


def slice_read_behind_a_write(x, n):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        s = x[i, : n[i]]
        x[i] = 2
        out[i] = s.sum()
    return out


@pytest.mark.parametrize("loop", [slice_changed_in_place, slice_read_behind_a_write])
def test_a_slice_is_a_view(loop) -> None:
    assert_agrees(loop, ROWS.clone(), LENGTHS[0])


# ---------------------------------------------------------------------- modules
def layer_where_positive(layer, x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i, 0] > 0:
            out[i] = layer(x[i])
    return out


def layer_but_for_the_first(layer, x):
    out = torch.zeros_like(x)
    for i in range(1, len(x)):
        out[i] = layer(x[i])
    return out


@each_gradient
@pytest.mark.parametrize("x", [FINITE, ROWS])
@pytest.mark.parametrize("loop", [layer_where_positive, layer_but_for_the_first])
def test_items_that_are_passed_over_add_nothing_to_gradients(loop, x, grad) -> None:
    assert_agrees(loop, nn.Linear(3, 3), x.clone().requires_grad_(grad))


def embedding_where_known(embed, ids):
    out = torch.zeros(len(ids), 2)
    for i in range(len(ids)):
        if ids[i] >= 0:
            out[i] = embed(ids[i])
    return out


def test_indices_that_are_passed_over_may_lie_anywhere() -> None:
    assert_agrees(embedding_where_known, nn.Embedding(3, 2), torch.tensor([0, -1, 2, 9][:3]))


def residual_in_place(layer, x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        h = layer(x[i])
        h += x[i]
        out[i] = h
    return out


def what_a_layer_gave_is_changed(layer, x):
    kept, changed = [], []
    for i in range(len(x)):
        h = layer(x[i])
        kept.append(h)
        h.relu_()
        changed.append(h)
    return torch.stack(kept), torch.stack(changed)


def layer_of_what_is_overwritten(layer, x):
    for i in range(len(x)):
        x[i] = layer(x[i])
    return x


@pytest.mark.parametrize(
    "loop", [residual_in_place, what_a_layer_gave_is_changed, layer_of_what_is_overwritten]
)
def test_results_of_layers_are_changed_in_place(loop) -> None:
    with torch.no_grad():
        assert_agrees(loop, nn.Linear(3, 3), FINITE.clone())


def rows_through(layer, x):
    out = []
    for i in range(len(x)):
        out.append(layer(x[i]))
    return torch.stack(out)


def test_hooks_and_training_count_at_each_call() -> None:
    layer = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5)).eval()
    assert_vectorized(rows_through, layer, FINITE)
    assert_agrees(rows_through, layer.train(), FINITE, status="kept")
    hooked = nn.Linear(3, 3)
    hooked.register_forward_hook(lambda module, given, result: result + given[0].sum())
    assert_agrees(rows_through, hooked, FINITE, status="kept")


def test_layers_that_mix_a_batch_stay() -> None:
    layer = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)).eval()
    batches = FINITE.expand(2, 3, 3)
    assert_agrees(rows_through, layer, batches, status="kept")


# ---------------------------------------------------------------------- parts joined
def roots_where_positive(x):
    out = torch.zeros(len(x), 2)
    for i in range(len(x)):
        if x[i, 0] > 0:
            out[i] = torch.stack([torch.sqrt(x[i, 0]), torch.log(x[i, 0])])
    return out


@each_gradient
def test_parts_of_a_branch_not_taken_have_no_gradient(grad) -> None:
    assert_agrees(roots_where_positive, FINITE.clone().requires_grad_(grad), second=grad)


def view_with_a_dimension_more(x):
    for i in range(len(x)):
        v = x[i].unsqueeze(0)
        v += 1
    return x


def flipped_copy_is_changed(x):
    for r in x.flip(0):
        r += 1
    return x


@each_gradient
@pytest.mark.parametrize("loop", [view_with_a_dimension_more, flipped_copy_is_changed])
def test_views_and_copies_are_told_apart(loop, grad) -> None:
    x = FINITE.clone().requires_grad_(grad)
    assert_agrees(loop, x * 1 if grad else x)
