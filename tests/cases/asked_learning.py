"""Loops of machine learning that people ask about: windows, masks, places, experts, counts."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch
import torch.nn.functional as F

from .case import Family
from .inputs import Arguments, random_tensor

FAMILY = Family()


def ints(*values) -> torch.Tensor:
    """A tensor of such ints, perhaps of rows of them."""
    return torch.tensor(values, dtype=torch.int64)


def padded() -> list[Arguments]:
    """Sequences of several lengths, as they are and with gradients."""
    x = random_tensor((4, 6, 3), 1)
    return [
        (x, ints(6, 2, 3, 1)),
        (x.clone().requires_grad_(), ints(6, 2, 3, 1)),
        (random_tensor((1, 1, 2), 2), ints(1)),
    ]


# ---------------------------------------------------------------------- windows
def windows_from_data(x, start, w):
    out = []
    for b in range(x.shape[0]):
        out.append(x[b, start[b]:start[b] + w])
    return torch.stack(out)


FAMILY.add(
    windows_from_data,
    "return x[torch.arange(x.shape[0])[:, None], start[:, None] + torch.arange(w)]",
    inputs=lambda: [
        (random_tensor((4, 9), 1), ints(0, 6, 3, 2), 3),
        (random_tensor((4, 9), 1, grad=True), ints(0, 6, 3, 2), 3),
        (random_tensor((2, 5), 2), ints(4, 0), 1),
        (random_tensor((2, 5), 3), ints(4, 0), 3),  # the first one is cut short: the loop raises
    ],
)


def crops_from_data(images, ys, xs, s):
    out = []
    for b in range(images.shape[0]):
        y, x = ys[b].item(), xs[b].item()
        out.append(images[b, :, y:y + s, x:x + s])
    return torch.stack(out)


FAMILY.add(
    crops_from_data,
    """
    return images[
        torch.arange(images.shape[0])[:, None, None, None],
        torch.arange(images.shape[1])[:, None, None],
        (ys[:, None] + torch.arange(s))[:, None, :, None],
        (xs[:, None] + torch.arange(s))[:, None, None],
    ]
    """,
    inputs=lambda: [
        (random_tensor((3, 2, 7, 8), 1), ints(0, 3, 2), ints(4, 1, 0), 4),
        (random_tensor((3, 2, 7, 8), 1, grad=True), ints(0, 3, 2), ints(4, 1, 0), 4),
        (random_tensor((1, 1, 4, 4), 2), ints(0), ints(0), 4),
    ],
)


def windows_around_peaks(signal, peaks, h):
    out = []
    for p in peaks:
        out.append(signal[p - h:p + h + 1].mean(0))
    return torch.stack(out)


FAMILY.add(
    windows_around_peaks,
    "return signal[(peaks - h)[:, None] + torch.arange(2 * h + 1)].mean(1)",
    inputs=lambda: [
        (random_tensor((12, 3), 1), ints(2, 5, 9), 2),
        (random_tensor((12, 3), 1, grad=True), ints(2, 5, 9), 2),
        (random_tensor((12, 3), 1), ints(1, 5, 9), 2),  # -1 is the last element to a slice
    ],
    exactness="rounding",
)


# ---------------------------------------------------------------------- lists of a tensor
def sums_up_to_listed_lengths(x, lengths):
    lens = lengths.tolist()
    out = []
    for i, n in enumerate(lens):
        out.append(x[i, :n].sum(0))
    return torch.stack(out)


FAMILY.add(
    sums_up_to_listed_lengths,
    "return torch.where((torch.arange(x.shape[1]) < lengths[:, None])[:, :, None], x, 0).sum(1)",
    inputs=padded,
    exactness="rounding",
)


def counts_of_listed_edges(edge_index, n):
    counts = torch.zeros(n, n)
    edges = edge_index.t().tolist()
    for u, v in edges:
        counts[u, v] += 1
    return counts


FAMILY.add(
    counts_of_listed_edges,
    """
    counts = torch.zeros(n, n)
    counts.index_put_(
        (edge_index.t()[:, 0], edge_index.t()[:, 1]), counts.new_tensor(1), accumulate=True
    )
    return counts
    """,
    """
    counts = torch.zeros(n, n)
    counts.index_put_(
        (edge_index.T[:, 0], edge_index.T[:, 1]), counts.new_tensor(1), accumulate=True
    )
    return counts
    """,
    inputs=lambda: [(ints((0, 1, 1, 3, 0), (2, 1, 1, 0, 2)), 4)],
    exactness="rounding",
)


# ---------------------------------------------------------------------- places of masks
def last_before_padding(ids, pad):
    ends = torch.zeros(ids.size(0), dtype=torch.long)
    for i in range(ids.size(0)):
        places = torch.where(ids[i] != pad)[0]
        ends[i] = places[-1]
    return ends


FAMILY.add(
    last_before_padding,
    "return torch.where(ids != pad, torch.arange(ids.shape[1]), -1).amax(1)",
    inputs=lambda: [
        (ints((3, 4, 0, 0), (1, 0, 2, 0), (5, 6, 7, 8)), 0),
        (ints((3, 4, 0, 0), (0, 0, 0, 0)), 0),  # the loop raises
    ],
)


def boxes_of_masks(masks):
    boxes = torch.zeros(masks.shape[0], 2)
    for i in range(masks.shape[0]):
        ys, xs = torch.where(masks[i])
        boxes[i, 0] = xs.min()
        boxes[i, 1] = ys.max()
    return boxes


FAMILY.add(
    boxes_of_masks,
    """
    boxes = torch.zeros(masks.shape[0], 2)
    boxes[:, 0] = torch.where(
        masks, torch.arange(masks.shape[2]), masks.shape[2]).amin((1, 2))
    boxes[:, 1] = torch.where(masks, torch.arange(masks.shape[1])[:, None], -1).amax((1, 2))
    return boxes
    """,
    inputs=lambda: [(random_tensor((3, 5, 6), 1) > 0.5,), (random_tensor((2, 2, 3), 5) > -9,)],
)


# ---------------------------------------------------------------------- masks of computed rows
def iou_of_each_class(pred, gt, n):
    found = []
    for c in range(n):
        p = pred == c
        t = gt == c
        inter = p[t].sum().item()
        found.append(inter / (p.sum().item() + t.sum().item() - inter))
    return torch.tensor(found)


FAMILY.add(
    iou_of_each_class,
    inputs=lambda: [(ints(0, 1, 1, 2, 0, 2), ints(0, 1, 2, 2, 1, 2), 3)],
    exactness=("bitwise", "rounding"),
)


def smoothed_losses(logp, target, eps):
    n, c = logp.size()
    loss = 0
    for i in range(n):
        wanted = torch.full((c,), eps / (c - 1))
        wanted[target[i]] = 1 - eps
        loss -= (wanted * logp[i]).sum()
    return loss / n


FAMILY.add(
    smoothed_losses,
    """
    n, c = logp.size()
    loss = -(torch.where(torch.arange(c) == target[:, None], 1 - eps, eps / (c - 1)) * logp).sum()
    return loss / n
    """,
    inputs=lambda: [
        (random_tensor((5, 4), 1), ints(0, 3, 1, 1, 2), 0.1),
        (random_tensor((5, 4), 1, grad=True), ints(0, 3, 1, 1, 2), 0.1),
    ],
    exactness="rounding",
)


def scaled_where_positive(x, labels, tau):
    kept = []
    for i in range(x.shape[0]):
        if labels[i] == 0:
            continue
        scaled = x[i] / tau
        kept.append(scaled.sum())
    return torch.stack(kept)


FAMILY.add(
    scaled_where_positive,
    "return (x / tau).sum(1)[labels != 0]",
    inputs=lambda: [
        (random_tensor((5, 3), 1), ints(0, 2, 1, 0, 1), 0.5),
        (random_tensor((5, 3), 1, grad=True), ints(0, 2, 1, 0, 1), 0.5),
        (random_tensor((2, 3), 1), ints(0, 0), 0.5),  # nothing to be stacked
    ],
    exactness="rounding",
)


def greatest_of_each_class_there(x, labels, n):
    found = []
    for c in range(n):
        chosen = labels == c
        if chosen.any():
            found.append(x[chosen].max())
    return torch.stack(found)


FAMILY.add(
    greatest_of_each_class_there,
    inputs=lambda: [(random_tensor((7,), 1), ints(0, 2, 2, 4, 0, 4, 4), 5)],
    exactness=("bitwise", "rounding"),
)


# ---------------------------------------------------------------------- experts
def routed_to_experts(x, expert, W):
    out = torch.zeros(x.size(0), W.size(2))
    for e in range(W.size(0)):
        chosen = expert == e
        if chosen.any():
            out[chosen] = x[chosen] @ W[e]
    return out


FAMILY.add(
    routed_to_experts,
    "return torch.einsum('ha,haw->hw', x, W[expert])",
    inputs=lambda: [
        (random_tensor((6, 4), 1), ints(0, 2, 2, 0, 1, 2), random_tensor((3, 4, 5), 2)),
        (random_tensor((6, 4), 1, grad=True), ints(0, 2, 2, 0, 2, 2), random_tensor((3, 4, 5), 2)),
    ],
    exactness="rounding",
)


# ---------------------------------------------------------------------- rows of indices
def marks_of_the_best(x, k):
    marks = torch.zeros_like(x)
    for i in range(x.shape[0]):
        _, best = torch.topk(x[i], k)
        marks[i, best] = 1
    return marks


FAMILY.add(
    marks_of_the_best,
    "marks = torch.zeros_like(x)\n"
    "marks[torch.arange(x.shape[0])[:, None], torch.topk(x, k).indices] = 1\n"
    "return marks",
    inputs=lambda: [(random_tensor((4, 6), 1), 2), (random_tensor((2, 3), 1), 3)],
)


def counts_in_each_row(ids, n):
    found = []
    for row in ids:
        counts = torch.zeros(n)
        for t in row:
            counts[t] += 1
        found.append(counts / len(row))
    return torch.stack(found)


FAMILY.add(
    counts_in_each_row,
    """
    counts = torch.zeros(ids.shape[0], n)
    counts.index_put_(
        (torch.arange(ids.shape[0])[:, None], ids), counts.new_tensor(1), accumulate=True)
    return counts / ids.shape[1]
    """,
    inputs=lambda: [(ints((0, 2, 2), (1, 1, 3)), 4)],
    exactness="rounding",
)


def steps_of_tags(tags, trans):
    B, T = tags.shape
    score = torch.zeros(B)
    for t in range(1, T):
        score = score + trans[tags[:, t - 1], tags[:, t]]
    return score


FAMILY.add(
    steps_of_tags,
    "return trans[tags[:, :-1], tags[:, 1:]].sum(1)",
    inputs=lambda: [
        (ints((0, 2, 2, 1), (1, 1, 0, 2)), random_tensor((3, 3), 1)),
        (ints((0, 2, 2, 1), (1, 1, 0, 2)), random_tensor((3, 3), 1, grad=True)),
    ],
    exactness="rounding",
)


# ---------------------------------------------------------------------- sequences
def rows_rolled_by_data(x, shifts):
    rows = []
    for row, s in zip(x, shifts):
        rows.append(torch.roll(row, s.item(), dims=0))
    return torch.stack(rows)


FAMILY.add(
    rows_rolled_by_data,
    "return x[torch.arange(x.shape[0])[:, None], "
    "(torch.arange(x.shape[1]) - shifts[:, None]) % x.shape[1]]",
    inputs=lambda: [
        (random_tensor((4, 5), 1), ints(1, 0, -7, 12)),
        (random_tensor((4, 5), 1, grad=True), ints(1, 0, -7, 12)),
    ],
)


def sequences_reversed(x, lengths):
    out = x.clone()
    for b in range(x.size(0)):
        n = lengths[b].item()
        out[b, :n] = torch.flip(x[b, :n], dims=[0])
    return out


FAMILY.add(sequences_reversed, inputs=padded)


def averages_so_far(x):
    B, T, C = x.shape
    out = torch.zeros((B, T, C))
    for b in range(B):
        for t in range(T):
            out[b, t] = x[b, :t + 1].mean(0)
    return out


FAMILY.add(
    averages_so_far,
    "B, T, C = x.shape\nreturn x.cumsum(1) / torch.arange(1, T + 1)[:, None]",
    inputs=lambda: [
        (random_tensor((2, 5, 3), 1),),
        (random_tensor((2, 5, 3), 1, grad=True),),
        (random_tensor((1, 1, 2), 1),),
    ],
    exactness="rounding",
)


def attended_up_to_lengths(q, k, lengths):
    out = []
    for b in range(q.size(0)):
        n = lengths[b]
        weights = F.softmax(q[b] @ k[b, :n].t(), dim=-1)
        out.append(weights @ k[b, :n])
    return torch.stack(out)


FAMILY.add(
    attended_up_to_lengths,
    inputs=lambda: [
        (random_tensor((3, 2, 4), 1), random_tensor((3, 5, 4), 2), ints(5, 1, 3)),
        (random_tensor((3, 2, 4), 1, grad=True), random_tensor((3, 5, 4), 2), ints(5, 1, 3)),
    ],
    exactness="rounding",
)


def scores_of_heads(q, k):
    B, T, H, d = q.shape
    scores = torch.zeros(B, H, T, T)
    for b in range(B):
        for h in range(H):
            scores[b, h] = q[b, :, h] @ k[b, :, h].t() / d ** 0.5
    return scores


FAMILY.add(
    scores_of_heads,
    "B, T, H, d = q.shape\nreturn torch.einsum('bahc,bwhc->bhaw', q, k) / d ** 0.5",
    inputs=lambda: [
        (random_tensor((2, 3, 2, 4), 1), random_tensor((2, 3, 2, 4), 2)),
        (random_tensor((2, 3, 2, 4), 1, grad=True), random_tensor((2, 3, 2, 4), 2)),
    ],
    exactness="rounding",
)


def discounted_gains(scores, gains):
    found = []
    for i in range(len(scores)):
        ranked = gains[i][scores[i].argsort(descending=True)]
        discount = torch.log2(torch.arange(2, len(ranked) + 2).float())
        found.append((ranked / discount).sum())
    return torch.stack(found)


FAMILY.add(
    discounted_gains,
    "return (gains[torch.arange(len(scores))[:, None], scores.argsort(descending=True)] / "
    "torch.log2(torch.arange(2, scores.shape[1] + 2, dtype=torch.float32))).sum(1)",
    inputs=lambda: [(random_tensor((3, 5), 1), random_tensor((3, 5), 2).abs())],
    exactness="rounding",
)
