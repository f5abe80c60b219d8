"""Rows: the dimensions that a value of one iteration has by itself, counted from the last one.

The dimensions of a row are the iterators ``_d1`` (the last), ``_d2``, …; a read of a row lists
those that it has. Axes that a reduction binds are named by how deep it is, ``_r1`` within ``_r2``:
equal values are equal expressions, and no name means two axes at one place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.axis import Axis
from deloop.ir.scalar import Expression, Load, Reduce, Scan, bound_axes


def dimension(place: int) -> str:
    """The iterator of a dimension, counted from 1 for the last: ``_d1``."""
    return f"_d{place}"


def extents(value: Expression) -> dict[str, tuple[Affine, ...]]:
    """Each dimension of a row with the sizes that its operands have there, size 1 last."""
    found: dict[str, dict[Affine, None]] = {}
    for node in scalar.walk(value):
        if isinstance(node, (Load, Reduce)):
            for iterator, extent in node.implicit:
                found.setdefault(iterator, {})[extent] = None
    one = Affine.number(1)
    return {name: tuple(sorted(sizes, key=lambda s: s == one)) for name, sizes in found.items()}


def depth(value: Expression) -> int:
    """How many reductions lie within one another."""
    below = max((depth(child) for child in scalar.children(value)), default=0)
    return below + isinstance(value, Reduce)


def moved(
    value: Expression, names: Mapping[str, str], bound: Mapping[str, Affine], gone: AbstractSet[str]
) -> Expression:
    """The row with dimensions renamed, put at another place, or no longer among its own.

    ``x[i, _d2, _d1]`` with ``_d2`` renamed to ``_d1`` and ``_d1`` bound to ``_r1`` is
    ``x[i, _d1, _r1]``.
    """

    def change(node: Expression) -> Expression:
        node = scalar.rebuild(node, change)
        if isinstance(node, (Load, Reduce)) and node.implicit:
            pairs = tuple((names.get(i, i), e) for i, e in node.implicit if i not in gone)
            return replace(node, implicit=pairs)
        return node

    symbols = {name: Affine.symbol(new) for name, new in names.items()}
    return scalar.substitute_symbols(change(value), {**symbols, **bound})


def resized(value: Expression, lengths: Mapping[str, Affine]) -> Expression:
    """The row with other sizes along its dimensions, except where it has size 1."""

    def change(node: Expression) -> Expression:
        node = scalar.rebuild(node, change)
        if isinstance(node, (Load, Reduce)) and node.implicit:
            one = Affine.number(1)
            pairs = tuple((i, e if e == one else lengths.get(i, e)) for i, e in node.implicit)
            return replace(node, implicit=pairs)
        return node

    return change(value) if lengths else value


def rename_implicit(value: Expression, names: Mapping[str, Affine]) -> Expression:
    """Implicit iterators renamed, in subscripts and in the lists of the rows that have them."""

    def change(node: Expression) -> Expression:
        node = scalar.rebuild(node, change)
        if isinstance(node, (Load, Reduce)) and node.implicit:
            pairs = tuple((str(names.get(i, Affine.symbol(i))), e) for i, e in node.implicit)
            return replace(node, implicit=pairs)
        return node

    return scalar.substitute_symbols(change(value), dict(names))


def rebound(value: Reduce | Scan, names: Mapping[str, str]) -> Reduce | Scan:
    """``sum over k of x[k] -> sum over r of x[r]``: the axes under other names."""
    symbols = {old: Affine.symbol(new) for old, new in names.items()}
    inner = rename_implicit(value.value, symbols)
    axes = [replace(a, iterator=names.get(a.iterator, a.iterator)) for a in bound_axes(value)]
    if isinstance(value, Scan):
        factor = None if value.factor is None else rename_implicit(value.factor, symbols)
        outer = axes[0] if value.outer is not None else None
        return replace(value, value=inner, factor=factor, axis=axes[-1], outer=outer)
    return replace(value, value=inner, axes=tuple(axes))


def separated(value: Expression, around: AbstractSet[str] = frozenset()) -> Expression:
    """The value with no axis bound inside of one that has its name.

    ``sum over j of (x[j] if sum over j of y[j] > 0 else 1)`` is a sum over ``j`` and, inside of it,
    over ``j'``: who reads a value from the inside must know whose ``j`` he sees.
    """
    own = {axis.iterator for axis in bound_axes(value)}
    if own & around and isinstance(value, (Reduce, Scan)):
        taken = around | own | free_dimensions(value)
        names: dict[str, str] = {}
        for name in sorted(own & around):
            names[name] = f"{name}'"
            while names[name] in taken:
                names[name] += "'"
        value = rebound(value, names)
        own = {axis.iterator for axis in bound_axes(value)}
    inside = around | own
    return scalar.rebuild(value, lambda child: separated(child, inside))


def bare(value: Expression) -> Expression:
    """The row without the lists of its own dimensions, which say nothing of what it holds."""

    def change(node: Expression) -> Expression:
        node = scalar.rebuild(node, change)
        return replace(node, implicit=()) if isinstance(node, (Load, Reduce)) else node

    return change(value)


def along_rows(value: Expression, loops: Mapping[str, Axis]) -> dict[str, str]:
    """The axes of reductions that a value moves with, as dimensions of the same range.

    ``x[i, _r1]`` inside of a sum is ``x[i, _d1]`` outside of it, if the row has that dimension.
    """
    used = scalar.iterators_of(value, frozenset(loops))
    free = [name for name in loops if name.startswith("_d") and name not in used]
    found: dict[str, str] = {}
    for name in sorted(n for n in used if n.startswith("_r")):
        axis = loops[name]
        for other in free:
            if replace(loops[other], iterator=name) == axis:
                found[name] = other
                free.remove(other)
                break
    return found


def unplaced(value: Expression) -> Expression:
    """A `bare` row as it was before a statement or a reduction named its dimensions."""
    used = sorted(free_dimensions(value))
    bound = [n for n in used if n.startswith("_r")]
    names = {n: Affine.symbol(n.rpartition("_")[0]) for n in used if n.count("_") == 2}
    for position, name in enumerate(bound):
        names[name] = Affine.symbol(dimension(len(bound) - position))
    return scalar.substitute_symbols(value, names) if names else value


def free_dimensions(value: Expression) -> frozenset[str]:
    """The dimensions, its own or a reduction's around it, along which a value moves."""
    return frozenset(n for n in _symbols(value) if n.startswith(("_d", "_r")))


def is_within_a_scan(value: Expression) -> bool:
    """Whether a value moves with iterations of a scan around it, which the value does not bind."""
    return any("'" in name for name in _symbols(value))


def _symbols(value: Expression) -> set[str]:
    """The symbols of all subscripts that no reduction within the value binds."""
    found: set[str] = set()
    for child in scalar.children(value):
        found |= _symbols(child)
    match value:
        case scalar.Index(affine):
            found.update(affine.symbols)
        case Load(_, subscripts):
            found.update(s for a in subscripts if isinstance(a, Affine) for s in a.symbols)
        case Reduce(at=at) | scalar.Scan(at=at):
            found -= {axis.iterator for axis in scalar.bound_axes(value)}
            found.update(at.symbols if isinstance(at, Affine) else ())
            found.update(() if isinstance(value, Reduce) else value.around.symbols)
            further = value.further if isinstance(value, Reduce) else ()
            found.update(s for place in further for s in place.symbols)
    return found


def looked_up(
    value: Expression, name: str, place: Expression, whole: Callable[[Load, int], bool]
) -> Expression | None:
    """The row where one dimension is at a place that is read from data; None where it has no form.

    `whole` says of a read whether it takes all of a dimension, so that an index means the same.
    """
    failed = False

    def change(node: Expression) -> Expression:
        nonlocal failed
        node = scalar.rebuild(node, change)
        if isinstance(node, Load) and any(i == name for i, _ in node.implicit):
            subscripts = list(node.subscripts)
            for position, subscript in enumerate(subscripts):
                if isinstance(subscript, Affine) and name in subscript.symbols:
                    failed |= subscript != Affine.symbol(name) or not whole(node, position)
                    subscripts[position] = place
            return replace(node, subscripts=tuple(subscripts))
        if isinstance(node, Reduce) and isinstance(node.at, Affine) and name in node.at.symbols:
            failed |= node.at != Affine.symbol(name) or bool(node.further)
            return replace(node, at=place)
        failed |= isinstance(node, scalar.Index) and name in node.affine.symbols
        failed |= isinstance(node, Reduce) and any(name in p.symbols for p in node.further)
        return node

    changed = change(value)
    return None if failed else changed


def shape(value: Expression) -> tuple[tuple[Affine, ...], ...]:
    """The sizes that a row's operands have along each of its dimensions, the first one first."""
    found = extents(value)
    rank = max((int(name.removeprefix("_d")) for name in found), default=0)
    one = (Affine.number(1),)
    return tuple(found.get(dimension(place), one) for place in range(rank, 0, -1))
