"""Arguments as source text, so that a failing program is a file that stands alone."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from .scope import FLOATS, INTEGERS

BOUNDS = {"int64": 2**63 - 1, "int32": 2**31 - 1, "uint8": 255}


@dataclass(frozen=True)
class TensorParameter:
    """A tensor argument: its name, the axis of each dimension, usual dtype, whether written."""

    name: str
    axes: tuple[int, ...]
    dtype: str
    written: bool


@dataclass(frozen=True)
class NumberParameter:
    """A number argument: its name and sort (``int``, ``float``, ``bool``)."""

    name: str
    sort: str


@dataclass(frozen=True)
class FunctionParameter:
    """A function argument and the expressions that may be passed for it."""

    name: str
    choices: tuple[str, ...]


Parameter = TensorParameter | NumberParameter | FunctionParameter


@dataclass
class ArgumentText:
    """One argument set being written: the statements and the tuple's members."""

    rng: random.Random
    nasty: bool
    sizes: dict[int, int]
    same_lengths: bool
    tame: bool = False
    lines: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    shapes: dict[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    sliced: set[str] = field(default_factory=set)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability


def arguments_source(
    parameters: list[Parameter],
    seed: int,
    index: int,
    depth: int,
    same_lengths: bool,
    tame: bool = False,
) -> str:
    """The source of a function ``arguments_<index>()`` that returns a fresh argument tuple.

    `tame` values may be added and multiplied in any order: nothing overflows, and many of them are
    eighths, whose sums are exact.
    """
    rng = random.Random(f"{seed}:{index}")
    axes = sorted({a for p in parameters if isinstance(p, TensorParameter) for a in p.axes})
    text = ArgumentText(rng, index > 0, {}, same_lengths, tame)
    text.sizes = _sizes(rng, axes, index, depth)
    grad = rng.choices(("none", "leaf", "non-leaf"), (55, 28, 17))[0]
    for parameter in parameters:
        if isinstance(parameter, TensorParameter):
            _write_tensor(text, parameter, grad)
        elif isinstance(parameter, NumberParameter):
            text.members.append(_number_text(text, parameter))
        else:
            text.members.append(rng.choice(parameter.choices))
    members = "".join(f"{m}, " for m in text.members)
    body = [*text.lines, f"return ({members.rstrip()})"]
    return f"def arguments_{index}():\n" + "\n".join("    " + line for line in body) + "\n"


def _sizes(rng: random.Random, axes: list[int], index: int, depth: int) -> dict[int, int]:
    """A length for each axis: ordinary for the first set, then also 0, 1 and equal ones."""
    if index == 0:
        pool: tuple[int, ...] = (2, 3, 4, 5) if depth <= 2 else (2, 3)
    elif index == 1:
        pool = (1, 2, 3, 5) if depth <= 2 else (1, 2, 3)
    else:
        pool = (0, 1, 2, 3, 5) if depth <= 2 else (0, 1, 2, 3)
    if depth == 1 and rng.random() < 0.3:
        pool = (*pool, 9)
    if rng.random() < 0.15:
        return dict.fromkeys(axes, rng.choice(pool))
    return {axis: rng.choice(pool) for axis in axes}


def _write_tensor(text: ArgumentText, parameter: TensorParameter, grad: str) -> None:
    """The statements that build one tensor, and its name among the members."""
    rng, name = text.rng, parameter.name
    dtype = _dtype(text, parameter.dtype)
    shape = tuple(text.sizes[a] for a in parameter.axes)
    if text.nasty and shape and not text.same_lengths and text.chance(0.12):
        position = rng.randrange(len(shape))
        changed = max(0, rng.choice((shape[position] - 1, shape[position] + 1, 1)))
        shape = (*shape[:position], changed, *shape[position + 1 :])
    text.members.append(name)
    same = [n for n, known in text.shapes.items() if known == (shape, dtype)]
    if same and text.chance(0.18 if text.nasty else 0.05):
        other = rng.choice(same)
        text.lines.append(f"{name} = {_second_view(text, other, shape)}")
        text.shapes[name] = (shape, dtype)
        return
    text.shapes[name] = (shape, dtype)
    lines = _layout(text, parameter, shape, dtype)
    differentiable = dtype in FLOATS or dtype == "complex64"
    refuse = parameter.written and not text.nasty
    if differentiable and grad != "none" and text.chance(0.8) and not (refuse and grad == "leaf"):
        lines.append(f"{name}.requires_grad_()")
        if grad == "non-leaf":
            lines.append(f"{name} = {name} * 1")
    text.lines += lines


def _second_view(text: ArgumentText, other: str, shape: tuple[int, ...]) -> str:
    """The same tensor, or another view of its memory: shifted, transposed or equal."""
    if other in text.sliced and text.chance(0.8):
        return f"{other}_base[:-1]"
    if len(shape) == 2 and shape[0] == shape[1] and text.chance(0.4):
        return f"{other}.t()"
    return f"{other}[:]" if shape and text.chance(0.2) else other


def _layout(
    text: ArgumentText, parameter: TensorParameter, shape: tuple[int, ...], dtype: str
) -> list[str]:
    """Contiguous, transposed, strided, sliced or expanded memory of the wanted shape."""
    name, rng = parameter.name, text.rng
    layout = "contiguous"
    if shape and text.chance(0.35):
        layout = rng.choice(("transposed", "strided", "sliced", "expanded", "overlapping"))
    if parameter.written and not text.nasty and layout in ("expanded", "overlapping"):
        layout = "strided"
    if layout == "transposed" and len(shape) > 1:
        order = ", ".join(str(d) for d in reversed(range(len(shape))))
        return [f"{name} = {_literal(text, shape[::-1], dtype)}.permute({order})"]
    if layout == "strided":
        doubled = (*shape[:-1], 2 * shape[-1])
        return [f"{name} = {_literal(text, doubled, dtype)}[..., ::2]"]
    if layout == "sliced":
        longer = (shape[0] + 1, *shape[1:])
        text.sliced.add(name)
        return [f"{name}_base = {_literal(text, longer, dtype)}", f"{name} = {name}_base[1:]"]
    if layout == "expanded":
        position = rng.randrange(len(shape))
        thin = (*shape[:position], 1, *shape[position + 1 :])
        return [f"{name} = {_literal(text, thin, dtype)}.expand({_tuple(shape)})"]
    if layout == "overlapping" and len(shape) == 2:
        length = shape[0] + shape[1]
        base = _literal(text, (length,), dtype)
        return [f"{name} = {base}.as_strided({_tuple(shape)}, (1, 1))"]
    return [f"{name} = {_literal(text, shape, dtype)}"]


def _tuple(shape: tuple[int, ...]) -> str:
    return "(" + "".join(f"{n}, " for n in shape).rstrip() + ")"


def _literal(text: ArgumentText, shape: tuple[int, ...], dtype: str) -> str:
    """``torch.tensor([...], dtype=...).reshape(shape)``."""
    count = 1
    for length in shape:
        count *= length
    style = text.rng.choices(("plain", "ties", "nasty", "small"), (5, 2, 3 if text.nasty else 1, 2))
    written = _tame_value if text.tame else _value
    values = ", ".join(written(text.rng, dtype, style[0]) for _ in range(count))
    if not shape:
        return f"torch.tensor({values}, dtype=torch.{dtype})"
    tail = "" if len(shape) == 1 and count else f".reshape({_tuple(shape)})"
    return f"torch.tensor([{values}], dtype=torch.{dtype}){tail}"


def _value(rng: random.Random, dtype: str, style: str) -> str:
    """One value of the dtype, as text."""
    if dtype == "bool":
        return str(rng.random() < 0.5)
    if dtype == "complex64":
        return f"complex({_value(rng, 'float32', style)}, {_value(rng, 'float32', style)})"
    if dtype in INTEGERS:
        low = 0 if dtype == "uint8" else -1
        bound = BOUNDS[dtype]
        if style == "nasty":
            extremes = [bound, bound - 1, low * bound + low, 0, 1, 2, 3, 100]
            return str(rng.choice(extremes))
        if style == "ties":
            return str(rng.choice((0, 1, 2)))
        return str(rng.randint(low * 9, 9))
    if style == "nasty" and rng.random() < 0.5:
        return rng.choice(("nan", "inf", "-inf", "-0.0", "0.0", "1e30", "-1e-30", "65504.0"))
    if style == "ties":
        return rng.choice(("0.0", "1.0", "2.0", "-1.0", "0.5"))
    if style == "small":
        return repr(round(rng.uniform(0.1, 2.0), 2))
    return repr(round(rng.uniform(-4.0, 4.0), 2))


def _tame_value(rng: random.Random, dtype: str, style: str) -> str:
    """One value whose sums and products stay far from overflow, as text."""
    if dtype not in FLOATS or style == "ties":
        return _value(rng, dtype, style)
    if style == "nasty" and rng.random() < 0.4:
        return rng.choice(("nan", "inf", "-inf", "-0.0", "0.0", "100.0", "1e-3", "-0.0"))
    if style == "small":
        return repr(rng.randint(1, 16) / 8)
    if style == "plain" and rng.random() < 0.5:
        return repr(round(rng.uniform(-4.0, 4.0), 2))
    return repr(rng.randint(-32, 32) / 8)


def _dtype(text: ArgumentText, usual: str) -> str:
    """The usual dtype; in later argument sets now and then another of the same sort or not."""
    if not text.nasty or usual == "complex64" or text.chance(0.85):
        return usual
    if text.chance(0.75):
        family = FLOATS if usual in FLOATS else INTEGERS if usual in INTEGERS else ("bool",)
        return text.rng.choice(family[:2] if text.tame else family)
    if text.tame:
        return text.rng.choice((*FLOATS[:2], *INTEGERS[:2], "bool"))
    return text.rng.choice((*FLOATS, *INTEGERS, "bool"))


def _number_text(text: ArgumentText, parameter: NumberParameter) -> str:
    """A number argument; in later sets also extreme, of another type, or a tensor."""
    rng = text.rng
    if text.nasty and text.chance(0.06):
        return "torch.tensor(1.5)" if parameter.sort == "float" else "torch.tensor(2)"
    sort = parameter.sort
    if text.nasty and sort == "float" and text.chance(0.1):
        sort = "int"
    if sort == "bool":
        return str(rng.random() < 0.5)
    if sort == "int":
        pool = (0, 1, 2, 3, -1, -2, 5, 7) if text.nasty else (1, 2, 3, 0)
        return str(rng.choice(pool))
    if text.nasty and text.chance(0.2):
        extremes = ("inf", "nan", "-0.0", "0.0", "1e30")
        return rng.choice(extremes[:4] if text.tame else extremes)
    return repr(rng.choice((0.5, -1.5, 2.0, 0.25, 1.0, 0.1, -3.0)))
