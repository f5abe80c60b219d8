"""Arguments that are likely to tell a rewrite from its loop, made from one example.

A `Variation` says in five words how the tensors of a call are made: sizes, dtypes, values, memory
layout, aliases, gradients. First each word is tried alone, then random combinations.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch

from deloop.verification.values import fill_values, vary_number

SIZES = ("as given", "ones", "zeros", "twos", "odd", "by dimension", "larger", "smaller")
DTYPES = (
    "as given", "float64", "int64", "float32", "int32", "uint8", "bool", "float16", "bfloat16",
    "int8", "complex64", "first float64", "last float64", "last int64", "first float16",
)  # fmt: skip
VALUES = ("ordinary", "signed", "special", "ties", "extreme", "zeros", "as given")
LAYOUTS = ("contiguous", "transposed", "sliced", "expanded", "offset")
ALIASES = ("none", "same tensor", "overlapping", "shared storage")
GRADIENTS = ("as given", "leaf", "non-leaf", "first leaf", "last leaf")

LARGEST_SIZE = 7


@dataclass(frozen=True)
class Variation:
    """How one set of arguments is made from the example; the defaults come first in each list.

    Parameters
    ----------
    sizes:
        ``as given``: sizes up to 7 are kept and larger ones become distinct small ones, equal sizes
        staying equal. ``ones``, ``zeros``, ``twos``, ``odd``: every size, the last one by one odd
        number for each distinct size. ``by dimension``: dimension k gets its own size in every
        tensor, so that nothing is square. ``larger``, ``smaller``: tensors after the first.
    dtypes:
        A dtype for every tensor, for the first or for the last.
    values:
        ``signed``: integers of both signs even where the example's look like indices.
        ``special``: NaN, infinities, -0.0, denormals among ordinary ones. ``ties``: few distinct
        ones. ``extreme``: the largest and smallest of the dtype.
    layout:
        ``transposed``, ``sliced`` (every second element), ``expanded`` (stride 0), ``offset``.
    aliases:
        ``same tensor``: tensors of one shape and dtype are one object. ``overlapping``: views of
        one storage, shifted by one element. ``shared storage``: disjoint views of one storage.
    gradients:
        Which floating-point tensors require grad, as leaves or not.
    """

    sizes: str = "as given"
    dtypes: str = "as given"
    values: str = "ordinary"
    layout: str = "contiguous"
    aliases: str = "none"
    gradients: str = "as given"

    def __str__(self) -> str:
        default = Variation()
        words = [
            f"{field.name}: {getattr(self, field.name)}"
            for field in fields(self)
            if getattr(self, field.name) != getattr(default, field.name)
        ]
        return ", ".join(words) or "like the example"


CHOICES: Mapping[str, Sequence[str]] = {
    "sizes": SIZES, "dtypes": DTYPES, "values": VALUES,
    "layout": LAYOUTS, "aliases": ALIASES, "gradients": GRADIENTS,
}  # fmt: skip


@dataclass(frozen=True)
class LabelledArguments:
    """One generated set of arguments, and what is particular about it."""

    label: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    variation: Variation


def generate_arguments(
    example: Sequence[Any],
    seed: int = 0,
    count: int = 100,
    *,
    kwargs: Mapping[str, Any] | None = None,
    vary_numbers: bool = False,
) -> Iterator[LabelledArguments]:
    """`count` sets of arguments like `example`, the same ones for the same seed.

    ``generate_arguments((torch.ones(4, 4), 0.5), count=3)`` → three `LabelledArguments`.

    Parameters
    ----------
    example:
        The arguments of one call. Tensors, also inside lists, tuples and dicts, are varied; ints
        equal to a size of the example become the new size; everything else is passed on as it is.
    seed, count:
        What is drawn, and how often.
    kwargs:
        Keyword arguments, treated alike.
    vary_numbers:
        Also draw other values for ints and floats.

    A set need not be one that the function accepts: loop and rewrite must then raise alike.
    """
    choose = random.Random(seed)
    tensors = find_tensors((tuple(example), dict(kwargs or {})))
    variations: Iterator[Variation] = itertools.repeat(Variation())
    if tensors:
        variations = itertools.chain(list_single_variations(), _draw_variations(choose))
    for number, variation in enumerate(itertools.islice(variations, count)):
        made = make_arguments(
            example, kwargs or {}, variation, seed=seed * 1_000_003 + number,
            vary_numbers=vary_numbers and number > 0,
        )  # fmt: skip
        yield LabelledArguments(f"{variation} (seed {seed}, #{number})", *made, variation)


def list_single_variations() -> list[Variation]:
    """The example's own kind, then every word alone, one for each aspect in turn."""
    columns = [
        [replace(Variation(), **{aspect: word}) for word in words[1:]]
        for aspect, words in CHOICES.items()
    ]
    rounds = itertools.zip_longest(*columns)
    return [Variation(), *(variation for row in rounds for variation in row if variation)]


def _draw_variations(choose: random.Random) -> Iterator[Variation]:
    while True:
        words = {
            # Half of the aspects stay as they are, so that most calls are legal ones.
            aspect: choose.choice(words) if choose.random() < 0.5 else words[0]
            for aspect, words in CHOICES.items()
        }
        yield Variation(**words)


def make_arguments(
    example: Sequence[Any],
    kwargs: Mapping[str, Any],
    variation: Variation,
    *,
    seed: int,
    vary_numbers: bool = False,
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """One set of arguments like `example`, made as `variation` says; see `generate_arguments`."""
    whole = (tuple(example), dict(kwargs))
    tensors = find_tensors(whole)
    generator = torch.Generator().manual_seed(seed)
    choose = random.Random(seed)
    shapes = _choose_shapes([tuple(t.shape) for t in tensors], variation.sizes, choose)
    made: list[torch.Tensor] = []
    for index, (tensor, shape) in enumerate(zip(tensors, shapes, strict=True)):
        dtype = _choose_dtype(tensor.dtype, variation.dtypes, index, len(tensors))
        limit = _index_limit(tensor, tensors, shapes)
        values = fill_values(tensor, shape, dtype, variation.values, generator, limit)
        made.append(lay_out(values.to(tensor.device), variation.layout))
    made = _alias(made, variation.aliases)
    made = _require_grads(made, tensors, variation.gradients)
    replaced = {id(old): new for old, new in zip(tensors, made, strict=True)}
    sizes_map = _map_sizes(tensors, shapes)

    def substitute(leaf: Any) -> Any:
        if isinstance(leaf, torch.Tensor):
            return replaced.get(id(leaf), leaf)
        if type(leaf) is int and leaf in sizes_map:
            return sizes_map[leaf]
        return vary_number(leaf, choose) if vary_numbers else leaf

    args, keywords = map_leaves(whole, substitute)
    return args, keywords


def find_tensors(value: object) -> list[torch.Tensor]:
    """The dense tensors inside lists, tuples and dicts, each once, in order."""
    found: dict[int, torch.Tensor] = {}

    def note(leaf: Any) -> Any:
        plain = type(leaf) is torch.Tensor and leaf.layout is torch.strided
        if plain and not (leaf.is_quantized or leaf.is_meta):
            found.setdefault(id(leaf), leaf)
        return leaf

    map_leaves(value, note)
    return list(found.values())


def map_leaves(value: Any, function: Callable[[Any], Any]) -> Any:
    """The same nest of lists, tuples and dicts with `function` applied to everything else."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(map_leaves(part, function) for part in value))
    if type(value) in (list, tuple):
        return type(value)(map_leaves(part, function) for part in value)
    if type(value) is dict:
        return {key: map_leaves(part, function) for key, part in value.items()}
    return function(value)


def _choose_shapes(
    shapes: Sequence[tuple[int, ...]], scheme: str, choose: random.Random
) -> list[tuple[int, ...]]:
    if scheme in ("ones", "zeros", "twos"):
        size = {"zeros": 0, "ones": 1, "twos": 2}[scheme]
        return [(size,) * len(shape) for shape in shapes]
    if scheme == "by dimension":
        sizes = choose.sample(range(2, LARGEST_SIZE + 1), 6)
        return [tuple(sizes[dim % 6] for dim in range(len(shape))) for shape in shapes]
    distinct = list(dict.fromkeys(size for shape in shapes for size in shape))
    if scheme == "odd":
        odd = choose.sample((3, 5, 7), 3)
        return [tuple(odd[distinct.index(size) % 3] for size in shape) for shape in shapes]
    free = [size for size in range(3, LARGEST_SIZE + 1) if size not in distinct]
    small = {
        size: size if size <= LARGEST_SIZE else (free.pop() if free else LARGEST_SIZE)
        for size in sorted(distinct)
    }
    base = [tuple(small[size] for size in shape) for shape in shapes]
    step = {"larger": 1, "smaller": -1}.get(scheme, 0)
    grown = [tuple(max(size + step, 0) for size in shape) for shape in base[1:]]
    return base[:1] + grown


def _index_limit(
    tensor: torch.Tensor, tensors: Sequence[torch.Tensor], shapes: Sequence[tuple[int, ...]]
) -> int | None:
    """Where all values of an integer tensor could index a dimension of a tensor of the call, the
    new size of the smallest such dimension; else None."""
    if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype is torch.bool:
        return None
    if not tensor.numel() or int(tensor.min()) < 0:
        return None
    largest = int(tensor.max())
    sizes = [
        (old, new)
        for other, shape in zip(tensors, shapes, strict=True)
        for old, new in zip(other.shape, shape, strict=True)
        if old > largest
    ]
    return min(sizes)[1] if sizes else None


def _choose_dtype(dtype: torch.dtype, scheme: str, index: int, count: int) -> torch.dtype:
    if scheme == "as given":
        return dtype
    where, _, name = scheme.rpartition(" ")
    if (where == "first" and index != 0) or (where == "last" and index != count - 1):
        return dtype
    chosen: torch.dtype = getattr(torch, name)
    return chosen


def lay_out(values: torch.Tensor, layout: str) -> torch.Tensor:
    """The same values in another memory layout; ``expanded`` repeats the first row instead.

    ``lay_out(x, "transposed").stride()`` → the strides of `x`, reversed.
    """
    if layout == "transposed" and values.dim() > 1:
        order = tuple(reversed(range(values.dim())))
        return values.permute(order).contiguous().permute(order)
    if layout == "sliced" and values.dim() > 0:
        wide = values.new_ones([2 * size + 1 for size in values.shape])
        window = wide[tuple(slice(1, 2 * size + 1, 2) for size in values.shape)]
        return window.copy_(values)
    if layout == "expanded" and values.dim() > 0 and values.shape[0] > 0:
        return values[:1].clone().expand(values.shape)
    if layout == "offset":
        flat = values.new_ones(values.numel() + 3)
        return flat[3:].view(values.shape).copy_(values)
    return values


def _alias(tensors: list[torch.Tensor], scheme: str) -> list[torch.Tensor]:
    """Make tensors of one shape and dtype share memory; the others stay as they are."""
    if scheme == "none":
        return tensors
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, tensor in enumerate(tensors):
        groups.setdefault((tensor.shape, tensor.dtype, tensor.device), []).append(index)
    made = list(tensors)
    for members in groups.values():
        first = tensors[members[0]]
        if scheme == "same tensor":
            views = [first] * len(members)
        else:
            step = 1 if scheme == "overlapping" else first.numel()
            views = _lay_side_by_side([tensors[index] for index in members], step)
        for index, view in zip(members, views, strict=True):
            made[index] = view
    return made


def _lay_side_by_side(tensors: Sequence[torch.Tensor], step: int) -> list[torch.Tensor]:
    """Views of one storage, each `step` elements after the one before it."""
    first = tensors[0]
    storage = first.new_ones(first.numel() + step * (len(tensors) - 1))
    views = []
    for number, tensor in enumerate(tensors):
        view = storage[number * step : number * step + first.numel()].view(first.shape)
        views.append(view.copy_(tensor))
    return views


def _require_grads(
    made: Sequence[torch.Tensor], examples: Sequence[torch.Tensor], scheme: str
) -> list[torch.Tensor]:
    """The tensors requiring grad as the scheme says; one that is met twice stays one object."""
    done: dict[int, torch.Tensor] = {}
    for index, (tensor, example) in enumerate(zip(made, examples, strict=True)):
        wanted = {
            "as given": example.requires_grad,
            "first leaf": index == 0,
            "last leaf": index == len(made) - 1,
        }.get(scheme, True)
        differentiable = tensor.is_floating_point() or tensor.is_complex()
        inner = scheme == "non-leaf" or (scheme == "as given" and not example.is_leaf)
        if id(tensor) in done or not (wanted and differentiable):
            continue
        done[id(tensor)] = make_inner(tensor) if inner else tensor.requires_grad_()
    return [done.get(id(tensor), tensor) for tensor in made]


def make_inner(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor over the same memory that requires grad and is not a leaf."""
    with torch.enable_grad():
        made = tensor.detach().clone().requires_grad_().clone()
    made.data = tensor
    return made


def _map_sizes(
    tensors: Sequence[torch.Tensor], shapes: Sequence[tuple[int, ...]]
) -> dict[int, int]:
    """New sizes by old ones, where an old size has become one new size everywhere."""
    news: dict[int, set[int]] = {}
    for tensor, shape in zip(tensors, shapes, strict=True):
        for old, new in zip(tensor.shape, shape, strict=True):
            news.setdefault(old, set()).add(new)
    return {old: next(iter(new)) for old, new in news.items() if len(new) == 1}
