"""How much memory a rewrite takes at its worst moment, from the text that was written.

Each piece of source carries the axes of what it makes (`Emitted`). From the ranges of the axes
follows what each operation allocates; what it reads of values that have no name lives until then.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from deloop.backend.context import NOTE
from deloop.dtype import size_of
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import expressions_of
from deloop.ir.plan import Step, vectors

_LOOKS = frozenset(
    {"unfold", "expand", "unsqueeze", "squeeze", "view", "permute", "movedim", "transpose", "t",
     "diagonal", "unbind", "split", "chunk", "detach", "item", "tolist", "select", "narrow"}
)  # fmt: skip
"""Methods that make no new tensor, as a rule."""


@dataclass(frozen=True)
class Peak:
    """The most bytes that live at once, and the largest value among them.

    It has an element of `width` bytes for each point of its `axes`, which have such `extents`;
    `times` is how many of its size there are at the worst moment.
    """

    size: int
    axes: tuple[str, ...]
    extents: tuple[Affine, ...]
    width: int
    times: int


def find_peak(
    body: Sequence[ast.stmt],
    steps: tuple[Step, ...],
    value: Callable[[Affine], int | None],
) -> Peak | None:
    """The worst moment of new code; None where it makes nothing of a known size."""
    reading = _Reading(extents_of(steps), value)
    size = reading.statements(body)
    largest = reading.largest
    if largest is None:
        return None
    axes, width, own = largest
    extents = tuple(reading.extents[a] for a in axes)
    return Peak(size, axes, extents, width, max(1, math.ceil(size / max(own, 1))))


def extents_of(steps: tuple[Step, ...]) -> dict[str, Affine]:
    """How many values each axis of a plan takes, those that reductions bind included."""
    found: dict[str, Affine] = {}
    for vector in vectors(steps):
        axes = [loop.axis for loop in vector.axes]
        for expression in expressions_of(vector.statement.store):
            for node in scalar.walk(expression):
                axes.extend(scalar.bound_axes(node))
        found.update({axis.iterator: axis.extent for axis in axes})
    return found


class _Reading:
    def __init__(
        self, extents: Mapping[str, Affine], value: Callable[[Affine], int | None]
    ) -> None:
        self.extents = extents
        self.value = value
        self.held: dict[str, int] = {}
        """Bytes that each variable of the new code holds."""
        self.largest: tuple[tuple[str, ...], int, int] | None = None

    def statements(self, body: Sequence[ast.stmt]) -> int:
        peak = 0
        for statement in body:
            peak = max(peak, self.statement(statement))
        return peak

    def statement(self, node: ast.stmt) -> int:
        base = sum(self.held.values())
        match node:
            case ast.For(body=body) | ast.While(body=body) | ast.If(body=body):
                return self.statements(body)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                peak, kept = self.expression(value)
                self.held[name] = kept
                return base + peak
            case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Expr(value=value):
                return base + self.expression(value)[0]
        return base

    def expression(self, node: ast.expr) -> tuple[int, int]:
        """The most bytes while it is evaluated, and those that it holds then."""
        peak = running = 0
        for child in _operands(node):
            most, kept = self.expression(child)
            peak = max(peak, running + most)
            running += kept
        own = self.made(node)
        if own is None:
            return max(peak, running), running
        return max(peak, running + own), own

    def made(self, node: ast.expr) -> int | None:
        """The bytes of the new tensor that an operation makes; None where it makes none."""
        piece: tuple[tuple[str, ...], str] | None = vars(node).get(NOTE)
        if piece is None or not _allocates(node):
            return None
        axes, dtype = piece
        width, total = size_of(dtype), 1
        for axis in axes:
            extent = self.value(self.extents[axis]) if axis in self.extents else None
            if extent is None:
                return None
            total *= max(extent, 0)
        if self.largest is None or total * width > self.largest[2]:
            self.largest = axes, width, total * width
        return total * width


def _operands(node: ast.expr) -> list[ast.expr]:
    found: list[ast.expr] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            found.append(child)
        elif isinstance(child, ast.keyword):
            found.append(child.value)
    return found


def _allocates(node: ast.expr) -> bool:
    match node:
        case ast.BinOp() | ast.UnaryOp() | ast.Compare():
            return True
        case ast.Call(func=ast.Attribute(attr=word)):
            return word not in _LOOKS
        case ast.Call():
            return True
        case ast.Subscript(slice=index):
            entries = index.elts if isinstance(index, ast.Tuple) else [index]
            return not all(isinstance(e, (ast.Slice, ast.Constant)) for e in entries)
    return False
