"""Flat subscripts as several: ``out[i * w + j]`` is ``out.unflatten(0, (h, w))[i, j]``.

A dimension that is walked over in blocks is split for all of the nest, or not at all, before
anything is asked of it: dependences, bounds and coverage then know subscripts that are plain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from deloop.analysis.facts import Facts
from deloop.frontend.apply import DataRequirement
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, at_least, equal
from deloop.ir.axis import Axis
from deloop.ir.loop import LIST, PRIVATE, AffineBranch, Branch, Loop, Nest, Node, Store
from deloop.ir.polynomial import (
    Polynomial,
    as_polynomial,
    number,
    polynomial_of,
    spelled_product,
)
from deloop.ir.scalar import Expression, Load, Subscript
from deloop.ir.types import Tensor

_Ranges = Mapping[str, Axis]
_Read = Callable[[Subscript], "Polynomial | None"]
_ONE = number(1)


@dataclass(frozen=True)
class _Access:
    """One subscript of a dimension, with the ranges of the iterators around it."""

    subscript: Subscript
    polynomial: Polynomial
    ranges: _Ranges
    is_store: bool

    @property
    def moving(self) -> list[str]:
        """The iterators that the subscript moves with."""
        return [s for p in self.polynomial.terms for s in p if s in self.ranges]


@dataclass(frozen=True)
class _Walk:
    """All accesses of a dimension as parts with the same weights, and the sizes of all but one."""

    weights: tuple[Polynomial, ...]
    sizes: tuple[Affine, ...]
    is_stored: bool
    parts: tuple[tuple[tuple[Affine, ...], _Ranges], ...]


@dataclass(frozen=True)
class _Split:
    """How a dimension is split: the weight of each part, and its size."""

    weights: tuple[Polynomial, ...]
    sizes: tuple[Affine, ...]


def split_dimensions(
    nest: Nest, facts: Facts, asked: Sequence[DataRequirement]
) -> tuple[Nest, Callable[[Expression], Expression]]:
    """The nest with blocks of a dimension as dimensions of their own, and values likewise.

    ``out[i * w + j] = v   ->   out.unflatten(0, (h, w))[i, j] = v``; what is `asked` of data is
    read as it was.
    """
    fixed = {load.array for x in asked for load in scalar.loads(x.condition)}
    found: dict[tuple[str, int], list[_Access] | None] = {}
    known = {str(name): number for number, name in nest.steps.items() if len(name.terms) == 1}
    read = partial(polynomial_of, known=known, canonical=facts.canonical)
    for array, subscripts, ranges, is_store in _accesses(nest.body, {}):
        for dim, subscript in enumerate(subscripts):
            value = read(subscript)
            accesses = found.setdefault((array, dim), [])
            if value is None or accesses is None:
                found[array, dim] = None
            else:
                accesses.append(_Access(subscript, value, ranges, is_store))
    walks = {
        (array, dim): walk
        for (array, dim), accesses in found.items()
        if accesses is not None and array not in fixed and _may_split(array, nest)
        and (walk := _find_walk(accesses, facts)) is not None
    }  # fmt: skip
    splits: dict[str, dict[int, _Split]] = {}
    for (array, dim), walk in walks.items():
        size = nest.arrays[array].type.shape[dim]
        whole = read(size)
        alike = [w for w in walks.values() if w.weights[0] == walk.weights[0]]
        split = None if whole is None else _find_split(walk, size, whole, alike, facts)
        if split is not None:
            splits.setdefault(array, {})[dim] = split
    if not splits:
        return nest, lambda value: value
    change = _Change(splits, read, _iterators(nest.body))
    arrays = {k: _split_tensor(t, splits[k]) if k in splits else t for k, t in nest.arrays.items()}
    body = tuple(map(change.node, nest.body))
    return replace(nest, body=body, arrays=arrays), change.value


def _may_split(array: str, nest: Nest) -> bool:
    tensor = nest.arrays[array]
    special = tensor.storage.startswith((LIST, PRIVATE, "cell:")) or array in nest.locals
    return not special and tensor.flat_of is None and not tensor.splits


def _split_tensor(tensor: Tensor, splits: Mapping[int, _Split]) -> Tensor:
    shape: list[Affine] = []
    for dim, size in enumerate(tensor.type.shape):
        shape.extend(splits[dim].sizes if dim in splits else (size,))
    sizes = tuple((dim, splits[dim].sizes) for dim in sorted(splits))
    kind = replace(tensor.type, shape=tuple(shape))
    return replace(tensor, type=kind, splits=sizes, whole=tensor.type.shape)


# ------------------------------------------------------------------ what is accessed
def _accesses(
    nodes: Sequence[Node], around: _Ranges
) -> Iterator[tuple[str, tuple[Subscript, ...], _Ranges, bool]]:
    """Every read and write of the nest, with the ranges of the iterators around it."""
    for node in nodes:
        match node:
            case Store():
                inside = {**around, **{x.iterator: x.axis for x in node.implicit}}
                yield node.array, node.subscripts, inside, True
                parts = [s for s in node.subscripts if not isinstance(s, Affine)]
                for part in (node.value, *parts):
                    yield from _reads(part, inside)
            case Loop():
                yield from _accesses(node.body, {**around, node.iterator: node.axis})
            case AffineBranch():
                yield from _accesses((*node.then, *node.otherwise), around)
            case Branch():
                yield from _reads(node.condition, around)
                yield from _accesses((*node.then, *node.otherwise), around)


def _iterators(nodes: Sequence[Node]) -> frozenset[str]:
    """All names that some subscript moves with."""
    return frozenset(name for *_, ranges, _ in _accesses(nodes, {}) for name in ranges)


def _reads(
    value: Expression, around: _Ranges
) -> Iterator[tuple[str, tuple[Subscript, ...], _Ranges, bool]]:
    inside = {**around, **{a.iterator: a for a in scalar.bound_axes(value)}}
    if isinstance(value, Load):
        own = {name: Axis(name, Affine(), size) for name, size in value.implicit}
        yield value.array, value.subscripts, {**own, **inside}, False
    for child in scalar.children(value):
        yield from _reads(child, inside)


# ------------------------------------------------------------------ whether it splits
def _find_walk(accesses: Sequence[_Access], facts: Facts) -> _Walk | None:
    """The blocks in which all accesses walk over a dimension; None where it is no use."""
    is_flat = any(not isinstance(a.subscript, Affine) for a in accesses)
    is_block = any(a.is_store and len(set(a.moving)) > 1 for a in accesses)
    widest = max(accesses, key=lambda a: len(set(a.moving)))
    if not (is_flat or is_block) or len(set(widest.moving)) < 2:
        return None
    weights = _weights_of(widest, facts)
    sizes = None if weights is None else _sizes_of(weights)
    if weights is None or sizes is None:
        return None
    parts = [_digits(a.polynomial, weights, a.ranges.keys()) for a in accesses]
    taken = tuple((p, a.ranges) for p, a in zip(parts, accesses, strict=True) if p is not None)
    is_stored = any(a.is_store for a in accesses)
    return _Walk(weights, sizes, is_stored, taken) if len(taken) == len(parts) else None


def _find_split(
    walk: _Walk, size: Affine, whole: Polynomial, alike: Sequence[_Walk], facts: Facts
) -> _Split | None:
    """The blocks that are all of a dimension; None where they are not known to be."""
    count = _count_of(walk.weights[0], whole, [p for w in (walk, *alike) for p in w.parts], facts)
    if count is None:
        return None
    needed = [equal(size, spelled_product((count, *walk.sizes)))]
    if whole == walk.weights[0] * as_polynomial(count, facts.canonical):
        needed = []
    for part, ranges in walk.parts:
        for digit, limit in zip(part[1:], walk.sizes, strict=True):
            ends = _ends(digit, ranges)
            if ends is None:
                return None
            needed.extend((at_least(ends[0], 0), at_least(limit - 1 - ends[1], 0)))
    if any(facts.holds(Constraint(facts.canonical(c.expression), c.sign)) is False for c in needed):
        return None
    text = "a dimension is walked over in blocks"
    if not walk.is_stored and len(walk.sizes) == 1 and _is_quotient(count, size, walk.sizes[0]):
        return None  # windows, that are all that fit
    if not all(facts.assume(c, text) for c in needed):
        return None
    return _Split(walk.weights, (count, *walk.sizes))


def _is_quotient(count: Affine, size: Affine, block: Affine) -> bool:
    """Whether there are as many blocks as fit, by the spelling: ``x.shape[0] // k``."""
    return count in [Affine.symbol(f"{s} // {b}") for s in _spellings(size)
                     for b in _spellings(block)]  # fmt: skip


def _spellings(size: Affine) -> tuple[str, str]:
    return str(size), f"({size})"


def _weights_of(access: _Access, facts: Facts) -> tuple[Polynomial, ...] | None:
    """What the iterators are multiplied by, the greatest first; the last one is 1."""
    found = access.polynomial.coefficients(access.ranges.keys())
    if found is None:
        return None
    weights: list[tuple[int, Polynomial]] = []
    for weight in found[0].values():
        seen = facts.value(_spelled(weight))
        if seen is None or seen < 1:
            return None
        if weight not in [w for _, w in weights]:
            weights.append((seen, weight))
    ordered = [w for _, w in sorted(weights, key=lambda pair: -pair[0])]
    return tuple(ordered) if len(ordered) > 1 and ordered[-1] == _ONE else None


def _sizes_of(weights: Sequence[Polynomial]) -> tuple[Affine, ...] | None:
    """How many of each weight the next greater one is: all sizes but the first one's."""
    found = [one.divided(two) for one, two in pairwise(weights)]
    known = [_spelled(p) for p in found if p is not None]
    return tuple(known) if len(known) == len(found) else None


def _count_of(
    weight: Polynomial,
    whole: Polynomial,
    parts: Sequence[tuple[tuple[Affine, ...], _Ranges]],
    facts: Facts,
) -> Affine | None:
    """How many of the greatest blocks there are: as many as are walked over, or as fit."""
    for digits, ranges in parts:
        ends = _ends(digits[0], ranges)
        if ends is not None:
            count = facts.canonical(ends[1] + 1)
            gap = spelled_product((count, _spelled(weight))) - _spelled(whole)
            if facts.value(gap) == 0:
                return count
    first = whole.divided(weight)
    return None if first is None else _spelled(first)


def _spelled(value: Polynomial) -> Affine:
    """A polynomial of sizes as an expression of sizes."""
    found = value.affine()
    if found is not None:
        return found
    total = Affine()
    for product, factor in value.terms.items():
        total = total + spelled_product(map(Affine.symbol, product)) * factor
    return total


def _digits(
    value: Polynomial, weights: Sequence[Polynomial], iterators: AbstractSet[str]
) -> tuple[Affine, ...] | None:
    """``w * i + w + j - 1   ->   (i + 1, j - 1)`` where the weights are w and 1."""
    found = value.coefficients(iterators)
    if found is None:
        return None
    parts = [Affine()] * len(weights)
    for name, coefficient in found[0].items():
        for place, weight in enumerate(weights):
            factor = coefficient.multiple_of(weight)
            if factor is not None:
                parts[place] = parts[place] + Affine.symbol(name) * factor
                break
        else:
            return None
    rest = found[1]
    for place, weight in enumerate(weights[:-1]):
        factor = rest.share_of(weight)
        parts[place] = parts[place] + factor
        rest = rest + weight * number(-factor)
    last = rest.affine()
    if last is None:
        return None
    parts[-1] = parts[-1] + last
    return tuple(parts)


def _ends(part: Affine, ranges: _Ranges) -> tuple[Affine, Affine] | None:
    """The least and the greatest of a part over all iterations; None where this is not told."""
    least = most = part
    for name, factor in part.terms:
        if name not in ranges:
            continue
        first, last = ranges[name].lower, ranges[name].upper - 1
        low, high = (first, last) if factor > 0 else (last, first)
        least, most = least.substitute({name: low}), most.substitute({name: high})
    return None if (set(least.symbols) | set(most.symbols)) & ranges.keys() else (least, most)


# ------------------------------------------------------------------ the change
class _Change:
    """The nest with the subscripts of split dimensions taken apart."""

    def __init__(
        self, splits: Mapping[str, Mapping[int, _Split]], read: _Read, iterators: AbstractSet[str]
    ) -> None:
        self.splits = splits
        self.read = read
        self.iterators = iterators

    def node(self, node: Node) -> Node:
        match node:
            case Store():
                return replace(
                    node,
                    subscripts=self.subscripts(node.array, node.subscripts),
                    value=self.value(node.value),
                )
            case Loop():
                return replace(node, body=tuple(map(self.node, node.body)))
            case Branch():
                node = replace(node, condition=self.value(node.condition))
        return replace(
            node,
            then=tuple(map(self.node, node.then)),
            otherwise=tuple(map(self.node, node.otherwise)),
        )

    def value(self, value: Expression) -> Expression:
        """The expression, every read of it changed."""
        if isinstance(value, Load):
            return replace(value, subscripts=self.subscripts(value.array, value.subscripts))
        return scalar.rebuild(value, self.value)

    def subscripts(
        self, array: str, subscripts: tuple[Subscript, ...]
    ) -> tuple[Subscript, ...]:
        """The subscripts of an array, those of a split dimension as several."""
        found: list[Subscript] = []
        for dim, subscript in enumerate(subscripts):
            split = self.splits.get(array, {}).get(dim)
            if split is None:
                found.append(
                    subscript if isinstance(subscript, Affine) else self.value(subscript)
                )
                continue
            value = self.read(subscript)
            parts = None if value is None else _digits(value, split.weights, self.iterators)
            if parts is None:
                return subscripts  # of a value that the nest does not have
            found.extend(parts)
        return tuple(found)
