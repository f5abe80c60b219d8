"""Reductions of whole rows to PyTorch source: which method, along which dimensions, how spelled."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import TypeVar

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.operands import OperandEmitter
from deloop.dtype import Rank, category
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.axis import Axis
from deloop.ir.scalar import Call, ElementType, Expression, Number, Reduce
from deloop.ops.reductions import ITEMS, Reduction

_WITHOUT_CANCELLING = "donot_use_mm_for_euclid_dist"
_Self = TypeVar("_Self", bound="RowEmitter")
_MOST_PERMUTED = 6
"""How many axes are tried in every order."""


class RowEmitter(OperandEmitter):
    """Emits what combines whole axes by one method."""

    def cast(self, piece: Emitted, kind: ElementType, value: Expression | None = None) -> Emitted:
        """The piece in the loop's type."""
        raise NotImplementedError

    def typed_number(self, piece: Emitted, dtype: str) -> Emitted:
        """A Python number as a 0-d tensor."""
        raise NotImplementedError

    def filled(self, piece: Emitted, sizes: Sequence[ast.expr], dtype: str) -> Emitted:
        """A Python number as a new tensor of such sizes."""
        raise NotImplementedError

    def within(self: _Self, axes: Sequence[Axis], order: Sequence[str]) -> _Self:
        """An emitter inside of a reduction."""
        inner = type(self)(self.context, [*self.loops.values(), *axes], order, self.place)
        inner.count = self.count
        return inner

    def natural_order(self, value: Expression, axes: Sequence[Axis]) -> tuple[str, ...]:
        """All axes, in the order that takes the fewest transpositions of operands and result."""
        inside = tuple(a.iterator for a in axes)
        kept = tuple(n for n in self.order if n not in inside)
        names = (*kept, *(n for n in self.loops if n not in (*kept, *inside)), *inside)
        used = self._orders(value, names)
        moving = [n for n in names if any(n in own for own in used)]
        if len(moving) > _MOST_PERMUTED:
            moving.sort(key=max(used, key=len).index if len(used) == 1 else names.index)
            return (*(n for n in names if n not in moving), *moving)
        result = tuple(n for n in moving if n in kept)

        def transpositions(order: tuple[str, ...]) -> int:
            operands = sum(own != tuple(n for n in order if n in own) for own in used)
            return 2 * operands + (result != tuple(n for n in order if n in result))

        best = min(permutations(moving), key=transpositions)
        return (*(n for n in names if n not in best), *best)

    def _orders(self, value: Expression, names: Sequence[str]) -> list[tuple[str, ...]]:
        """What moves along the dimensions of each operand, in their order."""
        match value:
            case scalar.Load():
                return [self._own_order(value, names)]
            case Reduce(kind) if kind in ITEMS and value.at is not None:
                batch = scalar.iterators_of(value.value, frozenset(names))
                ends = [p for p in (value.at, *value.further) if isinstance(p, Affine)]
                last = dict.fromkeys(s for p in ends for s in p.symbols if s in names)
                return [(*(n for n in names if n in batch and n not in last), *last)]
            case Reduce(_, inner, axes, _, _, at):
                bound = [axis.iterator for axis in axes]
                kept = [n for n in at.symbols if n in names] if isinstance(at, Affine) else []
                return [
                    tuple(dict.fromkeys(n for s in order for n in (kept if s in bound else [s])))
                    for order in self._orders(inner, (*names, *bound))
                ]
        return [order for child in scalar.children(value) for order in self._orders(child, names)]

    def _own_order(self, load: scalar.Load, names: Sequence[str]) -> tuple[str, ...]:
        """The axes of a read in the order of its dimensions; `unfold` puts windows last."""
        found: list[str] = []
        windows: list[str] = []
        for subscript in load.subscripts:
            if isinstance(subscript, Affine):
                subscript = scalar.Index(self.context.canonical(subscript))
            for index in scalar.loads(subscript):  # the dimensions of an index stand in its place
                found.extend(n for n in self._own_order(index, names) if n not in found)
            used = scalar.iterators_of(subscript, frozenset(names))
            here = [n for n in [*self.loops, *names] if n in used and n not in (*found, *windows)]
            first, others = here[:1], dict.fromkeys(here[1:])
            found.extend(first)
            windows.extend(n for n in others if n not in first)
        return (*found, *windows)

    # ------------------------------------------------------------------ methods
    def combined(self, piece: Emitted, node: Reduce, reduction: Reduction, dtype: str) -> Emitted:
        """``x.sum(1)``, ``x.max()``, ``torch.norm(x, dim=1)``."""
        reduced = [a.iterator for a in node.axes]
        dims = [k for k, axis in enumerate(piece.axes) if axis in reduced]
        if not dims:
            return piece
        if len(dims) > 1 and not reduction.several and not reduction.widens:
            piece, dims = self._flattened(piece, node, dims)
        kept = tuple(a for k, a in enumerate(piece.axes) if k not in dims)
        natural, keywords = self._result(piece.dtype, reduction, dtype)
        for name, value in node.options:
            keywords[name] = self.emit(value).node
        word = (reduction.along if kept else reduction.whole) or reduction.name
        needs_dim = bool(kept) or bool(reduction.part) or reduction.name == "logsumexp"
        made = piece.node
        if reduction.widens and not reduction.several and len(dims) > 1 and (kept or keywords):
            for dim in reversed(dims):
                made = syntax.method(made, word, syntax.constant(dim), **keywords)
        else:
            made = self._applied(made, node, reduction, word, dims if needs_dim else [], keywords)
        once = (reduction.several or len(dims) == 1) and not reduction.part
        call = made if isinstance(made, ast.Call) and once else None
        if reduction.part:
            made = syntax.attribute(made, reduction.part)
        rank = Rank.TENSOR if kept else Rank.SCALAR
        reduced_by = None if call is None else (call, tuple(dims))
        return Emitted(made, kept, natural, rank, reduced=reduced_by)

    def _result(
        self, dtype: str, reduction: Reduction, wanted: str
    ) -> tuple[str, dict[str, ast.expr]]:
        """The dtype that PyTorch gives, and the keyword that asks for another one."""
        natural = dtype
        if reduction.widens and category(natural) in ("bool", "int"):
            natural = "int64"
        if reduction.name in ("any", "all"):
            natural = "bool"
        if reduction.name in ("argmax", "argmin"):
            natural = "int64"
        if reduction.takes_dtype and natural != wanted:
            return wanted, {"dtype": syntax.name(f"{self.context.torch}.{wanted}")}
        return natural, {}

    def _applied(
        self,
        value: ast.expr,
        node: Reduce,
        reduction: Reduction,
        word: str,
        dims: Sequence[int],
        keywords: dict[str, ast.expr],
    ) -> ast.expr:
        axes = [syntax.constant(d) for d in dims]
        chosen: list[ast.expr] = []
        if axes:
            chosen = [axes[0] if len(axes) == 1 else ast.Tuple(list(axes), ast.Load())]
        if chosen and reduction.keyword:
            first = {k: v for k, v in keywords.items() if k in ("p", "ord")}
            keywords = {**first, "dim": chosen.pop(), **keywords}
        if node.spelling and node.spelling != "@" and not node.spelling.startswith("."):
            function = self.context.spelled(node.spelling)
            return syntax.call(function, [value, *chosen], **keywords)
        return syntax.method(value, word, *chosen, **keywords)

    def _flattened(
        self, piece: Emitted, node: Reduce, dims: list[int]
    ) -> tuple[Emitted, list[int]]:
        """Several dimensions as one, for what counts positions: ``x.flatten(1)``."""
        inner = tuple(piece.axes[k] for k in dims)
        if inner != tuple(a.iterator for a in node.axes) or dims[-1] - dims[0] + 1 != len(dims):
            raise self.refuse(f"the {node.kind} over dimensions in another order than in memory")
        ends = [dims[0]] if dims[-1] + 1 == len(piece.axes) else [dims[0], dims[-1]]
        made = syntax.method(piece.node, "flatten", *(syntax.constant(d) for d in ends if d))
        axes = (*piece.axes[: dims[0] + 1], *piece.axes[dims[-1] + 1 :])
        return replace(piece, node=made, axes=axes, is_view=False), [dims[0]]

    # ------------------------------------------------------------------ rows that stay rows
    def along(self, node: Reduce, reduction: Reduction) -> Emitted:
        """``torch.softmax(x, dim=1)``, of which the element `at` is meant along its axis."""
        axis = node.axes[0]
        inner = self.within(node.axes, self.natural_order(node.value, node.axes))
        piece = inner.emit(node.value)
        if axis.iterator not in piece.axes:
            raise self.refuse(f"the {node.kind} of one value repeated")
        dim = piece.axes.index(axis.iterator)
        natural, keywords = self._result(piece.dtype, reduction, node.type.dtype)
        for name, value in node.options:
            keywords[name] = self.emit(value).node
        made = self._applied(piece.node, node, reduction, reduction.name, [dim], keywords)
        if category(natural) != "int":
            self.context.round_off(f"{node.kind} of a whole tensor")
        piece = Emitted(made, piece.axes, natural, Rank.TENSOR)
        at = Affine() if node.at is None else node.at
        if not isinstance(at, Affine):
            return self._looked_up(piece, dim, at)
        return self._taken(piece, dim, at, axis)

    def _taken(self, piece: Emitted, dim: int, at: Affine, axis: Axis) -> Emitted:
        """The piece along whose dimension `dim` only the places `at` are meant."""
        at, size = self.context.canonical(at), self.context.canonical(axis.upper)
        lifted = [s for s in at.symbols if s in self.loops]
        names = list(piece.axes)
        if len(lifted) > 1 or (lifted and (lifted[0] in names or at.coefficient(lifted[0]) < 0)):
            raise self.refuse("a row is read at places that move with another axis")
        entries: list[ast.expr] = [ast.Slice() for _ in names]
        entries[dim] = self.slice(at, lifted[0], size) if lifted else self.point(at, size)
        names[dim : dim + 1] = lifted[:1]
        made = syntax.index(piece.node, syntax.strip_full(entries))
        rank = Rank.TENSOR if names else Rank.SCALAR
        return replace(piece, node=made, axes=tuple(names), rank=rank)

    def _looked_up(self, piece: Emitted, dim: int, at: Expression) -> Emitted:
        """``piece[torch.arange(n), t]``: along one dimension the places that an index holds."""
        index = self.index_tensor(at)
        names = piece.axes
        common = index.axes
        entries: list[ast.expr] = []
        for position, name in enumerate(names):
            if position == dim:
                entries.append(self.align(index, common))
            elif name in common:
                row = self.index(Affine.symbol(name) - self.loops[name].lower)
                entries.append(self.align(row, common))
            else:
                entries.append(ast.Slice())
        taken = [k for k, name in enumerate(names) if k == dim or name in common]
        rest = [name for k, name in enumerate(names) if k not in taken]
        together = taken == list(range(taken[0], taken[-1] + 1)) and bool(common)
        before = taken[0] if together or not common else 0
        axes = (*rest[:before], *common, *rest[before:])
        made = syntax.index(piece.node, syntax.strip_full(entries))
        rank = Rank.TENSOR if axes else Rank.SCALAR
        return replace(piece, node=made, axes=axes, rank=rank)

    # ------------------------------------------------------------------ two rows
    def cosine(self, node: Reduce) -> Emitted | None:
        """``F.cosine_similarity(x, y, dim=1)`` for the product of two normalized rows.

        None where the rows of one are compared with all rows of another, which a matrix product
        does; but `normalize` has another gradient where a row is shorter than its ``eps``.
        """
        value = node.value
        if node.spelling != "@" or not isinstance(value, Call) or value.operator != "mul":
            return None
        first, second = value.arguments
        if not (isinstance(first, Reduce) and isinstance(second, Reduce)):
            return None
        if {first.kind, second.kind} != {"normalize"} or first.options != second.options:
            return None
        if first.axes[0].iterator != second.axes[0].iterator or len(node.axes) != 1:
            return None
        own = [r.at == Affine.symbol(node.axes[0].iterator) for r in (first, second)]
        inner = self.within(first.axes, self.natural_order(first.value, first.axes))
        bare = [inner.emit(r.value) for r in (first, second)]
        axes = inner.sorted_axes([a for p in bare for a in p.axes])
        alike = all(set(p.axes) == set(axes) for p in bare)
        if not all(own) or not (alike or scalar.requires_grad(value, self.context.with_grad)):
            return None
        dim = axes.index(first.axes[0].iterator)
        module = first.spelling.rpartition(".")[0]
        floor = dict(first.options).get("eps")
        keywords: dict[str, ast.expr] = {"dim": syntax.constant(dim)}
        if not (isinstance(floor, Number) and floor.value == 1e-8) and floor is not None:
            keywords["eps"] = self.emit(floor).node
        operands = [inner.align(p, axes) for p in bare]
        function = self.context.spelled(f"{module}.cosine_similarity")
        made = syntax.call(function, operands, **keywords)
        kept = tuple(a for a in axes if a != first.axes[0].iterator)
        self.context.round_off("a sum of products in another order than the loop's")
        rank = Rank.TENSOR if kept else Rank.SCALAR
        return Emitted(made, kept, node.type.dtype, rank)

    def distance(self, node: Expression) -> Emitted | None:
        """``torch.cdist(X, Y)`` for distances of all rows of one matrix to all of another.

        Written out, the differences would be kept: as many as both matrices have rows, times their
        length. `cdist` has no second derivative, so it is for values without a gradient. Its
        greatest difference passes over NaN.
        """
        found = find_distance(node)
        if found is None or scalar.requires_grad(node, self.context.with_grad):
            return None
        left, right, axis, order = found
        if node.type.dtype not in ("float32", "float64") or order not in (1, 2):
            return None
        pieces = []
        for side in (left, right):
            inner = self.within([axis], self.natural_order(side, [axis]))
            pieces.append(inner.emit(side))
        first, second = pieces
        if first.dtype != node.type.dtype or second.dtype != node.type.dtype:
            return None
        for piece in pieces:
            if len(piece.axes) < 2 or piece.axes[-1] != axis.iterator:
                return None
        batch = first.axes[:-2]
        if batch != second.axes[:-2] or first.axes[-2] == second.axes[-2]:
            return None
        order_of = {a: k for k, a in enumerate(self.order)}
        if order_of[first.axes[-2]] > order_of[second.axes[-2]]:
            first, second = second, first
        keywords: dict[str, ast.expr] = {"p": syntax.constant(order)}
        if order == 2:
            keywords = {"compute_mode": ast.Constant(_WITHOUT_CANCELLING)}
        made = syntax.call(f"{self.context.torch}.cdist", [first.node, second.node], **keywords)
        axes = (*batch, first.axes[-2], second.axes[-2])
        self.context.round_off("a sum in another order than the loop's")
        return Emitted(made, axes, node.type.dtype, Rank.TENSOR)


def find_distance(value: Expression) -> tuple[Expression, Expression, Axis, float] | None:
    """The two rows, the axis and the order of a distance; None where the value is not one.

    ``norm over k of x[i, k] - y[j, k]``; ``sum over k of abs(x[i, k] - y[j, k])``;
    ``sqrt(sum over k of (x[i, k] - y[j, k]) ** 2)``
    """
    order: float = 2
    gap: Expression | None
    match value:
        case Reduce("norm", gap, (axis,)):
            orders = [v.value for k, v in value.options if isinstance(v, Number)]
            order = orders[0] if orders else 2  # type: ignore[assignment]
        case Reduce("sum", Call("abs", (gap,)), (axis,)):
            order = 1
        case (
            Call("sqrt", (Reduce("sum", product, (axis,)),))
            | Call("pow", (Reduce("sum", product, (axis,)), Number(0.5)))
        ):
            gap = _root(product)
        case _:
            return None
    if not isinstance(gap, Call) or gap.operator != "sub" or gap.keywords:
        return None
    left, right = gap.arguments
    if {left.type.dtype, right.type.dtype, gap.type.dtype} != {value.type.dtype}:
        return None
    return left, right, axis, order


def _root(value: Expression) -> Expression | None:
    """What a square is of: ``x ** 2``, ``x * x``, ``x.square()``."""
    match value:
        case Call("pow", (inner, Number(2))) | Call("square", (inner,)):
            return inner
        case Call("mul", (first, second)) if first == second:
            return first
    return None
