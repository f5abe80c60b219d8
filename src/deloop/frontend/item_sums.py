"""Calls on items that are sums, losses or other words for what is read of rows already."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.item_calls import Called
from deloop.frontend.item_rules import ItemRuleReader
from deloop.frontend.items import Item, Tuple, View, whole
from deloop.frontend.row_calls import _Row
from deloop.frontend.selections import left_out_of
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.axis import Axis
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.types import Integer, Literal, Tensor
from deloop.ir.types import Sequence as Items
from deloop.ops.reductions import ITEM, ITEM_BATCH
from deloop.ops.rows import find_row_function

_ONE = Affine.number(1)
_FUNCTIONAL = "torch.nn.functional"


class ItemSumReader(ItemRuleReader):
    """A reader of calls on items in the words of rows."""

    # ------------------------------------------------------------------ einsum
    def _call_torch_einsum(self, node: ast.Call) -> Item:
        """``torch.einsum("ij,j->i", A, x)   ->   sum over _r1_1 of A[_d1, _r1_1] * x[_r1_1]``"""
        first = self.evaluate(node.args[0]) if node.args else None
        text = first.value if isinstance(first, Literal) else None
        if not isinstance(text, str) or "." in text or node.keywords:
            self.refuse_row(node)
        given, arrow, out = text.replace(" ", "").partition("->")
        letters = given.split(",")
        if not arrow:
            out = "".join(sorted(c for c in set(given) - {","} if given.count(c) == 1))
        items = [self.evaluate(a) for a in node.args[1:]]
        if len(items) == 1 and isinstance(items[0], (Items, Tuple)):
            items = list(items[0].items)
        if len(items) != len(letters) or len(set(out)) != len(out) or not set(out) <= set(given):
            self.refuse_row(node)
        return self.sum_of_products(letters, out, [self.operand(i, node) for i in items], node)

    def sum_of_products(
        self, letters: Sequence[str], out: str, operands: Sequence[Expression], node: ast.AST
    ) -> Expression:
        """Operands multiplied, and added up along each letter that the result has not."""
        kinds = {v.type.dtype for v in operands}
        if len(kinds) != 1 or category(kinds.copy().pop()) != "float":
            self.unsupported(node, f"{ast.unparse(node)} of these dtypes", "VEC924")
        sizes: dict[str, Affine] = {}
        for own, value in zip(letters, operands, strict=True):
            shape = self.row_shape(value, node)
            if len(own) != len(shape):
                self.unsupported(
                    node, f"{ast.unparse(node)} raises: other numbers of dimensions", "VEC911"
                )
            for letter, size in zip(own, shape, strict=True):
                known = sizes.get(letter, size)
                if known != size and _ONE in (known, size):
                    self.unsupported(node, f"{ast.unparse(node)} broadcasts", "VEC924")
                if known != size:
                    self.require_same_size(known, size, node)
                sizes[letter] = known
        level = max(map(rows.depth, operands)) + 1
        summed = [c for c in sizes if c not in out and sizes[c] != _ONE]
        places = {c: f"_r{level}_{k}" for k, c in enumerate(summed, 1)}
        if len(summed) == 1:
            places = {summed[0]: f"_r{level}"}
        for k, letter in enumerate(out):
            places[letter] = rows.dimension(len(out) - k)
        product: Expression | None = None
        for own, value in zip(letters, operands, strict=True):
            part = self._lettered(own, out, value, places, sizes)
            product = part if product is None else build.binary(
                "Mult", product, part, self.place(node)
            )  # fmt: skip
        assert product is not None
        result = ElementType(product.type.dtype, Rank.TENSOR if out else Rank.SCALAR)
        axes = tuple(Axis(places[c], Affine(), sizes[c]) for c in summed)
        if not axes:
            return product if product.type.rank == result.rank else scalar.Cast(product, result)
        inner = product
        if inner.type.rank is not Rank.TENSOR:
            inner = scalar.Cast(product, replace(result, rank=Rank.TENSOR))
        return scalar.Reduce("sum", inner, axes, result, spelling="@")

    @staticmethod
    def _lettered(
        own: str, out: str, value: Expression, places: dict[str, str], sizes: dict[str, Affine]
    ) -> Expression:
        """An operand with its dimensions where their letters are."""
        names: dict[str, str] = {}
        bound: dict[str, Affine] = {}
        gone: set[str] = set()
        for k, letter in enumerate(own):
            old = rows.dimension(len(own) - k)
            first = own.index(letter) == k
            if letter in out and first:
                names[old] = places[letter]
                continue
            gone.add(old)
            if sizes[letter] != _ONE:
                bound[old] = Affine.symbol(places[letter])
        return rows.moved(value, names, bound, gone)

    def _call_torch_tensordot(self, node: ast.Call) -> Item:
        """``torch.tensordot(a, b, dims=2)``: the last dimensions of one with the first of two."""
        given = [*node.args[2:], *(k.value for k in node.keywords if k.arg == "dims")]
        count = self.evaluate(given[0]) if len(given) == 1 else Integer(Affine.number(2))
        if len(node.args) < 2 or not isinstance(count, Integer) or not count.affine.is_constant:
            self.refuse_row(node)
        a, b = (self.operand(self.evaluate(n), node) for n in node.args[:2])
        left, right, shared = self.rank_of(a, node), self.rank_of(b, node), count.affine.constant
        words = "abcdefghijklmnop"
        first, second = words[:left], words[left - shared : left - shared + right]
        if not 0 <= shared <= min(left, right):
            self.refuse_row(node)
        return self.sum_of_products(
            [first, second], first[: left - shared] + second[shared:], [a, b], node
        )

    def _item_nn_functional_bilinear(self, call: Called) -> Item | None:
        node = call.node
        a, b, weight = (self.operand(call.given[n], node) for n in ("input", "input2", "weight"))
        if [self.rank_of(v, node) for v in (a, b, weight)] != [1, 1, 3]:
            return None
        made = self.sum_of_products(["i", "oij", "j"], "o", [a, weight, b], node)
        bias = call.given.get("bias", Literal(None))
        if bias == Literal(None):
            return made
        return build.binary("Add", made, self.operand(bias, node), self.place(node))

    def _item_nn_functional_scaled_dot_product_attention(self, call: Called) -> Item | None:
        """Written out where a gradient is recorded: the kernel for batches of heads has no second
        derivative, that for single ones has.
        """
        node = call.node
        found = self._floats(call, "query", "key", "value")
        if found is None or self.rank_of(found[0], node) > 3:
            return None
        if not any(map(scalar.requires_grad, found)):
            return None
        rank = self.rank_of(found[0], node)
        plain = set(call.given) == {"query", "key", "value"}
        if not plain or any(self.rank_of(v, node) != rank for v in found):
            self.refuse_row(node)
        query, key, value = found
        width = build.integer(self.row_shape(query, node)[-1])
        turned = self.transposed(key, (*range(rank - 2), rank - 1, rank - 2), node)
        scale = build.binary("Pow", width, build.number(-0.5), self.place(node))
        scores = build.binary("Mult", self.matmul(query, turned, node), scale, self.place(node))
        weights = self.reduced(
            "softmax", scores, node, (-1,), False, scores.type, f"{_FUNCTIONAL}.softmax"
        )
        return self.matmul(weights, value, node)

    # ------------------------------------------------------------------ losses
    def _batch_loss(self, word: str, node: ast.Call, spelling: str, how: object) -> Item:
        """As every reader's; class indices of any items."""
        if word == "cross_entropy":
            names = ("input", "target")
            given = {n: self.evaluate(a) for n, a in zip(names, node.args, strict=False)}
            given["reduction"] = Literal(how)
            call = Called(word, node, given, spelling)
            found = self._item_nn_functional_nll_loss(call)
            if found is not None:
                return found
        return super()._batch_loss(word, node, spelling, how)

    def _item_nn_functional_nll_loss(self, call: Called) -> Item | None:
        """``F.cross_entropy(x[i], y[i])`` of one item, or of several in each iteration."""
        node = call.node
        scores = self.operand(call.given["input"], node)
        target = self.operand(call.given["target"], node)
        ranks = self.rank_of(scores, node), self.rank_of(target, node)
        if target.type.dtype != "int64" or category(scores.type.dtype) != "float":
            return None
        if ranks[0] != ranks[1] + 1 or ranks[0] > 2:
            return None
        how = self.loss_reduction(call)
        self.check_reached(node)
        if ranks[0] == 2:
            own, other = self.row_shape(scores, node)[0], self.row_shape(target, node)[0]
            self.require_same_size(own, other, node)
        if how == "mean":
            inside = build.compare("GtE", target, build.number(0), self.place(node))
            if inside.type.rank is Rank.TENSOR:
                truth = ElementType("bool", Rank.SCALAR)
                inside = self.reduced("all", inside, node, None, False, truth)
            self.require_data(inside, self.place(node), f"{ast.unparse(node)} ignores nothing")
        options = [
            f"{n}={self.option(n, call.given[n], node)}"
            for n in ("label_smoothing",) if n in call.given
        ]  # fmt: skip
        template = call.template(["{0}", "{1}"], [*options, "reduction='none'"])
        mask = None
        if (part := self.chosen_in(target, node)) is not None:  # what is left out is no class
            rest = self.chosen_in(scores, node)
            mask, own_rows = part.mask, {"_d1": "_d2"}
            if rest is None or rest.mask != rows.moved(mask, own_rows, {}, set()):
                return None
            zero = build.cast(build.number(0), part.row.type)
            scores, target = rest.row, scalar.Select(mask, part.row, zero)
        pairs = [(scores, 1), (target, 0)]
        made = self.item_row(ITEM_BATCH, template, pairs, (), scores.type.dtype, node)
        return self.loss_of(how, made if mask is None else left_out_of(mask, made), node)

    _item_nn_functional_cross_entropy = _item_nn_functional_nll_loss

    def _item_nn_functional_kl_div(self, call: Called) -> Item | None:
        """A loss that compares element by element."""
        node = call.node
        names = [n for n in ("input", "target", "var") if n in call.given]
        found = self._floats(call, *names)
        how = call.given.get("reduction", Literal("mean"))
        batch = how == Literal("batchmean") and call.name.endswith("kl_div")
        if found is None or len(found) < 2:
            return None
        shapes = [self.row_shape(v, node) for v in found]
        if len(set(map(len, shapes))) != 1 or (batch and not shapes[0]):
            return None
        for shape in shapes[1:]:
            for mine, theirs in zip(shapes[0], shape, strict=True):
                self.require_same_size(mine, theirs, node)
        word = "sum" if batch else self.loss_reduction(call)
        if call.name.endswith("gaussian_nll_loss"):
            self.check_reached(node)  # a negative variance raises
        fields = [f"{{{k}}}" for k in range(len(found))]
        options = [o for o in self._constants(call, *names, "reduction") if "=" in o]
        if len(options) != len(set(call.given) - {*names, "reduction"}):
            return None
        template = call.template(fields, [*options, "reduction='none'"])
        pairs = [(v, 0) for v in found]
        made = self.item_row(ITEM, template, pairs, (), found[0].type.dtype, node)
        made = self.loss_of(word, made, node)
        if not batch:
            return made
        return build.binary("Div", made, build.integer(shapes[0][0]), self.place(node))

    _item_nn_functional_poisson_nll_loss = _item_nn_functional_kl_div
    _item_nn_functional_gaussian_nll_loss = _item_nn_functional_kl_div
    _item_nn_functional_huber_loss = _item_nn_functional_kl_div
    _item_nn_functional_smooth_l1_loss = _item_nn_functional_kl_div

    # ------------------------------------------------------------------ pairs
    def _call_torch_var_mean(self, node: ast.Call) -> Item:
        return self._with_mean("var", node)

    def _call_torch_std_mean(self, node: ast.Call) -> Item:
        return self._with_mean("std", node)

    def _with_mean(self, word: str, node: ast.Call) -> Item:
        """``torch.var_mean(x[i], dim=0)`` as the variance and the mean."""
        keywords = [k for k in node.keywords if k.arg in ("dim", "keepdim")]
        if len(node.args) > 2 or not node.args:
            self.refuse_row(node)
        plain = ast.copy_location(ast.Call(node.func, node.args, keywords), node)
        value = self.operand(self.evaluate(node.args[0]), node)
        found = []
        for name, call in ((word, node), ("mean", plain)):
            row = find_row_function(f"torch.{name}")
            assert row is not None
            found.append(self._row_call(row, value, call, call.args[1:], f"torch.{name}"))
        return Tuple(tuple(found))

    def _call_torch_aminmax(self, node: ast.Call) -> Item:
        """``torch.aminmax(x[i])`` as the least and the greatest."""
        if len(node.args) != 1:
            self.refuse_row(node)
        value = self.operand(self.evaluate(node.args[0]), node)
        found = []
        for name in ("amin", "amax"):
            row = find_row_function(f"torch.{name}")
            assert row is not None
            found.append(self._row_call(row, value, node, [], f"torch.{name}"))
        return Tuple(tuple(found))

    def _row_norm(self, row: _Row) -> Item:
        """As every reader's; norms of whole matrices that are named."""
        item = self.evaluate(row.given["ord"]) if "ord" in row.given else Literal(None)
        is_matrix = len(self.row_shape(row.value, row.node)) == 2 and row.dims is None
        if not is_matrix or not row.spelling.endswith("linalg.norm") or item == Literal(None):
            return super()._row_norm(row)
        if item == Literal("fro"):
            return self.combined(row, "norm")
        if "dtype" in row.given or row.keepdim:
            self.refuse_row(row.node)
        self.check_reached(row.node)
        module = row.spelling.rpartition(".")[0]
        text = f"{module}.matrix_norm({{0}}, ord={self.option('ord', item, row.node)})"
        return self.item_row(ITEM, text, [(row.value, 2)], (), row.value.type.dtype, row.node)

    # ------------------------------------------------------------------ parts
    def _call_torch_vstack(self, node: ast.Call) -> Item:
        parts, _ = self._joined_parts(node)
        if all(len(self.row_shape(p, node)) == 1 for p in parts):
            return self.stacked(parts, 0, node)
        return self._concatenated(parts, 0, node)

    def _call_torch_masked_select(self, node: ast.Call) -> Item:
        """``torch.masked_select(x[i], m[i])   ->   x[i][m[i]]``"""
        base = self.evaluate(node.args[0]) if len(node.args) == 2 else None
        view = whole(base) if isinstance(base, Tensor) else base
        if not isinstance(view, View) or node.keywords:
            self.refuse_row(node)
        return self.index(view, [self.element(node.args[1])], node)

    def _method_masked_select(self, base: Item, node: ast.Call) -> Item | None:
        if not isinstance(base, View) or len(node.args) != 1:
            return None
        return self.index(base, [self.element(node.args[0])], node)

    def _method_unbind(self, base: Item, node: ast.Call) -> Item | None:
        """What is unpacked along its first dimension, or a row turned so that it is."""
        given = [*node.args, *(k.value for k in node.keywords if k.arg == "dim")]
        if len(given) > 1 or not isinstance(base, (View, Tensor)):
            return None
        rank = base.rank if isinstance(base, View) else base.type.rank
        place = self._constant(given[0]) if given else 0
        if not -rank <= place < rank:
            self.unsupported(node, f"{ast.unparse(node)} raises: no such dimension", "VEC911")
        place %= rank
        order = [place, *(k for k in range(rank) if k != place)]
        return base if place == 0 else self.permuted(base, order, node)

    def _call_torch_unbind(self, node: ast.Call) -> Item:
        rest = ast.copy_location(ast.Call(node.func, node.args[1:], node.keywords), node)
        found = self._method_unbind(self.evaluate(node.args[0]), rest)
        return self.refuse_row(node) if found is None else found

    def _method_numel(self, base: Item, node: ast.Call) -> Item | None:
        if isinstance(base, View):
            return Integer(self._product_of(base.sizes))
        return super()._method_numel(base, node)

    def _method_contiguous(self, base: Item, node: ast.Call) -> Item | None:
        """The row itself, or a copy in other memory: which of them, nobody may rely on."""
        if isinstance(base, Tensor):
            return base if base.type.contiguous else None
        if isinstance(base, build.NODES):
            plain = not build.is_number(base) and not build.aliased_arrays(base)
            return base if plain else None
        if not isinstance(base, View) or node.args or node.keywords:
            return None
        old = base.tensor
        kind = replace(old.type, leaf=False, contiguous=True)
        made = Tensor(f"{old.name}.contiguous()", kind, f"{old.storage.rstrip('?')}?")
        self.laid_out.append(replace(base, tensor=made))
        return self.laid_out[-1]

    def _call_torch_nn_functional_dropout(self, node: ast.Call) -> Item:
        """Outside of training, the very tensor that it is given."""
        named = {k.arg: k.value for k in node.keywords}
        training = self.evaluate(named["training"]) if "training" in named else None
        if len(node.args) == 3:
            training = self.evaluate(node.args[2])
        if training == Literal(False) and node.args and "inplace" not in named:
            return self.evaluate(node.args[0])
        self.unliftable(
            node,
            f"loop kept: {ast.unparse(node.func)} draws random numbers, "
            "and the order of draws decides the result",
            "VEC922",
        )

    def _method_unfold(self, base: Item, node: ast.Call) -> Item | None:
        """``x[i].unfold(0, w, s)   ->   x[i, s * _d2 + _d1]``"""
        items = [self.evaluate(a) for a in node.args]
        numbers = [i.affine for i in items if isinstance(i, Integer)]
        if len(numbers) != 3 or len(items) != 3:
            return None
        if not isinstance(base, (View, Tensor, *build.NODES)):
            return None
        value = self._plain_row(self.to_expression(base, node), node)
        shape = self.row_shape(value, node)
        place, width, step = numbers
        known = place.is_constant and step.is_constant
        known = known and -len(shape) <= place.constant < len(shape)
        if not known or step.constant < 1 or set(width.symbols) & self.iterators:
            return None
        chosen = place.constant % len(shape)
        size = shape[chosen]
        self.require(at_least(width, 1), node, f"{ast.unparse(node)} has elements")
        count = self._windows(size, width, step.constant, 1, node)
        if count is None or size == _ONE:
            return None
        if not build.aliased_arrays(value):
            sizes = [*shape[:chosen], count, *shape[chosen + 1 :], width]
            words = f"{{{chosen - len(shape)}:dim}}, {{1}}, {step.constant}"
            pairs = [(value, len(shape)), (build.integer(width), 0)]
            kind = value.type.dtype
            return self.item_row(ITEM, f"{{0}}.unfold({words})", pairs, sizes, kind, node)
        old = len(shape) - chosen
        return _windowed(value, old, step.constant, count, width)


def _windowed(value: Expression, old: int, step: int, count: Affine, width: Affine) -> Expression:
    """A row whose dimension `old` becomes windows, of which the elements come last."""
    symbols = {rows.dimension(k): Affine.symbol(rows.dimension(k + 1)) for k in range(1, 9)}
    start, inside = Affine.symbol(rows.dimension(old + 1)), Affine.symbol("_d1")
    symbols[rows.dimension(old)] = start * step + inside

    def change(node: Expression) -> Expression:
        node = scalar.rebuild(node, change)
        if not isinstance(node, (scalar.Load, scalar.Reduce)) or not node.implicit:
            return node
        pairs = []
        for name, extent in node.implicit:
            place = int(name.removeprefix("_d"))
            pairs.append((rows.dimension(place + 1), count if place == old else extent))
            if place == old:
                pairs.append(("_d1", width))
        return replace(node, implicit=tuple(pairs))

    return scalar.substitute_symbols(change(value), symbols)
