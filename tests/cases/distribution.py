"""Nests that are split, reordered or kept at one level, as their dependences ask."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .in_place import accepted
from .inputs import matrices, random_tensor, vectors

FAMILY = Family()


def square(*sizes, shift=0.0):
    """One square matrix of each size, `shift` added to its diagonal; no gradients."""
    return lambda: [(random_tensor((n, n), n) + shift * torch.eye(n),) for n in sizes]


# ------------------------------------------------------------------ statements split and reordered


def second_statement_reads_the_step_before(b):
    a = torch.zeros_like(b)
    c = torch.zeros_like(b)
    for i in range(1, len(b)):
        a[i] = b[i] * 2
        c[i] = a[i - 1] + 1
    return a, c


FAMILY.add(
    second_statement_reads_the_step_before,
    "a = torch.zeros_like(b)\nc = torch.zeros_like(b)\n"
    "a[1:] = b[1:] * 2\nc[1:] = a[:-1] + 1\nreturn a, c",
    inputs=vectors(grad=False),
)


def first_statement_reads_the_step_before(b):
    a = torch.zeros_like(b)
    c = torch.zeros_like(b)
    for i in range(1, len(b)):
        c[i] = a[i - 1] + 1
        a[i] = b[i] * 2
    return a, c


FAMILY.add(
    first_statement_reads_the_step_before,
    "a = torch.zeros_like(b)\nc = torch.zeros_like(b)\n"
    "a[1:] = b[1:] * 2\nc[1:] = a[:-1] + 1\nreturn a, c",
    inputs=vectors(grad=False),
)


def old_value_read_before_it_is_overwritten(x, y):
    total = torch.zeros_like(x)
    for i in range(len(x) - 1):
        total[i] = x[i] + x[i + 1]
        x[i] = y[i] * 2
    return total


FAMILY.add(
    old_value_read_before_it_is_overwritten,
    "total = torch.zeros_like(x)\ntotal[:-1] = x[:-1] + x[1:]\nx[:-1] = y[:-1] * 2\nreturn total",
    "total = torch.zeros_like(x)\n"
    "total[:len(x) - 1] = x[:len(x) - 1] + x[1:]\n"
    "x[:len(x) - 1] = y[:len(x) - 1] * 2\n"
    "return total",
    inputs=vectors(2, grad=False),
)


def node_split(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a) - 1):
        a[i] = b[i] + 1
        out[i] = a[i] * a[i + 1]
    return out


# a[i + 1] is the old value: read before the first statement writes it.
FAMILY.add(
    node_split,
    "old = a.clone()\nout = torch.zeros_like(a)\n"
    "a[:-1] = b[:-1] + 1\nout[:-1] = a[:-1] * old[1:]\nreturn out",
    "out = torch.zeros_like(a)\nnext_a = a[1:].clone()\n"
    "a[:-1] = b[:-1] + 1\nout[:-1] = a[:-1] * next_a\nreturn out",
    "out = torch.zeros_like(a)\nout[:-1] = (b[:-1] + 1) * a[1:]\na[:-1] = b[:-1] + 1\nreturn out",
    inputs=vectors(2, grad=False),
)


def recurrence_beside_parallel_work(x, b):
    h = torch.zeros_like(x)
    y = torch.zeros_like(x)
    for t in range(1, len(x)):
        h[t] = torch.tanh(h[t - 1] + x[t])
        y[t] = h[t] * 2 + b[t]
    return y


FAMILY.add(
    recurrence_beside_parallel_work,
    "h = torch.zeros_like(x)\ny = torch.zeros_like(x)\n"
    "for t in range(1, len(x)):\n    h[t] = torch.tanh(h[t - 1] + x[t])\n"
    "y[1:] = h[1:] * 2 + b[1:]\nreturn y",
    inputs=vectors(2, grad=False),
    status="partial",
)


def input_projection_leaves_the_loop(x, W, U):
    T, N = x.shape[0], W.shape[0]
    h = torch.zeros(N)
    out = torch.zeros(T, N)
    for t in range(T):
        h = torch.tanh(W @ x[t] + U @ h)
        out[t] = h
    return out


FAMILY.add(
    input_projection_leaves_the_loop,
    "T, N = x.shape[0], W.shape[0]\nh = torch.zeros(N)\nout = torch.zeros(T, N)\n"
    "projected = x @ W.T\n"
    "for t in range(T):\n    h = torch.tanh(projected[t] + U @ h)\n    out[t] = h\n"
    "return out",
    inputs=lambda: [
        (random_tensor((t, 3), 1), random_tensor((4, 3), 2), random_tensor((4, 4), 3))
        for t in (5, 1, 2)
    ],
    exactness="rounding",
    status="partial",
)


# ------------------------------------------------------------------ wraps and peeled iterations


def difference_that_wraps(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] - x[i - 1]
    return out


FAMILY.add(
    difference_that_wraps,
    "return x - x.roll(1)",
    "return x - torch.roll(x, 1)",
    inputs=vectors(),
)


def neighbours_on_a_ring(x):
    n = len(x)
    out = torch.zeros(n)
    for i in range(n):
        out[i] = x[(i - 1) % n] + x[(i + 1) % n]
    return out


FAMILY.add(
    neighbours_on_a_ring,
    "return x.roll(1) + x.roll(-1)",
    "return torch.roll(x, 1) + torch.roll(x, -1)",
    inputs=vectors(),
)


def first_iteration_peeled(x):
    out = torch.empty_like(x)
    for i in range(len(x)):
        if i == 0:
            out[i] = x[i]
        else:
            out[i] = x[i] - 0.97 * x[i - 1]
    return out


FAMILY.add(
    first_iteration_peeled,
    "out = x.clone()\nout[1:] = x[1:] - 0.97 * x[:-1]\nreturn out",
    "out = x.clone()\nout[1:] -= 0.97 * x[:-1]\nreturn out",
    "out = torch.empty_like(x)\nout[:1] = x[:1]\nout[1:] = x[1:] - 0.97 * x[:-1]\nreturn out",
    "out = torch.empty_like(x)\nout[0] = x[0]\nout[1:] = x[1:] - 0.97 * x[:-1]\nreturn out",
    "return torch.cat([x[:1], x[1:] - 0.97 * x[:-1]])",
    inputs=vectors(),
)


def both_ends_peeled(y, h):
    n = len(y)
    slope = torch.zeros(n)
    for i in range(n):
        if i == 0:
            slope[i] = (y[1] - y[0]) / h
        elif i == n - 1:
            slope[i] = (y[n - 1] - y[n - 2]) / h
        else:
            slope[i] = (y[i + 1] - y[i - 1]) / (2 * h)
    return slope


FAMILY.add(
    both_ends_peeled,
    "n = len(y)\nslope = torch.zeros(n)\n"
    "slope[0] = (y[1] - y[0]) / h\n"
    "slope[n - 1] = (y[n - 1] - y[n - 2]) / h\n"
    "slope[1:n - 1] = (y[2:] - y[:n - 2]) / (2 * h)\n"
    "return slope",
    "n = len(y)\nslope = torch.zeros(n)\n"
    "slope[0] = (y[1] - y[0]) / h\n"
    "slope[-1] = (y[-1] - y[-2]) / h\n"
    "slope[1:-1] = (y[2:] - y[:-2]) / (2 * h)\n"
    "return slope",
    "slope = torch.empty_like(y)\n"
    "slope[0] = (y[1] - y[0]) / h\n"
    "slope[-1] = (y[-1] - y[-2]) / h\n"
    "slope[1:-1] = (y[2:] - y[:-2]) / (2 * h)\n"
    "return slope",
    "return torch.gradient(y, spacing=h)[0]",
    inputs=lambda: [args for args in vectors(1, 0.5)() if len(args[0]) >= 2],
    exactness=("bitwise", "rounding"),
)


def range_split_at_the_middle(x):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(n):
        if i < n // 2:
            out[i] = x[i] * 2
        else:
            out[i] = x[i] + 1
    return out


FAMILY.add(
    range_split_at_the_middle,
    "n = len(x)\nout = torch.zeros_like(x)\n"
    "out[:n // 2] = x[:n // 2] * 2\nout[n // 2:] = x[n // 2:] + 1\nreturn out",
    "n = len(x)\nreturn torch.where(torch.arange(n) < n // 2, x * 2, x + 1)",
    "return torch.cat([x[:len(x) // 2] * 2, x[len(x) // 2:] + 1])",
    inputs=vectors(),
)


# ------------------------------------------------------------------ domains


def products_above_the_diagonal(a):
    n = len(a)
    out = torch.zeros(n, n)
    for i in range(n):
        for j in range(i + 1, n):
            out[i, j] = a[i] * a[j]
    return out


FAMILY.add(
    products_above_the_diagonal,
    "return torch.outer(a, a).triu(1)",
    "return torch.triu(torch.outer(a, a), 1)",
    "return (a[:, None] * a).triu(1)",
    "return torch.triu(a[:, None] * a, 1)",
    inputs=vectors(),
)


def causal_scores(q, k):
    T = q.shape[0]
    scores = torch.full((T, T), float("-inf"))
    for i in range(T):
        for j in range(i + 1):
            scores[i, j] = torch.dot(q[i], k[j])
    return scores


FAMILY.add(
    causal_scores,
    "T = q.shape[0]\n"
    "mask = torch.ones(T, T, dtype=torch.bool).tril()\n"
    'return torch.where(mask, q @ k.T, float("-inf"))',
    "T = q.shape[0]\n"
    "future = torch.ones(T, T, dtype=torch.bool).triu(1)\n"
    'return (q @ k.T).masked_fill(future, float("-inf"))',
    inputs=matrices(2),
    exactness="rounding",
)


def symmetric_from_the_upper_half(d):
    n = d.shape[0]
    out = torch.zeros_like(d)
    for i in range(n):
        for j in range(n):
            if j > i:
                out[i, j] = d[i, j]
                out[j, i] = d[i, j]
    return out


FAMILY.add(
    symmetric_from_the_upper_half,
    "return d.triu(1) + d.triu(1).T",
    "upper = d.triu(1)\nreturn upper + upper.T",
    inputs=square(5, 2, 1),
    exactness=("bitwise", "rounding"),  # 0 + -0.0 is 0.0
)


def lower_triangle_cleared_in_place(A):
    for i in range(A.shape[0]):
        for j in range(i):
            A[i, j] = 0
    return A


FAMILY.add(
    lower_triangle_cleared_in_place,
    "A.triu_()\nreturn A",
    "return A.triu_()",
    *accepted("A", "A.triu()"),
    inputs=square(5, 2, 1, 0),
)


def rows_reversed_in_place(x):
    n = len(x)
    for i in range(n // 2):
        t = x[i].clone()
        x[i] = x[n - 1 - i]
        x[n - 1 - i] = t
    return x


FAMILY.add(
    rows_reversed_in_place,
    "x[:] = x.flip(0)\nreturn x",
    "x.copy_(x.flip(0))\nreturn x",
    "x[...] = x.flip(0)\nreturn x",
    inputs=matrices(grad=False),
)


def unrolled_by_hand(x):
    out = torch.zeros_like(x)
    for i in range(0, len(x) - 1, 2):
        out[i] = x[i] * 2
        out[i + 1] = x[i + 1] * 2
    return out


FAMILY.add(unrolled_by_hand, inputs=vectors())


def pairs_rotated(x, cos, sin):
    out = torch.zeros_like(x)
    for i in range(0, len(x), 2):
        out[i] = x[i] * cos - x[i + 1] * sin
        out[i + 1] = x[i] * sin + x[i + 1] * cos
    return out


FAMILY.add(
    pairs_rotated,
    "out = torch.zeros_like(x)\n"
    "out[::2] = x[::2] * cos - x[1::2] * sin\n"
    "out[1::2] = x[::2] * sin + x[1::2] * cos\n"
    "return out",
    inputs=lambda: [(random_tensor((n,), n), 0.6, 0.8) for n in (6, 2, 0)],
)


def shifted_up_downwards_in_place(x):
    for i in range(len(x) - 1, 0, -1):
        x[i] = x[i - 1]
    return x


FAMILY.add(
    shifted_up_downwards_in_place,
    "x[1:] = x[:-1].clone()\nreturn x",
    "x[1:] = x[:len(x) - 1].clone()\nreturn x",
    inputs=vectors(grad=False),
)


# ------------------------------------------------------------------ serial outside, vectors inside


def heat_in_time(u, steps, c):
    for t in range(steps):
        new = u.clone()
        for i in range(1, len(u) - 1):
            new[i] = u[i] + c * (u[i - 1] - 2 * u[i] + u[i + 1])
        u = new
    return u


FAMILY.add(
    heat_in_time,
    "for t in range(steps):\n"
    "    new = u.clone()\n"
    "    new[1:-1] = u[1:-1] + c * (u[:-2] - 2 * u[1:-1] + u[2:])\n"
    "    u = new\n"
    "return u",
    "for t in range(steps):\n"
    "    new = u.clone()\n"
    "    new[1:len(u) - 1] = u[1:len(u) - 1]"
    " + c * (u[:len(u) - 2] - 2 * u[1:len(u) - 1] + u[2:])\n"
    "    u = new\n"
    "return u",
    inputs=vectors(1, 4, 0.2),
    status="partial",
)


def jacobi_sweeps(grid, sweeps):
    n, m = grid.shape
    for _ in range(sweeps):
        old = grid.clone()
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                grid[i, j] = 0.25 * (old[i - 1, j] + old[i + 1, j] + old[i, j - 1] + old[i, j + 1])
    return grid


FAMILY.add(
    jacobi_sweeps,
    "for _ in range(sweeps):\n"
    "    grid[1:-1, 1:-1] = 0.25 * (grid[:-2, 1:-1] + grid[2:, 1:-1]"
    " + grid[1:-1, :-2] + grid[1:-1, 2:])\n"
    "return grid",
    "for _ in range(sweeps):\n"
    "    old = grid.clone()\n"
    "    grid[1:-1, 1:-1] = 0.25 * (old[:-2, 1:-1] + old[2:, 1:-1]"
    " + old[1:-1, :-2] + old[1:-1, 2:])\n"
    "return grid",
    "n, m = grid.shape\n"
    "for _ in range(sweeps):\n"
    "    grid[1:n - 1, 1:m - 1] = 0.25 * (grid[:n - 2, 1:m - 1] + grid[2:, 1:m - 1]"
    " + grid[1:n - 1, :m - 2] + grid[1:n - 1, 2:])\n"
    "return grid",
    inputs=matrices(1, 3, grad=False),
    status="partial",
)


def fields_in_time(ez, hy, steps):
    n = len(ez)
    for t in range(steps):
        for i in range(n - 1):
            hy[i] = hy[i] + 0.5 * (ez[i + 1] - ez[i])
        for i in range(1, n):
            ez[i] = ez[i] + 0.5 * (hy[i] - hy[i - 1])
    return ez, hy


FAMILY.add(
    fields_in_time,
    "for t in range(steps):\n"
    "    hy[:-1] += 0.5 * (ez[1:] - ez[:-1])\n"
    "    ez[1:] += 0.5 * (hy[1:] - hy[:-1])\n"
    "return ez, hy",
    "n = len(ez)\n"
    "for t in range(steps):\n"
    "    hy[:n - 1] = hy[:n - 1] + 0.5 * (ez[1:] - ez[:n - 1])\n"
    "    ez[1:] = ez[1:] + 0.5 * (hy[1:] - hy[:n - 1])\n"
    "return ez, hy",
    "n = len(ez)\n"
    "for t in range(steps):\n"
    "    hy[:n - 1] += 0.5 * (ez[1:] - ez[:n - 1])\n"
    "    ez[1:] += 0.5 * (hy[1:] - hy[:n - 1])\n"
    "return ez, hy",
    inputs=vectors(2, 3, grad=False),
    status="partial",
)


def fields_in_time_on_a_grid(ex, ey, hz, steps):
    nx, ny = hz.shape
    for t in range(steps):
        for j in range(ny):
            ey[0, j] = t
        for i in range(1, nx):
            for j in range(ny):
                ey[i, j] = ey[i, j] - 0.5 * (hz[i, j] - hz[i - 1, j])
        for i in range(nx):
            for j in range(1, ny):
                ex[i, j] = ex[i, j] - 0.5 * (hz[i, j] - hz[i, j - 1])
        for i in range(nx - 1):
            for j in range(ny - 1):
                hz[i, j] = hz[i, j] - 0.7 * (ex[i, j + 1] - ex[i, j] + ey[i + 1, j] - ey[i, j])
    return hz


FAMILY.add(
    fields_in_time_on_a_grid,
    "for t in range(steps):\n"
    "    ey[0] = t\n"
    "    ey[1:] -= 0.5 * (hz[1:] - hz[:-1])\n"
    "    ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])\n"
    "    hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])\n"
    "return hz",
    inputs=matrices(3, 3, grad=False),
    status="partial",
)


def rows_advanced_together(x, decay):
    rows, steps = x.shape
    h = torch.zeros(rows, steps)
    for i in range(rows):
        for t in range(1, steps):
            h[i, t] = torch.tanh(decay * h[i, t - 1] + x[i, t])
    return h


# Interchanged: time outside, all rows inside.
FAMILY.add(
    rows_advanced_together,
    "rows, steps = x.shape\nh = torch.zeros(rows, steps)\n"
    "for t in range(1, steps):\n"
    "    h[:, t] = torch.tanh(decay * h[:, t - 1] + x[:, t])\n"
    "return h",
    inputs=matrices(1, 0.5, grad=False),
    exactness="rounding",  # tanh of many elements
    status="partial",
)


def floyd_warshall(dist):
    n = dist.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                if dist[i, k] + dist[k, j] < dist[i, j]:
                    dist[i, j] = dist[i, k] + dist[k, j]
    return dist


# Row and column k stay as they are in step k where no cycle is negative: dist[k, k] >= 0.
FAMILY.add(
    floyd_warshall,
    "n = dist.shape[0]\n"
    "for k in range(n):\n"
    "    dist[:] = torch.minimum(dist, dist[:, k, None] + dist[k])\n"
    "return dist",
    "for k in range(dist.shape[0]):\n"
    "    torch.minimum(dist, dist[:, k:k + 1] + dist[k:k + 1], out=dist)\n"
    "return dist",
    "n = dist.shape[0]\n"
    "for k in range(n):\n"
    "    through = dist[:, k, None] + dist[k]\n"
    "    dist[:] = torch.where(through < dist, through, dist)\n"
    "return dist",
    inputs=lambda: [
        ((random_tensor((n, n), n).abs() * 10).fill_diagonal_(0),) for n in (6, 2, 1, 0)
    ],
    status="partial",
)


def floyd_warshall_with_min(dist):
    n = len(dist)
    for k in range(n):
        new = dist.clone()
        for i in range(n):
            for j in range(n):
                new[i, j] = torch.min(dist[i, j], dist[i, k] + dist[k, j])
        dist = new
    return dist


FAMILY.add(
    floyd_warshall_with_min,
    "n = len(dist)\n"
    "for k in range(n):\n"
    "    dist = torch.min(dist, dist[:, k, None] + dist[k])\n"
    "return dist",
    "n = len(dist)\n"
    "for k in range(n):\n"
    "    dist = torch.minimum(dist, dist[:, k, None] + dist[k])\n"
    "return dist",
    inputs=lambda: [(random_tensor((n, n), n).abs() * 10,) for n in (6, 2, 1)],
    exactness=("bitwise", "rounding"),
    status="partial",
)


def lu_in_place(A):
    n = A.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            A[i, k] = A[i, k] / A[k, k]
            for j in range(k + 1, n):
                A[i, j] = A[i, j] - A[i, k] * A[k, j]
    return A


FAMILY.add(
    lu_in_place,
    "n = A.shape[0]\n"
    "for k in range(n):\n"
    "    A[k + 1:, k] /= A[k, k]\n"
    "    A[k + 1:, k + 1:] -= torch.outer(A[k + 1:, k], A[k, k + 1:])\n"
    "return A",
    "n = A.shape[0]\n"
    "for k in range(n):\n"
    "    A[k + 1:, k] = A[k + 1:, k] / A[k, k]\n"
    "    A[k + 1:, k + 1:] = A[k + 1:, k + 1:] - A[k + 1:, k, None] * A[k, k + 1:]\n"
    "return A",
    inputs=square(5, 2, 1, 0, shift=4.0),
    exactness=("bitwise", "rounding"),
    status="partial",
)


def forward_substitution(L, b):
    n = len(b)
    y = torch.zeros(n)
    for i in range(n):
        s = b[i]
        for j in range(i):
            s = s - L[i, j] * y[j]
        y[i] = s / L[i, i]
    return y


FAMILY.add(
    forward_substitution,
    "n = len(b)\ny = torch.zeros(n)\n"
    "for i in range(n):\n    y[i] = (b[i] - L[i, :i] @ y[:i]) / L[i, i]\n"
    "return y",
    "return torch.linalg.solve_triangular(L, b[:, None], upper=False)[:, 0]",
    inputs=lambda: [
        (random_tensor((n, n), n) + 4 * torch.eye(n), random_tensor((n,), 7)) for n in (5, 2, 1)
    ],
    exactness="rounding",
    status="partial",
)


def cholesky(A):
    n = A.shape[0]
    L = torch.zeros_like(A)
    for j in range(n):
        s = A[j, j]
        for k in range(j):
            s = s - L[j, k] * L[j, k]
        L[j, j] = torch.sqrt(s)
        for i in range(j + 1, n):
            s = A[i, j]
            for k in range(j):
                s = s - L[i, k] * L[j, k]
            L[i, j] = s / L[j, j]
    return L


FAMILY.add(
    cholesky,
    "n = A.shape[0]\nL = torch.zeros_like(A)\n"
    "for j in range(n):\n"
    "    L[j, j] = torch.sqrt(A[j, j] - L[j, :j] @ L[j, :j])\n"
    "    L[j + 1:, j] = (A[j + 1:, j] - L[j + 1:, :j] @ L[j, :j]) / L[j, j]\n"
    "return L",
    "return torch.linalg.cholesky(A)",
    inputs=lambda: [
        (x @ x.T + torch.eye(n),) for n in (5, 2, 1) for x in (random_tensor((n, n), n),)
    ],
    exactness="rounding",
    status="partial",
)


def gram_schmidt(V):
    Q = V.clone()
    for i in range(Q.shape[1]):
        for j in range(i):
            Q[:, i] = Q[:, i] - torch.dot(Q[:, j], Q[:, i]) * Q[:, j]
        Q[:, i] = Q[:, i] / torch.norm(Q[:, i])
    return Q


# Right-looking: each finished column is taken out of all that follow it.
FAMILY.add(
    gram_schmidt,
    inputs=lambda: [(random_tensor((6, k), k),) for k in (4, 2, 1)],
    exactness="rounding",
    status="partial",
)


def boxes_suppressed(iou, threshold):
    n = iou.shape[0]
    suppressed = torch.zeros(n, dtype=torch.bool)
    for i in range(n):
        if suppressed[i]:
            continue
        for j in range(i + 1, n):
            if iou[i, j] > threshold:
                suppressed[j] = True
    return ~suppressed


FAMILY.add(
    boxes_suppressed,
    "n = iou.shape[0]\nsuppressed = torch.zeros(n, dtype=torch.bool)\n"
    "for i in range(n):\n"
    "    if suppressed[i]:\n        continue\n"
    "    suppressed[i + 1:] |= iou[i, i + 1:] > threshold\n"
    "return ~suppressed",
    "n = iou.shape[0]\nsuppressed = torch.zeros(n, dtype=torch.bool)\n"
    "for i in range(n):\n"
    "    if not suppressed[i]:\n"
    "        suppressed[i + 1:] |= iou[i, i + 1:] > threshold\n"
    "return ~suppressed",
    "n = iou.shape[0]\nsuppressed = torch.zeros(n, dtype=torch.bool)\n"
    "overlapping = iou > threshold\n"
    "for i in range(n):\n"
    "    if not suppressed[i]:\n"
    "        suppressed[i + 1:] |= overlapping[i, i + 1:]\n"
    "return ~suppressed",
    inputs=lambda: [(random_tensor((n, n), n).sigmoid(), 0.6) for n in (7, 2, 1, 0)],
    status="partial",
)


def knapsack(weights, values, capacity):
    best = torch.zeros(capacity + 1)
    for item in range(len(weights)):
        w = int(weights[item])
        for c in range(capacity, w - 1, -1):
            best[c] = torch.max(best[c], best[c - w] + values[item])
    return best[capacity]


# Downwards, each element reads old ones only; the other way it would be a recurrence.
FAMILY.add(
    knapsack,
    "best = torch.zeros(capacity + 1)\n"
    "for item in range(len(weights)):\n"
    "    w = int(weights[item])\n"
    "    best[w:] = torch.max(best[w:], best[:capacity + 1 - w] + values[item])\n"
    "return best[capacity]",
    inputs=lambda: [
        (torch.tensor([2, 3, 4, 5]), random_tensor((4,), 3).abs(), 8),
        (torch.tensor([1]), torch.tensor([2.0]), 1),
        (torch.tensor([1, 1]), torch.tensor([2.0, 3.0]), 2),
    ],
    status="partial",
)


# ------------------------------------------------------------------ wavefronts


def time_warping_distance(x, y):
    n, m = len(x), len(y)
    D = torch.full((n + 1, m + 1), float("inf"))
    D[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = torch.abs(x[i - 1] - y[j - 1])
            D[i, j] = cost + min(D[i - 1, j], D[i, j - 1], D[i - 1, j - 1])
    return D[n, m]


FAMILY.add(
    time_warping_distance,
    "n, m = len(x), len(y)\n"
    'D = torch.full((n + 1, m + 1), float("inf"))\nD[0, 0] = 0\n'
    "cost = torch.abs(x[:, None] - y)\n"
    "for k in range(2, m + n + 1):\n"
    "    i = torch.arange(max(1, k - m), min(n + 1, k))\n"
    "    j = k - i\n"
    "    corner = D[i - 1, j - 1]\n"
    "    left = D[i, j - 1]\n"
    "    above = D[i - 1, j]\n"
    "    smallest = torch.where(left < above, left, above)\n"
    "    D[i, j] = cost[i - 1, j - 1] + torch.where(corner < smallest, corner, smallest)\n"
    "return D[n, m]",
    inputs=lambda: [
        (random_tensor((n,), n), random_tensor((m,), m + 20))
        for n, m in ((6, 4), (3, 5), (1, 1), (1, 4), (0, 0))
    ],
    exactness=("bitwise", "rounding"),
    status="partial",
)


def edit_distance(a, b):
    n, m = len(a), len(b)
    dp = torch.zeros(n + 1, m + 1, dtype=torch.long)
    for i in range(n + 1):
        dp[i, 0] = i
    for j in range(m + 1):
        dp[0, j] = j
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            if a[i - 1] == b[j - 1]:
                dp[i, j] = dp[i - 1, j - 1]
            else:
                dp[i, j] = 1 + min(dp[i - 1, j], dp[i, j - 1], dp[i - 1, j - 1])
    return dp[n, m].item()


FAMILY.add(
    edit_distance,
    "n, m = len(a), len(b)\n"
    "dp = torch.zeros(n + 1, m + 1, dtype=torch.long)\n"
    "dp[:, 0] = torch.arange(n + 1)\n"
    "dp[0] = torch.arange(m + 1)\n"
    "for k in range(2, m + n + 1):\n"
    "    i = torch.arange(max(1, k - m), min(n + 1, k))\n"
    "    j = k - i\n"
    "    corner = dp[i - 1, j - 1]\n"
    "    dp[i, j] = torch.where(a[i - 1] == b[j - 1], corner, "
    "1 + torch.minimum(torch.minimum(dp[i - 1, j], dp[i, j - 1]), corner))\n"
    "return dp[n, m].item()",
    inputs=lambda: [
        (random_tensor((n,), n, torch.int64) % 3, random_tensor((m,), m + 20, torch.int64) % 3)
        for n, m in ((6, 5), (3, 4), (1, 1), (2, 1), (0, 3), (0, 0))
    ],
    status="partial",
)


def longest_common_subsequence(a, b):
    table = torch.zeros(len(a) + 1, len(b) + 1, dtype=torch.int32)
    for i in range(len(a)):
        for j in range(len(b)):
            if a[i] == b[j]:
                table[i + 1, j + 1] = table[i, j] + 1
            else:
                table[i + 1, j + 1] = torch.max(table[i, j + 1], table[i + 1, j])
    return table


FAMILY.add(
    longest_common_subsequence,
    "table = torch.zeros(len(a) + 1, len(b) + 1, dtype=torch.int32)\n"
    "for k in range(len(a) + len(b) - 1):\n"
    "    i = torch.arange(max(0, k - len(b) + 1), min(len(a), k + 1))\n"
    "    j = k - i\n"
    "    table[i + 1, j + 1] = torch.where("
    "a[i] == b[j], table[i, j] + 1, torch.max(table[i, j + 1], table[i + 1, j]))\n"
    "return table",
    inputs=lambda: [
        (random_tensor((n,), n, torch.int64) % 3, random_tensor((m,), m + 20, torch.int64) % 3)
        for n, m in ((6, 5), (3, 4), (1, 1), (0, 3))
    ],
    status="partial",
)


def needleman_wunsch(scores, gap):
    n, m = scores.shape
    F = torch.zeros(n + 1, m + 1)
    for i in range(1, n + 1):
        F[i, 0] = i * gap
    for j in range(1, m + 1):
        F[0, j] = j * gap
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            match = F[i - 1, j - 1] + scores[i - 1, j - 1]
            delete = F[i - 1, j] + gap
            insert = F[i, j - 1] + gap
            F[i, j] = max(match, delete, insert)
    return F


FAMILY.add(
    needleman_wunsch,
    "n, m = scores.shape\n"
    "F = torch.zeros(n + 1, m + 1)\n"
    "F[1:, 0] = torch.arange(1, n + 1, dtype=torch.float64) * gap\n"
    "F[0, 1:] = torch.arange(1, m + 1, dtype=torch.float64) * gap\n"
    "for k in range(2, m + n + 1):\n"
    "    i = torch.arange(max(1, k - m), min(n + 1, k))\n"
    "    j = k - i\n"
    "    insert = F[i, j - 1] + gap\n"
    "    delete = F[i - 1, j] + gap\n"
    "    match = F[i - 1, j - 1] + scores[i - 1, j - 1]\n"
    "    largest = torch.where(delete > match, delete, match)\n"
    "    F[i, j] = torch.where(insert > largest, insert, largest)\n"
    "return F",
    inputs=matrices(1, -0.5, grad=False),
    status="partial",
)


def cheapest_path_through_a_grid(cost):
    n, m = cost.shape
    best = cost.clone()
    for i in range(n):
        for j in range(m):
            if i > 0 and j > 0:
                best[i, j] = cost[i, j] + torch.minimum(best[i - 1, j], best[i, j - 1])
            elif i > 0:
                best[i, j] = cost[i, j] + best[i - 1, j]
            elif j > 0:
                best[i, j] = cost[i, j] + best[i, j - 1]
    return best


FAMILY.add(
    cheapest_path_through_a_grid,
    "n, m = cost.shape\n"
    "best = cost.clone()\n"
    "best[0, 1:] = best[0, 0] + cost[0, 1:].cumsum(0)\n"
    "best[1:, 0] = best[0, 0] + cost[1:, 0].cumsum(0)\n"
    "for k in range(2, m + n - 1):\n"
    "    i = torch.arange(max(1, k - m + 1), min(n, k))\n"
    "    j = k - i\n"
    "    best[i, j] = cost[i, j] + torch.minimum(best[i - 1, j], best[i, j - 1])\n"
    "return best",
    inputs=matrices(grad=False),
    exactness=("bitwise", "rounding"),
    status="partial",
)


def viterbi(emission, transition):
    T, K = emission.shape
    score = torch.zeros(T, K)
    back = torch.zeros(T, K, dtype=torch.long)
    score[0] = emission[0]
    for t in range(1, T):
        for j in range(K):
            best = score[t - 1, 0] + transition[0, j]
            arg = 0
            for i in range(1, K):
                s = score[t - 1, i] + transition[i, j]
                if s > best:
                    best = s
                    arg = i
            score[t, j] = best + emission[t, j]
            back[t, j] = arg
    return score, back


FAMILY.add(
    viterbi,
    "T, K = emission.shape\n"
    "score = torch.zeros(T, K)\nback = torch.zeros(T, K, dtype=torch.long)\n"
    "score[0] = emission[0]\n"
    "for t in range(1, T):\n"
    "    best, arg = (score[t - 1, :, None] + transition).max(0)\n"
    "    score[t] = best + emission[t]\n    back[t] = arg\n"
    "return score, back",
    "T, K = emission.shape\n"
    "score = torch.zeros(T, K)\nback = torch.zeros(T, K, dtype=torch.long)\n"
    "score[0] = emission[0]\n"
    "for t in range(1, T):\n"
    "    best, back[t] = (score[t - 1, :, None] + transition).max(dim=0)\n"
    "    score[t] = best + emission[t]\n"
    "return score, back",
    inputs=lambda: [
        (random_tensor((t, k), t), random_tensor((k, k), 9)) for t, k in ((5, 4), (1, 2), (3, 1))
    ],
    status="partial",
)
