"""Loops of scientific code: neighbours by place, complex numbers, rotations, rolling windows."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import torch

from .case import Family
from .inputs import Arguments, matrices, random_tensor, vectors

FAMILY = Family()


def given(*shapes: tuple[int, ...], also: tuple[Any, ...] = ()) -> Callable[[], list[Arguments]]:
    """A tensor of each shape, then other arguments; once more with gradients."""

    def make() -> list[Arguments]:
        return [
            (*(random_tensor(s, 5 + k, grad=grad) for k, s in enumerate(shapes)), *also)
            for grad in (False, True)
        ]

    return make


def waves(*sizes: int, count: int = 1) -> Callable[[], list[Arguments]]:
    """Vectors of complex numbers."""

    def make() -> list[Arguments]:
        made = []
        for size in sizes:
            parts = [random_tensor((size,), 3 * k + size) for k in range(2 * count)]
            made.append(tuple(map(torch.complex, parts[::2], parts[1::2])))
        return made

    return make


# ---------------------------------------------------------------------- neighbours by place
def laplacian_with_an_open_border(u):
    n, m = u.shape
    lap = torch.zeros_like(u)
    for i in range(n):
        for j in range(m):
            s = -4 * u[i, j]
            if i > 0:
                s = s + u[i - 1, j]
            if i < n - 1:
                s = s + u[i + 1, j]
            if j > 0:
                s = s + u[i, j - 1]
            if j < m - 1:
                s = s + u[i, j + 1]
            lap[i, j] = s
    return lap


FAMILY.add(
    laplacian_with_an_open_border,
    "lap = -4 * u\n"
    "lap[1:] += u[:-1]\n"
    "lap[:-1] += u[1:]\n"
    "lap[:, 1:] += u[:, :-1]\n"
    "lap[:, :-1] += u[:, 1:]\n"
    "return lap",
    inputs=matrices(),
)


def neighbours_by_offsets(u):
    n, m = u.shape
    out = torch.zeros_like(u)
    for i in range(n):
        for j in range(m):
            s = 0.0
            for di, dj in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
                a, b = i + di, j + dj
                if 0 <= a < n and 0 <= b < m:
                    s += u[a, b]
            out[i, j] = s
    return out


FAMILY.add(
    neighbours_by_offsets,
    "out = torch.zeros_like(u)\n"
    "out[1:] = u[:-1]\n"
    "out[:-1] += u[1:]\n"
    "out[:, 1:] += u[:, :-1]\n"
    "out[:, :-1] += u[:, 1:]\n"
    "return out",
    inputs=given((5, 7)),
    exactness="rounding",
)


def smoothed_line(x):
    n = len(x)
    out = torch.zeros(n)
    for i in range(n):
        v = 0.5 * x[i]
        if i > 0:
            v += 0.25 * x[i - 1]
        if i < n - 1:
            v += 0.25 * x[i + 1]
        out[i] = v
    return out


FAMILY.add(
    smoothed_line,
    "out = 0.5 * x\nout[1:] += 0.25 * x[:-1]\nout[:-1] += 0.25 * x[1:]\nreturn out",
    inputs=vectors(),
)


def diffused_with_open_borders(u, steps):
    for _ in range(steps):
        new = u.clone()
        for i in range(u.shape[0]):
            for j in range(u.shape[1]):
                kept = u[i, j] * 0.5
                if i > 0:
                    kept = kept + 0.1 * u[i - 1, j]
                if j > 0:
                    kept = kept + 0.1 * u[i, j - 1]
                new[i, j] = kept
        u = new
    return u


FAMILY.add(
    diffused_with_open_borders,
    "for _ in range(steps):\n"
    "    new = u * 0.5\n"
    "    new[1:] += 0.1 * u[:-1]\n"
    "    new[:, 1:] += 0.1 * u[:, :-1]\n"
    "    u = new\n"
    "return u",
    inputs=matrices(1, 3),
    status="partial",
)


# ---------------------------------------------------------------------- complex numbers
def discrete_fourier_transform(x):
    n = len(x)
    out = torch.zeros(n, dtype=torch.complex64)
    for k in range(n):
        for t in range(n):
            out[k] += x[t] * cmath.exp(-2j * math.pi * k * t / n)
    return out


FAMILY.add(
    discrete_fourier_transform, inputs=waves(8, 3, 1), exactness="rounding"
)


def powers_of_a_spectrum(spectrum):
    out = torch.zeros(len(spectrum))
    for k in range(len(spectrum)):
        out[k] = spectrum[k].real ** 2 + spectrum[k].imag ** 2
    return out


FAMILY.add(
    powers_of_a_spectrum,
    "return spectrum.real ** 2 + spectrum.imag ** 2",
    inputs=waves(6, 1, 0),
)


def products_with_conjugates(a, b):
    out = torch.zeros_like(a)
    for i in range(len(a)):
        out[i] = a[i] * b[i].conj()
    return out


FAMILY.add(
    products_with_conjugates,
    "return a * b.conj()",
    inputs=waves(5, 1, 0, count=2),
    exactness="rounding",
)


def conjugate_transpose(a):
    out = torch.zeros(a.shape[1], a.shape[0], dtype=a.dtype)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[j, i] = a[i, j].conj()
    return out


FAMILY.add(
    conjugate_transpose,
    "return a.T.conj().clone()",
    inputs=lambda: [(torch.complex(random_tensor((3, 4), 1), random_tensor((3, 4), 2)),)],
)


def real_parts(x):
    return torch.stack([v.real for v in x])


FAMILY.add(real_parts, "return x.real.clone()", inputs=waves(6, 1))


def polar_to_complex(r, angle):
    out = torch.zeros(len(r), dtype=torch.complex64)
    for i in range(len(r)):
        out[i] = torch.complex(r[i] * torch.cos(angle[i]), r[i] * torch.sin(angle[i]))
    return out


FAMILY.add(
    polar_to_complex,
    "return torch.complex(r * torch.cos(angle), r * torch.sin(angle))",
    inputs=vectors(2),
    exactness="rounding",
)


# ---------------------------------------------------------------------- rotations, n bodies
def rotations_about_z(angles):
    mats = torch.zeros(len(angles), 3, 3)
    for i, a in enumerate(angles):
        c, s = torch.cos(a), torch.sin(a)
        mats[i] = torch.tensor([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return mats


FAMILY.add(
    rotations_about_z,
    inputs=lambda: [(random_tensor((n,), n),) for n in (5, 1)],
    exactness="rounding",
)


def accelerations_by_component(pos, m):
    n = len(pos)
    acc = torch.zeros(n, 2)
    for i in range(n):
        ax = ay = 0.0
        for j in range(n):
            if j != i:
                dx = pos[j, 0] - pos[i, 0]
                dy = pos[j, 1] - pos[i, 1]
                inv = 1.0 / torch.sqrt(dx * dx + dy * dy) ** 3
                ax = ax + m[j] * dx * inv
                ay = ay + m[j] * dy * inv
        acc[i, 0] = ax
        acc[i, 1] = ay
    return acc


FAMILY.add(
    accelerations_by_component,
    "n = len(pos)\n"
    "acc = torch.zeros(n, 2)\n"
    "mask = torch.arange(n) != torch.arange(n)[:, None]\n"
    "dx = pos[:, 0] - pos[:, 0, None]\n"
    "dy = pos[:, 1] - pos[:, 1, None]\n"
    "inv = 1.0 / torch.sqrt(dx * dx + dy * dy) ** 3\n"
    "acc[:, 0] = torch.where(mask, m * dx * inv, 0).sum(1)\n"
    "acc[:, 1] = torch.where(mask, m * dy * inv, 0).sum(1)\n"
    "return acc",
    inputs=lambda: [(random_tensor((n, 2), n), random_tensor((n,), 9)) for n in (6, 1, 0)],
    exactness="rounding",
)


# ---------------------------------------------------------------------- rolling windows, time
def rolling_mean_where_it_fits(p, w):
    out = torch.full((len(p),), float("nan"))
    for i in range(len(p)):
        if i >= w - 1:
            out[i] = p[i - w + 1 : i + 1].mean()
    return out


FAMILY.add(
    rolling_mean_where_it_fits,
    "out = torch.full((len(p),), float('nan'))\n"
    "out[w - 1:] = p.unfold(0, w, 1).mean(1)\n"
    "return out",
    inputs=lambda: [
        (random_tensor((n,), n, grad=grad), 3) for n in (9, 3) for grad in (False, True)
    ],
    exactness="rounding",
)


def rolling_spread(p, w):
    out = torch.zeros(len(p))
    for i in range(len(p)):
        if i < w:
            continue
        out[i] = p[i - w : i].std()
    return out


FAMILY.add(
    rolling_spread,
    "out = torch.zeros(len(p))\n"
    "out[w:] = p[:-1].unfold(0, w, 1).std(dim=1)\n"
    "return out",
    inputs=given((9,), also=(3,)),
    exactness="rounding",
)


def simulated_prices(start, drift, sigma, years, z):
    paths, steps = z.shape
    dt = years / steps
    prices = torch.zeros(paths, steps + 1)
    prices[:, 0] = start
    for i in range(paths):
        for t in range(1, steps + 1):
            prices[i, t] = prices[i, t - 1] * torch.exp(
                (drift - 0.5 * sigma**2) * dt + sigma * math.sqrt(dt) * z[i, t - 1]
            )
    return prices


FAMILY.add(
    simulated_prices,
    "paths, steps = z.shape\n"
    "dt = years / steps\n"
    "prices = torch.zeros(paths, steps + 1)\n"
    "prices[:, 0] = start\n"
    "prices[:, 1:] = prices[:, 0, None] * torch.exp((drift - 0.5 * sigma ** 2) * dt + "
    "sigma * math.sqrt(dt) * z).cumprod(1)\n"
    "return prices",
    inputs=lambda: [(100.0, 0.05, 0.2, 1.0, random_tensor((4, 6), 2))],
    exactness="rounding",
)


def weighted_tensors(tensors, weights):
    total = torch.zeros(3)
    for t, w in zip(tensors, weights, strict=True):
        total += w * t
    return total


FAMILY.add(
    weighted_tensors,
    inputs=lambda: [([random_tensor((3,), k) for k in range(4)], [0.5, 1.0, -2.0, 0.25])],
    exactness="rounding",
)


def cosine_transform(x):
    n = x.shape[0]
    out = torch.zeros(n)
    for k in range(n):
        s = 0
        for t in range(n):
            s = s + x[t] * math.cos(math.pi / n * (t + 0.5) * k)
        out[k] = s
    return out


FAMILY.add(
    cosine_transform,
    "n = x.shape[0]\n"
    "return torch.cos(math.pi / n * (torch.arange(n, dtype=torch.float64) + 0.5) * "
    "torch.arange(n)[:, None]).float() @ x",
    inputs=given((7,)),
    exactness="rounding",
)


def integral_of_a_decay(a, n):
    out = torch.zeros(len(a))
    h = 1.0 / n
    for i in range(len(a)):
        s = 0.0
        for k in range(n):
            x = (k + 0.5) * h
            s += math.exp(-x) * a[i]
        out[i] = s * h
    return out


FAMILY.add(
    integral_of_a_decay,
    "h = 1.0 / n\n"
    "return (torch.exp(-((torch.arange(n, dtype=torch.float64) + 0.5) * h)).float()[:, None] * a)"
    ".sum(0) * h",
    inputs=given((4,), also=(20,)),
    exactness="rounding",
)


def product_by_a_generator(a, b):
    out = torch.empty(a.shape[0], b.shape[0])
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            out[i, j] = sum(a[i, k] * b[j, k] for k in range(a.shape[1]))
    return out


FAMILY.add(
    product_by_a_generator,
    "return a @ b.T",
    inputs=given((3, 4), (5, 4)),
    exactness="rounding",
)
