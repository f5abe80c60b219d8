"""Parts of tensors as parts of what one expression outside of the loop gives.

``torch.relu(fc(x[i]))`` is row `i` of ``torch.relu(fc(x))``: what is called on an item may be
called on all of them, if the item can be spelled so.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import NoReturn

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.items import Item, Point, View, Whole, whole
from deloop.frontend.places import PlaceReader
from deloop.frontend.selections import ends_of, is_block
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, equal
from deloop.ir.loop import LIST, Loop
from deloop.ir.observed import evaluate_affine
from deloop.ir.scalar import Expression
from deloop.ir.types import Tensor, TensorType

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


class WholeReader(PlaceReader):
    """A reader of items as parts of whole tensors."""

    caller: WholeReader | None = None
    """The reader of the function that holds the loop, to one of an inlined function."""

    @property
    def around(self) -> list[Loop]:
        """The loops around what is read, outermost first: in a called function, its caller's."""
        return [] if self.caller is None else self.caller.around

    def _whole_of(self, item: Item, node: ast.Call) -> View:
        """The item as a part of a tensor that one expression outside of the loop gives.

        ``torch.relu(fc(x[i]))`` is row `i` of ``torch.relu(fc(x))``.
        """
        if isinstance(item, Tensor):
            item = whole(item)
        if isinstance(item, build.NODES):
            item = self._spelled_whole(item, node)
        if not isinstance(item, View):
            self._refuse_argument(node)
        tensor = item.tensor
        is_own = tensor.storage.startswith((LIST, "cell:", "local:"))
        if is_own or not all(
            isinstance(d.subscript, Affine) for d in item.dimensions if isinstance(d, Point)
        ):
            self._refuse_argument(node)
        return item

    def _check_unused(self, view: View, node: ast.Call, is_masked: bool = False) -> None:
        """Ask that items which the loop passes over are finite: they add nothing to a gradient.

        The layer sees them as well, with a gradient of zero, and zero times infinity is NaN.
        """
        if category(view.tensor.type.dtype) != "float":
            return
        if not (is_masked or self.guards or self.choices) and self._covers(view):
            return
        if view.tensor.made_of:
            self._refuse_argument(node)
        value = self.load(whole(view.tensor), node)
        kind = replace(value.type, dtype="bool")
        gaps = build.negate(scalar.Call("isfinite", (value,), kind, "torch.isfinite"))
        scalar_kind = replace(kind, rank=Rank.SCALAR)
        found = self.reduced("any", gaps, node, None, False, scalar_kind)
        guards, self.guards = self.guards, []
        self.require_data(build.negate(found), self.place(node), f"{view.tensor.name} is finite")
        self.guards = guards

    def _covers(self, view: View) -> bool:
        """Whether the parts of all iterations are all of a tensor, as far as can be asked."""
        needed = []
        for dimension, size in zip(view.dimensions, view.tensor.type.shape, strict=True):
            if isinstance(dimension, Whole):
                if dimension.step != 1:
                    return False
                gap = dimension.extent - size
                first = dimension.start
            else:
                place = dimension.subscript
                found = self.range_of(place) if isinstance(place, Affine) else None
                if found is None:
                    return False
                first, gap = found[0], found[1] - size
            if first != Affine() or evaluate_affine(gap, self.hints) != 0:
                return False
            needed.append(gap)
        for gap in needed:
            self.require(equal(gap, 0), self.function.node, "all of it is looked at")
        return True

    def _refuse_argument(self, node: ast.AST) -> NoReturn:
        self.unsupported(
            node, f"what {ast.unparse(node)} takes is no part of one tensor", "VEC921"
        )

    def _spelled_whole(self, value: Expression, node: ast.Call) -> View:
        """A computed row as a part of what the same operations make of whole tensors."""
        match value:
            case scalar.Load():
                return self._view_of(value, node)
            case scalar.Call(arguments=arguments):
                parts = [self._operand(a, node) for a in arguments]
            case _:
                self._refuse_argument(node)
        views = [p for p in parts if isinstance(p, View)]
        if not views:
            self._refuse_argument(node)
        first = max(views, key=lambda v: len(v.dimensions))
        if value.type.dtype != first.tensor.type.dtype or value.keywords:
            self._refuse_argument(node)
        for view in views:
            self._check_alike(view, first, node)
        words = [p.tensor.name if isinstance(p, View) else p for p in parts]
        text = _spell(value, words)
        if text is None:
            self._refuse_argument(node)
        kind = first.tensor.type
        grad = any(v.tensor.type.requires_grad for v in views)
        made = TensorType(value.type.dtype, kind.shape, kind.device, grad, False)
        sources = frozenset(s for v in views for s in self._sources(v.tensor))
        return View(self._new(text, made, sources), first.dimensions)

    def masked_part(
        self, target: Expression, item: Item, node: ast.AST
    ) -> tuple[View, Expression] | None:
        """A store to a part that a mask chooses, as one of old and new elements.

        ``x[i, :n] = v   ->   x[i, _d1] = select(_d1 < n, v, x[i, _d1])``; None for other targets.
        """
        found = self.chosen_in(target, node)
        if found is None or not isinstance(found.row, scalar.Load):
            return None
        value = self.to_expression(item, node)
        chosen = self.chosen_in(value, node)
        if chosen is not None and chosen.mask != found.mask:
            self._refuse_choice(node)
        new = value if chosen is None else chosen.row
        if chosen is None and rows.free_dimensions(new) & found.dimensions:
            windows = self.windows_filled.get(found.mask, {})
            moved = self.within_windows(new, windows, found.row, node) if windows else None
            if moved is None:
                self._refuse_choice(node)
            new = moved
        if len(build.types_of(new)) != 1 or category(new.type.dtype) == "complex":
            self._refuse_choice(node)
        if category(new.type.dtype) == "float" and category(found.row.type.dtype) != "float":
            self._refuse_choice(node)
        is_slice = ends_of(found) is not None or is_block(found.mask)
        if new.type.rank is Rank.TENSOR and new.type.dtype != found.row.type.dtype and not is_slice:
            self.unsupported(node, f"{ast.unparse(node)} raises: the dtypes differ", "VEC911")
        new = build.cast(new, found.row.type)
        view = self._view_of(found.row, node)
        return view, scalar.Select(found.mask, new, found.row)

    def _operand(self, value: Expression, node: ast.Call) -> View | str:
        match value:
            case scalar.Number(number) if isinstance(number, (int, float)):
                if number - number == 0:
                    return repr(number)
            case scalar.Invariant(name, kind) if kind.rank is Rank.NUMBER:
                return name
            case scalar.Load() | scalar.Call():
                return self._spelled_whole(value, node)
        self._refuse_argument(node)

    def _view_of(self, load: scalar.Load, node: ast.AST) -> View:
        """The part of a tensor that a read takes."""
        tensor = self.arrays[load.array]
        sizes = dict(load.implicit)
        dimensions: list[Point | Whole] = []
        for subscript in load.subscripts:
            own = [n for n in sizes if isinstance(subscript, Affine) and n in subscript.symbols]
            if not own:
                dimensions.append(Point(subscript))
                continue
            assert isinstance(subscript, Affine)
            step = subscript.coefficient(own[0])
            if step < 1:
                self._refuse_argument(node)  # it is read backwards
            first = subscript - Affine.symbol(own[0]) * step
            dimensions.append(Whole(first, sizes.pop(own[0]), step))
        if sizes:
            self._refuse_argument(node)  # a dimension of size 1 is not told from the others
        return View(tensor, tuple(dimensions))

    def _check_alike(self, view: View, first: View, node: ast.Call) -> None:
        """Whether two parts are cut alike, so that the wholes meet as the parts do."""
        mine, theirs = view.tensor.type, first.tensor.type
        if view.dimensions == first.dimensions and mine.shape == theirs.shape:
            return
        behind = first.dimensions[len(first.dimensions) - len(view.dimensions) :]
        fits = all(isinstance(d, Whole) for d in behind) and view.dimensions == behind
        if not fits or mine.shape != theirs.shape[len(theirs.shape) - len(mine.shape) :]:
            self._refuse_argument(node)

    @staticmethod
    def _sources(tensor: Tensor) -> frozenset[str]:
        return tensor.made_of or frozenset({tensor.storage.rstrip("?")})

    def _new(self, text: str, kind: TensorType, sources: frozenset[str]) -> Tensor:
        return Tensor(text, kind, f"made:{text}", made_of=sources)

    def range_of(self, place: Affine) -> tuple[Affine, Affine] | None:
        """The ends of the range of a loop's own variable; a reader of loops knows."""
        return None if self.caller is None else self.caller.range_of(place)

    def note_snapshot(self, array: str, node: ast.AST) -> None:
        """Note that a value may be memory of a tensor, or a copy of what it held here."""
        if self.caller is not None:
            self.caller.note_snapshot(array, node)


def _spell(value: scalar.Call, words: list[str]) -> str | None:
    """An operator applied to spelled operands; None where it is not written so."""
    if not value.spelling:
        if value.operator in _INFIX and len(words) == 2:
            return f"({words[0]} {_INFIX[value.operator]} {words[1]})"
        return f"(-{words[0]})" if value.operator == "neg" else None
    if value.spelling.startswith("."):
        return f"{words[0]}{value.spelling}({', '.join(words[1:])})"
    return f"{value.spelling}({', '.join(words)})"
