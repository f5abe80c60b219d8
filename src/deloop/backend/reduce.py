"""Reductions to PyTorch source: methods of tensors, and products of tensors as contractions.

A sum of products is never written by broadcasting: the intermediate would have every axis of every
factor (design, hazard 20). Two factors become ``@`` where their axes allow, others an einsum.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.convolutions import convolution
from deloop.backend.items import ItemEmitter
from deloop.backend.pools import pooled
from deloop.dtype import Rank, category, complex_dtype
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.axis import Axis
from deloop.ir.scalar import (
    Call,
    Cast,
    ElementType,
    Expression,
    Index,
    Load,
    Number,
    Reduce,
    Select,
    slack_of,
)
from deloop.ops.reductions import (
    CAT,
    GROUP_COUNT,
    GROUP_SUM,
    ITEMS,
    STACK_ROWS,
    Reduction,
    find_reduction,
)

_WIDE = ("float32", "float64", "complex64", "complex128")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class ReductionEmitter(ItemEmitter):
    """Emits values that combine whole axes."""

    def reduce(self, node: Reduce) -> Emitted:
        """``x.sum(1)``, ``mask.any()``, ``A @ B``."""
        reduction = find_reduction(node.kind)
        if node.kind.startswith(("arg", "first_")) and not node.spelling:
            return self._finished(self._located(node), node)
        if node.kind in (GROUP_SUM, GROUP_COUNT):
            return self._finished(self._grouped(node), node)
        if node.kind in (STACK_ROWS, CAT):
            return self._finished(self.joined(node), node)
        if node.kind in ITEMS:
            return self._finished(self.item(node), node)
        if reduction.keeps_axis:
            return self._finished(self.along(node, reduction), node)
        if (found := self.distance(node) or self.cosine(node)) is not None:
            return self._finished(found, node)
        if node.kind in ("sum", "mean"):
            contracted = self._contraction(node)
            if contracted is not None:
                return self._finished(contracted, node)
            if (mean := self._mean(node)) is not None:
                return mean
        value, dtype = self._bare(node, reduction)
        inner = self.within(node.axes, self.natural_order(value, node.axes))
        reduced = [a.iterator for a in node.axes]
        chosen = self._selected(value, node.kind, inner, reduced)
        piece = inner.emit(value) if chosen is None else chosen
        missing = [a for a in node.axes if a.iterator not in piece.axes]
        piece = self._pooled(self.combined(piece, node, reduction, dtype), node)
        if missing:
            piece = self.cast(piece, node.type)  # multiplied in the dtype that is added in
            piece = self._repeated(piece, missing, reduction)
        elif node.kind == "sum" and chosen is None and category(piece.dtype) == "float":
            self._note_sum(piece, node.axes)
        if not reduction.is_exact and category(node.type.dtype) in ("float", "complex"):
            self.context.round_off(f"{node.kind} in another order than the loop's")
        elif category(node.type.dtype) == "float" and node.kind in (
            "max", "min", "amax", "amin", "first_max", "first_min"
        ):  # fmt: skip
            self.context.round_off("an extreme may be either zero where -0.0 and 0.0 tie")
        return self._finished(piece, node)

    def _pooled(self, piece: Emitted, node: Reduce | None = None) -> Emitted:
        """``x.unfold(1, k, s).unfold(2, k, s).amax((3, 4))   ->   max_pool2d(x, k, s)``.

        Of equal elements one alone has a gradient there, so that none may be wanted.
        """
        by_one = node is not None and node.kind != "mean"
        if by_one and node is not None and scalar.requires_grad(node.value, self.context.with_grad):
            return piece
        if piece.dtype not in ("float32", "float64"):
            return piece
        made = pooled(piece.node, self.context.torch)
        if made is None or not all(map(self._is_some, piece.axes)):
            return piece
        return replace(piece, node=made, reduced=None)

    def _is_some(self, axis: str) -> bool:
        low, high = self.bounds(axis)
        extent = self.context.canonical(high - low)
        return self.context.assume(at_least(extent, 1), "there is something to pool")

    def _grouped(self, node: Reduce) -> Emitted:
        """``torch.zeros(C, K).index_add_(0, labels, x)``, or the count of each group."""
        assert isinstance(node.at, Affine)
        (axis,), (group,) = node.axes, node.at.symbols
        size = syntax.affine(self.context.spell(self.context.canonical(self.loops[group].upper)))
        if node.kind == GROUP_COUNT:
            labels = self.within([axis], [axis.iterator]).emit(node.value)
            function = f"{self.context.torch}.bincount"
            made = syntax.call(function, [labels.node], minlength=size)
            return Emitted(made, (group,), "int64", Rank.TENSOR)
        assert isinstance(node.value, Call)
        index, value = node.value.arguments
        order = tuple(axis.iterator if n == group else n for n in self.order)
        inner = self.within([axis], order)
        labels, piece = inner.emit(index), inner.cast(inner.emit(value), node.value.type)
        dim = piece.axes.index(axis.iterator)
        sizes = []
        for name in piece.axes:
            low, high = self.bounds(name) if name != axis.iterator else (Affine(), Affine())
            extent = syntax.affine(self.context.spell(self.context.canonical(high - low)))
            sizes.append(size if name == axis.iterator else extent)
        zero = Emitted(ast.Constant(0), (), "int64", Rank.NUMBER)
        zeros = self.filled(zero, sizes, piece.dtype).node
        made = syntax.method(zeros, "index_add_", syntax.constant(dim), labels.node, piece.node)
        if category(node.type.dtype) in ("float", "complex"):
            self.context.round_off("sum in another order than the loop's")
        axes = tuple(group if n == axis.iterator else n for n in piece.axes)
        return Emitted(made, axes, piece.dtype, Rank.TENSOR)

    def _note_sum(self, piece: Emitted, axes: Sequence[Axis]) -> None:
        """Remember what a sum goes over: divided by that count it is a mean."""
        plain = isinstance(piece.node, ast.Call) and not piece.node.keywords
        if plain and all(axis.span is None for axis in axes):
            extents = tuple(self.context.canonical(axis.extent) for axis in axes)
            self.context.sums[id(piece.node)] = (piece.node, extents)

    def _mean(self, node: Reduce) -> Emitted | None:
        """``(x / n).sum(0)`` of all n rows as ``x.mean(0)``."""
        value = node.value
        if not isinstance(value, Call) or value.operator != "div" or value.keywords:
            return None
        total, count = value.arguments
        if len(node.axes) != 1 or node.axes[0].span is not None or not isinstance(count, Index):
            return None
        extent = self.context.canonical(node.axes[0].extent)
        same_type = total.type == node.type and category(node.type.dtype) == "float"
        if not same_type or self.context.canonical(count.affine) != extent:
            return None
        if not self.context.assume(at_least(extent, 1), "there is something to take the mean of"):
            return None
        whole = self.emit(replace(node, value=total))
        if id(whole.node) not in self.context.sums:
            return None
        return replace(whole, node=as_mean(whole.node))

    def mean(self, call: Call, pieces: Sequence[Emitted]) -> ast.expr | None:
        """``x.sum((2, 3)) / (k * k)`` as ``x.mean((2, 3))``."""
        found = self.context.sums.get(id(pieces[0].node)) if call.operator == "div" else None
        if found is None or found[0] is not pieces[0].node:
            return None
        count = call.arguments[1]
        if isinstance(count, Index) and is_product(self.context.canonical(count.affine), found[1]):
            return self._pooled(replace(pieces[0], node=as_mean(pieces[0].node))).node
        return None

    def _located(self, node: Reduce) -> Emitted:
        """``x.argmax(1)``, in row-major order of several axes; ``x.max(1).values``."""
        reduced = tuple(a.iterator for a in node.axes)
        order = self.natural_order(node.value, node.axes)
        used = scalar.iterators_of(node.value, frozenset(order))
        if not any(scalar.iterators_of(x, used) == used for x in scalar.loads(node.value)):
            order = (*self.loops, *reduced)  # no operand has all axes in an order of its own
        if len(reduced) > 1:
            order = (*(a for a in order if a not in reduced), *reduced)
        piece = self.within(node.axes, order).emit(node.value)
        if not set(reduced) <= set(piece.axes):
            raise self.refuse("what is compared is the same in all iterations of a loop")
        kept = tuple(a for a in piece.axes if a not in reduced)
        dim = piece.axes.index(reduced[0])
        made = piece.node
        if kept and len(reduced) > 1:
            made = syntax.method(made, "flatten", syntax.constant(dim))
        along = [syntax.constant(dim)] if kept or node.kind.startswith("first_") else []
        rank = Rank.TENSOR if kept else Rank.SCALAR
        if node.kind.startswith("first_"):
            word = node.kind.removeprefix("first_")
            made = syntax.attribute(syntax.method(made, word, *along), "values")
            return Emitted(made, kept, piece.dtype, rank)
        return Emitted(syntax.method(made, node.kind, *along), kept, "int64", rank)

    def _finished(self, piece: Emitted, node: Reduce) -> Emitted:
        """The reduced piece in canonical order and in the loop's type; a Python number if it is."""
        is_number = node.type.rank is Rank.NUMBER and not piece.axes
        if not is_number or category(piece.dtype) != category(node.type.dtype):
            piece = self.cast(piece, node.type)
        piece = self.permute(piece)
        if is_number and piece.rank is not Rank.NUMBER:
            told = syntax.method(piece.node, "item")
            return replace(piece, node=told, dtype=node.type.dtype, rank=Rank.NUMBER)
        return piece

    def _bare(self, node: Reduce, reduction: Reduction) -> tuple[Expression, str]:
        """The value without a cast that the reduction does by itself, and the dtype to ask for."""
        value, wanted = node.value, node.type.dtype
        with_grad = self.context.with_grad
        if isinstance(value, Select) and isinstance(value.then, Cast) and reduction.widens:
            then, dtype = self._bare(replace(node, value=value.then), reduction)
            other = scalar.literal_of(value.otherwise)
            if other is not None and other.value == reduction.neutral:
                return Select(value.condition, then, Cast(other, then.type)), dtype
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
        same = same or (category(source) == "int" and group == "float")
        counted = source == "bool" and group == "int"
        if (same or counted) and not isinstance(value.value, scalar.Index):
            return value.value, wanted
        return value, wanted

    def _selected(
        self, value: Expression, kind: str, inner: ReductionEmitter, reduced: Sequence[str]
    ) -> Emitted | None:
        """``torch.where(mask, x, 0)`` as ``x[mask]``, where all of it is added up."""
        if not isinstance(value, Select) or self.context.device[0] != "cpu":
            return None  # a GPU would have to wait for the number of elements
        if slack_of(value.condition) is not None:
            return None  # a triangle
        neutral = find_reduction(kind).neutral
        taken, other = value.then, scalar.literal_of(value.otherwise)
        if other is None or neutral is None or other.value != neutral:
            return None
        if isinstance(taken, Cast) and taken.value.type.dtype != taken.type.dtype:
            return None
        if not isinstance(taken, Load) or taken.type.dtype != value.type.dtype:
            return None
        mask, piece = inner.emit(value.condition), inner.emit(taken)
        if set(piece.axes) != set(reduced) or mask.axes != piece.axes or mask.dtype != "bool":
            return None
        if isinstance(piece.node, ast.Subscript):
            return None  # x[1:][mask] reads worse than a where
        return replace(piece, node=syntax.index(piece.node, [mask.node]), is_view=False)

    def _repeated(self, piece: Emitted, missing: Sequence[Axis], reduction: Reduction) -> Emitted:
        """A value that does not vary along an axis, combined as often as the axis is long."""
        if reduction.name not in ("sum", "prod"):
            for axis in missing:
                extent = self.context.canonical(axis.upper - axis.lower)
                if not self.context.assume(at_least(extent, 1), "the loop runs"):
                    raise self.refuse(f"the {reduction.name} of nothing")
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
        moving = frozenset((*self.loops, *(a.iterator for a in node.axes)))
        numbers: list[Expression] = []
        factors: list[Expression] = []
        inner = self.within(node.axes, self.natural_order(node.value, node.axes))
        for factor in _factors(product_of, inner.knows):
            is_number = factor.type.rank is Rank.NUMBER
            fixed = is_number and not scalar.iterators_of(factor, moving)
            (numbers if fixed else factors).append(factor if fixed else _in_dtype(factor, node))
        group = category(node.type.dtype)
        if len(factors) < 2 or group not in ("float", "int", "complex"):
            return None
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
        if any(p.dtype != node.type.dtype or p.rank is Rank.NUMBER for p in pieces):
            return None
        reduced = [a.iterator for a in node.axes]
        everything = {a for p in pieces for a in p.axes}
        if not set(reduced) <= everything:
            return None
        same = all(set(p.axes) == everything for p in pieces)
        if sum(bool(p.axes) for p in pieces) < 2:
            return None  # scaled by numbers only
        alone = any(sum(a in p.axes for p in pieces) == 1 for a in reduced)
        if alone and node.type.dtype != "int64":
            # einsum adds up one factor by itself: an int64, or no NaN where 0 meets an infinity
            return None
        in_halves = node.spelling == "@" and node.type.dtype in ("float16", "bfloat16")
        is_dot = len(everything) == 1 and len(pieces) == 2 and node.kind == "sum"
        if same and not in_halves and not is_dot:
            return None  # an elementwise product, summed
        is_whole = any(set(p.axes) == everything for p in pieces)
        is_whole |= any(isinstance(f, Cast) and f.value.type.rank is Rank.NUMBER for f in factors)
        if is_whole and any(p.axes and not set(p.axes) & set(reduced) for p in pieces):
            return None  # no factor is taken out of the sum: beside infinities it is another one
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
            product = product or self._convolution(pieces, reduced, node.axes)
        product = product or self._chain(pieces, set(reduced), kept)
        product = self._scaled(product or self._einsum(pieces, kept), plain)
        if node.kind != "mean":
            return product
        made = product.node
        for axis in node.axes:
            extent = self.context.spell(self.context.canonical(axis.extent))
            made = ast.BinOp(made, ast.Div(), syntax.affine(extent))
        return replace(product, node=made)

    def _convolution(
        self, pieces: Sequence[Emitted], reduced: Sequence[str], axes: Sequence[Axis]
    ) -> Emitted | None:
        if self.context.device[0] != "cpu":
            return None
        ranges = {**self.loops, **{axis.iterator: axis for axis in axes}}
        canonical = self.context.canonical
        found = convolution(
            pieces,
            frozenset(reduced),
            self.context.torch,
            lambda axis: syntax.affine(self.context.spell(canonical(ranges[axis].extent))),
            lambda axis: self.context.assume(
                at_least(canonical(ranges[axis].extent), 1), "there is something to convolve"
            ),
        )
        return None if found is None else self.permute(found)

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

    def _chain(
        self, pieces: Sequence[Emitted], reduced: set[str], kept: tuple[str, ...]
    ) -> Emitted | None:
        """``x @ A @ y`` for three factors of which each meets the next in one axis."""
        if len(pieces) != 3 or len(reduced) != 2:
            return None
        for first, second, third in permutations(pieces):
            one, two = set(first.axes) & set(second.axes), set(second.axes) & set(third.axes)
            plain = (
                one | two == reduced
                and len(one) == len(two) == 1
                and not set(first.axes) & set(third.axes)
                and set(second.axes) == reduced
                and (*first.axes[-1:], *third.axes[:1]) == second.axes
                and len(first.axes) <= 2
                and len(third.axes) <= 2
            )
            axes = (*first.axes[:-1], *third.axes[1:])
            if plain and axes == kept:
                node = ast.BinOp(first.node, ast.MatMult(), second.node)
                node = ast.BinOp(node, ast.MatMult(), third.node)
                return Emitted(node, axes, first.dtype, Rank.TENSOR if axes else Rank.SCALAR)
        return None

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
        if len(left.axes) > 2 and len(right.axes) <= 2 and left.axes[-1] == inner:
            axes = (*left.axes[:-1], *(a for a in right.axes if a != inner))
            if axes == kept:  # one matrix for the whole batch
                second = right.node if right.axes[0] == inner else syntax.attribute(right.node, "T")
                node = ast.BinOp(left.node, ast.MatMult(), second)
                return Emitted(node, axes, left.dtype, Rank.TENSOR)
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
def as_mean(node: ast.expr) -> ast.expr:
    """``x.sum(0) -> x.mean(0)``."""
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return ast.Call(syntax.attribute(node.func.value, "mean"), node.args, node.keywords)


def is_product(affine: Affine, extents: Sequence[Affine]) -> bool:
    """Whether a count is the product of extents: ``k * k`` of ``(k, k)``."""
    wanted = sorted(str(e) for e in extents if e != Affine.number(1))
    if len(wanted) == 1:
        return str(affine) == wanted[0]
    if len(affine.terms) != 1 or affine != Affine.symbol(affine.symbols[0]):
        return False
    return sorted(_spelled_factors(ast.parse(affine.symbols[0], mode="eval").body)) == wanted


def _spelled_factors(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_spelled_factors(node.left), *_spelled_factors(node.right)]
    return [ast.unparse(node)]


def _in_dtype(factor: Expression, node: Reduce) -> Expression:
    """A factor in the dtype of the product, as the loop multiplies it: ``math.cos(k * n)``."""
    wanted, own = node.type.dtype, factor.type
    if own.dtype == wanted or wanted not in _WIDE:
        return factor
    is_real = category(own.dtype) == "float" and complex_dtype(own.dtype) == wanted
    is_float = category(own.dtype) == "float" or category(wanted) == "complex"
    if is_real or (own.rank is Rank.NUMBER and is_float):
        return Cast(factor, ElementType(wanted, max(own.rank, Rank.SCALAR)))
    return factor


def _factors(value: Expression, knows: Callable[[Expression], bool]) -> list[Expression]:
    """The factors of a product: ``a * b * c -> [a, b, c]``; one that has a name stays whole."""
    if not isinstance(value, Call) or value.operator != "mul" or value.keywords or knows(value):
        return [value]
    tensors = [a for a in value.arguments if a.type.rank is not Rank.NUMBER]
    if any(value.type.dtype not in (d := a.type.dtype, complex_dtype(d)) for a in tensors):
        return [value]
    return [f for a in value.arguments for f in _factors(a, knows)]
