"""A loop and its rewrite, as text, run side by side on values like those of a recorded run."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from deloop.diagnostic import Exactness
from deloop.verification.copies import UncopyableArgument
from deloop.verification.run import run_side_by_side

SEEDS = 3
SMALL = 8
"""Sizes up to this one stay; greater ones become the numbers behind it, in their order."""
MOST_ELEMENTS = 4_000
"""Shapes with no more elements than that are also tried as they were."""


class Unmakeable(Exception):
    """A value of a kind that cannot be made up; the text says which."""


def run_recorded(
    loop: str,
    rewrite: str,
    setup: str,
    name: str,
    parameters: Sequence[str],
    kinds: Sequence[Mapping[str, Any]],
    exactness: Exactness,
) -> str:
    """Why the rewrite may not be taken for the loop, in one sentence; empty where it may.

    Both texts define a function called `name`; `setup` is run before each.
    """
    try:
        one, other = _define(setup, loop, name), _define(setup, rewrite, name)
        for kind in kinds:
            ran = 0
            for number, values in enumerate(_make_values(kind, parameters)):
                outcome = run_side_by_side(
                    one, other, (), values, exactness=exactness, second_gradients=True
                )
                if outcome.differences:
                    return f"it differs from the loop: {outcome.differences[0]}".splitlines()[0]
                ran += outcome.exception is None
                if ran == SEEDS or number > 4 * SEEDS:
                    break
            if not ran:
                return "it was not run beside the loop: no values like the recorded ones were found"
    except Unmakeable as reason:
        return f"it was not run beside the loop: {reason}"
    except UncopyableArgument as reason:
        return f"it was not run beside the loop: {reason}"
    except Exception as error:
        return f"it was not run beside the loop ({type(error).__name__}: {error})".splitlines()[0]
    return ""


_REACHES_OUT = frozenset({"open", "input", "breakpoint", "exec", "eval", "exit", "quit"})


def _import_harmless(name: str, *rest: Any) -> Any:
    """What ``import`` does in a text that is run on made-up values."""
    if name.partition(".")[0] not in ("torch", "math"):
        raise Unmakeable(f"it imports {name}")
    return __import__(name, *rest)


def _define(setup: str, text: str, name: str) -> Any:
    if re.search(r"\.save\w*\(|\.load\w*\(", text):
        raise Unmakeable("it reads or writes files")
    harmless = {word: value for word, value in vars(builtins).items() if word not in _REACHES_OUT}
    namespace: dict[str, Any] = {
        "__builtins__": {**harmless, "__import__": _import_harmless}
    }
    exec(compile(f"{setup}\n{text}\n", "<recorded>", "exec", dont_inherit=True), namespace)
    return namespace[name]


def _make_values(kind: Mapping[str, Any], parameters: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Arguments by name: small ones first, then, where they are few, of the recorded sizes."""
    for seed in range(SEEDS):
        for shapes in kind["shapes"] or [{}]:
            yield _make(kind, _shrink(shapes), parameters, seed)
            if _count(shapes) <= MOST_ELEMENTS:
                yield _make(kind, shapes, parameters, seed)


def _count(shapes: Mapping[str, Any]) -> int:
    return sum(torch.Size(s).numel() if isinstance(s, list) else 1 for s in shapes.values())


def _shrink(shapes: Mapping[str, Any]) -> dict[str, Any]:
    """Shapes with small sizes in the place of large ones, equal ones where they were equal."""
    held = {n for s in shapes.values() for n in (s if isinstance(s, list) else [s])}
    large = sorted(n for n in held if n > SMALL)
    small = {n: SMALL + 1 + k for k, n in enumerate(large)}
    return {
        name: [small.get(n, n) for n in size] if isinstance(size, list) else small.get(size, size)
        for name, size in shapes.items()
    }


def _make(
    kind: Mapping[str, Any], shapes: Mapping[str, Any], parameters: Sequence[str], seed: int
) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)
    sizes = [n for s in shapes.values() if isinstance(s, list) for n in s]
    most = max(1, min(sizes, default=1))
    shared = {name: names[0] for names in kind["shared"] for name in names[1:]}
    made: dict[str, Any] = {}
    for name in sorted(kind["values"], key=lambda n: (n in shared, n)):
        needed = name in parameters or name.partition(".")[0] in parameters
        if needed and name in shared and shared[name] in made:
            if shapes.get(name) != shapes.get(shared[name]):
                raise Unmakeable(f"{name} and {shared[name]} shared memory")
            made[name] = made[shared[name]]
        elif needed:
            made[name] = _make_value(name, kind["values"][name], shapes, most, generator)
    values = {name: value for name, value in made.items() if "." not in name}
    if "self" in parameters:
        values["self"] = owner = torch.nn.Module()
        for name, value in made.items():
            if name.startswith("self."):
                object.__setattr__(owner, name.removeprefix("self."), value)
    missing = [name for name in parameters if name not in values]
    if missing:
        raise Unmakeable(f"{missing[0]} was not recorded")
    return values


def _make_value(
    name: str, seen: Mapping[str, Any], shapes: Mapping[str, Any], most: int, generator: Any
) -> Any:
    if seen["type"] == "tensor":
        return _make_tensor(seen, shapes[name], most, generator)
    if seen["type"] == "int" and name in shapes:
        return shapes[name]
    if seen["type"] == "float":
        return float(torch.rand((), generator=generator, dtype=torch.float64)) * 2
    if seen["type"] == "bool":
        return bool(torch.rand((), generator=generator) > 0.5)
    if seen["type"] == "NoneType":
        return None
    raise Unmakeable(f"{name} was of the type {seen['type']}")


def _make_tensor(seen: Mapping[str, Any], shape: list[int], most: int, generator: Any) -> Any:
    dtype: torch.dtype = getattr(torch, seen["dtype"])
    full = shape if seen["contiguous"] or not shape else [*shape[:-1], 2 * shape[-1]]
    if dtype.is_floating_point or dtype.is_complex:
        wide = torch.complex64 if dtype.is_complex else torch.float32
        value = torch.randn(full, generator=generator, dtype=wide).to(dtype)
    else:
        value = torch.randint(0, 2 if dtype is torch.bool else most, full, generator=generator)
        value = value.to(dtype)
    if full is not shape:
        value = value[..., ::2]
    if seen["device"] == "cuda" and torch.cuda.is_available():
        value = value.cuda()
    if seen["grad"]:
        value.requires_grad_()
        value = value if seen["leaf"] else value * 1
    return value
