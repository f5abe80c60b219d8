"""Loops that people ask about: masks, ragged rows, modules, parts joined, blocks."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from .case import Family
from .inputs import Arguments, matrices, random_tensor

FAMILY = Family()

LENGTHS = torch.tensor([3, 1, 5, 2])
LABELS = torch.tensor([0, 1, 2, 1, 0, 2, 2])


def with_rows(shape: tuple[int, ...], *others: Any) -> Callable[[], list[Arguments]]:
    """A tensor of a shape without and with a gradient, then the others."""

    def make() -> list[Arguments]:
        return [(random_tensor(shape, 7, grad=grad), *others) for grad in (False, True)]

    return make


# ---------------------------------------------------------------------- masks
def mean_of_each_class(x, labels, C):
    out = torch.zeros(C, x.shape[1])
    for c in range(C):
        out[c] = x[labels == c].mean(0)
    return out


FAMILY.add(
    mean_of_each_class,
    """
    return torch.zeros(C, x.shape[1]).index_add_(0, labels, x) / torch.bincount(labels, minlength=C)[:, None]
    """,  # noqa: E501
    inputs=with_rows((7, 3), LABELS, 5),
    exactness="rounding",
)


def mean_of_each_class_that_is_there(x, labels, C):
    out = torch.zeros(C, x.shape[1])
    for c in range(C):
        chosen = labels == c
        if chosen.any():
            out[c] = x[chosen].mean(dim=0)
    return out


FAMILY.add(
    mean_of_each_class_that_is_there,
    inputs=with_rows((7, 3), LABELS, 5),
    exactness="rounding",
)


def sum_of_each_class(x, labels, C):
    sums = []
    for c in range(C):
        sums.append(x[labels == c].sum())
    return torch.stack(sums)


FAMILY.add(
    sum_of_each_class,
    "return torch.zeros(C).index_add_(0, labels, x)",
    inputs=with_rows((7,), LABELS, 4),
    exactness="rounding",
)


def accuracy_of_each_class(pred, target, n):
    acc = torch.zeros(n)
    for c in range(n):
        m = target == c
        acc[c] = (pred[m] == target[m]).float().mean()
    return acc


FAMILY.add(
    accuracy_of_each_class,
    """
    return torch.zeros(n).index_add_(0, target, (pred == target).float()) / torch.bincount(target, minlength=n)
    """,  # noqa: E501
    inputs=lambda: [(LABELS.flip(0), LABELS, 4)],
    exactness="rounding",
)


def greatest_of_the_masked(x, mask):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = x[i][mask[i]].max()
    return out


FAMILY.add(
    greatest_of_the_masked,
    "return torch.where(mask, x, float('-inf')).amax(1)",
    inputs=with_rows((3, 4), torch.eye(3, 4) > 0),
    exactness="rounding",
)


def masked_loss(p, y, mask):
    losses = []
    for i in range(p.size(0)):
        losses.append(F.mse_loss(p[i][mask[i]], y[i][mask[i]]))
    return torch.stack(losses)


FAMILY.add(
    masked_loss,
    "return torch.where(mask, (p - y) ** 2, 0).sum(1) / mask.sum(1)",
    inputs=with_rows((3, 4), random_tensor((3, 4), 8), torch.eye(3, 4) < 1),
    exactness="rounding",
)


# ---------------------------------------------------------------------- ragged rows
def mean_of_the_first(x, lengths):
    out = torch.zeros(x.shape[0], x.shape[2])
    for i in range(x.shape[0]):
        out[i] = x[i, : lengths[i]].mean(0)
    return out


FAMILY.add(
    mean_of_the_first,
    """
    return torch.where((torch.arange(x.shape[1]) < lengths[:, None])[:, :, None], x, 0).sum(1) / lengths[:, None]
    """,  # noqa: E501
    inputs=with_rows((4, 5, 3), LENGTHS),
    exactness="rounding",
)


def greatest_of_the_first(x, lengths):
    rows = []
    for i, n in enumerate(lengths):
        rows.append(x[i, :n].max(dim=0)[0])
    return torch.stack(rows)


FAMILY.add(
    greatest_of_the_first,
    """
    return torch.where((torch.arange(x.shape[1]) < lengths[:, None])[:, :, None], x, float('-inf')).max(1).values
    """,  # noqa: E501
    inputs=with_rows((4, 5, 3), LENGTHS),
)


def mean_of_spans(x, spans):
    out = torch.zeros(x.size(0), x.size(2))
    for i in range(x.size(0)):
        s, e = spans[i]
        out[i] = x[i, s:e].mean(0)
    return out


FAMILY.add(
    mean_of_spans,
    inputs=with_rows((4, 8, 3), torch.tensor([[0, 2], [1, 4], [3, 8], [2, 3]])),
    exactness="rounding",
)


def softmax_of_the_first(scores, lengths):
    out = torch.zeros_like(scores)
    for i in range(scores.size(0)):
        out[i, : lengths[i]] = torch.softmax(scores[i, : lengths[i]], 0)
    return out


FAMILY.add(
    softmax_of_the_first,
    """
    mask = torch.arange(scores.shape[1]) < lengths[:, None]
    return torch.where(mask, torch.softmax(torch.where(mask, scores, float('-inf')), dim=1), 0)
    """,
    inputs=with_rows((4, 6), LENGTHS),
    exactness="rounding",
)


def mask_as_wide_as_the_longest(lengths):
    longest = int(lengths.max())
    mask = torch.zeros(len(lengths), longest)
    for i, n in enumerate(lengths):
        mask[i, :n] = 1
    return mask


FAMILY.add(
    mask_as_wide_as_the_longest,
    """
    longest = int(lengths.max())
    return torch.where(torch.arange(longest) < lengths[:, None], 1.0, 0.0)
    """,
    inputs=lambda: [(LENGTHS,)],
)


# ---------------------------------------------------------------------- modules
class Net(nn.Module):
    """Two layers and a parameter."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.fc1, self.fc2 = nn.Linear(3, 4), nn.Linear(4, 2)
        self.norm, self.embed = nn.LayerNorm(3), nn.Embedding(7, 3)
        self.conv = nn.Conv2d(3, 2, 3, stride=2, padding=1)
        self.body = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


NET = Net()


def layer_on_each_row(net, x):
    out = []
    for i in range(x.size(0)):
        out.append(net.body(x[i]))
    return torch.stack(out)


FAMILY.add(
    layer_on_each_row,
    "return net.body(x)",
    inputs=lambda: [(NET, random_tensor((5, 3), 3)), (NET, random_tensor((1, 3), 3))],
    exactness="rounding",
)


def module_of_ones_own_on_each_row(net, x):
    out = torch.zeros(x.size(0), 2)
    for i in range(x.size(0)):
        out[i] = net(x[i])
    return out


FAMILY.add(
    module_of_ones_own_on_each_row,
    "return net.fc2(F.relu(net.fc1(x)))",
    inputs=lambda: [(NET, random_tensor((5, 3), 3))],
    exactness="rounding",
)


def layer_at_each_time(net, x):
    outs = []
    for t in range(x.size(1)):
        h = net.fc1(net.norm(x[:, t]))
        outs.append(torch.tanh(h) * h)
    return torch.stack(outs, dim=1)


FAMILY.add(
    layer_at_each_time,
    """
    h = net.fc1(net.norm(x))
    return torch.tanh(h) * h
    """,
    inputs=lambda: [(NET, random_tensor((2, 5, 3), 3))],
    exactness="rounding",
)


def embeddings_one_by_one(net, ids):
    out = []
    for i in ids:
        out.append(net.embed(i))
    return torch.stack(out)


FAMILY.add(
    embeddings_one_by_one,
    "return net.embed(ids)",
    inputs=lambda: [(NET, torch.tensor([3, 0, 6, 3]))],
    exactness="rounding",
)


def convolution_of_each_frame(net, frames):
    out = []
    for frame in frames:
        out.append(net.conv(frame.unsqueeze(0)).squeeze(0))
    return torch.stack(out)


FAMILY.add(
    convolution_of_each_frame,
    "return net.conv(frames)",
    inputs=lambda: [(NET, random_tensor((2, 3, 5, 6), 3))],
    exactness="rounding",
)


def loss_of_each_item(criterion, logits, y):
    total = 0
    for i in range(len(y)):
        total += criterion(logits[i].unsqueeze(0), y[i].unsqueeze(0))
    return total / len(y)


FAMILY.add(
    loss_of_each_item,
    "return torch.nn.functional.cross_entropy(logits, y, reduction='none').mean()",
    inputs=lambda: [
        (nn.CrossEntropyLoss(), random_tensor((4, 3), 1, grad=grad), torch.tensor([0, 2, 1, 1]))
        for grad in (False, True)
    ],
    exactness="rounding",
)


# ---------------------------------------------------------------------- parts joined
def rotations(theta):
    out = []
    for i in range(len(theta)):
        c, s = torch.cos(theta[i]), torch.sin(theta[i])
        out.append(torch.stack([torch.stack([c, -s]), torch.stack([s, c])]))
    return torch.stack(out)


FAMILY.add(rotations, inputs=with_rows((5,)), exactness=("rounding", "bitwise"))


def pair_features(a, b):
    out = torch.zeros(a.size(0), b.size(0), 6)
    for i in range(a.size(0)):
        for j in range(b.size(0)):
            out[i, j] = torch.cat([a[i], b[j]])
    return out


FAMILY.add(
    pair_features,
    """
    return torch.cat([a[:, None].expand(-1, b.shape[0], -1), b.expand(a.shape[0], -1, -1)], dim=2)
    """,
    inputs=with_rows((4, 3), random_tensor((5, 3), 9)),
)


def halves_swapped(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = torch.cat([-x[i, 3:], x[i, :3]])
    return out


FAMILY.add(
    halves_swapped, "return torch.cat([-x[:, 3:], x[:, :3]], dim=1)", inputs=with_rows((4, 6))
)


def numbers_as_a_row(p):
    out = torch.zeros(len(p), 2)
    for i in range(len(p)):
        out[i] = torch.tensor([p[i, 0], p[i, 1] * 2])
    return out


FAMILY.add(
    numbers_as_a_row,
    "return torch.stack([p[:, 0], p[:, 1] * 2], dim=1)",
    inputs=lambda: [(random_tensor((4, 3), 5),)],
)


def put_in_front(x):
    out = []
    for row in x:
        out.insert(0, row * 2)
    return torch.stack(out)


FAMILY.add(put_in_front, "return x.flip(0) * 2", inputs=with_rows((4, 3)))


def from_behind(x):
    out = []
    for row in x.flip(0):
        out.append(row.sum())
    return torch.stack(out)


FAMILY.add(from_behind, "return x.flip(0).sum(1)", inputs=with_rows((4, 3)), exactness="rounding")


# ---------------------------------------------------------------------- dimensions, blocks
def outer_of_rows(a, b):
    out = []
    for i in range(a.shape[0]):
        out.append(a[i].unsqueeze(1) * b[i][None, :])
    return torch.stack(out)


FAMILY.add(
    outer_of_rows,
    "return a[:, :, None] * b[:, None]",
    inputs=with_rows((4, 3), random_tensor((4, 5), 2)),
)


def gaps_within_each_batch(x):
    out = []
    for b in range(x.size(0)):
        out.append(((x[b][:, None] - x[b][None]) ** 2).sum(-1))
    return torch.stack(out)


FAMILY.add(
    gaps_within_each_batch,
    "return ((x[:, :, None] - x[:, None]) ** 2).sum(3)",
    inputs=with_rows((2, 4, 3)),
    exactness="rounding",
)


def softmax_of_each_head(x, h):
    d = x.shape[1] // h
    outs = []
    for i in range(h):
        outs.append(torch.softmax(x[:, i * d : (i + 1) * d], dim=-1))
    return torch.cat(outs, dim=-1)


FAMILY.add(
    softmax_of_each_head,
    """
    d = x.shape[1] // h
    return torch.softmax(x.unfold(1, d, d), dim=2).flatten(1, 2)
    """,
    inputs=with_rows((3, 6), 3),
    exactness="rounding",
)


def weighted_by_literals(x):
    out = torch.zeros_like(x)
    for w in [0.1, 0.2, 0.7]:
        out += w * x
    return out


FAMILY.add(
    weighted_by_literals,
    "return (torch.tensor([0.1, 0.2, 0.7]) * x[:, None]).sum(1)",
    inputs=with_rows((6,)),
    exactness="rounding",
)


def flattened_items(x):
    out = []
    for i in range(len(x)):
        out.append(x[i].reshape(-1) * 2)
    return torch.stack(out)


FAMILY.add(flattened_items, "return x.flatten(1) * 2", inputs=with_rows((2, 3, 4)))


def inverse_of_each(x):
    out = []
    for i in range(len(x)):
        out.append(torch.inverse(x[i]))
    return torch.stack(out)


FAMILY.add(
    inverse_of_each, "return torch.inverse(x)", inputs=with_rows((4, 3, 3)), exactness="rounding"
)


def best_two_of_each(x):
    out = []
    for row in x:
        values, _ = row.topk(2)
        out.append(values)
    return torch.stack(out)


FAMILY.add(
    best_two_of_each,
    "return x.topk(2).values",
    inputs=with_rows((4, 5)),
    exactness=("bitwise", "rounding"),
)


def energy(v):
    return (v * v).sum()


def helper_that_combines_a_row(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = energy(x[i])
    return out


FAMILY.add(
    helper_that_combines_a_row, "return (x * x).sum(1)", inputs=matrices(), exactness="rounding"
)


def scaled_identity(x):
    n = len(x)
    A = torch.eye(n)
    for i in range(n):
        A[i, i] = A[i, i] * x[i]
    return A


FAMILY.add(scaled_identity, inputs=lambda: [(random_tensor((4,), 1),)])
