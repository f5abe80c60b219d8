"""What an expert would write is the plainest form: no leftovers, the user's names, known methods.

Names of sizes, values put where they are read, sums by counts, triangles, rolls, windows, products.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .inputs import cubes, matrices, random_tensor, tensors, vectors

FAMILY = Family()
SQUARES = ((4, 4), (1, 1), (2, 2), (0, 0))


def size_by_its_name(x):
    n, m = x.shape
    out = torch.zeros(n, m)
    for i in range(n):
        for j in range(m):
            out[i, j] = i * m + j
    return out


FAMILY.add(
    size_by_its_name,
    "n, m = x.shape\nreturn ((torch.arange(n) * m)[:, None] + torch.arange(m)).float()",
    inputs=matrices(grad=False),
)


def size_set_again_inside(x):
    n = len(x)
    for n in range(len(x)):
        x[n] = x[n] * n
    return x


FAMILY.add(
    size_set_again_inside,
    "x *= torch.arange(len(x))\nreturn x",
    "n = len(x)\nx *= torch.arange(len(x))\nreturn x",
    inputs=vectors(grad=False),
)


def half_of_the_size(x):
    size = x.size(0)
    out = torch.zeros(size // 2)
    for k in range(size // 2):
        out[k] = x[size // 2 - 1 - k]
    return out


FAMILY.add(half_of_the_size, "size = x.size(0)\nreturn x[:size // 2].flip(0)", inputs=vectors())


def mean_and_variance(x):
    n = len(x)
    mean = 0.0
    for i in range(n):
        mean += x[i]
    mean /= n
    variance = 0.0
    for i in range(n):
        variance += (x[i] - mean) ** 2
    variance /= n
    return mean, variance


FAMILY.add(
    mean_and_variance,
    "mean = x.mean()\nreturn mean, ((x - mean) ** 2).mean()",
    inputs=lambda: [args for args in vectors()() if len(args[0])],
    exactness="rounding",
)


def mean_of_all(x):
    n, m = x.shape
    total = torch.tensor(0.0)
    for i in range(n):
        for j in range(m):
            total += x[i, j] ** 2
    return (total / (n * m)) ** 0.5


FAMILY.add(mean_of_all, "return (x ** 2).mean() ** 0.5", inputs=matrices(), exactness="rounding")


def mean_of_each_row_in_place(x):
    n, m = x.shape
    out = torch.empty(n)
    for i in range(n):
        out[i] = 0
        for j in range(m):
            out[i] += x[i, j]
        out[i] /= m
    return out


FAMILY.add(
    mean_of_each_row_in_place, "return x.mean(1)", inputs=matrices(), exactness="rounding"
)


def sum_divided_by_another_count(x):
    total = 0.0
    for i in range(1, len(x)):
        total += x[i]
    return total / len(x)


FAMILY.add(
    sum_divided_by_another_count,
    "return x[1:].sum() / len(x)",
    inputs=vectors(),
    exactness="rounding",
)


def loss_negated(p, y):
    loss = 0.0
    n = p.size(0)
    for i in range(n):
        loss -= y[i] * torch.sin(p[i])
    return loss / n


FAMILY.add(
    loss_negated,
    "n = p.size(0)\nreturn -(y @ torch.sin(p)) / n",
    inputs=vectors(2),
    exactness="rounding",
)


def loss_of_one_element(p, t):
    loss = torch.zeros(1)
    for i in range(len(p)):
        loss += (p[i] - t[i]).abs()
    return loss


FAMILY.add(
    loss_of_one_element,
    "return (p - t).abs().sum().reshape(1)",
    inputs=vectors(2),
    exactness="rounding",
)


def rows_normalised(x):
    n, m = x.shape
    out = torch.zeros_like(x)
    for i in range(n):
        total = 0.0
        for j in range(m):
            total += torch.exp(x[i, j])
        for j in range(m):
            out[i, j] = torch.exp(x[i, j]) / total
    return out


FAMILY.add(
    rows_normalised,
    "return torch.exp(x) / torch.exp(x).sum(1, keepdim=True)",
    inputs=matrices(),
    exactness="rounding",
)


def linear_layer(x, w, b):
    n, d = x.shape
    m = w.shape[0]
    out = torch.zeros(n, m)
    for i in range(n):
        for o in range(m):
            acc = b[o]
            for k in range(d):
                acc = acc + x[i, k] * w[o, k]
            out[i, o] = acc
    return out


FAMILY.add(
    linear_layer,
    "return x @ w.T + b",
    inputs=lambda: [
        (random_tensor((n, d), 1, grad=g), random_tensor((m, d), 2), random_tensor((m,), 3))
        for n, d, m, g in ((3, 4, 5, False), (1, 1, 1, False), (0, 2, 3, False), (3, 4, 5, True))
    ],
    exactness="rounding",
)


def scaled_scores(q, k):
    T, D = q.shape
    scores = torch.zeros(T, T)
    for i in range(T):
        for j in range(T):
            s = 0.0
            for d in range(D):
                s += q[i, d] * k[j, d]
            scores[i, j] = s / D ** 0.5
    return scores


FAMILY.add(
    scaled_scores,
    "T, D = q.shape\nreturn q @ k.T / D ** 0.5",
    inputs=matrices(2),
    exactness="rounding",
)


def causal_mask(n):
    mask = torch.zeros(n, n)
    for i in range(n):
        for j in range(i + 1, n):
            mask[i, j] = float("-inf")
    return mask


FAMILY.add(
    causal_mask,
    "return torch.full((n, n), float('-inf')).triu(1)",
    inputs=lambda: [(4,), (1,), (0,), (2,)],
)


def lower_triangle_of_ones(n):
    mask = torch.zeros(n, n)
    for i in range(n):
        for j in range(i + 1):
            mask[i, j] = 1
    return mask


FAMILY.add(
    lower_triangle_of_ones,
    "return torch.ones(n, n).tril()",
    inputs=lambda: [(4,), (1,), (0,), (2,)],
)


def band_above(x, k):
    n = x.shape[0]
    out = torch.zeros_like(x)
    for i in range(n):
        for j in range(n):
            if j >= i + k:
                out[i, j] = x[i, j]
    return out


FAMILY.add(
    band_above,
    "return x.triu(k)",
    inputs=lambda: [
        (random_tensor(shape, 5, grad=g), k)
        for shape in SQUARES
        for k, g in ((1, False), (-1, False), (0, True), (7, False))
    ],
)


def triangle_of_each_matrix(x):
    b, n, m = x.shape
    out = torch.zeros_like(x)
    for t in range(b):
        for i in range(n):
            for j in range(m):
                if i > j:
                    out[t, i, j] = x[t, i, j] * 2
    return out


FAMILY.add(triangle_of_each_matrix, "return (x * 2).tril(-1)", inputs=cubes())


def transposed_below(x):
    n = x.shape[0]
    out = torch.zeros_like(x)
    for i in range(n):
        for j in range(i):
            out[i, j] = x[j, i]
    return out


FAMILY.add(transposed_below, "return x.T.tril(-1)", inputs=tensors(SQUARES))


def ones_stay_below(x):
    n = x.shape[0]
    out = torch.ones(n, n)
    for i in range(n):
        for j in range(i + 1, n):
            out[i, j] = x[i, j]
    return out


FAMILY.add(
    ones_stay_below,
    "n = x.shape[0]\nreturn torch.where(torch.arange(n) > torch.arange(n)[:, None], x, 1)",
    inputs=tensors(SQUARES),
)


def pairs_in_order(x):
    n = len(x)
    count = 0
    for i in range(n):
        for j in range(i + 1, n):
            if x[i] > x[j]:
                count += 1
    return count


FAMILY.add(
    pairs_in_order,
    "return (x[:, None] > x).triu(1).sum().item()",
    inputs=vectors(),
)


def rolled_by_k(x, k):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(n):
        out[i] = x[(i + k) % n]
    return out


FAMILY.add(
    rolled_by_k,
    "return x.roll(-k)",
    inputs=lambda: [(x, k) for (x,) in vectors()() for k in (2, -3, 0, 11)],
)


def rolled_in_two_dimensions(x):
    h, w = x.shape
    out = torch.zeros_like(x)
    for i in range(h):
        for j in range(w):
            out[i, j] = x[i - 1, (j + 1) % w]
    return out


FAMILY.add(
    rolled_in_two_dimensions, "return x.roll((1, -1), (0, 1))", inputs=matrices()
)


def windows_written_out(x, size, hop):
    out = torch.zeros((len(x) - size) // hop + 1, size)
    for i in range((len(x) - size) // hop + 1):
        for k in range(size):
            out[i, k] = x[i * hop + k]
    return out


FAMILY.add(
    windows_written_out,
    "return x.unfold(0, size, hop).clone()",
    inputs=lambda: [
        (random_tensor((n,), n, grad=g), size, hop)
        for n, size, hop, g in ((9, 4, 2, False), (9, 4, 3, True), (4, 4, 1, False))
    ],
)


def windows_backwards(x, w):
    n, k = len(x), len(w)
    out = torch.zeros(n - k + 1)
    for i in range(n - k + 1):
        for j in range(k):
            out[i] += x[i + k - 1 - j] * w[j]
    return out


FAMILY.add(
    windows_backwards,
    "n, k = len(x), len(w)\nreturn x.unfold(0, k, 1).flip(1) @ w",
    inputs=lambda: [
        (random_tensor((n,), n, grad=g), random_tensor((k,), k + 1))
        for n, k, g in ((9, 3, False), (3, 3, False), (4, 1, True))
    ],
    exactness="rounding",
)


def blurred(img, k):
    h, w = img.shape
    r = k // 2
    out = torch.zeros(h, w)
    for i in range(r, h - r):
        for j in range(r, w - r):
            s = 0.0
            for di in range(-r, r + 1):
                for dj in range(-r, r + 1):
                    s += img[i + di, j + dj]
            out[i, j] = s / (k * k)
    return out


FAMILY.add(
    blurred,
    "h, w = img.shape\nr = k // 2\nout = torch.zeros(h, w)\n"
    "out[r:h - r, r:w - r] = "
    "img.unfold(0, 2 * r + 1, 1).unfold(1, 2 * r + 1, 1).sum((2, 3)) / (k * k)\nreturn out",
    inputs=lambda: [
        (random_tensor(shape, 4, grad=g), k)
        for shape, k, g in (((7, 8), 3, False), ((5, 5), 5, False), ((4, 3), 1, True))
    ],
    exactness="rounding",
)


def flags_set(x, flags):
    for i in range(len(x)):
        if x[i] > 0:
            flags[i] = True
    return flags


FAMILY.add(
    flags_set,
    "flags |= x > 0\nreturn flags",
    inputs=lambda: [(x, x < -0.5) for (x,) in vectors(grad=False)()],
)


def flags_from_nothing(x):
    flags = torch.zeros(len(x), dtype=torch.bool)
    for i in range(len(x)):
        if x[i] > 0:
            flags[i] = True
    return flags


FAMILY.add(flags_from_nothing, "return x > 0", inputs=vectors(grad=False))


def held_between(x):
    for i in range(len(x)):
        if x[i] > 1:
            x[i] = 1
        elif x[i] < -1:
            x[i] = -1
    return x


FAMILY.add(
    held_between, "x.clamp_(min=-1, max=1)\nreturn x", inputs=vectors(grad=False)
)


def updates_of_one_array(x, y):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = y[i] * 2
        out[i] += x[i]
        out[i] /= 3
    return out


FAMILY.add(updates_of_one_array, "return (y * 2 + x) / 3", inputs=vectors(2))


def update_after_its_source_changed(x, y):
    for i in range(len(x)):
        x[i] = y[i]
        y[i] = 0
        x[i] += 1
    return x


FAMILY.add(
    update_after_its_source_changed,
    "x[:] = y\ny[:] = 0\nx += 1\nreturn x",
    inputs=vectors(2, grad=False),
)
