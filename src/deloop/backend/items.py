"""Calls on the item of an iteration, written for all of them: ``torch.linalg.solve(A, b)``.

What is written is a template, ``torch.quantile({0}, 0.5, dim={-1:dim})``. A field is an operand by
its number. ``{1:free}`` may go without batch dimensions, for the call broadcasts; ``{1:weight}``
does, or else the call is mapped; ``{1:fixed}`` must. ``{-1:dim}`` is a dimension counted from the
last one of the first operand; ``{:ones}`` are as many ones as there are batch dimensions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.joined import JoinEmitter
from deloop.dtype import Rank, category
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.axis import Axis
from deloop.ir.scalar import Call, Expression, Index, Number, Reduce
from deloop.ops.reductions import ITEM_BATCH, ITEM_VMAP

_FIELD = re.compile(r"\{(-?\d*)(?::(\w+))?\}")
_MOVES = re.compile(r"\{0\}(\.(un)?flatten\([^()]*(\([^()]*\))?\))+").fullmatch
"""Calls that only lay elements out in another way."""
_NAMES = "abcdefgh"
_PLACED = frozenset({"", "weight", "free", "fixed"})
"""What a field may say of an operand that stands there."""


class ItemEmitter(JoinEmitter):
    """Emits calls on items as one call on all of them."""

    def item(self, node: Reduce) -> Emitted:
        """The call on whole tensors, of which the element at the places of `node` is meant."""
        assert isinstance(node.value, Call)
        parts = node.value.arguments
        cores = [
            tuple(a for a in node.axes if a.iterator.split("_")[2] == str(k))
            for k in range(len(parts))
        ]
        moving = scalar.iterators_of(node.value, frozenset(self.loops))
        batch = (*self.sorted_axes(list(moving)), *(moving - set(self.order)))
        self._require_items(batch)
        pieces = [self._item_operand(p, c, batch) for p, c in zip(parts, cores, strict=True)]
        places = self._item_places(node)
        if node.kind == ITEM_VMAP or self._needs_map(node.spelling, pieces, batch):
            made = self._mapped(node.spelling, pieces, cores, batch)
        else:
            made = self._one_call(node, pieces, cores, batch)
        moves = _MOVES(node.spelling) is not None
        if category(node.type.dtype) in ("float", "complex") and not moves:
            self.context.round_off("a call on a whole batch")
        names = (*batch, *(f"_out{k}" for k in range(len(places))))
        rank = Rank.TENSOR if names else Rank.SCALAR
        piece = Emitted(made, names, node.type.dtype, rank, moves and pieces[0].is_view)
        sizes = [s.affine if isinstance(s, Index) else _number(s) for _, s in node.options]
        ones = [k for k, size in enumerate(sizes) if size == Affine.number(1)]
        for k in (k for k in range(len(places)) if k not in ones):
            dim = piece.axes.index(f"_out{k}")
            piece = self._taken(piece, dim, places[k], Axis(f"_out{k}", Affine(), sizes[k]))
        return self._squeezed_out(piece, [f"_out{k}" for k in ones]) if ones else piece

    @staticmethod
    def _squeezed_out(piece: Emitted, names: Sequence[str]) -> Emitted:
        """The piece without dimensions of size 1: ``F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0]``."""
        dims = tuple(k for k, name in enumerate(piece.axes) if name in names)
        entries: list[ast.expr] = [
            ast.Constant(0) if k in dims else ast.Slice() for k in range(len(piece.axes))
        ]
        axes = tuple(a for a in piece.axes if a not in names)
        node = syntax.index(piece.node, syntax.strip_full(entries))
        rank = Rank.TENSOR if axes else Rank.SCALAR
        return Emitted(
            node, axes, piece.dtype, rank, piece.is_view, squeezed=(node, piece.node, dims)
        )

    def _item_places(self, node: Reduce) -> tuple[Affine, ...]:
        if node.at is None:
            return ()
        if not isinstance(node.at, Affine):
            raise self.refuse("what a call makes is looked up by data")
        return (node.at, *node.further)

    def _require_items(self, batch: Sequence[str]) -> None:
        """Ask that there is some item: not every call takes an empty batch."""
        for name in batch:
            low, high = self.bounds(name)
            extent = self.context.canonical(high - low)
            if not self.context.assume(at_least(extent, 1), "there are items to work on"):
                raise self.refuse("there may be no items to work on")

    def _item_operand(
        self, part: Expression, core: tuple[Axis, ...], batch: tuple[str, ...]
    ) -> Emitted:
        own = tuple(a.iterator for a in core)
        inner = self.within(core, (*batch, *own))
        piece = inner.emit(part)
        if part.type.rank is Rank.NUMBER:
            return piece
        piece = inner.permute(inner.cast(piece, part.type))
        missing = [a for a in core if a.iterator not in piece.axes]
        if not missing:
            return piece
        spelled = {a.iterator: self._size_of(a.upper) for a in core}
        if piece.rank is Rank.NUMBER:
            made = self.filled(piece, list(spelled.values()), part.type.dtype)
            return Emitted(made.node, own, part.type.dtype, Rank.TENSOR)
        axes = tuple(n for n in (*batch, *own) if n in piece.axes or n in own)
        node = self.align(piece, axes)
        for _ in range(axes.index(piece.axes[0]) if piece.axes else 0):
            node = syntax.index(node, [ast.Constant(None)])
        if any(a.upper != Affine.number(1) for a in missing):
            gone = [a.iterator for a in missing]
            sizes = [spelled[n] if n in gone else syntax.constant(-1) for n in axes]
            node = syntax.method(node, "expand", *sizes)
        elif not piece.axes:
            node = syntax.method(node, "reshape", *spelled.values())
        return Emitted(node, axes, piece.dtype, Rank.TENSOR, piece.is_view)

    def _size_of(self, size: Affine) -> ast.expr:
        return syntax.affine(self.context.spell(self.context.canonical(size)))

    @staticmethod
    def _needs_map(template: str, pieces: Sequence[Emitted], batch: Sequence[str]) -> bool:
        """Whether a weight is another one in each iteration."""
        fixed = [int(number) for number, word in _FIELD.findall(template) if word == "weight"]
        return any(set(pieces[k].axes) & set(batch) for k in fixed)

    # ------------------------------------------------------------------ one call
    def _one_call(
        self,
        node: Reduce,
        pieces: Sequence[Emitted],
        cores: Sequence[tuple[Axis, ...]],
        batch: tuple[str, ...],
    ) -> ast.expr:
        words = dict(_FIELD.findall(node.spelling))
        folds = node.kind == ITEM_BATCH and len(batch) > 1
        if node.kind == ITEM_BATCH and not batch:
            raise self.refuse("the call takes a batch, and nothing moves with the loop")
        nodes = []
        for number, (piece, core) in enumerate(zip(pieces, cores, strict=True)):
            own = set(batch) & set(piece.axes)
            word_of = words.get(str(number), "")
            bare = bool(word_of) and not own
            if word_of == "fixed" and own:
                raise self.refuse("what the call looks into is another one in each iteration")
            made = piece.node
            if not bare and len(own) < len(batch) and piece.rank is not Rank.NUMBER:
                made = self._spread_out(piece, core, batch)
            if folds and not bare:
                made = syntax.method(
                    made, "flatten", ast.Constant(0), ast.Constant(len(batch) - 1)
                )
            nodes.append(made)
        rank = len(batch) + len(cores[0])

        def word(match: re.Match[str]) -> str:
            number, what = match.groups()
            if what == "dim":
                return str(int(number) + rank)
            return "1, " * len(batch) if what == "ones" else f"_operand{number}"

        tree = syntax.name(self.context.spelled(_FIELD.sub(word, node.spelling)))
        values = {f"_operand{k}": n for k, n in enumerate(nodes)}
        made = _Filling(values).visit(tree)
        if folds:
            sizes = ast.Tuple([self._count_of(n) for n in batch], ast.Load())
            made = syntax.method(made, "unflatten", ast.Constant(0), sizes)
        return made

    def _spread_out(
        self, piece: Emitted, core: tuple[Axis, ...], batch: tuple[str, ...]
    ) -> ast.expr:
        """The piece repeated along the batch dimensions that it does not move with."""
        names = (*batch, *(a.iterator for a in core))
        sizes = [
            self._count_of(n) if n not in piece.axes else syntax.constant(-1) for n in names
        ]
        return syntax.method(self.align(piece, names), "expand", *sizes)

    def _count_of(self, name: str) -> ast.expr:
        low, high = self.bounds(name)
        return self._size_of(high - low)

    # ------------------------------------------------------------------ one call an item
    def _mapped(
        self,
        template: str,
        pieces: Sequence[Emitted],
        cores: Sequence[tuple[Axis, ...]],
        batch: tuple[str, ...],
    ) -> ast.expr:
        """``torch.vmap(torch.kron)(x, y)``; one map within another for several axes."""
        used = sorted({int(number) for number, what in _FIELD.findall(template) if what in _PLACED})
        pieces = [pieces[k] for k in used]
        names = {k: _NAMES[place] for place, k in enumerate(used)}

        def word(match: re.Match[str]) -> str:
            number, what = match.groups()
            if what == "dim":
                return str(int(number) + len(cores[0]))
            return "" if what == "ones" else names[int(number)]

        text = self.context.spelled(_FIELD.sub(word, template))
        listed = ", ".join(names.values())
        plain = re.fullmatch(r"([\w.]+)\(" + listed + r"\)", text)
        tree = syntax.name(plain[1] if plain else f"lambda {listed}: {text}")
        for axis in reversed(batch):
            keywords: dict[str, ast.expr] = {}
            if any(axis not in p.axes for p in pieces):
                dims = [ast.Constant(0 if axis in p.axes else None) for p in pieces]
                keywords["in_dims"] = ast.Tuple(list(dims), ast.Load())
            tree = syntax.call(f"{self.context.torch}.vmap", [tree], **keywords)
        return syntax.call(tree, [p.node for p in pieces])


def _number(value: Expression) -> Affine:
    assert isinstance(value, Number) and isinstance(value.value, int)
    return Affine.number(value.value)


class _Filling(ast.NodeTransformer):
    """Operands in place of their names."""

    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)
