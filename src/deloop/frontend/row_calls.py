"""Calls on whole rows, read off their parameters: ``x[i].sum(0)``, ``F.softmax(x[i], dim=-1)``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from deloop.dtype import Rank, category
from deloop.errors import RefusalError
from deloop.frontend import expression as build
from deloop.frontend.items import Item, Tuple, View
from deloop.frontend.rows import is_floating
from deloop.frontend.spellings import SpellingReader
from deloop.ir import scalar
from deloop.ir.affine import Affine, equal
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.types import Integer, Literal, Opaque, Sequence, Tensor
from deloop.ops.rows import RowCall, find_row_function, find_row_method

Given = dict[str, ast.expr]
_ALIASES = {"axis": "dim", "keepdims": "keepdim"}
_SPELLED = frozenset({"norm", "softmax", "log_softmax", "softmin", "normalize", "logsumexp"})


@dataclass(frozen=True)
class _Row:
    """One call on a row: what it takes, and what its arguments say."""

    call: RowCall
    value: Expression
    node: ast.Call
    given: Given
    dims: tuple[int, ...] | None
    keepdim: bool
    result: ElementType
    spelling: str


class RowCallReader(SpellingReader):
    """A reader of calls on rows."""

    def row_method(self, base: Item, node: ast.Call, name: str) -> Item | None:
        """What a Tensor method on a row gives; None where it is no method on rows."""
        products = _PRODUCTS.get(name)
        if products is not None and name != "linear" and not node.keywords and len(node.args) == 1:
            return self.matrix_product(products, base, self.evaluate(node.args[0]), node)
        if name in ("t", "transpose", "permute", "swapaxes"):
            return self._turned(base, node, name)
        found = find_row_method(name)
        if found is None or (name in ("max", "min") and self._is_elementwise(node.args[:1])):
            return None
        value = self.to_expression(base, node)
        return self._row_call(found, value, node, node.args, f".{name}")

    def _turned(self, base: Item, node: ast.Call, name: str) -> Item:
        """``x[b].t()``, ``x[b].transpose(-2, -1)``: a matrix turned over."""
        given: list[Item] = [self.evaluate(a) for a in node.args]
        if len(given) == 1 and isinstance(given[0], (Sequence, Tuple)):
            given = list(given[0].items)
        rank = self._turned_rank(base, node)
        known = [i.affine for i in given if isinstance(i, Integer) and i.affine.is_constant]
        found = [affine.constant for affine in known]
        if len(found) != len(given) or node.keywords or not all(-rank <= p < rank for p in found):
            self.refuse_row(node)
        places = [p % rank for p in found]
        if name == "t":
            places = [1, 0][:rank] if not places else []
        elif name != "permute" and len(places) == 2:
            first, second = places
            swap = {first: second, second: first}
            places = [swap.get(k, k) for k in range(rank)]
        if sorted(places) != list(range(rank)):
            self.refuse_row(node)
        if places == list(range(rank)):
            return base
        turned = self.flipped(base, node) if rank == 2 else self.permuted(base, places, node)
        if turned is None:
            self.refuse_row(node)
        return turned

    def _turned_rank(self, base: Item, node: ast.Call) -> int:
        match base:
            case Tensor():
                return base.type.rank
            case View():
                return base.rank
        return len(self.row_shape(self.to_expression(base, node), node))

    def row_function(self, qualified: str, node: ast.Call, spelling: str) -> Item | None:
        """What a function of rows gives; None where it is not one."""
        module, _, name = qualified.rpartition(".")
        is_product = module in ("torch", "torch.linalg") and name in _PRODUCTS
        if is_product and not node.keywords and len(node.args) == 2:
            left, right = map(self.evaluate, node.args)
            return self.matrix_product(_PRODUCTS[name], left, right, node)
        special = _SPECIAL.get(qualified)
        if special is not None:
            return special(self, node, spelling)
        found = find_row_function(qualified)
        if found is None:
            return None
        given = [*node.args]
        keywords = [k for k in node.keywords if k.arg == "input"]
        if keywords and not given:
            given = [keywords[0].value]
        if not given or (found.kind in ("max", "min") and self._is_elementwise(given[1:2])):
            return None
        value = self.to_expression(self.evaluate(given[0]), given[0])
        return self._row_call(found, value, node, given[1:], spelling)

    def _is_elementwise(self, nodes: list[ast.expr]) -> bool:
        """Whether a call of ``max`` compares two tensors."""
        return any(isinstance(self.evaluate(n), (Tensor, View, *build.NODES)) for n in nodes)

    # ------------------------------------------------------------------ parameters
    def _bind_row(self, call: RowCall, node: ast.Call, positional: list[ast.expr]) -> Given:
        names = list(call.parameters)
        free = names[: names.index("*")] if "*" in names else names
        if call.kind in ("var", "std") and positional and self._is_flag(positional[0]):
            free = ["unbiased"]
        given: Given = {}
        if len(positional) > len(free) or any(isinstance(p, ast.Starred) for p in positional):
            self.refuse_row(node)
        given.update(zip(free, positional, strict=False))
        for keyword in node.keywords:
            name = _ALIASES.get(str(keyword.arg), str(keyword.arg))
            if name == "input" and not node.args:
                continue
            if name not in names or name in given:
                self.refuse_row(node)
            given[name] = keyword.value
        return given

    def refuse_row(self, node: ast.Call) -> NoReturn:
        """Raise: the call is not read yet in this form."""
        self.unsupported(node, f"{ast.unparse(node)} on a row is not read yet", "VEC924")

    def _is_flag(self, node: ast.expr) -> bool:
        item = self.evaluate(node)
        return isinstance(item, Literal) and isinstance(item.value, bool)

    def _dims(self, given: Given, node: ast.Call) -> tuple[int, ...] | None:
        if "dim" not in given:
            return None
        item = self.evaluate(given["dim"])
        if isinstance(item, Literal) and item.value is None:
            return None
        parts = list(item.items) if isinstance(item, (Sequence, Tuple)) else [item]
        found = []
        for part in parts:
            place = part.affine.evaluate(self.hints) if isinstance(part, Integer) else None
            if place is None or not isinstance(part, Integer):
                self.unsupported(
                    node, f"the dimensions of {ast.unparse(node)} are not known", "VEC924"
                )
            if not part.affine.is_constant:
                self.require(equal(part.affine, place), node, f"{part.affine} is {place}")
            found.append(place)
        return tuple(found)

    def _flag(self, given: Given, name: str, default: bool, node: ast.Call) -> bool:
        if name not in given:
            return default
        item = self.evaluate(given[name])
        if isinstance(item, Literal) and (isinstance(item.value, bool) or item.value is None):
            return default if item.value is None else item.value
        self.unsupported(node, f"{name} in {ast.unparse(node)} is not a constant", "VEC924")

    def _number(self, given: Given, name: str, default: float, node: ast.Call) -> float:
        if name not in given:
            return default
        item = self.evaluate(given[name])
        if isinstance(item, Integer) and item.affine.is_constant:
            return item.affine.constant
        if isinstance(item, Literal):
            if item.value in (None, "fro"):
                return default
            if isinstance(item.value, float):
                return item.value
        text = ast.unparse(given[name]).rpartition(".")[2]
        if text in ("inf", "float('inf')", "float('Infinity')"):
            return float("inf")
        self.unsupported(node, f"{name} in {ast.unparse(node)} is not a constant", "VEC924")

    # ------------------------------------------------------------------ one call
    def _row_call(
        self, call: RowCall, value: Expression, node: ast.Call, rest: list[ast.expr], spelling: str
    ) -> Item:
        given = self._bind_row(call, node, rest)
        self._plain_row(value, node)
        dims = self._dims(given, node)
        if (call.needs_dim and dims is None) or (call.single and len(dims or (0,)) != 1):
            self.refuse_row(node)
        self._check_category(call, value, node)
        chosen = self._chosen_dtype(given, node)
        if chosen is not None and (call.result == "same" or category(chosen) == "float"):
            value = build.cast(value, replace(value.type, dtype=chosen))
        if call.floats_only and category(value.type.dtype) in ("bool", "int"):
            self.unsupported(
                node, f"{ast.unparse(node)} raises: it takes no {value.type.dtype}", "VEC911"
            )
        result = replace(value.type, dtype=_row_dtype(call, value, chosen))
        keepdim = self._flag(given, "keepdim", False, node)
        written = spelling if call.kind in _SPELLED else ""
        row = _Row(call, value, node, given, dims, keepdim, result, written)
        special: Callable[[_Row], Item] | None = getattr(self, f"_row_{call.kind}", None)
        return self.combined(row, call.kind) if special is None else special(row)

    def combined(
        self, row: _Row, kind: str, options: tuple[tuple[str, Expression], ...] = ()
    ) -> Expression:
        """The reduction that a call asks for."""
        return self.reduced(
            kind, row.value, row.node, row.dims, row.keepdim, row.result, row.spelling, options
        )

    def _check_category(self, call: RowCall, value: Expression, node: ast.Call) -> None:
        group = category(value.type.dtype)
        if group == "complex" and call.kind not in ("sum", "prod", "mean", "any", "all"):
            self.unsupported(node, f"{ast.unparse(node)} of complex numbers", "VEC924")
        if value.type.dtype == "uint8" and call.kind in ("any", "all"):
            self.unsupported(node, f"{ast.unparse(node)} of bytes gives a byte", "VEC924")
        if call.kind == "logsumexp" and group in ("bool", "int"):
            self.unsupported(node, f"{ast.unparse(node)} of integers is not read yet", "VEC924")
        if group == "bool" and call.kind in ("argmax", "argmin"):
            self.unsupported(node, f"{ast.unparse(node)} raises: it takes no bool", "VEC911")

    def _chosen_dtype(self, given: Given, node: ast.Call) -> str | None:
        if "dtype" not in given:
            return None
        item = self.evaluate(given["dtype"])
        if isinstance(item, Literal) and item.value is None:
            return None
        if isinstance(item, Literal) and str(item.value).startswith("torch."):
            return str(item.value).removeprefix("torch.")
        self.unsupported(node, f"the dtype in {ast.unparse(node)} is not a constant", "VEC924")

    # ------------------------------------------------------------------ the irregular ones
    def _row_max(self, row: _Row) -> Item:
        return self._extremes("max", row)

    def _row_min(self, row: _Row) -> Item:
        return self._extremes("min", row)

    def _extremes(self, word: str, row: _Row) -> Item:
        """``x[i].max()``, or the pair that ``x[i].max(0)`` is: the first of equals, and where."""
        if row.dims is not None:
            if row.value.type.dtype == "bool":
                self.unsupported(row.node, f"{ast.unparse(row.node)} of bool", "VEC924")
            where = replace(row, result=replace(row.result, dtype="int64"))
            best = self.combined(row, f"first_{word}")
            try:
                return Tuple((best, self.combined(where, f"arg{word}")))
            except RefusalError as error:  # nobody may ask for the place
                return Tuple((best, Opaque(error.refusal.sentence)))
        if scalar.requires_grad(row.value):  # `max` of a whole row passes a gradient to a NaN
            is_nan = scalar.Call(
                "isnan", (row.value,), replace(row.value.type, dtype="bool"), "torch.isnan"
            )
            result = ElementType("bool", Rank.SCALAR)
            found = self.reduced("any", is_nan, row.node, None, False, result)
            reason = f"{ast.unparse(row.node)} meets no NaN"
            self.require_data(build.negate(found), self.place(row.node), reason)
        return self.combined(row, f"a{word}")

    def _row_count_nonzero(self, row: _Row) -> Item:
        value = row.value
        if value.type.dtype != "bool":
            value = build.compare("NotEq", value, build.number(0), self.place(row.node))
        return self.combined(replace(row, value=value), "sum")

    def _row_var(self, row: _Row) -> Item:
        unbiased = self._flag(row.given, "unbiased", True, row.node)
        correction = self._number(row.given, "correction", int(unbiased), row.node)
        if correction == 1:
            return self.combined(row, row.call.kind)
        if "unbiased" in row.given:
            return self.combined(row, row.call.kind, (("unbiased", build.number(False)),))
        return self.combined(row, row.call.kind, (("correction", build.number(correction)),))

    _row_std = _row_var

    def _row_norm(self, row: _Row) -> Item:
        """The 2-norm where no order is given; a matrix norm is another thing."""
        name = "ord" if "ord" in row.call.parameters else "p"
        order = self._number(row.given, name, 2, row.node)
        shape = self.row_shape(row.value, row.node)
        flat = len(shape) < 2 or (row.dims is not None and len(row.dims) == 1)
        by_order = name in row.given and not row.spelling.endswith("vector_norm")
        if order <= 0 or (name == "ord" and by_order and not flat):
            self.refuse_row(row.node)
        if order == float("inf"):
            for size in shape:
                self.require_elements(size, row.node)
        return self.combined(row, "norm", ((name, build.number(order)),) if order != 2 else ())

    def _row_normalize(self, row: _Row) -> Item:
        order = self._number(row.given, "p", 2, row.node)
        floor = self._number(row.given, "eps", 1e-12, row.node)
        if order <= 0 or order == float("inf"):
            self.refuse_row(row.node)
        options = [("p", order, 2), ("eps", floor, 1e-12)]
        written = tuple((k, build.number(v)) for k, v, usual in options if v != usual)
        dims = (1,) if row.dims is None else row.dims
        return self.combined(replace(row, dims=dims), "normalize", written)

    # ------------------------------------------------------------------ products
    def matrix_product(self, word: str, left: Item, right: Item, node: ast.Call) -> Item:
        """``torch.mv(A, b)`` and its like: `matmul` of operands of so many dimensions."""
        a, b = self.to_expression(left, node), self.to_expression(right, node)
        if word == "vdot" and category(a.type.dtype) == "complex":
            self.refuse_row(node)
        ranks = _RANKS.get(word)
        if word == "outer":
            return self.outer(a, b, node)
        if ranks is not None:
            self.check_rank(a, ranks[0], node)
            self.check_rank(b, ranks[1], node)
        elif word == "inner":
            self.check_rank(b, 1, node)
        return self.matmul(a, b, node)

    def _linear(self, node: ast.Call, spelling: str) -> Item:
        """``F.linear(x[i], W, b)   ->   x[i] @ W.T + b``."""
        given = self._named(node, ("input", "weight", "bias"))
        weight = self.element(given["weight"])
        self.check_rank(weight, 2, node)
        flipped = self.transposed(weight, (1, 0), node)
        result = self.matmul(self.evaluate(given["input"]), flipped, node)
        bias = self.evaluate(given["bias"]) if "bias" in given else Literal(None)
        if isinstance(bias, Literal) and bias.value is None:
            return result
        return self.binary("Add", result, bias, node)

    def _named(self, node: ast.Call, names: tuple[str, ...]) -> Given:
        given: Given = dict(zip(names, node.args, strict=False))
        for keyword in node.keywords:
            if keyword.arg not in names or keyword.arg in given:
                self.refuse_row(node)
            given[str(keyword.arg)] = keyword.value
        if len(node.args) > len(names) or any(isinstance(a, ast.Starred) for a in node.args):
            self.refuse_row(node)
        return given

    # ------------------------------------------------------------------ compositions
    def _loss(self, node: ast.Call, power: bool) -> Item:
        """``F.mse_loss(a, b)   ->   ((a - b) ** 2).mean()``."""
        given = self._named(node, ("input", "target", "size_average", "reduce", "reduction"))
        if {"size_average", "reduce"} & set(given) or not {"input", "target"} <= set(given):
            self.refuse_row(node)
        a, b = self.element(given["input"]), self.element(given["target"])
        self._same_shape(a, b, node)
        place = self.place(node)
        gap = build.binary("Sub", a, b, place)
        value = (
            build.binary("Pow", gap, build.number(2), place)
            if power
            else self._operator_named("abs", gap, node)
        )
        how = self.evaluate(given["reduction"]) if "reduction" in given else Literal("mean")
        word = how.value if isinstance(how, Literal) else None
        if word == "none":
            return value
        if word not in ("mean", "sum") or not is_floating(value):
            self.refuse_row(node)
        return self.reduced(str(word), value, node, None, False, value.type)

    def _operator_named(self, name: str, value: Expression, node: ast.Call) -> Expression:
        return scalar.Call(name, (value,), value.type, f".{name}")

    def _mse_loss(self, node: ast.Call, spelling: str) -> Item:
        return self._loss(node, power=True)

    def _l1_loss(self, node: ast.Call, spelling: str) -> Item:
        return self._loss(node, power=False)

    def _same_shape(self, a: Expression, b: Expression, node: ast.Call) -> None:
        first, second = self.row_shape(a, node), self.row_shape(b, node)
        if len(first) != len(second):
            self.refuse_row(node)
        for mine, theirs in zip(first, second, strict=True):
            self.require_same_size(mine, theirs, node)

    def _equal(self, node: ast.Call, spelling: str) -> Item:
        """``torch.equal(a, b)``: a Python bool; rows of other lengths are not equal."""
        return self._all_of("Eq", node)

    def _all_of(self, comparison: str, node: ast.Call) -> Item:
        if len(node.args) != 2 or node.keywords:
            self.refuse_row(node)
        a, b = (self.element(n) for n in node.args)
        if a.type.dtype != b.type.dtype:
            self.refuse_row(node)
        self._same_shape(a, b, node)
        same = build.compare(comparison, a, b, self.place(node))
        result = ElementType("bool", Rank.SCALAR)
        found = self.reduced("all", same, node, None, False, result)
        return build.cast(found, build.BOOL)

    def _cosine(self, node: ast.Call, spelling: str) -> Item:
        """``F.cosine_similarity(a, b, dim=0)``: the product of what `normalize` makes of both."""
        given = self._named(node, ("x1", "x2", "dim", "eps"))
        if not {"x1", "x2"} <= set(given):
            self.refuse_row(node)
        a, b = self.element(given["x1"]), self.element(given["x2"])
        dims = self._dims(given, node) or (1,)
        floor = build.number(self._number(given, "eps", 1e-8, node))
        for value in (a, b):
            self._plain_row(value, node)
            if not is_floating(value) or a.type.dtype != b.type.dtype:
                self.refuse_row(node)
        first, second = self.row_shape(a, node), self.row_shape(b, node)
        if len(first) != len(second):
            self.refuse_row(node)
        for mine, theirs in zip(first, second, strict=True):
            if Affine.number(1) not in (mine, theirs):  # else one of them is broadcast
                self.require_same_size(mine, theirs, node)
        module = spelling.rpartition(".")[0]
        module = module if module.rpartition(".")[2] in ("F", "functional") else _FUNCTIONAL
        spelled = f"{module}.normalize"
        a, b = (
            self.reduced("normalize", v, node, dims, False, v.type, spelled, (("eps", floor),))
            for v in (a, b)
        )
        product = build.binary("Mult", a, b, self.place(node))
        return self.reduced("sum", product, node, dims, False, product.type, "@")


def _row_dtype(call: RowCall, value: Expression, chosen: str | None) -> str:
    """The dtype of what a call gives; narrow integers and bool are added up as int64."""
    if call.result == "same":
        return value.type.dtype
    if call.result != "widened":
        return call.result
    if chosen is not None:
        return chosen
    return "int64" if category(value.type.dtype) in ("bool", "int") else value.type.dtype


_FUNCTIONAL = "torch.nn.functional"
_RANKS = {"dot": (1, 1), "vdot": (1, 1), "mv": (2, 1), "mm": (2, 2), "bmm": (3, 3)}
_PRODUCTS = {
    "matmul": "matmul", "mm": "mm", "bmm": "bmm", "mv": "mv", "dot": "dot", "vdot": "vdot",
    "inner": "inner", "outer": "outer", "ger": "outer",
}  # fmt: skip
_SPECIAL: dict[str, Callable[[RowCallReader, ast.Call, str], Item]] = {
    "torch.nn.functional.linear": RowCallReader._linear,
    "torch.nn.functional.mse_loss": RowCallReader._mse_loss,
    "torch.nn.functional.l1_loss": RowCallReader._l1_loss,
    "torch.nn.functional.cosine_similarity": RowCallReader._cosine,
    "torch.cosine_similarity": RowCallReader._cosine,
    "torch.equal": RowCallReader._equal,
}
