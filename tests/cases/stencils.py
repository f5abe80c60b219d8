"""Neighbourhoods and windows: shifted slices, convolution, pooling, and the border of each."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch
import torch.nn.functional as F

from .case import Family
from .inputs import cubes, matrices, random_tensor, vectors
from .spellings import with_dims

FAMILY = Family()


def as_module(*bodies):
    """Each body as it is, then with `torch.nn.functional` under this file's name for it."""
    return [*bodies, *(body.replace("torch.nn.functional.", "F.") for body in bodies)]


def signal_and_kernel(grad=True):
    """Signals with kernels of lengths 3, 1, 2, and of the signal's own length."""
    sizes = ((8, 3), (4, 1), (5, 2), (3, 3), (1, 1))
    made = [(random_tensor((n,), n), random_tensor((k,), k + 40)) for n, k in sizes]
    if grad:
        made.append((random_tensor((8,), 5, grad=True), random_tensor((3,), 6, grad=True)))
    return made


def image_and_kernel():
    """Images with kernels of several shapes."""
    sizes = ((6, 7, 3, 3), (4, 4, 2, 3), (3, 3, 3, 3), (2, 5, 1, 2), (1, 1, 1, 1))
    made = [(random_tensor((h, w), h), random_tensor((p, q), w + 40)) for h, w, p, q in sizes]
    return [*made, (random_tensor((6, 7), 5, grad=True), random_tensor((3, 3), 6, grad=True))]


# ------------------------------------------------------------------ shifted slices


def three_point_sum(x):
    out = torch.zeros(len(x) - 2)
    for i in range(len(out)):
        out[i] = x[i] + x[i + 1] + x[i + 2]
    return out


FAMILY.add(
    three_point_sum,
    "return x[:-2] + x[1:-1] + x[2:]",
    "return x[:len(x) - 2] + x[1:len(x) - 1] + x[2:]",
    inputs=lambda: [args for args in vectors()() if len(args[0]) >= 2],
)


def second_derivative(f, h):
    d2 = torch.zeros_like(f)
    for i in range(1, f.shape[0] - 1):
        d2[i] = (f[i - 1] - 2 * f[i] + f[i + 1]) / (h * h)
    return d2


FAMILY.add(
    second_derivative,
    "d2 = torch.zeros_like(f)\nd2[1:-1] = (f[:-2] - 2 * f[1:-1] + f[2:]) / (h * h)\nreturn d2",
    "d2 = torch.zeros_like(f)\n"
    "d2[1:f.shape[0] - 1] = (f[:f.shape[0] - 2] - 2 * f[1:f.shape[0] - 1] + f[2:]) / (h * h)\n"
    "return d2",
    inputs=vectors(1, 0.1),
)


def five_point_weighted(x):
    n = len(x)
    out = x.clone()
    for i in range(2, n - 2):
        out[i] = (-x[i - 2] + 8 * x[i - 1] - 8 * x[i + 1] + x[i + 2]) / 12
    return out


FAMILY.add(
    five_point_weighted,
    "out = x.clone()\nout[2:-2] = (-x[:-4] + 8 * x[1:-3] - 8 * x[3:-1] + x[4:]) / 12\nreturn out",
    "n = len(x)\nout = x.clone()\n"
    "out[2:n - 2] = (-x[:n - 4] + 8 * x[1:n - 3] - 8 * x[3:n - 1] + x[4:]) / 12\n"
    "return out",
    inputs=vectors(grad=False),
)


def laplacian_of_a_volume(v):
    D, H, W = v.shape
    out = torch.zeros_like(v)
    for z in range(1, D - 1):
        for y in range(1, H - 1):
            for x in range(1, W - 1):
                out[z, y, x] = (
                    v[z - 1, y, x]
                    + v[z + 1, y, x]
                    + v[z, y - 1, x]
                    + v[z, y + 1, x]
                    + v[z, y, x - 1]
                    + v[z, y, x + 1]
                    - 6 * v[z, y, x]
                )
    return out


FAMILY.add(
    laplacian_of_a_volume,
    "out = torch.zeros_like(v)\n"
    "out[1:-1, 1:-1, 1:-1] = (\n"
    "    v[:-2, 1:-1, 1:-1] + v[2:, 1:-1, 1:-1]\n"
    "    + v[1:-1, :-2, 1:-1] + v[1:-1, 2:, 1:-1]\n"
    "    + v[1:-1, 1:-1, :-2] + v[1:-1, 1:-1, 2:]\n"
    "    - 6 * v[1:-1, 1:-1, 1:-1]\n"
    ")\n"
    "return out",
    "D, H, W = v.shape\nout = torch.zeros_like(v)\n"
    "out[1:D - 1, 1:H - 1, 1:W - 1] = (\n"
    "    v[:D - 2, 1:H - 1, 1:W - 1] + v[2:, 1:H - 1, 1:W - 1]\n"
    "    + v[1:D - 1, :H - 2, 1:W - 1] + v[1:D - 1, 2:, 1:W - 1]\n"
    "    + v[1:D - 1, 1:H - 1, :W - 2] + v[1:D - 1, 1:H - 1, 2:]\n"
    "    - 6 * v[1:D - 1, 1:H - 1, 1:W - 1]\n"
    ")\n"
    "return out",
    inputs=lambda: [
        *[(random_tensor(shape, 4),) for shape in ((4, 5, 3), (3, 3, 3))],
        *cubes(grad=False)(),
    ],
)


def gradients_of_an_image(img):
    h, w = img.shape
    gx = torch.zeros(h, w)
    gy = torch.zeros(h, w)
    for i in range(h):
        for j in range(w):
            if j + 1 < w:
                gx[i, j] = img[i, j + 1] - img[i, j]
            if i + 1 < h:
                gy[i, j] = img[i + 1, j] - img[i, j]
    return gx, gy


FAMILY.add(
    gradients_of_an_image,
    "gx = torch.zeros_like(img)\ngy = torch.zeros_like(img)\n"
    "gx[:, :-1] = img[:, 1:] - img[:, :-1]\n"
    "gy[:-1] = img[1:] - img[:-1]\n"
    "return gx, gy",
    "h, w = img.shape\ngx = torch.zeros(h, w)\ngy = torch.zeros(h, w)\n"
    "gx[:, :w - 1] = img[:, 1:] - img[:, :w - 1]\n"
    "gy[:h - 1] = img[1:] - img[:h - 1]\n"
    "return gx, gy",
    "h, w = img.shape\ngx = torch.zeros(h, w)\ngy = torch.zeros(h, w)\n"
    "gx[:, :-1] = img[:, 1:] - img[:, :-1]\n"
    "gy[:-1] = img[1:] - img[:-1]\n"
    "return gx, gy",
    inputs=matrices(),
)


# ------------------------------------------------------------------ borders


def border_clamped(x):
    n = len(x)
    out = torch.zeros(n)
    for i in range(n):
        left = x[max(i - 1, 0)]
        right = x[min(i + 1, n - 1)]
        out[i] = (left + x[i] + right) / 3
    return out


FAMILY.add(
    border_clamped,
    "padded = torch.cat([x[:1], x, x[-1:]])\nreturn (padded[:-2] + x + padded[2:]) / 3",
    "n = len(x)\ni = torch.arange(n)\n"
    "return (x[(i - 1).clamp(min=0)] + x + x[(i + 1).clamp(max=n - 1)]) / 3",
    "n = len(x)\nreturn (x[torch.arange(-1, n - 1).clamp(min=0)] + x"
    " + x[torch.arange(1, n + 1).clamp(max=n - 1)]) / 3",
    "return (torch.cat([x[:1], x[:-1]]) + x + torch.cat([x[1:], x[-1:]])) / 3",
    *as_module(
        'padded = torch.nn.functional.pad(x[None], (1, 1), mode="replicate")[0]\n'
        "return (padded[:-2] + x + padded[2:]) / 3",
    ),
    inputs=lambda: [args for args in vectors()() if len(args[0])],
)


def border_wrapped(grid):
    n, m = grid.shape
    out = torch.zeros_like(grid)
    for i in range(n):
        for j in range(m):
            out[i, j] = (
                grid[(i - 1) % n, j]
                + grid[(i + 1) % n, j]
                + grid[i, (j - 1) % m]
                + grid[i, (j + 1) % m]
            ) / 4
    return out


FAMILY.add(
    border_wrapped,
    "return (grid.roll(1, 0) + grid.roll(-1, 0) + grid.roll(1, 1) + grid.roll(-1, 1)) / 4",
    "return (torch.roll(grid, 1, 0) + torch.roll(grid, -1, 0)"
    " + torch.roll(grid, 1, 1) + torch.roll(grid, -1, 1)) / 4",
    "return (torch.roll(grid, 1, dims=0) + torch.roll(grid, -1, dims=0)"
    " + torch.roll(grid, 1, dims=1) + torch.roll(grid, -1, dims=1)) / 4",
    inputs=matrices(),
)


def next_or_last(v, last):
    out = torch.zeros_like(v)
    for t in range(len(v)):
        following = last if t == len(v) - 1 else v[t + 1]
        out[t] = following - v[t]
    return out


FAMILY.add(
    next_or_last,
    "return torch.cat([v[1:], last[None]]) - v",
    inputs=lambda: [
        (random_tensor((n,), n, grad=grad), random_tensor((), 7, grad=grad))
        for n in (6, 2, 1)
        for grad in (False, True)
    ],
)


def neighbours_or_zero(x):
    n, m = x.shape
    out = torch.zeros_like(x)
    for i in range(n):
        for j in range(m):
            left = x[i, j - 1] if j > 0 else 0.0
            right = x[i, j + 1] if j < m - 1 else 0.0
            out[i, j] = left + right - 2 * x[i, j]
    return out


FAMILY.add(
    neighbours_or_zero,
    "return torch.nn.functional.pad(x[:, :-1], (1, 0))"
    " + torch.nn.functional.pad(x[:, 1:], (0, 1)) - 2 * x",
    inputs=lambda: [args for args in matrices()() if args[0].numel()],
)


def first_kept(x):
    return torch.stack([x[i] if i == 0 else x[i] - x[i - 1] for i in range(len(x))])


FAMILY.add(
    first_kept,
    "return torch.cat([x[:1], x[1:] - x[:-1]])",
    inputs=lambda: [args for args in vectors()() if len(args[0])],
)


def border_skipped(x):
    n = len(x)
    out = torch.zeros(n)
    for i in range(n):
        if i == 0 or i == n - 1:
            continue
        out[i] = x[i - 1] * x[i + 1]
    return out


FAMILY.add(
    border_skipped,
    "out = torch.zeros_like(x)\nout[1:-1] = x[:-2] * x[2:]\nreturn out",
    "n = len(x)\nout = torch.zeros(n)\nout[1:n - 1] = x[:n - 2] * x[2:]\nreturn out",
    "n = len(x)\nout = torch.zeros(n)\nout[1:-1] = x[:-2] * x[2:]\nreturn out",
    inputs=vectors(),
)


def border_zero(x):
    n = len(x)
    out = torch.zeros(n)
    for i in range(n):
        for d in (-1, 0, 1):
            if 0 <= i + d < n:
                out[i] += x[i + d]
    return out


FAMILY.add(
    border_zero,
    "out = x.clone()\nout[1:] += x[:-1]\nout[:-1] += x[1:]\nreturn out",
    *as_module(
        "padded = torch.nn.functional.pad(x, (1, 1))\n"
        "return padded[:-2] + padded[1:-1] + padded[2:]",
        "return torch.nn.functional.pad(x, (1, 1)).unfold(0, 3, 1).sum(1)",
    ),
    inputs=lambda: [args for args in vectors()() if len(args[0])],
    exactness=("bitwise", "rounding"),
)


def neighbours_counted(board):
    n, m = board.shape
    alive = torch.zeros_like(board)
    for i in range(n):
        for j in range(m):
            count = 0
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    if di == 0 and dj == 0:
                        continue
                    count += board[(i + di) % n, (j + dj) % m]
            if count == 3 or (board[i, j] == 1 and count == 2):
                alive[i, j] = 1
    return alive


# The game of life on a torus.
FAMILY.add(
    neighbours_counted,
    inputs=lambda: [
        ((random_tensor(shape, 8, torch.int64) > 2).long(),)
        for shape in ((6, 5), (3, 3), (1, 1), (2, 4), (0, 3))
    ],
)


# ------------------------------------------------------------------ sliding windows


def moving_average(x, k):
    n = len(x) - k + 1
    out = torch.zeros(n)
    for i in range(n):
        s = 0.0
        for j in range(k):
            s += x[i + j]
        out[i] = s / k
    return out


FAMILY.add(
    moving_average,
    *with_dims("return x.unfold(0, k, 1).mean(dim=1)"),
    *with_dims("return x.unfold(0, k, 1).sum(dim=1) / k"),
    *as_module("return torch.nn.functional.avg_pool1d(x[None], k, stride=1)[0]"),
    inputs=lambda: (
        [(x, k) for n, k in ((8, 3), (4, 1), (3, 3)) for x in (random_tensor((n,), n),)]
        + [(random_tensor((7,), 3, grad=True), 2)]
    ),
    exactness="rounding",
)


def moving_average_of_slices(x, window):
    means = []
    for i in range(len(x) - window + 1):
        means.append(x[i : i + window].mean())
    return torch.stack(means)


FAMILY.add(
    moving_average_of_slices,
    *with_dims("return x.unfold(0, window, 1).mean(dim=1)"),
    *as_module("return torch.nn.functional.avg_pool1d(x[None], window, stride=1)[0]"),
    inputs=lambda: (
        [(x, k) for n, k in ((8, 3), (4, 1), (3, 3)) for x in (random_tensor((n,), n),)]
        + [(random_tensor((7,), 3, grad=True), 2)]
    ),
    exactness=("bitwise", "rounding"),
)


def moving_greatest(x, k):
    out = torch.zeros(len(x) - k + 1)
    for i in range(len(x) - k + 1):
        m = x[i]
        for j in range(1, k):
            if x[i + j] > m:
                m = x[i + j]
        out[i] = m
    return out


FAMILY.add(
    moving_greatest,
    *with_dims(
        "return x.unfold(0, k, 1).max(dim=1).values", "return x.unfold(0, k, 1).amax(dim=1)"
    ),
    *as_module("return torch.nn.functional.max_pool1d(x[None], k, stride=1)[0]"),
    inputs=lambda: (
        [(random_tensor((n,), n), k) for n, k in ((8, 3), (4, 1), (3, 3))]
        + [(random_tensor((7,), 3, grad=True), 2)]
    ),
)


def trailing_mean(x, k):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        lo = max(0, i - k + 1)
        out[i] = x[lo : i + 1].mean()
    return out


# Windows at the start are shorter; differences of one `cumsum` would cancel.
FAMILY.add(
    trailing_mean,
    inputs=lambda: [(random_tensor((n,), n), k) for n, k in ((8, 3), (4, 1), (3, 5), (1, 2))],
    exactness="rounding",
)


def frames_cut(signal, size, hop):
    count = (len(signal) - size) // hop + 1
    frames = torch.zeros(count, size)
    for f in range(count):
        for s in range(size):
            frames[f, s] = signal[f * hop + s]
    return frames


# A copy, and not `contiguous`: where one frame is all of the signal, that would be the signal.
FAMILY.add(
    frames_cut,
    "return signal.unfold(0, size, hop).clone()",
    inputs=lambda: [
        (random_tensor((n,), n, grad=g), size, hop)
        for n, size, hop, g in (
            (11, 4, 2, False),
            (6, 2, 3, False),
            (3, 3, 1, False),
            (9, 4, 2, True),
        )
    ],
)


# ------------------------------------------------------------------ convolution

# Where the border is padded, 0 times infinity is NaN: those forms are right for finite values.


def correlate_1d(x, w):
    n, k = len(x), len(w)
    out = torch.zeros(n - k + 1)
    for i in range(n - k + 1):
        for j in range(k):
            out[i] += x[i + j] * w[j]
    return out


FAMILY.add(
    correlate_1d,
    "return x.unfold(0, len(w), 1) @ w",
    "return x.unfold(0, w.shape[0], 1) @ w",
    "n, k = len(x), len(w)\nreturn x.unfold(0, k, 1) @ w",
    *as_module("return torch.nn.functional.conv1d(x[None, None], w[None, None])[0, 0]"),
    inputs=signal_and_kernel,
    exactness="rounding",
)


def convolve_full(a, b):
    out = torch.zeros(len(a) + len(b) - 1)
    for i in range(len(a)):
        for j in range(len(b)):
            out[i + j] += a[i] * b[j]
    return out


FAMILY.add(
    convolve_full,
    *as_module(
        "return torch.nn.functional.conv1d("
        "a[None, None], b.flip(0)[None, None], padding=len(b) - 1)[0, 0]",
    ),
    inputs=signal_and_kernel,
    exactness="rounding",
)


def correlate_with_zero_border(x, w):
    r = len(w) // 2
    out = torch.zeros_like(x)
    for i in range(len(x)):
        s = 0.0
        for j in range(-r, r + 1):
            if i + j >= 0 and i + j < len(x):
                s += x[i + j] * w[j + r]
        out[i] = s
    return out


FAMILY.add(
    correlate_with_zero_border,
    *as_module(
        "return torch.nn.functional.conv1d("
        "x[None, None], w[None, None], padding=len(w) // 2)[0, 0]",
        "r = len(w) // 2\n"
        "return torch.nn.functional.conv1d(x[None, None], w[None, None], padding=r)[0, 0]",
        'return torch.nn.functional.conv1d(x[None, None], w[None, None], padding="same")[0, 0]',
        "r = len(w) // 2\n"
        "return torch.nn.functional.pad(x, (r, r)).unfold(0, 2 * r + 1, 1) @ w",
    ),
    inputs=lambda: [(x, w) for x, w in signal_and_kernel() if len(w) % 2 == 1],
    exactness="rounding",
)


def correlate_2d(image, kernel):
    h, w = image.shape
    kh, kw = kernel.shape
    out = torch.zeros(h - kh + 1, w - kw + 1)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for p in range(kh):
                for q in range(kw):
                    out[i, j] += image[i + p, j + q] * kernel[p, q]
    return out


FAMILY.add(
    correlate_2d,
    *as_module("return torch.nn.functional.conv2d(image[None, None], kernel[None, None])[0, 0]"),
    "kh, kw = kernel.shape\nreturn "
    "torch.einsum('ijpq,pq->ij', image.unfold(0, kh, 1).unfold(1, kw, 1), kernel)",
    inputs=image_and_kernel,
    exactness="rounding",
)


def correlate_2d_of_slices(img, k):
    kh, kw = k.shape
    oh, ow = img.shape[0] - kh + 1, img.shape[1] - kw + 1
    out = torch.zeros(oh, ow)
    for y in range(oh):
        for x in range(ow):
            out[y, x] = (img[y : y + kh, x : x + kw] * k).sum()
    return out


FAMILY.add(
    correlate_2d_of_slices,
    *as_module("return torch.nn.functional.conv2d(img[None, None], k[None, None])[0, 0]"),
    inputs=image_and_kernel,
    exactness="rounding",
)


def convolution_layer(x, weight, bias, stride, padding):
    N, C, H, W = x.shape
    O, _, KH, KW = weight.shape
    padded = F.pad(x, (padding, padding, padding, padding))
    OH = (H + 2 * padding - KH) // stride + 1
    OW = (W + 2 * padding - KW) // stride + 1
    out = torch.zeros(N, O, OH, OW)
    for n in range(N):
        for o in range(O):
            for i in range(OH):
                for j in range(OW):
                    patch = padded[n, :, i * stride : i * stride + KH, j * stride : j * stride + KW]
                    out[n, o, i, j] = (patch * weight[o]).sum() + bias[o]
    return out


FAMILY.add(
    convolution_layer,
    *as_module(
        "return torch.nn.functional.conv2d(x, weight, bias, stride=stride, padding=padding)",
        "padded = F.pad(x, (padding, padding, padding, padding))\n"
        "return torch.nn.functional.conv2d(padded, weight, bias, stride=stride)",
    ),
    inputs=lambda: [
        (
            random_tensor((2, 3, 5, 6), 1, grad=grad),
            random_tensor((4, 3, 3, 2), 2, grad=grad),
            random_tensor((4,), 3, grad=grad),
            stride,
            padding,
        )
        for stride, padding, grad in ((2, 1, False), (1, 0, False), (3, 2, False), (1, 1, True))
    ],
    exactness="rounding",
)


def dilated_and_causal(x, w, dilation):
    out = torch.zeros_like(x)
    for t in range(len(x)):
        for k in range(len(w)):
            if t - k * dilation >= 0:
                out[t] += w[k] * x[t - k * dilation]
    return out


FAMILY.add(
    dilated_and_causal,
    *as_module(
        "padded = torch.nn.functional.pad(x, ((len(w) - 1) * dilation, 0))\n"
        "return torch.nn.functional.conv1d("
        "padded[None, None], w.flip(0)[None, None], dilation=dilation)[0, 0]",
    ),
    inputs=lambda: [(x, w, 2) for x, w in signal_and_kernel()],
    exactness="rounding",
)


def each_channel_by_its_own_kernel(x, w):
    C, T = x.shape
    K = w.shape[1]
    out = torch.zeros(C, T - K + 1)
    for c in range(C):
        for t in range(T - K + 1):
            for k in range(K):
                out[c, t] += x[c, t + k] * w[c, k]
    return out


FAMILY.add(
    each_channel_by_its_own_kernel,
    *as_module(
        "return torch.nn.functional.conv1d(x[None], w[:, None], groups=len(x))[0]",
        "C, T = x.shape\nreturn torch.nn.functional.conv1d(x[None], w[:, None], groups=C)[0]",
        "return torch.nn.functional.conv1d(x[None], w[:, None], groups=x.shape[0])[0]",
    ),
    "return torch.einsum('ctk,ck->ct', x.unfold(1, w.shape[1], 1), w)",
    "K = w.shape[1]\nreturn torch.einsum('ctk,ck->ct', x.unfold(1, K, 1), w)",
    inputs=lambda: [
        (random_tensor((c, t), 1, grad=g), random_tensor((c, k), 2, grad=g))
        for c, t, k, g in ((3, 7, 3, False), (1, 4, 1, False), (2, 3, 3, False), (2, 6, 2, True))
    ],
    exactness="rounding",
)


# ------------------------------------------------------------------ pooling


def max_pooled_by_two(x):
    h, w = x.shape[0] // 2, x.shape[1] // 2
    out = torch.zeros(h, w)
    for i in range(h):
        for j in range(w):
            out[i, j] = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
    return out


# Equals share a gradient in `max` of a block and in `amax`; `max_pool2d` gives it to the first.
FAMILY.add(
    max_pooled_by_two,
    *as_module(
        "return torch.nn.functional.max_pool2d(x[None], 2)[0]",
        "return torch.nn.functional.max_pool2d(x[None, None], 2)[0, 0]",
    ),
    "h, w = x.shape[0] // 2, x.shape[1] // 2\n"
    "return x[:2 * h, :2 * w].reshape(h, 2, w, 2).amax((1, 3))",
    inputs=lambda: [args for args in matrices()() if min(args[0].shape) >= 2],
    exactness=("bitwise", "rounding"),  # of both zeros
)


def average_pooled(x, k):
    N, C, H, W = x.shape
    out = torch.zeros(N, C, H // k, W // k)
    for n in range(N):
        for c in range(C):
            for i in range(H // k):
                for j in range(W // k):
                    s = 0.0
                    for p in range(k):
                        for q in range(k):
                            s += x[n, c, i * k + p, j * k + q]
                    out[n, c, i, j] = s / (k * k)
    return out


FAMILY.add(
    average_pooled,
    *as_module("return torch.nn.functional.avg_pool2d(x, k)"),
    "return x.unfold(2, k, k).unfold(3, k, k).mean((4, 5))",
    inputs=lambda: [
        (random_tensor(shape, 1, grad=grad), k)
        for shape, k, grad in (
            ((2, 3, 4, 5), 2, False),
            ((1, 1, 3, 3), 1, False),
            ((1, 2, 3, 6), 3, False),
            ((1, 2, 4, 4), 2, True),
        )
    ],
    exactness="rounding",
)


def mean_of_blocks(x, size):
    out = torch.zeros(len(x) // size)
    for b in range(len(out)):
        total = 0.0
        for k in range(size):
            total = total + x[b * size + k]
        out[b] = total / size
    return out


FAMILY.add(
    mean_of_blocks,
    *with_dims(
        "return x[:len(x) // size * size].reshape(-1, size).mean(dim=1)",
        "return x.unfold(0, size, size).mean(dim=1)",
    ),
    *as_module("return torch.nn.functional.avg_pool1d(x[None], size)[0]"),
    inputs=lambda: (
        [(random_tensor((n,), n), k) for n, k in ((9, 2), (6, 3), (4, 1), (2, 2))]
        + [(random_tensor((8,), 3, grad=True), 4)]
    ),
    exactness="rounding",
)


def nearest_upsampled(x, factor):
    h, w = x.shape
    out = torch.zeros(h * factor, w * factor)
    for i in range(h * factor):
        for j in range(w * factor):
            out[i, j] = x[i // factor, j // factor]
    return out


FAMILY.add(
    nearest_upsampled,
    "return x.repeat_interleave(factor, 0).repeat_interleave(factor, 1)",
    *with_dims("return x.repeat_interleave(factor, dim=0).repeat_interleave(factor, dim=1)"),
    inputs=matrices(1, 2),
)


# ------------------------------------------------------------------ windows a step apart

# The loop's `step` is a number of its own in each version: another one is compiled anew.


def window_means(x, width, step):
    means = []
    for i in range(0, len(x) - width + 1, step):
        means.append(torch.mean(x[i : i + width]))
    return torch.stack(means)


FAMILY.add(
    window_means,
    "return x.unfold(0, width, step).mean(1)",
    inputs=lambda: [
        (random_tensor((n,), n, grad=grad), width, step)
        for n, width, step, grad in (
            (11, 4, 2, False),
            (11, 4, 3, False),
            (10, 4, 3, False),
            (5, 2, 7, False),
            (3, 3, 2, False),
            (9, 2, 2, True),
        )
    ],
    exactness="rounding",
)


def sums_of_batches(x, size):
    sums = []
    for i in range(0, len(x), size):
        sums.append(x[i : i + size].sum(0))
    return torch.stack(sums)


# Where the last batch is shorter the loop stays.
FAMILY.add(
    sums_of_batches,
    "return x.unfold(0, size, size).sum(2)",
    inputs=lambda: [
        (random_tensor((n, 3), n), size) for n, size in ((8, 2), (9, 2), (6, 6), (4, 8), (3, 2))
    ],
    exactness="rounding",
)


def windows_up_to_a_margin(x, width, step):
    windows = []
    for i in range(1, len(x) - width - 2, step):
        windows.append(x[i : i + width])
    return torch.stack(windows)


# There may be a place between the last window and the margin, but never for one more window.
FAMILY.add(
    windows_up_to_a_margin,
    "return x[1:-3].unfold(0, width, step).clone()",
    inputs=lambda: [
        (random_tensor((n,), n, grad=grad), 3, step)
        for n, step, grad in ((12, 2, False), (13, 2, False), (14, 5, False), (12, 3, True))
    ],
)


def patches_pooled(image, size, step):
    patches = []
    for i in range(0, image.shape[0] - size + 1, step):
        for j in range(0, image.shape[1] - size + 1, step):
            patches.append(image[i : i + size, j : j + size].mean())
    return torch.stack(patches)


FAMILY.add(
    patches_pooled,
    "return torch.nn.functional.avg_pool2d(image[None], size, step)[0].flatten()",
    inputs=lambda: [
        (random_tensor(shape, 1), size, step)
        for shape, size, step in (((6, 7), 3, 2), ((4, 4), 2, 2), ((3, 8), 3, 4), ((1, 2), 1, 2))
    ],
    exactness="rounding",
)


def every_few_elements(x, step):
    out = torch.zeros_like(x)
    for i in range(0, len(x), step):
        out[i] = x[i] * step
    return out


FAMILY.add(
    every_few_elements,
    "out = torch.zeros_like(x)\nout[::step] = x[::step] * step\nreturn out",
    inputs=lambda: [
        (random_tensor((n,), n), step) for n, step in ((7, 2), (7, 3), (1, 2), (0, 4), (6, 9))
    ],
)
