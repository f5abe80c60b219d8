"""The numbers that generated tensors hold: ordinary ones, and those at which programs go wrong."""

from __future__ import annotations

import random

import torch


def fill_values(
    example: torch.Tensor,
    shape: tuple[int, ...],
    dtype: torch.dtype,
    scheme: str,
    generator: torch.Generator,
    limit: int | None = None,
) -> torch.Tensor:
    """A new tensor of `shape` and `dtype` with values as `scheme` says.

    Parameters
    ----------
    example:
        Where integers come from: an index must stay an index. Any shape.
    scheme:
        ``ordinary``, ``signed``, ``as given``, ``zeros``, ``ties``, ``special`` or ``extreme``; see
        `deloop.verification.inputs.Variation`.
    generator:
        The source of randomness, on the CPU.
    limit:
        Where integers are taken for indices, the size that they stay below.
    """
    if scheme == "zeros":
        return torch.zeros(shape, dtype=dtype)
    if scheme == "as given" and example.numel():
        return _repeat(example, shape).to(dtype)
    bounds = (-9, 9) if scheme == "signed" else _integer_range(example, limit)
    ordinary = _ordinary(example, shape, dtype, generator, bounds)
    if scheme == "ties":
        real = ordinary.real if dtype.is_complex else ordinary
        return (real.to(torch.float64).round() % 3 - 1).to(dtype)
    if scheme in ("special", "extreme"):
        return _sprinkle(ordinary, special_tensor(dtype, scheme), generator)
    return ordinary


def _repeat(example: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    flat = example.detach().cpu().resolve_conj().reshape(-1)
    count = torch.Size(shape).numel()
    times = -(-count // flat.numel()) if count else 1
    return flat.repeat(times)[:count].reshape(shape).clone()


def _ordinary(
    example: torch.Tensor,
    shape: tuple[int, ...],
    dtype: torch.dtype,
    generator: torch.Generator,
    bounds: tuple[int, int],
) -> torch.Tensor:
    integral = not (dtype.is_floating_point or dtype.is_complex)
    if dtype is torch.bool:
        return torch.randint(0, 2, shape, generator=generator).to(dtype)
    if integral or not (example.is_floating_point() or example.is_complex()):
        low, high = bounds
        if dtype is torch.uint8:
            low, high = max(low, 0), max(high, 1)
        return torch.randint(low, high + 1, shape, generator=generator).to(dtype)
    if dtype.is_complex:
        parts = torch.randn((*shape, 2), generator=generator, dtype=torch.float64)
        return torch.view_as_complex(parts).to(dtype)
    drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
    return (drawn * 2).to(dtype)


def _integer_range(example: torch.Tensor, limit: int | None) -> tuple[int, int]:
    """The least and the largest integer to draw: an index stays one, others are small."""
    if limit is not None:
        return 0, max(limit - 1, 0)
    return (0, 1) if example.dtype is torch.bool else (-9, 9)


def special_tensor(dtype: torch.dtype, scheme: str) -> torch.Tensor:
    """The values of a dtype at which programs go wrong: a vector.

    ``special`` has NaN, infinities, both zeros and denormals (for integers 0, 1, -1); ``extreme``
    the largest, the smallest and their neighbours.
    """
    if dtype is torch.bool:
        return torch.tensor([False, True])
    if dtype.is_complex:
        real = special_tensor(dtype.to_real(), scheme)
        zero = torch.zeros_like(real)
        return torch.cat([torch.complex(real, zero), torch.complex(zero, real)]).to(dtype)
    if not dtype.is_floating_point:
        info = torch.iinfo(dtype)
        extreme = [info.min, info.max, info.min + 1, info.max - 1]
        small = [0, 1] if info.min == 0 else [0, 1, -1]
        return torch.tensor(extreme + small if scheme == "extreme" else small, dtype=dtype)
    limits = torch.finfo(dtype)
    denormal = limits.smallest_normal * limits.eps
    infinity = float("inf")
    special = [float("nan"), infinity, -infinity, -0.0, 0.0, denormal, -denormal]
    extremes = [limits.max, limits.min, limits.smallest_normal, limits.eps, denormal * 3, 1e3]
    return torch.tensor(extremes if scheme == "extreme" else special, dtype=torch.float64).to(dtype)


def _sprinkle(
    ordinary: torch.Tensor, specials: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """`ordinary` with about half of its elements replaced by random ones of `specials`."""
    picked = torch.randint(0, len(specials), ordinary.shape, generator=generator)
    replaced = torch.rand(ordinary.shape, generator=generator) < 0.5
    return torch.where(replaced, specials[picked], ordinary)


def vary_number(value: object, choose: random.Random) -> object:
    """Another number of the same Python type; anything that is no number as it is.

    ``vary_number(3, random.Random(0))`` → an int from -3 to 6.
    """
    if type(value) is int:
        return choose.choice([value, value, 0, 1, -1, 2, value + 1, value - 1, -value, 2 * value])
    if type(value) is float:
        infinity = float("inf")
        usual = [value, value, 0.0, 1.0, -1.0, -value, value / 3, value * 2]
        return choose.choice([*usual, -0.0, infinity, -infinity, float("nan"), 1e-310])
    return value
