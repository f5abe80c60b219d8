"""Windows and blocks put together and taken apart: patches, pixels, margins, and what overlaps."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import torch

from .case import Family
from .inputs import random_tensor

FAMILY = Family()


def random_each(*shapes):
    """Tensors of the shapes given, and once more with gradients."""
    made = [random_tensor(shape, number) for number, shape in enumerate(shapes)]
    return made, [random_tensor(shape, n, grad=True) for n, shape in enumerate(shapes)]


# ------------------------------------------------------------------ patches
def columns_of_an_image(x, k):
    C, H, W = x.shape
    columns = []
    for i in range(H - k + 1):
        for j in range(W - k + 1):
            columns.append(x[:, i : i + k, j : j + k].reshape(-1))
    return torch.stack(columns)


FAMILY.add(
    columns_of_an_image,
    "columns = x.unfold(1, k, 1).unfold(2, k, 1).permute(1, 2, 0, 3, 4).flatten(2).clone()\n"
    "return columns.flatten(0, 1)",
    inputs=lambda: [
        *((random_tensor(s, 1), k) for s, k in (((2, 5, 6), 3), ((1, 3, 3), 3), ((3, 2, 4), 1))),
        (random_tensor((2, 5, 6), 1, grad=True), 2),
    ],
)


def patches_by_number(image, p):
    C, H, W = image.shape
    h, w = H // p, W // p
    out = torch.zeros(h * w, C * p * p)
    for i in range(h):
        for j in range(w):
            patch = image[:, i * p : (i + 1) * p, j * p : (j + 1) * p]
            out[i * w + j] = patch.flatten()
    return out


FAMILY.add(
    patches_by_number,
    "return image.unfold(1, p, p).unfold(2, p, p).permute(1, 2, 0, 3, 4).flatten(2).clone()"
    ".flatten(0, 1)",
    inputs=lambda: [
        *((random_tensor(s, 1), p) for s, p in (((3, 4, 6), 2), ((1, 6, 3), 3), ((2, 2, 2), 1))),
        (random_tensor((3, 5, 6), 2), 2),
        (random_tensor((3, 4, 6), 1, grad=True), 2),
    ],
)


def image_of_patches(patches, h, w):
    n, C, p, _ = patches.shape
    image = torch.zeros(C, h * p, w * p)
    for i in range(h):
        for j in range(w):
            image[:, i * p : (i + 1) * p, j * p : (j + 1) * p] = patches[i * w + j]
    return image


FAMILY.add(
    image_of_patches,
    "n, C, p, _ = patches.shape\n"
    "return patches.unflatten(0, (h, w)).permute(2, 0, 3, 1, 4).clone()"
    ".reshape(C, h * p, w * p)",
    inputs=lambda: [
        *(
            (random_tensor(s, 1), h, w)
            for s, h, w in (((6, 3, 2, 2), 2, 3), ((4, 1, 3, 3), 4, 1), ((1, 2, 1, 1), 1, 1))
        ),
        (random_tensor((6, 3, 2, 2), 1, grad=True), 3, 2),
    ],
)


def pixels_spread(x, r):
    C, H, W = x.shape
    out = torch.zeros(C // (r * r), H * r, W * r)
    for c in range(C // (r * r)):
        for i in range(r):
            for j in range(r):
                out[c, i::r, j::r] = x[c * r * r + i * r + j]
    return out


FAMILY.add(
    pixels_spread,
    "C, H, W = x.shape\n"
    "return x.unflatten(0, (C // (r * r), r, r)).permute(0, 3, 1, 4, 2).clone()"
    ".reshape(C // (r * r), H * r, W * r)",
    inputs=lambda: [
        *((random_tensor(s, 1), r) for s, r in (((8, 3, 4), 2), ((9, 1, 2), 3), ((2, 2, 2), 1))),
        (random_tensor((8, 3, 4), 1, grad=True), 2),
    ],
)


def tiled(x, n, m):
    h, w = x.shape
    out = torch.zeros(n * h, m * w)
    for i in range(n):
        for j in range(m):
            out[i * h : (i + 1) * h, j * w : (j + 1) * w] = x
    return out


FAMILY.add(
    tiled,
    "return x.repeat(n, m)",
    inputs=lambda: [
        *((random_tensor(s, 1), n, m) for s, n, m in (((3, 2), 2, 3), ((1, 1), 1, 4))),
        (random_tensor((3, 2), 1, grad=True), 2, 2),
    ],
)


def row_of_a_flat_image(v, height, width):
    out = torch.zeros(height, width)
    for y in range(height):
        for x in range(width):
            out[y, x] = v[y * width + x] / 255
    return out


FAMILY.add(
    row_of_a_flat_image,
    "return v.unflatten(0, (height, width)) / 255",
    inputs=lambda: [
        *((random_tensor((n,), n), h, w) for n, h, w in ((12, 3, 4), (5, 1, 5), (7, 7, 1))),
        (random_tensor((12,), 1, grad=True), 4, 3),
        (random_tensor((13,), 1), 3, 4),
    ],
)


# ------------------------------------------------------------------ windows
def median_of_patches(x, k):
    H, W = x.shape
    r = k // 2
    out = x.clone()
    for i in range(r, H - r):
        for j in range(r, W - r):
            out[i, j] = x[i - r : i + r + 1, j - r : j + r + 1].median()
    return out


FAMILY.add(
    median_of_patches,
    "H, W = x.shape\n"
    "r = k // 2\n"
    "out = x.clone()\n"
    "out[r:H - r, r:W - r] = x.unfold(0, 2 * r + 1, 1).unfold(1, 2 * r + 1, 1)"
    ".flatten(2).median(dim=-1).values\n"
    "return out",
    inputs=lambda: [
        (random_tensor(s, 1), k) for s, k in (((6, 7), 3), ((5, 5), 5), ((3, 4), 1))
    ],
    exactness="rounding",
)


def every_other_window(x, k, stride):
    out = torch.zeros(k, (len(x) - k) // stride + 1)
    for y in range(k):
        out[y] = x[y : y + stride * ((len(x) - k) // stride + 1) : stride]
    return out


FAMILY.add(
    every_other_window,
    "return x.unfold(0, k, stride).T.clone()",
    inputs=lambda: [
        *((random_tensor((n,), n), k, s) for n, k, s in ((9, 3, 2), (10, 3, 2), (5, 5, 4))),
        (random_tensor((9,), 1, grad=True), 3, 3),
    ],
)


def mean_of_what_is_there(x, r):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(n):
        lo = max(0, i - r)
        hi = min(n, i + r + 1)
        out[i] = x[lo:hi].mean()
    return out


FAMILY.add(
    mean_of_what_is_there,
    "n = len(x)\n"
    "return torch.nn.functional.pad(x, (r, r)).unfold(0, 2 * r + 1, 1).sum(1) / "
    "(torch.arange(r + 1, n + r + 1).clamp(max=n) - torch.arange(-r, n - r).clamp(min=0))",
    inputs=lambda: [
        *((random_tensor((n,), n), r) for n, r in ((9, 2), (5, 0), (3, 4), (1, 1), (8, 3))),
        (random_tensor((9,), 1, grad=True), 2),
    ],
    exactness="rounding",
)


def greatest_so_far_in_a_window(x, w):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[max(0, i - w + 1) : i + 1].max()
    return out


FAMILY.add(
    greatest_so_far_in_a_window,
    "return torch.nn.functional.pad(x, (w - 1, 0), value=float('-inf')).unfold(0, w, 1).amax(1)",
    inputs=lambda: [
        *((random_tensor((n,), n), w) for n, w in ((9, 3), (4, 1), (3, 5), (1, 2))),
        (random_tensor((9,), 1, grad=True), 3),
    ],
    exactness="rounding",
)


def convolution_by_bounds(x, w, b, stride, pad):
    N, C, H, W = x.shape
    O, _, K, _ = w.shape
    oh = (H + 2 * pad - K) // stride + 1
    ow = (W + 2 * pad - K) // stride + 1
    out = torch.zeros(N, O, oh, ow)
    for n in range(N):
        for o in range(O):
            for i in range(oh):
                for j in range(ow):
                    s = b[o]
                    for c in range(C):
                        for p in range(K):
                            for q in range(K):
                                y = i * stride + p - pad
                                z = j * stride + q - pad
                                if 0 <= y < H and 0 <= z < W:
                                    s = s + x[n, c, y, z] * w[o, c, p, q]
                    out[n, o, i, j] = s
    return out


FAMILY.add(
    convolution_by_bounds,
    "return torch.nn.functional.conv2d(x, w, b, stride=stride, padding=pad)",
    inputs=lambda: [
        *(
            (*(random_tensor(t, 1) for t in ((1, 2, h, v), (2, 2, k, k), (2,))), stride, pad)
            for h, v, k, stride, pad in ((4, 5, 3, 2, 1), (3, 3, 3, 1, 0), (2, 3, 1, 1, 1))
        ),
        (*random_each((1, 2, 4, 4), (2, 2, 3, 3), (2,))[1], 1, 1),
    ],
    exactness="rounding",
)


# ------------------------------------------------------------------ what overlaps
def frames_overlapped(frames, hop):
    n, length = frames.shape
    out = torch.zeros((n - 1) * hop + length)
    for i in range(n):
        out[i * hop : i * hop + length] += frames[i]
    return out


FAMILY.add(
    frames_overlapped,
    "n, length = frames.shape\n"
    "out = torch.zeros((n - 1) * hop + length)\n"
    "out.index_add_(0, ((hop * torch.arange(n))[:, None] + torch.arange(length)).flatten(), "
    "frames.flatten())\n"
    "return out",
    inputs=lambda: [
        *((random_tensor(s, 1), hop) for s, hop in (((5, 8), 4), ((1, 3), 2), ((4, 4), 4))),
        (random_tensor((5, 8), 1, grad=True), 3),
    ],
    exactness="rounding",
)


def sums_of_antidiagonals(x):
    n, m = x.shape
    out = torch.zeros(n + m - 1)
    for i in range(n):
        for j in range(m):
            out[i + j] += x[i, j]
    return out


FAMILY.add(
    sums_of_antidiagonals,
    "n, m = x.shape\n"
    "out = torch.zeros(n + m - 1)\n"
    "out.index_add_(0, (torch.arange(n)[:, None] + torch.arange(m)).flatten(), x.flatten())\n"
    "return out",
    inputs=lambda: [
        *((random_tensor(s, 1),) for s in ((3, 4), (1, 1), (5, 1), (0, 3))),
        (random_tensor((3, 4), 1, grad=True),),
    ],
    exactness="rounding",
)


# ------------------------------------------------------------------ diagonals
def blocks_on_the_diagonal(blocks):
    n, k, _ = blocks.shape
    out = torch.zeros(n * k, n * k)
    for i in range(n):
        out[i * k : (i + 1) * k, i * k : (i + 1) * k] = blocks[i]
    return out


FAMILY.add(
    blocks_on_the_diagonal,
    "n, k, _ = blocks.shape\n"
    "out = torch.zeros(n * k, n * k)\n"
    "out.unflatten(1, (n, k)).unflatten(0, (n, k)).diagonal(dim1=0, dim2=2)[:] = "
    "blocks.permute(1, 2, 0)\n"
    "return out",
    inputs=lambda: [
        *((random_tensor(s, 1),) for s in ((3, 2, 2), (1, 3, 3), (4, 1, 1))),
        (random_tensor((3, 2, 2), 1, grad=True),),
    ],
)


def diagonal_set(A, v):
    for i in range(len(v)):
        A[i, i] = v[i]
    return A


FAMILY.add(
    diagonal_set,
    "A.diagonal()[:] = v\nreturn A",
    inputs=lambda: [
        (random_tensor((4, 4), 1), random_tensor((4,), 2)),
        (random_tensor((5, 4), 1), random_tensor((3,), 2)),
        (random_tensor((1, 1), 1), random_tensor((1,), 2)),
        (random_tensor((2, 2), 1), random_tensor((0,), 2)),
        (random_tensor((4, 4), 1), random_tensor((4,), 2, grad=True)),
        (random_tensor((4, 4), 1, dtype=torch.int64), random_tensor((4,), 2)),
    ],
)
