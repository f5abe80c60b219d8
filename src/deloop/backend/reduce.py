"""Reductions to PyTorch source: methods of tensors, and products of tensors as contractions.

A sum of products is never written by broadcasting: the intermediate would have every axis of every
factor (design, hazard 20). Two factors become ``@`` where their axes allow, others an einsum.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.rows import RowEmitter
from deloop.dtype import Rank, category
from deloop.ir import scalar
from deloop.ir.axis import Axis
from deloop.ir.scalar import Call, Cast, Expression, Number, Reduce
from deloop.ops.reductions import Reduction, find_reduction

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class ReductionEmitter(RowEmitter):
    """Emits values that combine whole axes."""

    def reduce(self, node: Reduce) -> Emitted:
        """``x.sum(1)``, ``mask.any()``, ``A @ B``."""
        reduction = find_reduction(node.kind)
        if reduction.keeps_axis:
            return self._finished(self.along(node, reduction), node)
        if (found := self.distance(node) or self.cosine(node)) is not None:
            return self._finished(found, node)
        if node.kind in ("sum", "mean"):
            contracted = self._contraction(node)
            if contracted is not None:
                return self._finished(contracted, node)
        value, dtype = self._bare(node, reduction)
        inner = self.within(node.axes, self.natural_order(value, node.axes))
        piece = inner.emit(value)
        missing = [a for a in node.axes if a.iterator not in piece.axes]
        piece = self.combined(piece, node, reduction, dtype)
        if missing:
            piece = self._repeated(piece, missing, reduction)
        if not reduction.is_exact and category(node.type.dtype) in ("float", "complex"):
            self.context.round_off(f"{node.kind} in another order than the loop's")
        elif node.kind in ("max", "min", "amax", "amin", "first_max", "first_min"):
            self.context.round_off("an extreme may be either zero where -0.0 and 0.0 tie")
        return self._finished(piece, node)

    def _finished(self, piece: Emitted, node: Reduce) -> Emitted:
        """The reduced piece in canonical order and in the loop's type; a Python number if it is."""
        is_number = node.type.rank is Rank.NUMBER and not piece.axes
        if not is_number or category(piece.dtype) != category(node.type.dtype):
            piece = self.cast(piece, node.type)
        piece = self.permute(piece)
        if is_number and piece.rank is not Rank.NUMBER:
            return replace(piece, node=syntax.method(piece.node, "item"), rank=Rank.NUMBER)
        return piece

    def _bare(self, node: Reduce, reduction: Reduction) -> tuple[Expression, str]:
        """The value without a cast that the reduction does by itself, and the dtype to ask for."""
        value, wanted = node.value, node.type.dtype
        with_grad = self.context.with_grad
        if not isinstance(value, Cast):
            return value, wanted
        if value.type.rank is Rank.NUMBER and scalar.requires_grad(value.value, with_grad):
            return value, wanted  # the cast is where the gradient ends
        if reduction.needs_values:
            pair = {category(value.value.type.dtype), category(value.type.dtype)}
            if pair == {"float"} and value.type.dtype == "float64":
                return value.value, value.value.type.dtype  # widening keeps the order
        if not reduction.takes_dtype:
            return value, wanted
        source, group = value.value.type.dtype, category(value.type.dtype)
        same = category(source) == group and group in ("int", "float")
        counted = source == "bool" and group == "int"
        if (same or counted) and not isinstance(value.value, scalar.Index):
            return value.value, wanted
        return value, wanted

    def _repeated(self, piece: Emitted, missing: Sequence[Axis], reduction: Reduction) -> Emitted:
        """A value that does not vary along an axis, combined as often as the axis is long."""
        if reduction.name not in ("sum", "prod"):
            if reduction.is_exact or reduction.name == "mean":
                return piece
            raise self.refuse(f"the {reduction.name} of one value repeated")
        word: ast.operator = ast.Mult() if reduction.name == "sum" else ast.Pow()
        for axis in missing:
            extent = self.context.spell(self.context.canonical(axis.extent))
            one = isinstance(piece.node, ast.Constant) and piece.node.value == 1
            counts = piece.rank is Rank.NUMBER and piece.dtype == "int64"
            if one and reduction.name == "sum" and counts:
                piece = replace(piece, node=syntax.affine(extent))
            else:
                piece = replace(piece, node=ast.BinOp(piece.node, word, syntax.affine(extent)))
        return piece

    # ------------------------------------------------------------------ contractions
    def _contraction(self, node: Reduce) -> Emitted | None:
        """A sum of products over axes that not all factors have; None where it is not that."""
        product_of, divisors = _quotient(node.value)
        numbers = [f for f in _factors(product_of) if f.type.rank is Rank.NUMBER]
        factors = [f for f in _factors(product_of) if f.type.rank is not Rank.NUMBER]
        group = category(node.type.dtype)
        if len(factors) < 2 or group not in ("float", "int", "complex"):
            return None
        inner = self.within(node.axes, self.natural_order(node.value, node.axes))
        if any(inner.emit(n).rank is not Rank.NUMBER for n in (*numbers, *divisors)):
            return None
        if {f.type.dtype for f in factors} != {node.type.dtype}:
            return None
        if group == "int" and self.context.device[0] != "cpu":
            return None  # CUDA multiplies no matrices of integers
        pieces = []
        for factor in factors:
            inner = self.within(node.axes, self.natural_order(factor, node.axes))
            pieces.append(inner.emit(factor))
        if any(p.dtype != node.type.dtype for p in pieces):
            return None
        reduced = [a.iterator for a in node.axes]
        everything = {a for p in pieces for a in p.axes}
        if not set(reduced) <= everything:
            return None
        same = all(set(p.axes) == everything for p in pieces)
        in_halves = node.spelling == "@" and node.type.dtype in ("float16", "bfloat16")
        is_dot = len(everything) == 1 and len(pieces) == 2 and node.kind == "sum"
        if same and not in_halves and not is_dot:
            return None  # an elementwise product, summed
        if group in ("float", "complex"):
            self.context.round_off("a sum of products in another order than the loop's")
        kept = self.sorted_axes([a for a in everything if a not in reduced])
        others = [*((n, ast.Mult()) for n in numbers), *((n, ast.Div()) for n in divisors)]
        plain = [(n, word) for n, word in others if _is_plain(n)]
        for number, word in others:
            if (number, word) not in plain:
                pieces[0] = self._scaled(pieces[0], [(number, word)])
        product: Emitted | None = None
        if len(pieces) == 2:
            product = self._product(pieces[0], pieces[1], set(reduced), kept)
        product = self._scaled(product or self._einsum(pieces, kept), plain)
        if node.kind != "mean":
            return product
        made = product.node
        for axis in node.axes:
            extent = self.context.spell(self.context.canonical(axis.extent))
            made = ast.BinOp(made, ast.Div(), syntax.affine(extent))
        return replace(product, node=made)

    def _scaled(
        self, piece: Emitted, others: Sequence[tuple[Expression, ast.operator]]
    ) -> Emitted:
        """The piece times and through numbers: ``2.0 * piece``, ``piece / n``."""
        for number, word in others:
            factor = self.emit(number)
            sides = (factor.node, piece.node)
            left, right = sides if isinstance(word, ast.Mult) else sides[::-1]
            piece = replace(piece, node=ast.BinOp(left, word, right), is_view=False)
        return piece

    def _product(
        self, left: Emitted, right: Emitted, reduced: set[str], kept: tuple[str, ...]
    ) -> Emitted | None:
        """``A @ B`` for matrices and vectors, in the order that needs the fewest transpositions."""
        shared = set(left.axes) & set(right.axes)
        if len(reduced) != 1 or shared != reduced:
            return self._batched(left, right, reduced, kept)
        inner = next(iter(reduced))
        if kept and kept[0] in right.axes:
            left, right = right, left
        if len(left.axes) > 2 or len(right.axes) > 2:
            return self._broadcast(left, right, inner) or self._broadcast(right, left, inner)
        first = left.node if left.axes[-1] == inner else syntax.attribute(left.node, "T")
        second = right.node if right.axes[0] == inner else syntax.attribute(right.node, "T")
        axes = (*(a for a in left.axes if a != inner), *(a for a in right.axes if a != inner))
        rank = Rank.TENSOR if axes else Rank.SCALAR
        node = ast.BinOp(first, ast.MatMult(), second)
        return Emitted(node, axes, left.dtype, rank)

    @staticmethod
    def _broadcast(left: Emitted, right: Emitted, inner: str) -> Emitted | None:
        """``x @ W`` for a matrix or a vector that all batches of the other factor share."""
        if len(right.axes) > 2 or left.axes[-1] != inner:
            return None
        rest = tuple(a for a in right.axes if a != inner)
        second = right.node if right.axes[0] == inner else syntax.attribute(right.node, "T")
        node = ast.BinOp(left.node, ast.MatMult(), second)
        return Emitted(node, (*left.axes[:-1], *rest), left.dtype, Rank.TENSOR)

    def _batched(
        self, left: Emitted, right: Emitted, reduced: set[str], kept: tuple[str, ...]
    ) -> Emitted | None:
        """``A @ B`` over leading batch axes that both factors have first."""
        if len(reduced) != 1 or len(left.axes) != len(right.axes) or len(left.axes) < 3:
            return None
        count = len(left.axes) - 2
        batch = left.axes[:count]
        inner = next(iter(reduced))
        if right.axes[:count] != batch or inner in batch:
            return None
        if kept and kept[count : count + 1] and kept[count] in right.axes:
            left, right = right, left
        if inner not in left.axes or inner not in right.axes:
            return None
        first = left.node if left.axes[-1] == inner else syntax.attribute(left.node, "mT")
        second = right.node if right.axes[-2] == inner else syntax.attribute(right.node, "mT")
        rest = [a for p in (left, right) for a in p.axes[count:] if a != inner]
        if len(rest) != 2 or rest[0] == rest[1]:
            return None
        node = ast.BinOp(first, ast.MatMult(), second)
        return Emitted(node, (*batch, *rest), left.dtype, Rank.TENSOR)

    def _einsum(self, pieces: Sequence[Emitted], kept: tuple[str, ...]) -> Emitted:
        names = list(dict.fromkeys(a for p in pieces for a in p.axes))
        letters: dict[str, str] = {}
        for axis in names:
            usual = {"_d2": "h", "_d1": "w"}.get(axis[:3], "")  # the last dimensions of images
            own = axis if len(axis) == 1 and axis.islower() and axis.isascii() else usual
            own = "" if own in letters.values() or (own == usual and own in names) else own
            free = (c for c in _LETTERS if c not in letters.values() and c not in names)
            letters[axis] = own or next(free)
        inputs = ",".join("".join(letters[a] for a in p.axes) for p in pieces)
        output = "".join(letters[a] for a in kept)
        equation = ast.Constant(f"{inputs}->{output}")
        node = syntax.call(f"{self.context.torch}.einsum", [equation, *(p.node for p in pieces)])
        return Emitted(node, kept, pieces[0].dtype, Rank.TENSOR if kept else Rank.SCALAR)


def _is_plain(number: Expression) -> bool:
    """Whether a sum times the number is the sum of what is times the number, even an empty one."""
    return isinstance(number, Number) and 0 < abs(number.value) < float("inf")


def _quotient(value: Expression) -> tuple[Expression, list[Expression]]:
    """What numbers divide, and those numbers: ``a * b / n -> (a * b, [n])``."""
    divisors: list[Expression] = []
    while isinstance(value, Call) and value.operator == "div" and not value.keywords:
        dividend, divisor = value.arguments
        if divisor.type.rank is not Rank.NUMBER or dividend.type.dtype != value.type.dtype:
            break
        divisors.append(divisor)
        value = dividend
    return value, divisors[::-1]


def _factors(value: Expression) -> list[Expression]:
    """The factors of a product: ``a * b * c -> [a, b, c]``."""
    if not isinstance(value, Call) or value.operator != "mul" or value.keywords:
        return [value]
    tensors = [a for a in value.arguments if a.type.rank is not Rank.NUMBER]
    if any(a.type.dtype != value.type.dtype for a in tensors):
        return [value]
    return [f for a in value.arguments for f in _factors(a)]
