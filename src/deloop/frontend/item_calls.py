"""Calls on the item of an iteration that PyTorch takes for a batch of them.

``torch.linalg.solve(A[i], b[i])`` is row `i` of ``torch.linalg.solve(A, b)``: a `Reduce` over the
dimensions that the call combines, of which the element at a place is meant. The operands may be
computed, and the back end writes the call once for all axes that they move along.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.items import Item, Tuple, View, Whole
from deloop.frontend.losses import LossReader
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.axis import Axis
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.types import Integer, Literal, Tensor
from deloop.ir.types import Sequence as Items
from deloop.ops.items import ALONG, PAIRS, ItemCall, Signature, find_item_call
from deloop.ops.reductions import ITEM, ITEM_VMAP

_ONE = Affine.number(1)


@dataclass(frozen=True)
class Called:
    """One call as it stands in the text: its arguments by name, and how it is written."""

    name: str
    node: ast.Call
    given: Mapping[str, Item]
    spelling: str
    """``torch.cdist``, or ``.cdist`` for a method."""
    positional: frozenset[str] = frozenset()
    """Which of the arguments stand in their places."""
    more: tuple[Item, ...] = ()
    """Arguments of a call that takes any number of them."""

    def template(self, fields: Sequence[str], options: Sequence[str] = (), part: str = "") -> str:
        """The call with fields for its operands: ``torch.cdist({0}, {1}, p=1)``."""
        words = [*fields, *options]
        text = f"{self.spelling}({', '.join(words)})"
        if self.spelling.startswith("."):
            text = f"{words[0]}{self.spelling}({', '.join(words[1:])})"
        return f"{text}.{part}" if part else text


class ItemReader(LossReader):
    """A reader of calls on items."""

    special: ClassVar[Mapping[str, str]] = {}
    """Calls with a method of their own, and their parameters; a last ``...`` takes any more."""

    def batched_function(self, qualified: str, node: ast.Call, spelling: str) -> Item | None:
        """As every reader's; the calls of the table too."""
        if qualified.startswith("torch."):
            name = qualified.removeprefix("torch.")
            found = self._item_call(name, node, spelling, None)
            if found is not None:
                return found
        return super().batched_function(qualified, node, spelling)

    def batched_method(self, base: Item, node: ast.Call, name: str) -> Item | None:
        """The same for a method."""
        found = self._item_call(name, node, f".{name}", base)
        return super().batched_method(base, node, name) if found is None else found

    def _item_call(
        self, name: str, node: ast.Call, spelling: str, base: Item | None
    ) -> Item | None:
        special = getattr(self, f"_item_{name.replace('.', '_')}", None)
        if special is not None:
            found = self._given(name, self.special[name], node, spelling, base)
            result: Item | None = None if found is None else special(found)
            if result is not None:
                return result
        if name in ALONG:
            found = self._given(name, f"input {ALONG[name][0]}", node, spelling, base)
            return None if found is None else self._item_along(found)
        call = find_item_call(name, base is not None)
        if call is None:
            return None
        names = " ".join((*call.operands, *call.options, *(["*", "reduction"] * call.is_loss)))
        found = self._given(name, names, node, spelling, base)
        return None if found is None else self._of_signature(call, found)

    def _given(
        self, name: str, parameters: str, node: ast.Call, spelling: str, base: Item | None
    ) -> Called | None:
        """The arguments of a call by their names; None where they do not fit."""
        names = parameters.split()
        takes_any = names[-1] == "..."
        free = names[: names.index("*")] if "*" in names else names
        given: dict[str, Item] = {} if base is None else {names[0]: base}
        rest = free if base is None else free[1:]
        if takes_any:
            rest = rest[:1] if base is None else []
        too_many = len(node.args) > len(rest) and not takes_any
        if too_many or any(isinstance(a, ast.Starred) for a in node.args):
            return None
        given.update({n: self.evaluate(a) for n, a in zip(rest, node.args, strict=False)})
        aliases = {"axis": "dim", "keepdims": "keepdim", "input": names[0]}
        for keyword in node.keywords:
            word = aliases.get(str(keyword.arg), str(keyword.arg))
            if word not in names or word in given:
                return None
            given[word] = self.evaluate(keyword.value)
        placed = frozenset(rest[: len(node.args)])
        more = tuple(self.evaluate(a) for a in node.args[len(rest) :])
        called = Called(name, node, given, spelling, placed, more)
        return called if names[0] in given else None

    # ------------------------------------------------------------------ the mechanism
    def item_row(
        self,
        kind: str,
        template: str,
        operands: Sequence[tuple[Expression, int]],
        sizes: Sequence[Affine],
        dtype: str,
        node: ast.AST,
    ) -> Expression:
        """What a call gives, of operands of which it combines so many of their last dimensions.

        ``solve(A[_d2, _d1], b[_d1])   ->   item over _r1 of (A[_r1_0_0, _r1_0_1], b[_r1_1_0])``
        """
        level = max(rows.depth(value) for value, _ in operands) + 1
        axes: list[Axis] = []
        parts = []
        rest = 0
        for number, (value, count) in enumerate(operands):
            if value.type.rank is Rank.NUMBER:
                parts.append(value)
                continue
            shape = self.row_shape(self._plain_row(value, node), node)
            rank = len(shape)
            rest = max(rest, rank - count)
            bound, gone = {}, set()
            for position, size in enumerate(shape[rank - count :]):
                old, name = rows.dimension(count - position), f"_r{level}_{number}_{position}"
                axes.append(Axis(name, Affine(), size))
                gone.add(old)
                if size != _ONE:
                    bound[old] = Affine.symbol(name)
            names = {
                rows.dimension(k): rows.dimension(k - count + len(sizes))
                for k in range(count + 1, rank + 1)
            }
            part = rows.moved(value, names, bound, gone)
            parts.append(scalar.Cast(part, replace(part.type, rank=Rank.TENSOR))
                         if part.type.rank is not Rank.TENSOR else part)  # fmt: skip
        last = len(sizes)
        implicit = tuple((rows.dimension(last - k), size) for k, size in enumerate(sizes))
        places = [Affine() if size == _ONE else Affine.symbol(name) for name, size in implicit]
        result = ElementType(dtype, Rank.TENSOR if rest + last else Rank.SCALAR)
        inner = scalar.Call(kind, tuple(parts), replace(result, rank=Rank.TENSOR))
        at = places[0] if places else None
        options = tuple(("size", build.integer(size)) for size in sizes)
        return scalar.Reduce(
            kind, inner, tuple(axes), result, implicit, at, template, options,
            further=tuple(places[1:]),
        )  # fmt: skip

    def check_reached(self, node: ast.AST) -> None:
        """Refuse a call that may raise for an item which the loop passes over."""
        if self.guards or self.choices:
            self.unsupported(
                node,
                f"{ast.unparse(node)} may raise for an item that the loop passes over",
                "VEC917",
            )

    def operand(self, item: Item, node: ast.AST) -> Expression:
        """An argument as a row; refuses what is no tensor."""
        if not isinstance(item, (Tensor, View, *build.NODES)):
            self.unsupported(node, f"{ast.unparse(node)} takes what is no tensor", "VEC924")
        return self._plain_row(self.to_expression(item, node), node)

    def rank_of(self, value: Expression, node: ast.AST) -> int:
        """How many dimensions a row has."""
        return len(self.row_shape(value, node))

    def option(self, name: str, item: Item, node: ast.AST) -> str:
        """A constant argument as it is written."""
        if isinstance(item, Integer) and item.affine.is_constant:
            return str(item.affine.constant)
        if isinstance(item, (Items, Tuple)):
            words = [self.option(name, part, node) for part in item.items]
            return f"({', '.join(words)}{',' * (len(words) == 1)})"
        value = item.value if isinstance(item, Literal) else None
        if isinstance(value, float) and value - value != 0:
            return f"float('{value}')"
        if isinstance(item, Literal) and isinstance(value, (bool, float, str, type(None))):
            return repr(value)
        self.unsupported(node, f"{name} in {ast.unparse(node)} is not a constant", "VEC924")

    def _count_named(self, item: Item) -> str:
        """A number of items that a variable holds, by its name; empty for any other."""
        name = str(item.affine) if isinstance(item, Integer) else ""
        return name if name.isidentifier() and name not in self.iterators else ""

    def flag(self, call: Called, name: str, default: bool = False) -> bool:
        """A flag of a call."""
        item = call.given.get(name, Literal(default))
        if isinstance(item, Literal) and isinstance(item.value, bool):
            return item.value
        text = f"{name} in {ast.unparse(call.node)} is not a constant"
        self.unsupported(call.node, text, "VEC924")

    # ------------------------------------------------------------------ signatures
    def _of_signature(self, call: ItemCall, found: Called) -> Item | None:
        node = found.node
        names = [n for n in call.operands if n in found.given]
        operands = [self.operand(found.given[n], node) for n in names]
        ranks = [self.rank_of(v, node) for v in operands]
        signature = next((s for s in call.signatures if _fits(s, ranks)), None)
        first = operands[0].type.dtype
        floats = category(first) == "float" or found.name in _ANY_DTYPE
        if signature is None or len({v.type.dtype for v in operands}) != 1 or not floats:
            return None
        if call.is_mapped and ranks != [len(dims) for dims in signature.operands]:
            return None  # what takes no batch raises for an item with more dimensions
        if call.may_raise:
            self.check_reached(node)
        how = self.loss_reduction(found) if call.is_loss else "none"
        options = self._item_options(call, found)
        bound = self._sizes_by_name(signature, operands, node)
        if bound is None or options is None:
            return None
        fields = [f"{{{k}:{w}}}" if w else f"{{{k}}}" for k, w in enumerate(signature.words)]
        kind = ITEM_VMAP if call.is_mapped else ITEM
        dtype = first if call.dtype == "same" else call.dtype
        pairs = list(zip(operands, map(len, signature.operands), strict=True))
        made: list[Item] = []
        for k, dims in enumerate(signature.results):
            sizes = [self._size_named(d, bound, node) for d in dims]
            template = found.template(fields, options, call.parts[k] if call.parts else "")
            value = self.item_row(kind, template, pairs, sizes, dtype, node)
            made.append(self.loss_of(how, value, node))
        return Tuple(tuple(made), names=call.parts) if call.parts else made[0]

    def loss_of(self, how: str, value: Expression, node: ast.AST) -> Expression:
        """The losses of all elements of an item as its ``reduction`` says."""
        if how == "none" or value.type.rank is not Rank.TENSOR:
            return value
        shape = self.row_shape(value, node)
        if all(size == _ONE for size in shape):
            return self.squeezed(value, range(len(shape)), len(shape))
        return self.reduced(how, value, node, None, False, value.type)

    def loss_reduction(self, call: Called) -> str:
        """What a loss does with the values of all elements."""
        item = call.given.get("reduction", Literal("mean"))
        how = item.value if isinstance(item, Literal) else None
        if how not in ("mean", "sum", "none"):
            self.unsupported(call.node, f"{ast.unparse(call.node)} is not read yet", "VEC924")
        return str(how)

    def _item_options(self, call: ItemCall, found: Called) -> list[str] | None:
        """The constants of a call as they are written; None where it is another call by them."""
        options = []
        for name in call.options:
            if name in found.given:
                text = self.option(name, found.given[name], found.node)
                options.append(text if name in found.positional else f"{name}={text}")
        words = {n: self.option(n, found.given[n], found.node) for n in call.options
                 if n in found.given}  # fmt: skip
        if not self._allows(found, words):
            return None
        always = [call.always] if call.always else []
        return [*options, *always, *(["reduction='none'"] if call.is_loss else [])]

    def _allows(self, found: Called, words: Mapping[str, str]) -> bool:
        """Whether options leave the signature as it is."""
        if found.name.startswith("nn.functional.scaled"):
            return words.get("dropout_p", "0.0") in ("0.0", "0") and (
                words.get("attn_mask", "None") == "None"
            )
        if words.get("out_int32", "False") != "False" or words.get("left", "True") != "True":
            return False
        if found.name == "rot90":
            return words.get("k", "1") in ("1", "-1", "3")
        return True

    def _sizes_by_name(
        self, signature: Signature, operands: Sequence[Expression], node: ast.AST
    ) -> dict[str, Affine] | None:
        """The sizes by their names in a signature; those of one name must be equal."""
        bound: dict[str, Affine] = {}
        for dims, value in zip(signature.operands, operands, strict=True):
            shape = self.row_shape(value, node)
            for name, size in zip(dims, shape[len(shape) - len(dims) :], strict=True):
                wanted = Affine.number(int(name)) if name.isdigit() else bound.get(name, size)
                if wanted != size:
                    if _ONE in (wanted, size):
                        return None  # it would be broadcast
                    self.require_same_size(wanted, size, node)
                bound[name] = wanted
        return bound

    def _size_named(self, name: str, bound: Mapping[str, Affine], node: ast.AST) -> Affine:
        """``m``, ``m&n`` (the lesser), ``m+n`` or ``m*n`` of the sizes of a signature."""
        if "&" in name:
            first, second = (bound[n] for n in name.split("&"))
            return self._lesser(first, second, node)
        if "+" in name:
            first, second = (bound[n] for n in name.split("+"))
            return first + second
        if "*" in name:
            first, second = (bound[n] for n in name.split("*"))
            return self._product_of((first, second))
        return bound[name] if name in bound else Affine.number(int(name))

    def _lesser(self, first: Affine, second: Affine, node: ast.AST) -> Affine:
        """The lesser of two sizes, as it is at the call: another order is compiled anew."""
        mine, other = first.evaluate(self.hints), second.evaluate(self.hints)
        if mine is None or other is None:
            self.unsupported(node, f"the sizes of {ast.unparse(node)} are not known", "VEC924")
        small, large = (first, second) if mine <= other else (second, first)
        self.require(at_least(large, small), node, f"{small} is the lesser size")
        return small

    # ------------------------------------------------------------------ along a dimension
    def _item_along(self, call: Called) -> Item | None:
        node, name = call.node, call.name
        item = call.given["input"]
        if not isinstance(item, (Tensor, View, *build.NODES)):
            return None
        value = self.operand(item, node)
        shape = self.row_shape(value, node)
        plain = not is_window(item) and not (isinstance(item, build.NODES) and _has_row(item))
        plain &= not (name == "median" and len(shape) > 1 and "dim" not in call.given)
        if name in _OLD and plain and "keepdim" not in call.given:
            return None
        if not shape or category(value.type.dtype) == "complex":
            return None
        whole = "dim" not in call.given or call.given["dim"] == Literal(None)
        reduces = ALONG[name][1] == "drop" and name not in ("mode", "kthvalue")
        given = {k: v for k, v in call.given.items() if k != "input" and v != Literal(None)}
        if whole and reduces and name in ("median", "nanmedian") and scalar.requires_grad(value):
            return None  # it shares a gradient among equals, the other does not
        if name in ("quantile", "nanquantile", "nanmean") and category(value.type.dtype) != "float":
            return None
        flat = f".flatten({{{-len(shape)}:dim}})" if whole and reduces and len(shape) > 1 else ""
        places = [-1] if whole else self._dims_of(given["dim"], len(shape), node)
        if places is None or len(places) != 1:
            return None
        keeps = self.flag(call, "keepdim") if "keepdim" in given else False
        if (whole and keeps) or (flat and len(shape) > 1 and not reduces):
            return None
        return self._along_one(call, value, places[0], given, flat, keeps)

    def _along_one(
        self, call: Called, value: Expression, place: int, given: Mapping[str, Item], flat: str,
        keeps: bool,
    ) -> Item | None:  # fmt: skip
        node, name = call.node, call.name
        shape = self.row_shape(value, node)
        rank, effect = len(shape), ALONG[name][1]
        size = shape[place]
        words: list[str] = []
        for word, item in given.items():
            if word in ("dim", "keepdim"):
                continue
            if word in ("q", "k", "n"):
                if word == "q" and not isinstance(item, (Literal, Integer)):
                    return None
                words.insert(0, self._count_named(item) or self.option(word, item, node))
                continue
            words.append(f"{word}={self.option(word, item, node)}")
        self.require_elements(size, node)
        sizes = list(shape)
        if effect == "k":
            count = given.get("k")
            if not isinstance(count, Integer):
                return None
            self.require(at_least(size, count.affine), node, f"{ast.unparse(node)} finds as many")
            self.require(at_least(count.affine, 0), node, f"{ast.unparse(node)} finds as many")
            sizes[place] = count.affine
        elif effect == "less":
            if words:
                return None
            sizes[place] = size - 1
        elif flat:
            sizes = []
        elif effect == "drop":
            del sizes[place]
        if name == "kthvalue":
            count = given.get("k")
            if not isinstance(count, Integer):
                return None
            self.require(at_least(size, count.affine), node, f"{ast.unparse(node)} finds as many")
            self.require(at_least(count.affine, 1), node, f"{ast.unparse(node)} finds one")
        numbers = [w for w in words if "=" not in w]
        dim = "-1" if flat else f"{{{place % rank - rank}:dim}}"
        fields = [f"{{0}}{flat}", *numbers, f"dim={dim}"]
        options = [w for w in words if "=" in w]
        own = value.type.dtype
        if name == "nansum" and category(own) in ("int", "bool"):
            return None
        parts = ("values", "indices") if name in PAIRS else ("",)
        if flat or ("dim" not in given and name in ("median", "nanmedian")):
            parts = parts[:1]
        found: list[Item] = []
        for part in parts:
            dtype = "int64" if part == "indices" or name == "argsort" else own
            template = call.template(fields, options, part)
            made = self.item_row(ITEM, template, [(value, rank)], sizes, dtype, node)
            found.append(self.unsqueezed(made, place % rank, node) if keeps else made)
        return found[0] if len(found) == 1 else Tuple(tuple(found), names=("values", "indices"))

    def _dims_of(self, item: Item, rank: int, node: ast.AST) -> list[int] | None:
        """Dimensions counted from the last; None where they are no constants."""
        parts = item.items if isinstance(item, (Items, Tuple)) else (item,)
        found = []
        for part in parts:
            if not isinstance(part, Integer) or not part.affine.is_constant:
                return None
            place = part.affine.constant
            if not -rank <= place < rank:
                self.unsupported(node, f"{ast.unparse(node)} raises: no such dimension", "VEC911")
            found.append(place % rank - rank)
        return found


def _fits(signature: Signature, ranks: Sequence[int]) -> bool:
    counts = [len(dims) for dims in signature.operands]
    if len(counts) != len(ranks):
        return False
    rests = [rank - count for rank, count in zip(ranks, counts, strict=True)]
    most = max(rests)
    fits = [
        rest == 0 if word == "fixed" else rest == most or (rest == 0 and word == "free")
        for rest, word in zip(rests, signature.words, strict=True)
    ]
    return most >= 0 and all(fits)


def is_window(item: Item) -> bool:
    """Whether an item is a part of a tensor of which a dimension is cut: ``x[i:i + k]``."""
    return isinstance(item, View) and any(
        isinstance(d, Whole) and d.cut != (Affine(), size, 1)
        for d, size in zip(item.dimensions, item.tensor.type.shape, strict=True)
    )


def _has_row(value: Expression) -> bool:
    return any(isinstance(n, scalar.Reduce) for n in scalar.walk(value))


_OLD = frozenset({
    "sort", "argsort", "topk", "kthvalue", "median", "cummax", "cummin", "logcumsumexp", "diff",
})  # fmt: skip
"""Those that are read of items which one expression gives (`batched.py`)."""

_ANY_DTYPE = frozenset(
    {"tril", "triu", "rot90", "kron", "block_diag", "searchsorted", "bucketize"}
)
"""Calls that take integers as well."""

