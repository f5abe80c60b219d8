"""Sums over windows times a kernel are convolutions, with batch and channels or without."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import deloop
from deloop.diagnostic import Exactness
from deloop.verification.run import run_side_by_side


def layer(x: Any, w: Any) -> Any:
    N, _, H, W = x.shape
    M, _, KH, KW = w.shape
    out = torch.zeros(N, M, H - KH + 1, W - KW + 1)
    for n in range(N):
        for o in range(M):
            for i in range(H - KH + 1):
                for j in range(W - KW + 1):
                    out[n, o, i, j] = (x[n, :, i : i + KH, j : j + KW] * w[o]).sum()
    return out


def filters(x: Any, w: Any) -> Any:
    out = torch.zeros(w.shape[0], x.shape[1] - w.shape[2] + 1)
    for o in range(w.shape[0]):
        for t in range(out.shape[1]):
            out[o, t] = (x[:, t : t + w.shape[2]] * w[o]).sum()
    return out


def each_channel(x: Any, w: Any) -> Any:
    out = torch.zeros(x.shape[0], x.shape[1] - w.shape[1] + 1)
    for c in range(x.shape[0]):
        for t in range(out.shape[1]):
            for k in range(w.shape[1]):
                out[c, t] += x[c, t + k] * w[c, k]
    return out


def each_image(x: Any, w: Any) -> Any:
    kh, kw = w.shape
    out = torch.zeros(len(x), x.shape[1] - kh + 1, x.shape[2] - kw + 1)
    for n in range(out.shape[0]):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                out[n, i, j] = (x[n, i : i + kh, j : j + kw] * w).sum()
    return out


def volume(x: Any, w: Any) -> Any:
    a, b, c = w.shape
    out = torch.zeros(x.shape[0] - a + 1, x.shape[1] - b + 1, x.shape[2] - c + 1)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                out[i, j, k] = (x[i : i + a, j : j + b, k : k + c] * w).sum()
    return out


CASES = [
    (layer, (2, 3, 7, 6), (4, 3, 3, 2), "conv2d(x, w)"),
    (filters, (3, 7), (4, 3, 2), "conv1d(x[None], w)[0]"),
    (each_channel, (3, 7), (3, 2), "conv1d(x[None], w[:, None], groups=x.shape[0])[0]"),
    (each_image, (3, 7, 6), (2, 3), "conv2d(x[:, None], w[None, None])[:, 0]"),
    (volume, (4, 5, 6), (2, 2, 3), "conv3d(x[None, None], w[None, None])[0, 0]"),
]


@pytest.mark.parametrize(("loop", "size", "kernel", "expected"), CASES)
def test_windows_times_a_kernel_are_one_convolution(loop, size, kernel, expected) -> None:
    for grad in (False, True):
        torch.manual_seed(0)
        arguments = (torch.randn(size, requires_grad=grad), torch.randn(kernel, requires_grad=grad))
        fast = deloop.vectorize(loop)
        assert f"return torch.nn.functional.{expected}" in fast.explain(*arguments).source
        outcome = run_side_by_side(
            loop, fast, arguments, exactness=Exactness.ROUNDING, second_gradients=True
        )
        assert outcome.agrees, outcome


EMPTY = [
    ((0, 3, 7, 6), (4, 3, 3, 2)),
    ((2, 0, 4, 4), (4, 0, 3, 2)),
    ((2, 3, 4, 4), (0, 3, 3, 2)),
    ((1, 1, 2, 2), (1, 1, 2, 2)),
    ((1, 1, 4, 4), (1, 1, 0, 2)),
]


@pytest.mark.parametrize(("size", "kernel"), EMPTY)
def test_without_images_channels_or_places_the_loop_gives_what_it_gives(size, kernel) -> None:
    arguments = (torch.randn(size), torch.randn(kernel))
    fast = deloop.vectorize(layer)
    fast(torch.randn(2, 3, 7, 6), torch.randn(4, 3, 3, 2))
    outcome = run_side_by_side(layer, fast, arguments, exactness=Exactness.ROUNDING)
    assert outcome.agrees, outcome


def test_integers_are_not_convolved() -> None:
    x, w = torch.randint(0, 5, (3, 7, 6)), torch.randint(0, 5, (2, 3))
    fast = deloop.vectorize(each_image)
    assert "conv" not in fast.explain(x, w).source
    assert torch.equal(fast(x, w), each_image(x, w))
