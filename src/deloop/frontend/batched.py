"""Functions of one row or matrix that PyTorch takes for a whole batch: ``torch.inverse(x[i])``.

As with modules (`modules.py`), ``x[i].sort()`` is row `i` of ``x.sort(dim=1)``.
"""

from __future__ import annotations

import ast

from deloop.frontend import expression as build
from deloop.frontend.items import Item, Point, Tuple, View, Whole
from deloop.frontend.modules import ModuleReader
from deloop.ir.affine import Affine, at_least
from deloop.ir.types import Integer, Literal, Sequence, Tensor, TensorType

_ALONG = {
    "sort": "dim descending", "argsort": "dim descending", "topk": "k dim largest sorted",
    "kthvalue": "k dim", "median": "dim", "cummax": "dim", "cummin": "dim",
    "logcumsumexp": "dim", "flip": "dims", "roll": "shifts dims", "diff": "n dim",
}  # fmt: skip
"""Functions along a dimension, with their parameters in order."""

_PAIRS = frozenset({"sort", "topk", "kthvalue", "median", "cummax", "cummin"})
_NEEDS_DIM = frozenset({"cummax", "cummin", "logcumsumexp", "flip"})
_DROPS = frozenset({"kthvalue", "median"})


class BatchedReader(ModuleReader):
    """A reader of functions of rows that take batches of them."""

    def batched_function(self, qualified: str, node: ast.Call, spelling: str) -> Item | None:
        """What a function gives for the item of an iteration; None where it is not one of these."""
        name = qualified.removeprefix("torch.")
        if not qualified.startswith("torch.") or not node.args:
            return None
        if name in _ALONG:
            return self._along(name, self.evaluate(node.args[0]), node.args[1:], node, spelling)
        return None

    def batched_method(self, base: Item, node: ast.Call, name: str) -> Item | None:
        """The same for a method."""
        return self._along(name, base, node.args, node, f".{name}") if name in _ALONG else None

    def _of_batch(
        self,
        view: View,
        text: str,
        shape: tuple[Affine, ...],
        dimensions: tuple[Point | Whole, ...],
        dtype: str = "",
    ) -> View:
        kind = view.tensor.type
        grad = kind.requires_grad and not dtype
        made = TensorType(dtype or kind.dtype, shape, kind.device, grad, False)
        return View(self._new(text, made, self._sources(view.tensor)), dimensions)

    # ------------------------------------------------------------------ along a dimension
    def _along(
        self, name: str, base: Item, given: list[ast.expr], node: ast.Call, spelling: str
    ) -> Item | None:
        words = _ALONG[name].split()
        named = dict(zip(words, given, strict=False))
        for keyword in node.keywords:
            if keyword.arg not in words or keyword.arg in named:
                return None
            named[str(keyword.arg)] = keyword.value
        if len(given) > len(words) or not isinstance(base, (Tensor, View, *build.NODES)):
            return None
        if isinstance(base, build.NODES) and build.is_number(base):
            return None
        view = self._whole_of(base, node)
        if not view.rank or (name == "median" and not named and view.rank != 1):
            self._refuse_argument(node)
        if name == "median" and not named and view.tensor.type.requires_grad:
            self._refuse_argument(node)  # it shares a gradient among equals, the other does not
        if name == "roll" and "dims" not in named and view.rank != 1:
            self._refuse_argument(node)
        if name in _NEEDS_DIM and not {"dim", "dims"} & named.keys():
            self._refuse_argument(node)
        is_whole = name == "median" and not named
        place = self._place_along(named, view, node)
        options = self._options(named, node)
        found = self._row_along(name, view, place, named, options, node, spelling)
        return found.items[0] if is_whole and isinstance(found, Tuple) else found

    def _place_along(self, named: dict[str, ast.expr], view: View, node: ast.Call) -> int:
        """The dimension of the whole tensor that a call on a part of it means."""
        word = next((w for w in ("dim", "dims") if w in named), None)
        place = -1
        if word is not None:
            item = self.evaluate(named.pop(word))
            parts = item.items if isinstance(item, (Sequence, Tuple)) else (item,)
            known = [p.affine.constant for p in parts if isinstance(p, Integer)]
            if len(known) != 1 or len(parts) != 1:
                self._refuse_argument(node)
            (place,) = known
        if not -view.rank <= place < view.rank:
            self.unsupported(node, f"{ast.unparse(node)} raises: no such dimension", "VEC911")
        own = [k for k, d in enumerate(view.dimensions) if isinstance(d, Whole)]
        chosen = own[place]
        dimension, size = view.dimensions[chosen], view.tensor.type.shape[chosen]
        if not isinstance(dimension, Whole) or dimension.cut != (Affine(), size, 1):
            self.unsupported(
                node, f"{ast.unparse(node)} takes a part of the dimension it works on", "VEC921"
            )
        return chosen

    def _options(self, named: dict[str, ast.expr], node: ast.Call) -> list[str]:
        """The other arguments as they are written, numbers and flags all of them."""
        found = []
        for word, given in named.items():
            item = self.evaluate(given)
            if isinstance(item, Integer) and not set(item.affine.symbols) & self.iterators:
                text = str(item.affine)
            elif isinstance(item, Literal) and isinstance(item.value, bool):
                text = str(item.value)
            else:
                self._refuse_argument(node)
            plain = word in ("k", "shifts", "n")
            found.append(text if plain else f"{word}={text}")
        return found

    def _row_along(
        self,
        name: str,
        view: View,
        place: int,
        named: dict[str, ast.expr],
        options: list[str],
        node: ast.Call,
        spelling: str,
    ) -> Item:
        shape, dimensions = list(view.tensor.type.shape), list(view.dimensions)
        last = place == len(shape) - 1 and name not in (*_NEEDS_DIM, "roll")
        said = "" if last and (name != "median") else f"{_word(name)}={place}"
        plain = [o for o in options if "=" not in o]
        words = [*plain, *([said] if said else []), *(o for o in options if "=" in o)]
        if name == "flip":
            words = [f"({place},)" if not spelling.startswith(".") else str(place)]
        if name == "roll":
            words = [*plain, str(place)]
        size = shape[place]
        if name == "topk":
            count = self._known_count(named["k"], size, node)
            shape[place], dimensions[place] = count, Whole(Affine(), count)
        elif name == "diff":
            if options:
                self._refuse_argument(node)
            self.require(at_least(size, 1), node, f"{ast.unparse(node)} has elements")
            shape[place], dimensions[place] = size - 1, Whole(Affine(), size - 1)
        elif name in _DROPS:
            if name == "kthvalue":
                self._known_count(named["k"], size, node)
            self.require(at_least(size, 1), node, f"{ast.unparse(node)} has elements")
            del shape[place], dimensions[place]
        text = _text(spelling, view.tensor.name, words)
        cut = (tuple(shape), tuple(dimensions))
        if name == "argsort":
            return self._of_batch(view, text, *cut, "int64")
        if name not in _PAIRS:
            return self._of_batch(view, text, *cut)
        values = self._of_batch(view, f"{text}.values", *cut)
        return Tuple((values, self._of_batch(view, f"{text}.indices", *cut, "int64")))

    def _known_count(self, given: ast.expr, size: Affine, node: ast.Call) -> Affine:
        item = self.evaluate(given)
        if not isinstance(item, Integer):
            self._refuse_argument(node)
        for constraint in (at_least(item.affine, 1), at_least(size, item.affine)):
            self.require(constraint, node, f"{ast.unparse(node)} finds as many")
        return item.affine


def _word(name: str) -> str:
    return "dims" if name == "flip" else "dim"


def _text(spelling: str, tensor: str, words: list[str]) -> str:
    if spelling.startswith("."):
        return f"{tensor}{spelling}({', '.join(words)})"
    return f"{spelling}({', '.join([tensor, *words])})"

