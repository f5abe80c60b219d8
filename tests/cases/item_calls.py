"""Calls on the item of an iteration that PyTorch takes for all of them at once."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch
import torch.nn.functional as F

from .case import Arguments, Family
from .contractions import shaped
from .inputs import random_tensor

FAMILY = Family()

ROWS = ((5, 7), (3, 3), (1, 4))
ITEMS = ((4, 3, 5), (2, 2, 2), (1, 3, 4))
SYSTEMS = ((4, 3, 2), (1, 2, 5), (2, 1, 1))


def _regular(count: int, size: int, seed: int, grad: bool = False) -> torch.Tensor:
    """Matrices that are far from singular."""
    made = random_tensor((count, size, size), seed, dtype=torch.float64)
    made = made @ made.mT + torch.eye(size, dtype=torch.float64)
    return made.requires_grad_() if grad else made


def systems() -> list[Arguments]:
    found = []
    for number, (count, size, columns) in enumerate((*SYSTEMS, SYSTEMS[0])):
        grad = number == len(SYSTEMS)
        sides = random_tensor((count, size, columns), number, dtype=torch.float64, grad=grad)
        found.append((_regular(count, size, number, grad), sides))
    return found


def squares() -> list[Arguments]:
    return [(a,) for a, _ in systems()]


def solved(A, B):
    out = torch.zeros_like(B)
    for i in range(A.shape[0]):
        out[i] = torch.linalg.solve(A[i], B[i])
    return out


FAMILY.add(solved, "return torch.linalg.solve(A, B)", inputs=systems, exactness="rounding")


def inverted_in_place(A):
    for i in range(len(A)):
        A[i] = torch.linalg.inv(A[i])
    return A


FAMILY.add(
    inverted_in_place,
    "A[:] = torch.linalg.inv(A)\nreturn A",
    inputs=lambda: squares()[:-1],
    exactness="rounding",
)


def inverse_of_each_sum(A):
    return torch.stack([(a + a.T).inverse() for a in A])


FAMILY.add(
    inverse_of_each_sum,
    "return (A + A.mT).inverse()",
    inputs=squares,
    exactness="rounding",
)


def log_determinants(A):
    out = []
    for a in A:
        sign, log = torch.linalg.slogdet(a)
        out.append(sign * log)
    return torch.stack(out)


FAMILY.add(
    log_determinants,
    "return torch.linalg.slogdet(A).sign * torch.linalg.slogdet(A).logabsdet",
    inputs=squares,
    exactness="rounding",
)


def lower_parts(A):
    out = torch.zeros_like(A)
    for i in range(A.shape[0]):
        out[i] = torch.tril(A[i], -1)
    return out


FAMILY.add(lower_parts, "return torch.tril(A, -1)", inputs=squares, exactness="rounding")


def traces(A):
    out = torch.zeros(A.shape[0], dtype=A.dtype)
    for i in range(A.shape[0]):
        out[i] = torch.trace(A[i])
    return out


FAMILY.add(
    traces, "return A.diagonal(dim1=1, dim2=2).sum(1)", inputs=squares, exactness="rounding"
)


def medians(x):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = x[i].quantile(0.5)
    return out


FAMILY.add(
    medians, "return x.quantile(0.5, dim=1)", inputs=shaped("ij", *ROWS), exactness="rounding"
)


def best_scores_of_each(x, W):
    out = []
    for row in x:
        out.append(torch.topk(row @ W, 2).values)
    return torch.stack(out)


FAMILY.add(
    best_scores_of_each,
    "return torch.topk(x @ W, 2, dim=1).values",
    inputs=shaped("ij jk", (4, 3, 5), (1, 2, 2)),
    exactness="rounding",
)


def distances_within_each(x):
    out = []
    for points in x:
        out.append(torch.cdist(points, points))
    return torch.stack(out)


FAMILY.add(
    distances_within_each,
    "return torch.cdist(x, x)",
    inputs=shaped("ijk", *ITEMS, grad=False),
    exactness="rounding",
)


def distances_to_all(x, y):
    out = torch.zeros(x.shape[0], y.shape[0])
    for i in range(x.shape[0]):
        for j in range(y.shape[0]):
            out[i, j] = torch.cdist(x[i], y[j]).min()
    return out


FAMILY.add(
    distances_to_all,
    "return torch.cdist(x[:, None].expand(-1, y.shape[0], -1, -1),"
    " y.expand(x.shape[0], -1, -1, -1)).amin((2, 3))",
    "return torch.cdist(x[:, None], y).amin((2, 3))",
    inputs=shaped("iad jbd", (2, 3, 4, 2, 5), grad=False),
    exactness="rounding",
)


def products_of_all_pairs(x, y):
    out = []
    for a, b in zip(x, y):
        out.append(torch.kron(a, b))
    return torch.stack(out)


FAMILY.add(
    products_of_all_pairs,
    "return torch.vmap(torch.kron)(x, y)",
    inputs=shaped("ij ij", *ROWS),
    exactness="rounding",
)


def covariances(x):
    return torch.stack([torch.cov(x[i]) for i in range(x.shape[0])])


FAMILY.add(
    covariances, "return torch.vmap(torch.cov)(x)", inputs=shaped("ijk", (4, 3, 5), (1, 2, 3)),
    exactness="rounding",
)  # fmt: skip


def images() -> list[Arguments]:
    found = []
    for number, (count, channels, size) in enumerate(((3, 2, 6), (1, 1, 5))):
        pair = random_tensor((count, channels, size, size), number), random_tensor(
            (4, channels, 3, 3), number + 5
        )
        found.append(pair)
    return found


def filtered(images, kernels):
    out = []
    for image in images:
        out.append(F.relu(F.conv2d(image.unsqueeze(0), kernels, padding=1)).squeeze(0))
    return torch.stack(out)


FAMILY.add(
    filtered,
    "return F.relu(F.conv2d(images, kernels, padding=1))",
    inputs=images,
    exactness="rounding",
)


def pooled(images, kernels):
    out = []
    for image in images:
        out.append(F.max_pool2d(F.conv2d(image, kernels), 2))
    return torch.stack(out)


FAMILY.add(
    pooled, "return F.max_pool2d(F.conv2d(images, kernels), 2)", inputs=images,
    exactness="rounding",
)  # fmt: skip


def padded(x):
    out = torch.zeros(x.shape[0], x.shape[1] + 3)
    for i in range(x.shape[0]):
        out[i] = F.pad(x[i], (1, 2), value=1.0)
    return out


FAMILY.add(
    padded, "return F.pad(x, (1, 2), value=1.0)", inputs=shaped("ij", *ROWS), exactness="rounding"
)


def normed(x):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = F.layer_norm(x[i], x.shape[1:])
    return out


FAMILY.add(
    normed, "return F.layer_norm(x, (x.shape[1],))", inputs=shaped("ij", *ROWS),
    exactness="rounding",
)  # fmt: skip


def chosen(x, index):
    out = []
    for i in range(x.shape[0]):
        out.append(x[i].gather(0, index[i]))
    return torch.stack(out)


FAMILY.add(
    chosen,
    "return x.gather(1, index)",
    inputs=lambda: [
        (x, torch.arange(2).repeat(x.shape[0], 1)) for (x,) in shaped("ij", *ROWS)()
    ],
    exactness="rounding",
)


def labelled() -> list[Arguments]:
    return [
        (x, torch.arange(x.shape[0] * x.shape[1]).reshape(x.shape[:2]) % x.shape[2])
        for (x,) in shaped("ijk", *ITEMS)()
    ]


def losses_of_sequences(logits, labels):
    out = torch.zeros(logits.shape[0])
    for i in range(logits.shape[0]):
        out[i] = F.cross_entropy(logits[i], labels[i])
    return out


FAMILY.add(
    losses_of_sequences,
    "return F.cross_entropy(logits.flatten(0, 1), labels.flatten(0, 1), reduction='none')"
    ".unflatten(0, (logits.shape[0], labels.shape[1])).mean(1)",
    inputs=labelled,
    exactness="rounding",
)


def class_counts(logits, labels):
    out = []
    for i in range(labels.shape[0]):
        out.append(F.one_hot(labels[i], 6).sum(0))
    return torch.stack(out)


FAMILY.add(class_counts, "return F.one_hot(labels, 6).sum(1)", inputs=labelled)


def divergences(p, q):
    out = torch.zeros(p.shape[0])
    for i in range(p.shape[0]):
        out[i] = F.kl_div(F.log_softmax(p[i], dim=0), F.softmax(q[i], dim=0), reduction="sum")
    return out


FAMILY.add(
    divergences,
    "return F.kl_div(F.log_softmax(p, dim=1), F.softmax(q, dim=1), reduction='none').sum(1)",
    inputs=shaped("ij ij", *ROWS),
    exactness="rounding",
)


def attention_of_each(q, k, v):
    out = []
    for i in range(q.shape[0]):
        scores = torch.einsum("id,jd->ij", q[i], k[i]) / q.shape[-1] ** 0.5
        out.append(torch.einsum("ij,jd->id", F.softmax(scores, dim=-1), v[i]))
    return torch.stack(out)


FAMILY.add(
    attention_of_each,
    "return F.softmax(q @ k.mT / k.shape[2] ** 0.5, dim=2) @ v",
    "return F.softmax(q @ k.mT / q.shape[-1] ** 0.5, dim=2) @ v",
    inputs=shaped("ijk ijk ijk", *ITEMS),
    exactness="rounding",
)


def heads_joined(x):
    out = []
    for i in range(x.shape[0]):
        out.append(x[i].transpose(0, 1).reshape(x.shape[2], -1) * 2)
    return torch.stack(out)


FAMILY.add(
    heads_joined,
    "return x.transpose(1, 2).flatten(1).unflatten(1, (x.shape[2], -1)) * 2",
    inputs=shaped("ihtd", (2, 3, 4, 2), (1, 1, 2, 3)),
)


def kept_dimensions(x):
    out = torch.zeros(x.shape[0], x.shape[1], 1)
    for i in range(x.shape[0]):
        out[i] = x[i].sum(dim=1, keepdim=True)
    return out


FAMILY.add(
    kept_dimensions, "return x.sum(2, keepdim=True)", inputs=shaped("ijk", *ITEMS),
    exactness="rounding",
)  # fmt: skip
