"""Python lists of numbers, or of tensors of one shape, as arrays that the loop reads.

``for t, m in zip(x, mean): t.sub_(m)`` reads ``mean`` as ``torch.tensor(mean)``.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from deloop.diagnostic import Refusal
from deloop.dtype import Rank
from deloop.frontend.evaluate import Reader
from deloop.frontend.items import Item, Point, Tuple, View, Whole
from deloop.ir import scalar
from deloop.ir.affine import Affine, equal
from deloop.ir.loop import NUMBERS, STACK
from deloop.ir.types import Integer, Literal, Scalar, Sequence, Tensor, TensorType


class SequenceReader(Reader):
    """A reader of elements of sequences at a position that the iteration decides."""

    def sequence_element(self, parts: Sequence, at: Affine, node: ast.expr) -> Item | None:
        """``mean[i]`` of a list whose items are alike; None where it is no such list."""
        is_named = isinstance(node, (ast.Name, ast.Attribute)) or is_literal(node)
        if not is_named or not parts.items or not self.is_outside(node):
            return None
        text = ast.unparse(node)
        kinds = {_number_type(item) for item in parts.items}
        if kinds <= {"float64", "int64"} and len(kinds) == 1:
            (dtype,) = kinds
            assert dtype is not None
            return self._number_at(text, dtype, len(parts.items), at)
        if (row := self._row_at(text, parts, at)) is not None:
            return row
        tensors = [item for item in parts.items if isinstance(item, Tensor)]
        if len(tensors) == len(parts.items):
            return self._tensor_at(text, tensors, at, node)
        return None

    def _number_at(self, text: str, dtype: str, length: int, at: Affine) -> Item:
        kind = TensorType(dtype, (Affine.number(length),))
        name = f"{NUMBERS}({text})"
        self.arrays[name] = Tensor(name, kind, f"{name}?")
        element = scalar.Load(name, (at,), scalar.ElementType(dtype, Rank.SCALAR))
        return scalar.Cast(element, scalar.ElementType(dtype, Rank.NUMBER))

    def _row_at(self, text: str, parts: Sequence, at: Affine) -> Item | None:
        """The pair ``edges[k]`` of a list of pairs of numbers of one type; None for others."""
        rows = [item.items for item in parts.items if isinstance(item, Sequence)]
        kinds = {_number_type(item) for row in rows for item in row}
        widths = {len(row) for row in rows}
        is_table = len(rows) == len(parts.items) and len(widths) == 1 and 0 not in widths
        if not is_table or kinds not in ({"int64"}, {"float64"}):
            return None
        (dtype,), (width,) = kinds, widths
        assert dtype is not None
        shape = (Affine.number(len(rows)), Affine.number(width))
        name = f"{NUMBERS}({text})"
        self.arrays[name] = Tensor(name, TensorType(dtype, shape), f"{name}?")
        kind = scalar.ElementType(dtype, Rank.SCALAR)
        loads = [scalar.Load(name, (at, Affine.number(k)), kind) for k in range(width)]
        number = scalar.ElementType(dtype, Rank.NUMBER)
        return Tuple(tuple(scalar.Cast(load, number) for load in loads))

    def _tensor_at(
        self, text: str, tensors: list[Tensor], at: Affine, node: ast.AST
    ) -> Item | None:
        first = tensors[0].type
        for tensor in tensors:
            kind = tensor.type
            if (kind.dtype, kind.device, kind.rank) != (first.dtype, first.device, first.rank):
                return None
            for mine, theirs in zip(kind.shape, first.shape, strict=True):
                if mine != theirs:
                    self.require(equal(mine, theirs), node, f"the tensors in {text} have one shape")
            self.note_held(tensor, text, node)
        grad = any(t.type.requires_grad for t in tensors)
        shape = (Affine.number(len(tensors)), *first.shape)
        name = f"{STACK}({text})"
        kind = TensorType(first.dtype, shape, first.device, grad, leaf=False)
        stacked = Tensor(name, kind, f"{name}?")
        self.arrays[name] = stacked
        rest = tuple(Whole(Affine(), size) for size in first.shape)
        return View(stacked, (Point(at), *rest))

    def is_outside(self, node: ast.expr) -> bool:
        """Whether a list is there, and the same, before the loop that is read."""
        return False

    def settle_length(self, at: Affine, length: int, node: ast.AST) -> None:
        """A list is read at `at`; a reader of loops asks that its loop runs over all of it."""

    def note_held(self, tensor: Tensor, holder: str, node: ast.AST) -> None:
        """A list holds a tensor: what the loop writes into it shows in the list as well."""


def _number_type(item: Item) -> str | None:
    match item:
        case Integer():
            return "int64"
        case Scalar(dtype):
            return dtype
        case Literal(value) if isinstance(value, float):
            return "float64"
    return None


def is_literal(node: ast.expr) -> bool:
    """Whether a list or a tuple is written out, of numbers and names."""
    return isinstance(node, (ast.List, ast.Tuple)) and all(
        isinstance(part, (ast.Constant, ast.Name))
        or (isinstance(part, ast.UnaryOp) and isinstance(part.operand, ast.Constant))
        for part in node.elts
    )


def as_sequence(item: Item) -> Sequence | None:
    """The sequence that an item is, if it comes from outside of the loop."""
    if isinstance(item, Sequence):
        return item
    if isinstance(item, Tuple):
        parts = [p for p in item.items if isinstance(p, (Integer, Scalar, Literal))]
        return Sequence(tuple(parts), item.is_list) if len(parts) == len(item.items) else None
    return None


def readable(refusal: Refusal) -> Refusal:
    """The refusal in the user's names: a list is called by its own."""
    sentence = re.sub(rf"(?:{NUMBERS}|{STACK})\((.*?)\)", r"\1", refusal.sentence)
    return replace(refusal, sentence=sentence)
