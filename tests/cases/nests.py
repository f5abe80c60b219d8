"""Loops inside of what stays, and tensors that an iteration makes and fills."""

from __future__ import annotations

import torch

from .case import Family
from .inputs import random_tensor

FAMILY = Family()


def sizes(*shapes, count=1, others=()):
    return lambda: [
        (*(random_tensor(shape, 3 * n + k) for k in range(count)), *others)
        for n, shape in enumerate(shapes)
    ]


# ------------------------------------------------------------------ inside of what stays


def sums_in_epochs(a, b, epochs):
    n, m = a.shape
    out = torch.zeros_like(a)
    for epoch in range(epochs):
        print("epoch", epoch)
        for i in range(n):
            for j in range(m):
                out[i, j] = a[i, j] + b[i, j]
    return out


FAMILY.add(
    sums_in_epochs,
    "out = torch.zeros_like(a)\n"
    "for epoch in range(epochs):\n"
    '    print("epoch", epoch)\n'
    "    out[:] = a + b\n"
    "return out",
    inputs=sizes((3, 4), (1, 1), (0, 2), count=2, others=(2,)),
    status="partial",
)


def halved_until_small(x, bound):
    error = 1.0
    while error > bound:
        y = torch.zeros_like(x)
        for i in range(len(x)):
            y[i] = x[i] * 0.5
        error = float(y.abs().max())
        x = y
    return x


FAMILY.add(
    halved_until_small,
    "error = 1.0\n"
    "while error > bound:\n"
    "    y = x * 0.5\n"
    "    error = float(y.abs().max())\n"
    "    x = y\n"
    "return x",
    inputs=sizes((5,), (1,), others=(0.1,)),
    exactness="rounding",  # y.abs().max() may go through the elements in another order
    status="partial",
)


def buffers_exchanged(u, steps):
    new = u.clone()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            new[i] = 0.5 * (u[i - 1] + u[i + 1])
        u, new = new, u
    return u


FAMILY.add(
    buffers_exchanged,
    "new = u.clone()\n"
    "for _ in range(steps):\n"
    "    new[1:-1] = 0.5 * (u[:-2] + u[2:])\n"
    "    u, new = (new, u)\n"
    "return u",
    inputs=sizes((6,), (2,), others=(3,)),
    status="partial",
)


def wave_in_time(u, c, steps):
    before, now = u.clone(), u.clone()
    for _ in range(steps):
        later = torch.zeros_like(now)
        for i in range(1, len(now) - 1):
            later[i] = 2 * now[i] - before[i] + c * (now[i - 1] - 2 * now[i] + now[i + 1])
        before, now = now, later
    return now


FAMILY.add(
    wave_in_time,
    "before, now = (u.clone(), u.clone())\n"
    "for _ in range(steps):\n"
    "    later = torch.zeros_like(now)\n"
    "    later[1:-1] = 2 * now[1:-1] - before[1:-1]"
    " + c * (now[:-2] - 2 * now[1:-1] + now[2:])\n"
    "    before, now = (now, later)\n"
    "return now",
    inputs=sizes((6,), (2,), others=(0.1, 3)),
    status="partial",
)


def power_iteration(A, steps):
    v = torch.ones(A.shape[0])
    for _ in range(steps):
        w = torch.zeros(A.shape[0])
        for i in range(A.shape[0]):
            for j in range(A.shape[0]):
                w[i] += A[i, j] * v[j]
        v = w / w.norm()
    return v


FAMILY.add(
    power_iteration,
    "v = torch.ones(A.shape[0])\n"
    "for _ in range(steps):\n"
    "    w = A @ v\n"
    "    v = w / w.norm()\n"
    "return v",
    inputs=sizes((4, 4), (1, 1), others=(3,)),
    exactness="rounding",
    status="partial",
)


def rates_that_fall(x, rounds):
    rate = 0.1
    for epoch in range(rounds):
        print(epoch)
        for i in range(len(x)):
            x[i] = x[i] - rate * x[i]
        rate = rate * 0.5
    return x


FAMILY.add(
    rates_that_fall,
    "rate = 0.1\n"
    "for epoch in range(rounds):\n"
    "    print(epoch)\n"
    "    x[:] = x - rate * x\n"
    "    rate = rate * 0.5\n"
    "return x",
    inputs=sizes((5,), (1,), (0,), others=(2,)),
    status="partial",
)


def rows_below_the_diagonal(x, w):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(n):
        print(i)
        for j in range(i, n):
            out[j] = out[j] + x[i] * w[j]
    return out


FAMILY.add(
    rows_below_the_diagonal,
    "n = len(x)\n"
    "out = torch.zeros_like(x)\n"
    "for i in range(n):\n"
    "    print(i)\n"
    "    out[i:] += x[i] * w[i:]\n"
    "return out",
    inputs=sizes((5,), (1,), count=2),
    status="partial",
)


# ------------------------------------------------------------------ made and filled in an iteration


def rows_weighted(x, w):
    n, m = x.shape
    out = torch.zeros_like(x)
    for i in range(n):
        row = torch.zeros(m)
        for j in range(m):
            row[j] = x[i, j] * w[j]
        out[i] = row.softmax(0)
    return out


FAMILY.add(
    rows_weighted,
    "return (x * w).softmax(dim=1)",
    "return (x * w).softmax(1)",
    inputs=lambda: [
        (random_tensor((n, m), n, grad=g), random_tensor((m,), 9))
        for n, m, g in ((3, 4, False), (3, 4, True), (1, 1, True), (0, 3, False))
    ],
    exactness="rounding",
)


def rows_collected(x, w):
    rows = []
    for i in range(len(x)):
        row = torch.empty(len(w))
        for j in range(len(w)):
            row[j] = x[i, j] * w[j]
        rows.append(row)
    return torch.stack(rows)


FAMILY.add(
    rows_collected,
    "return x * w",
    inputs=lambda: [
        (random_tensor((n, m), n), random_tensor((m,), 9)) for n, m in ((3, 4), (1, 1))
    ],
)


def differences_of_rows(x):
    n, m = x.shape
    out = torch.zeros_like(x)
    for i in range(n):
        row = torch.zeros(m)
        for j in range(1, m):
            row[j] = x[i, j] - x[i, j - 1]
        out[i] = row
    return out


FAMILY.add(
    differences_of_rows,
    "n, m = x.shape\n"
    "row = torch.zeros(n, m)\n"
    "row[:, 1:] = x[:, 1:] - x[:, :-1]\n"
    "return row",
    inputs=sizes((3, 4), (2, 1), (0, 3)),
)


def features_of_rows(x):
    n, m = x.shape
    out = torch.zeros(n, 3)
    for i in range(n):
        v = torch.zeros(3)
        v[0] = x[i, 0]
        v[1] = x[i, 1] * 2
        v[2] = x[i].sum()
        out[i] = v
    return out


FAMILY.add(
    features_of_rows,
    "n, m = x.shape\n"
    "v = torch.zeros(n, 3)\n"
    "v[:, 0] = x[:, 0]\n"
    "v[:, 1] = x[:, 1] * 2\n"
    "v[:, 2] = x.sum(1)\n"
    "return v",
    inputs=sizes((3, 4), (1, 2)),
    exactness="rounding",
)


def greatest_of_actions(P, R, V, gamma):
    S, A = R.shape
    best = torch.zeros(S)
    for s in range(S):
        q = torch.zeros(A)
        for a in range(A):
            q[a] = R[s, a] + gamma * (P[s, a] * V).sum()
        best[s] = q.max()
    return best


FAMILY.add(
    greatest_of_actions,
    "q = R + gamma * (P @ V)\nreturn q.amax(1)",
    inputs=lambda: [
        (random_tensor((s, a, s), 1), random_tensor((s, a), 2), random_tensor((s,), 3), 0.9)
        for s, a in ((3, 2), (1, 1))
    ],
    exactness="rounding",
)


def rows_exchanged(x, y):
    for i in range(len(x)):
        old = x[i].clone()
        x[i] = y[i]
        y[i] = old
    return x, y


FAMILY.add(
    rows_exchanged,
    "old = x.clone()\nx[:] = y\ny[:] = old\nreturn (x, y)",
    inputs=sizes((3, 4), (1, 1), (0, 2), count=2),
)
