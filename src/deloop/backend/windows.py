"""Windows that slide over a dimension: ``x[i + k]`` as ``x.unfold(0, w, 1)``."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Protocol

from deloop.backend import syntax
from deloop.backend.context import Context, Emitted
from deloop.dtype import Rank
from deloop.ir.affine import Affine, at_least
from deloop.ir.axis import Axis
from deloop.ir.scalar import Load


class Layout(Protocol):
    """What is asked of the emitter of the expression around."""

    context: Context
    loops: dict[str, Axis]

    def point(self, subscript: Affine, size: Affine) -> ast.expr:
        """A subscript that no lifted iterator moves."""

    def slice(self, subscript: Affine, axis: str, size: Affine) -> ast.expr:
        """The slice of a dimension that an affine subscript walks over."""

    def stop(self, stop: Affine, size: Affine) -> ast.expr | None:
        """The end of a slice; None where it is that of the dimension."""


@dataclass(frozen=True)
class _Window:
    """Along one dimension: which axis moves the window by how much, which runs inside of it."""

    outer: str
    inner: str
    step: int
    first: Affine
    count: Affine
    length: Affine

    @property
    def stop(self) -> Affine:
        """One past the last element that any window reaches."""
        return self.first + (self.count - 1) * self.step + self.length


def find_windows(layout: Layout, load: Load, base: ast.expr) -> Emitted | None:
    """A read at sums of two iterators, as views; None where it is not that plain.

    ``x[2 * i + k]`` for k below w is ``x.unfold(0, w, 2)``, whose last dimension is k's.
    """
    entries: list[ast.expr] = []
    axes: list[str] = []
    windows: list[tuple[int, _Window]] = []
    context = layout.context
    for subscript, size in zip(load.subscripts, context.arrays[load.array].type.shape, strict=True):
        if not isinstance(subscript, Affine):
            return None
        subscript, size = context.canonical(subscript), context.canonical(size)
        lifted = [s for s in subscript.symbols if s in layout.loops]
        if not lifted:
            entries.append(layout.point(subscript, size))
        elif len(lifted) == 1 and subscript.coefficient(lifted[0]) > 0:
            entries.append(layout.slice(subscript, lifted[0], size))
            axes.append(lifted[0])
        elif (window := _window(layout, subscript, lifted)) is not None:
            windows.append((len(axes), window))
            start = None if window.first == Affine() else _spelled(context, window.first)
            entries.append(ast.Slice(start, layout.stop(context.canonical(window.stop), size)))
            axes.append(window.outer)
        else:
            return None
    named = [*axes, *(w.inner for _, w in windows)]
    if not windows or len(set(named)) != len(named):
        return None
    made = syntax.index(base, syntax.strip_full(entries))
    for dim, window in windows:
        for extent in (window.count, window.length):
            if not context.assume(at_least(extent, 1), "there is a window"):
                return None
        length = _spelled(context, window.length)
        place, step = syntax.constant(dim), syntax.constant(window.step)
        made = syntax.method(made, "unfold", place, length, step)
    return Emitted(made, tuple(named), load.type.dtype, Rank.TENSOR, is_view=True)


def _window(layout: Layout, subscript: Affine, lifted: list[str]) -> _Window | None:
    """The window that a subscript moves: the axis that is bound last runs inside of it."""
    if len(lifted) != 2:
        return None
    first, second = sorted(lifted, key=list(layout.loops).index)
    for outer, inner in ((first, second), (second, first)):
        step, mine, other = subscript.coefficient(outer), layout.loops[outer], layout.loops[inner]
        if subscript.coefficient(inner) != 1 or step < 1 or other.span is not None:
            continue
        start = subscript.without(lifted) + mine.lower * step + other.lower
        canonical = layout.context.canonical
        return _Window(
            outer, inner, step, canonical(start), canonical(mine.extent), canonical(other.extent)
        )
    return None


def _spelled(context: Context, affine: Affine) -> ast.expr:
    return syntax.affine(context.spell(context.canonical(affine)))
