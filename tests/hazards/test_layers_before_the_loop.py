"""Layers that code in front of a loop calls: what they make is known, and what they may change."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch
from torch import nn

from .side_by_side import assert_agrees, assert_vectorized


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.heads = 2
        self.lin, self.other = nn.Linear(4, 6), nn.Linear(4, 6)
        self.emb, self.norm = nn.Embedding(7, 4), nn.LayerNorm(4)
        self.drop, self.act, self.batch = nn.Dropout(0.5), nn.ReLU(inplace=True), nn.BatchNorm1d(4)
        self.seq = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
        self.shift = torch.zeros(4)

    def projected(self, x):
        q, k = self.lin(x), self.other(x)
        out = torch.zeros(q.shape[0])
        for i in range(q.shape[0]):
            out[i] = (q[i] * k[i]).sum() * self.heads
        return out

    def layer_on_a_layers_rows(self, x):
        h = self.norm(x)
        out = torch.zeros(x.shape[0], 6)
        for i in range(x.shape[0]):
            out[i] = self.lin(h[i])
        return out

    def layers_in_a_row(self, x):
        y = torch.softmax(self.seq(x), dim=-1)
        s = 0
        for i in range(len(y)):
            s = s + y[i].norm()
        return s

    def dropped(self, x):
        y = self.drop(x)
        for i in range(len(y)):
            y[i] = y[i] * 2
        return y, x

    def changed_in_place(self, x):
        y = self.act(x)
        out = torch.zeros(len(y))
        for i in range(len(y)):
            out[i] = y[i, 0] + x[i, 1]
        return out, x

    def running_means(self, x):
        y = self.batch(x)
        out = torch.zeros(len(y))
        for i in range(len(y)):
            out[i] = y[i, 0] + self.batch.running_mean[0]
        return out

    def attribute_set_behind(self, x):
        y = self.norm(x)
        self.shift = x.mean(0)
        out = torch.zeros(len(y))
        for i in range(len(y)):
            out[i] = y[i, 0] + self.shift[0]
        return out

    def summed_embeddings(self, ids):
        e = self.emb(ids)
        out = torch.zeros(ids.shape[0], 4)
        for b in range(ids.shape[0]):
            for t in range(ids.shape[1]):
                out[b] += e[b, t]
        return out


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    "loop",
    [Model.projected, Model.layer_on_a_layers_rows, Model.layers_in_a_row, Model.dropped,
     Model.changed_in_place, Model.running_means, Model.attribute_set_behind],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_a_loop_behind_a_layer_does_what_it_did(loop, training) -> None:
    for rows in (5, 2):
        model = Model().train(training)
        assert_agrees(loop, model, torch.rand(rows, 4), exactness=None)
        assert_agrees(loop, model, torch.rand(rows, 4, requires_grad=True))


@pytest.mark.parametrize(
    "loop",
    [Model.projected, Model.layer_on_a_layers_rows, Model.layers_in_a_row],
    ids=lambda f: f.__name__,
)
def test_what_a_layer_makes_is_known(loop) -> None:
    assert_vectorized(loop, Model(), torch.rand(5, 4))


def test_embeddings_are_summed_at_once() -> None:
    assert_vectorized(Model.summed_embeddings, Model(), torch.randint(0, 7, (3, 5)))
    assert_agrees(Model.summed_embeddings, Model(), torch.randint(0, 7, (3, 0)))


def test_another_module_may_change_the_model_that_calls_it() -> None:
    class Inner(nn.Module):
        def __init__(self, owner):
            super().__init__()
            self.owner = [owner]

        def forward(self, x):
            self.owner[0].w = self.owner[0].w + 1
            return x

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.w = Inner(self), torch.ones(4)

        def scaled(self, x):
            self.inner(x)
            out = torch.zeros(len(x))
            for i in range(len(x)):
                out[i] = x[i, 0] * self.w[0]
            return out

    assert_agrees(Outer.scaled, Outer(), torch.rand(3, 4))


def test_a_hook_may_change_what_a_layer_gives() -> None:
    model = Model()
    model.lin.register_forward_hook(lambda module, given, made: made * 2)
    assert_agrees(Model.projected, model, torch.rand(5, 4))


def test_a_tensor_that_only_a_layer_reads_stays() -> None:
    def scaled_before(model, x):
        h = x * 2
        out = torch.zeros(x.shape[0], 6)
        for i in range(x.shape[0]):
            out[i] = model.lin(h[i])
        return out

    assert_vectorized(scaled_before, Model(), torch.rand(5, 4))


class Sequences(nn.Module):
    def __init__(self, batch_first, both_ways):
        super().__init__()
        torch.manual_seed(2)
        self.lstm = nn.LSTM(4, 3, batch_first=batch_first, bidirectional=both_ways)
        self.gru = nn.GRU(4, 3, 2, batch_first=batch_first)
        self.score = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1))
        self.conv = nn.Conv1d(4, 2, 3, stride=2, padding=1, dilation=1)

    def last_steps(self, x, lengths):
        out, _ = self.lstm(x)
        last = []
        for i in range(len(lengths)):
            last.append(out[i, lengths[i] - 1])
        return torch.stack(last)

    def last_states(self, x):
        out, h = self.gru(x)
        res = torch.zeros(h.shape[1], h.shape[2])
        for b in range(h.shape[1]):
            res[b] = h[1, b] * 2
        return res, out

    def pooled(self, x):
        scores = self.score(x).squeeze(-1)
        out = []
        for b in range(x.size(0)):
            w = torch.softmax(scores[b], dim=0)
            out.append((w.unsqueeze(-1) * x[b]).sum(0))
        return torch.stack(out)

    def channels(self, x):
        y = self.conv(x.transpose(1, 2))
        out = torch.zeros_like(y)
        for c in range(y.size(1)):
            out[:, c] = y[:, c] - y[:, c].mean()
        return out


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("both_ways", [True, False])
def test_outputs_and_states_of_recurrent_layers_have_the_sizes_they_have(
    batch_first, both_ways
) -> None:
    model = Sequences(batch_first, both_ways)
    x = torch.rand(3, 5, 4)
    lengths = torch.tensor([2, 5, 1]) if batch_first else torch.tensor([2, 3, 1, 1, 2])
    assert_agrees(Sequences.last_steps, model, x, lengths)
    assert_agrees(Sequences.last_states, model, x)


def test_layers_with_one_output_and_convolutions_have_the_sizes_they_have() -> None:
    model = Sequences(True, False)
    for x in (torch.rand(3, 5, 4), torch.rand(3, 6, 4), torch.rand(1, 1, 4)):
        assert_vectorized(Sequences.pooled, model, x)
        assert_agrees(Sequences.channels, model, x)
