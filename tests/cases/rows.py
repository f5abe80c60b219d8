"""Operations on whole rows inside of an iteration: reductions, products, normalisations, pieces."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch
import torch.nn.functional as F

from .case import Family
from .contractions import shaped
from .inputs import cubes, matrices
from .spellings import with_dims

FAMILY = Family()

FILLED = ((5, 7), (3, 3), (1, 4), (4, 1))
PAIRS = ((4, 5, 3), (2, 2, 2), (1, 4, 2), (2, 3, 1))


def sum_of_each_row(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = x[i].sum()
    return out


FAMILY.add(
    sum_of_each_row, *with_dims("return x.sum(dim=1)"), inputs=matrices(), exactness="rounding"
)


def scaled_to_unit_range_in_place(x):
    for i in range(x.shape[0]):
        x[i] = (x[i] - x[i].min()) / (x[i].max() - x[i].min())
    return x


FAMILY.add(
    scaled_to_unit_range_in_place,
    "x[:] = (x - x.amin(1, keepdim=True)) / (x.amax(1) - x.amin(1))[:, None]\nreturn x",
    inputs=shaped("ij", *FILLED, grad=False),
    exactness="rounding",
)


def standardised(x):
    out = torch.zeros_like(x)
    for i, row in enumerate(x):
        mean, deviation = row.mean(), row.std()
        out[i] = (row - mean) / deviation
    return out


FAMILY.add(
    standardised,
    "return (x - x.mean(1, keepdim=True)) / x.std(dim=1, keepdim=True)",
    inputs=shaped("ij", (5, 7), (3, 3), (1, 4)),
    exactness="rounding",
)


def standardised_by_helper(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = _standard(x[i])
    return out


def _standard(v):
    mean = v.mean()
    spread = torch.sqrt(torch.mean((v - mean) ** 2) + 1e-5)
    return (v - mean) / spread


FAMILY.add(
    standardised_by_helper,
    "difference = x - x.mean(1, keepdim=True)\n"
    "return difference / torch.sqrt((difference ** 2).mean(1) + 1e-05)[:, None]",
    inputs=shaped("ij", *FILLED),
    exactness="rounding",
)


def softmax_of_each_row(x):
    out = torch.empty_like(x)
    for i in range(len(x)):
        out[i] = F.softmax(x[i], dim=0)
    return out


FAMILY.add(
    softmax_of_each_row, "return F.softmax(x, dim=1)", inputs=matrices(), exactness="rounding"
)


def entropy_of_each_row(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        p = torch.softmax(x[i], dim=-1)
        out[i] = -(p * p.log()).sum()
    return out


FAMILY.add(
    entropy_of_each_row,
    "p = torch.softmax(x, dim=1)\nreturn -(p * p.log()).sum(1)",
    inputs=shaped("ij", *FILLED),
    exactness="rounding",
)


def unit_rows(x):
    for i in range(len(x)):
        x[i] /= torch.norm(x[i])
    return x


FAMILY.add(
    unit_rows,
    "x /= torch.norm(x, dim=1, keepdim=True)\nreturn x",
    "x[:] = x / torch.norm(x, dim=1, keepdim=True)\nreturn x",
    inputs=shaped("ij", *FILLED, grad=False),
    exactness="rounding",
)


def greatest_and_where(x):
    greatest = torch.zeros(len(x))
    where = torch.zeros(len(x), dtype=torch.long)
    for i in range(len(x)):
        value, index = x[i].max(dim=0)
        greatest[i] = value
        where[i] = index
    return greatest, where


FAMILY.add(
    greatest_and_where,
    "greatest = x.max(1).values\nwhere = x.argmax(1)\nreturn greatest, where",
    "greatest, where = x.max(1)\nreturn greatest, where",
    "return x.max(1).values, x.argmax(1)",
    inputs=shaped("ij", *FILLED),
    exactness=("bitwise", "rounding"),
)


def any_above(x, limit):
    out = torch.zeros(len(x), dtype=torch.bool)
    for i in range(len(x)):
        out[i] = (x[i] > limit).any()
    return out


FAMILY.add(
    any_above, *with_dims("return (x > limit).any(dim=1)"), inputs=matrices(1, 0.5)
)


def positive_rows_counted(x):
    count = 0
    for i in range(len(x)):
        if torch.all(x[i] > -1):
            count += 1
    return count


FAMILY.add(
    positive_rows_counted, "return (x > -1).all(1).sum().item()", inputs=matrices()
)


def mean_or_length(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        if x[i].sum() > 0:
            out[i] = x[i].mean()
        else:
            out[i] = x[i].norm(p=1)
    return out


FAMILY.add(
    mean_or_length,
    "return torch.where(x.sum(1) > 0, x.mean(1), x.norm(p=1, dim=1))",
    inputs=shaped("ij", *FILLED),
    exactness="rounding",
)


def mean_of_each_image(x):
    out = torch.zeros(x.shape[0])
    for b in range(x.shape[0]):
        out[b] = x[b].mean()
    return out


FAMILY.add(
    mean_of_each_image,
    *with_dims("return x.mean(dim=(1, 2))"),
    inputs=cubes(),
    exactness="rounding",
)


def centred_columns_of_each_matrix(x):
    out = torch.zeros_like(x)
    for b in range(x.shape[0]):
        out[b] = x[b] - x[b].mean(dim=0, keepdim=True)
    return out


FAMILY.add(
    centred_columns_of_each_matrix,
    "return x - x.mean(1, keepdim=True)",
    inputs=cubes(),
    exactness="rounding",
)


def weighted_mean(x, weights):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = torch.sum(x[i] * weights) / weights.sum()
    return out


FAMILY.add(
    weighted_mean,
    "return x @ weights / weights.sum()",
    inputs=shaped("ij j", *FILLED),
    exactness="rounding",
)


def layer(x, W, b):
    out = torch.zeros(x.shape[0], W.shape[0])
    for i in range(x.shape[0]):
        out[i] = torch.relu(W @ x[i] + b)
    return out


FAMILY.add(
    layer,
    "return torch.relu(x @ W.T + b)",
    inputs=shaped("ij kj k", *PAIRS),
    exactness="rounding",
)


def linear(x, W, b):
    out = torch.zeros(x.shape[0], W.shape[0])
    for i in range(x.shape[0]):
        out[i] = F.linear(x[i], W, b)
    return out


FAMILY.add(
    linear,
    "return x @ W.T + b",
    "return F.linear(x, W, b)",
    inputs=shaped("ij kj k", *PAIRS),
    exactness="rounding",
)


def attention(q, k, v):
    out = torch.zeros_like(q)
    for b in range(q.shape[0]):
        scores = q[b] @ k[b].transpose(0, 1) / q.shape[2] ** 0.5
        out[b] = torch.softmax(scores, dim=-1) @ v[b]
    return out


FAMILY.add(
    attention,
    "return torch.softmax(q @ k.mT / q.shape[2] ** 0.5, dim=2) @ v",
    "return torch.softmax(q @ k.mT / k.shape[2] ** 0.5, dim=2) @ v",
    inputs=shaped("btd btd btd", (2, 3, 4), (1, 2, 2), (3, 2, 1)),
    exactness="rounding",
)


def quadratic_form_of_each_row(X, A):
    out = torch.zeros(len(X))
    for i in range(len(X)):
        out[i] = X[i] @ A @ X[i]
    return out


FAMILY.add(
    quadratic_form_of_each_row,
    *with_dims("return (X @ A * X).sum(dim=1)"),
    inputs=shaped("ba aa", (3, 4), (2, 2), (3, 1)),
    exactness="rounding",
)


def cosines(x, y):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = F.cosine_similarity(x[i], y[i], dim=0)
    return out


FAMILY.add(
    cosines,
    "return F.cosine_similarity(x, y, dim=1)",
    inputs=shaped("ij ij", *FILLED),
    exactness="rounding",
)


def cosine_of_each_pair(x, y):
    out = torch.zeros(len(x), len(y))
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = torch.dot(x[i], y[j]) / (x[i].norm() * y[j].norm())
    return out


FAMILY.add(
    cosine_of_each_pair,
    "return x @ y.T / (x.norm(dim=1, keepdim=True) * y.norm(dim=1))",
    inputs=shaped("ik jk", *PAIRS),
    exactness="rounding",
)


def nearest_centre(x, centres):
    out = torch.zeros(len(x), dtype=torch.long)
    for i in range(len(x)):
        out[i] = torch.argmin(torch.norm(centres - x[i], dim=1))
    return out


FAMILY.add(
    nearest_centre,
    "return torch.cdist(x, centres, "
    'compute_mode="donot_use_mm_for_euclid_dist").argmin(1)',
    inputs=shaped("ik jk", *PAIRS, grad=False),
    exactness="rounding",
)


def greatest_difference_of_each_pair(x, y):
    out = torch.zeros(len(x), len(y))
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = torch.norm(x[i] - y[j], float("inf"))
    return out


# `cdist` would pass over NaN.
FAMILY.add(
    greatest_difference_of_each_pair,
    'return torch.norm(x[:, None] - y, p=float("inf"), dim=2)',
    inputs=shaped("ik jk", *PAIRS, grad=False),
    exactness="rounding",
)


def covariance_of_centred(x, y):
    out = torch.zeros(x.shape[1], y.shape[1])
    for t in range(x.shape[0]):
        out += 0.5 * torch.outer(x[t], y[t])
    return out


FAMILY.add(
    covariance_of_centred,
    "return 0.5 * (x.T @ y)",
    inputs=shaped("ki kj", *PAIRS),
    exactness="rounding",
)


def head_of_each_row(x, k):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i, :k].sum() - x[i, 1:-1].sum()
    return out


FAMILY.add(
    head_of_each_row,
    "return x[:, :k].sum(1) - x[:, 1:-1].sum(1)",
    inputs=lambda: [(x, 2) for (x,) in shaped("ij", (5, 7), (3, 3), (1, 2))()],
    exactness="rounding",
)


def tail_of_each_row(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i, i:].sum()
    return out


FAMILY.add(
    tail_of_each_row,
    "return x.triu().sum(1)",
    inputs=shaped("ij", (5, 7), (3, 3), (1, 2), grad=False),
    exactness="rounding",
)


def one_entry_of_a_product(A, x, k):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        y = A @ x[i]
        out[i] = y[k]
    return out


FAMILY.add(
    one_entry_of_a_product,
    "return x @ A[k]",
    inputs=lambda: [(*pair, 0) for pair in shaped("jk ik", *PAIRS)()],
    exactness="rounding",
)


def mean_of_each_chunk(x, n):
    out = torch.zeros(n, x.shape[1])
    for i, chunk in enumerate(torch.chunk(x, chunks=n, dim=0)):
        out[i] = torch.mean(chunk, dim=0)
    return out


FAMILY.add(
    mean_of_each_chunk,
    "return x.unflatten(0, (n, -1)).mean(1)",
    inputs=lambda: [(x, 2) for (x,) in shaped("ij", (6, 4), (2, 3), (4, 1))()],
    exactness="rounding",
)


def gated(x):
    out = torch.zeros(x.shape[0], x.shape[1] // 2)
    for i in range(len(x)):
        value, gate = x[i].chunk(2)
        out[i] = value * torch.sigmoid(gate)
    return out


FAMILY.add(
    gated,
    "return x[:, :x.shape[1] // 2] * "
    "torch.sigmoid(x[:, x.shape[1] // 2:])",
    inputs=shaped("ij", (3, 4), (2, 2), (1, 6)),
    exactness=("rounding", "bitwise"),
)


def losses_added_up(prediction, target):
    total = torch.tensor(0.0)
    for i in range(len(prediction)):
        total += F.mse_loss(prediction[i], target[i])
    return total


FAMILY.add(
    losses_added_up,
    "return ((prediction - target) ** 2).mean(1).sum()",
    inputs=shaped("ij ij", *FILLED),
    exactness="rounding",
)


def equal_rows_counted(a, b):
    same = 0
    for i in range(len(a)):
        if torch.equal(a[i], b[i]):
            same += 1
    return same


FAMILY.add(
    equal_rows_counted,
    "return (a == b).all(1).sum().item()",
    inputs=lambda: [(x.round(), (x + 0.1).round()) for (x,) in matrices(grad=False)()],
)
