"""Calls on items whose result has sizes of its own: lookups, norms, repetitions, diagonals."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import ClassVar

from deloop.dtype import Rank
from deloop.frontend import expression as build
from deloop.frontend.item_calls import Called, is_window
from deloop.frontend.item_images import ItemImageReader, constants_of, present
from deloop.frontend.items import Item, Tuple, View, Whole
from deloop.frontend.selections import ends_of, is_choice, left_out_of
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.scalar import ElementType, Expression, Reduce
from deloop.ir.types import Integer, Literal, Shape
from deloop.ir.types import Sequence as Items
from deloop.ops.reductions import ITEM

_ONE = Affine.number(1)
_ELEMENT = ElementType("int64", Rank.SCALAR)


class ItemRuleReader(ItemImageReader):
    """A reader of calls on items that no signature describes."""

    special: ClassVar[Mapping[str, str]]

    # ------------------------------------------------------------------ lookups
    def _item_nn_functional_embedding(self, call: Called) -> Item | None:
        index = self.operand(call.given["input"], call.node)
        weight = self.operand(call.given["weight"], call.node)
        if index.type.dtype not in ("int64", "int32") or self.rank_of(weight, call.node) != 2:
            return None
        self.check_reached(call.node)
        size = self.row_shape(weight, call.node)[1]
        template = call.template(["{0}", "{1:fixed}"])
        pairs = [(index, 0), (weight, 2)]
        return self.item_row(ITEM, template, pairs, [size], weight.type.dtype, call.node)

    def _item_nn_functional_one_hot(self, call: Called) -> Item | None:
        value = self.operand(call.given["input"], call.node)
        count = call.given.get("num_classes")
        if value.type.dtype != "int64" or not isinstance(count, Integer):
            return None
        if set(count.affine.symbols) & self.iterators or count.affine == Affine.number(-1):
            return None
        self.check_reached(call.node)
        self.require(at_least(count.affine, 1), call.node, "there is a class")
        template = call.template(["{0}", "{1}"])
        pairs = [(value, 0), (build.integer(count.affine), 0)]
        return self.item_row(ITEM, template, pairs, [count.affine], "int64", call.node)

    def _item_gather(self, call: Called) -> Item | None:
        """``x[i].gather(1, idx[i])   ->   x.gather(2, idx)``"""
        node = call.node
        value = self.operand(call.given["input"], node)
        index = self.operand(call.given["index"], node)
        shape, wanted = self.row_shape(value, node), self.row_shape(index, node)
        dims = self._dims_of(call.given["dim"], len(shape), node) if "dim" in call.given else None
        if dims is None or len(dims) != 1 or len(shape) != len(wanted) or not shape:
            return None
        if index.type.dtype != "int64" or "sparse_grad" in call.given:
            return None
        self.check_reached(node)
        for k, (mine, theirs) in enumerate(zip(shape, wanted, strict=True)):
            if k - len(shape) == dims[0] or mine == theirs:
                continue
            if call.name == "take_along_dim":
                self.require_same_size(mine, theirs, node)
            else:
                self.require(at_least(mine, theirs), node, f"{ast.unparse(node)} stays inside")
        fields = ["{0}", f"{{{dims[0]}:dim}}", "{1}"]
        if call.name == "take_along_dim":
            fields = ["{0}", "{1}", f"{{{dims[0]}:dim}}"]
        pairs = [(value, len(shape)), (index, len(shape))]
        template = call.template(fields)
        return self.item_row(ITEM, template, pairs, wanted, value.type.dtype, node)

    _item_take_along_dim = _item_gather

    # ------------------------------------------------------------------ norms
    def _item_nn_functional_layer_norm(self, call: Called) -> Item | None:
        names = present(call, "input", "weight", "bias")
        found = self._floats(call, *names)
        given = call.given.get("normalized_shape")
        if found is None or given is None:
            return None
        node = call.node
        sizes = self._shape_given(given, node)
        shape = self.row_shape(found[0], node)
        if sizes is None or not sizes or len(sizes) > len(shape):
            return None
        count = len(sizes)
        for mine, wanted in zip(shape[len(shape) - count :], sizes, strict=True):
            self.require_same_size(mine, wanted, node)
        for value in found[1:]:
            own = self.row_shape(value, node)
            if len(own) != count:
                return None
            for mine, wanted in zip(own, sizes, strict=True):
                self.require_same_size(mine, wanted, node)
        extra = [build.integer(s) for s in sizes]
        first = len(found)
        words = [f"{{{first + k}}}" for k in range(count)]
        text = f"({', '.join(words)}{',' * (count == 1)})"
        fields = ["{0}", text]
        for k, name in enumerate(names[1:], 1):
            fields.append(f"{{{k}:fixed}}" if len(fields) == k + 1 else f"{name}={{{k}:fixed}}")
        fields = [
            f if n != "bias" or "weight" in names else f"bias={f}"
            for f, n in zip(fields, ["", "", *names[1:]], strict=True)
        ]
        options = [
            f"eps={self.option('eps', call.given[n], node)}" for n in ("eps",) if n in call.given
        ]
        template = call.template(fields, options)
        pairs = [(v, count) for v in found] + [(e, 0) for e in extra]
        rows_shape = list(shape[len(shape) - count :])
        return self.item_row(ITEM, template, pairs, rows_shape, found[0].type.dtype, node)

    def _item_nn_functional_rms_norm(self, call: Called) -> Item | None:
        return self._item_nn_functional_layer_norm(call)

    def _shape_given(self, item: Item, node: ast.AST) -> list[Affine] | None:
        if isinstance(item, (Items, Tuple, Shape)):
            parts = self.unpack(item, None, node)
            found = [p.affine for p in parts if isinstance(p, Integer)]
            return found if len(found) == len(parts) else None
        return [item.affine] if isinstance(item, Integer) else None

    # ------------------------------------------------------------------ shapes
    def _item_repeat(self, call: Called) -> Item | None:
        node = call.node
        items = list(call.more)
        if len(items) == 1 and isinstance(items[0], (Items, Tuple)):
            items = list(items[0].items)
        counts = constants_of(items)
        value = self.operand(call.given["input"], node)
        if counts is None or min(counts, default=0) < 1:
            return None
        rank = self.rank_of(value, node)
        if call.name == "tile":
            counts = [1] * (rank - len(counts)) + counts
        if len(counts) < rank:
            self.unsupported(node, f"{ast.unparse(node)} raises: too few numbers", "VEC911")
        for _ in range(len(counts) - rank):
            value = self.unsqueezed(value, 0, node)
        sizes = [s * c for s, c in zip(self.row_shape(value, node), counts, strict=True)]
        template = f"{{0}}.repeat({{:ones}}{', '.join(map(str, counts))})"
        pairs = [(value, len(sizes))]
        return self.item_row(ITEM, template, pairs, sizes, value.type.dtype, node)

    _item_tile = _item_repeat

    def _item_repeat_interleave(self, call: Called) -> Item | None:
        node = call.node
        value = self.operand(call.given["input"], node)
        count = call.given.get("repeats")
        if not isinstance(count, Integer) or not count.affine.is_constant:
            return None
        shape = list(self.row_shape(value, node))
        given = call.given.get("dim")
        if (given is None and len(shape) != 1) or "output_size" in call.given:
            return None
        if count.affine.constant < 1:
            return None
        dims = [-1] if given is None else self._dims_of(given, len(shape), node)
        if dims is None:
            return None
        shape[dims[0]] = shape[dims[0]] * count.affine.constant
        fields = ["{0}", str(count.affine.constant), f"dim={{{dims[0]}:dim}}"]
        pairs = [(value, len(shape))]
        return self.item_row(ITEM, call.template(fields), pairs, shape, value.type.dtype, node)

    def _item_roll(self, call: Called) -> Item | None:
        """Several dimensions at once; one alone is read elsewhere."""
        node = call.node
        value = self.operand(call.given["input"], node)
        shape = self.row_shape(value, node)
        given = call.given.get("dims", Literal(None))
        if (turned := self._rolled_by_data(call, value, given)) is not None:
            return turned
        if call.more:
            given = call.more[0] if len(call.more) == 1 else Tuple(call.more)
        dims = self._dims_of(given, len(shape), node) if given != Literal(None) else None
        if dims is None or len(set(dims)) != len(dims) or len(dims) < 2:
            return None
        words = [f"{{{d}:dim}}" for d in dims]
        text = f"({', '.join(words)})"
        fields = ["{0}", text]
        if call.name == "roll":
            fields = ["{0}", self.option("shifts", call.given["shifts"], node), text]
        pairs = [(value, len(shape))]
        return self.item_row(ITEM, call.template(fields), pairs, shape, value.type.dtype, node)

    def _item_flip(self, call: Called) -> Item | None:
        """As `_item_roll`; one dimension of a window is read backwards."""
        item = call.given["input"]
        given = call.more[0] if len(call.more) == 1 else call.given.get("dims")
        if given is not None and (turned := self._flipped_part(call, item, given)) is not None:
            return turned
        found = self._item_roll(call)
        if found is not None or given is None or len(call.more) > 1 or not is_window(item):
            return found
        value = self.operand(item, call.node)
        shape = self.row_shape(value, call.node)
        dims = self._dims_of(given, len(shape), call.node)
        if dims is None or len(dims) != 1 or shape[dims[0]] == _ONE:
            return None
        name = rows.dimension(-dims[0])
        back = {name: shape[dims[0]] - 1 - Affine.symbol(name)}
        return build.cast(rows.moved(value, {}, back, set()), value.type)

    def _rolled_by_data(self, call: Called, value: Expression, given: Item) -> Item | None:
        """``x[i].roll(s[i].item(), 0)   ->   x[i, (_d1 - s[i]) % n]``"""
        shift, node, place = call.given.get("shifts"), call.node, self.place(call.node)
        if call.name != "roll" or not isinstance(shift, build.NODES):
            return None
        shape = self.row_shape(value, node)
        dims = [-1] if given == Literal(None) and len(shape) == 1 else (
            None if given == Literal(None) else self._dims_of(given, len(shape), node)
        )
        if dims is None or len(dims) != 1 or not build.is_number(shift):
            return None
        size, name = shape[dims[0]], rows.dimension(-dims[0])
        if size == _ONE or shift.type.dtype != "int64" or is_choice(value):
            return None
        self.require(at_least(size, 1), node, f"{ast.unparse(node)} has elements")
        index = build.integer(Affine.symbol(name))
        gap = build.binary("Sub", index, build.cast(shift, _ELEMENT), place)
        at = build.binary("Mod", gap, build.integer(size), place)
        return rows.looked_up(value, name, at, self._takes_all)

    def _flipped_part(self, call: Called, item: Item, given: Item) -> Item | None:
        """``x[i, :n[i]].flip(0)``: element ``n[i] - 1 - _d1`` of the row, under its mask."""
        node, place = call.node, self.place(call.node)
        found = self.chosen_in(item, node) if isinstance(item, build.NODES) else None
        if found is None or not isinstance(item, scalar.Select) or not is_choice(item):
            return None
        ends = ends_of(found)
        shape = self.row_shape(found.row, node)
        dims = self._dims_of(given, len(shape), node)
        if ends is None or ends[1] is None or dims is None or len(dims) != 1:
            return None
        name = rows.dimension(-dims[0])
        if found.dimensions != {name}:
            return None
        last = build.binary("Sub", ends[1], build.number(1), place)
        if ends[0] is not None:
            last = build.binary("Add", last, ends[0], place)
        at = build.binary("Sub", last, build.integer(Affine.symbol(name)), place)
        row = rows.looked_up(found.row, name, at, self._takes_all)
        return None if row is None else left_out_of(found.mask, row)

    def _item_flipud(self, call: Called) -> Item | None:
        node = call.node
        value = self.operand(call.given["input"], node)
        shape = self.row_shape(value, node)
        place = 0 if call.name == "flipud" else 1
        if len(shape) <= place:
            return None
        owner = "{0}" + f".flip({{{place - len(shape)}:dim}})"
        return self.item_row(ITEM, owner, [(value, len(shape))], shape, value.type.dtype, node)

    _item_fliplr = _item_flipud

    def _item_diagonal(self, call: Called) -> Item | None:
        """The diagonal of a matrix, or the matrix of a diagonal (`torch.diag` of a vector)."""
        node = call.node
        value = self.operand(call.given["input"], node)
        shape = self.row_shape(value, node)
        item = call.given.get("diagonal", Integer(Affine()))
        if not isinstance(item, Integer) or not item.affine.is_constant:
            return None
        offset = item.affine.constant
        dtype = value.type.dtype
        extra = [f"offset={offset}"] if offset else []
        if call.name == "diag_embed" or (call.name == "diag" and len(shape) == 1):
            if len(shape) != 1:
                return None
            size = shape[0] + abs(offset)
            text = call.template(["{0}"], extra)
            if call.name == "diag":
                prefix = call.spelling.rpartition(".")[0] or "torch"
                text = f"{prefix}.diag_embed({', '.join(['{0}', *extra])})"
            return self.item_row(ITEM, text, [(value, 1)], [size, size], dtype, node)
        if len(shape) != 2 or _ONE in shape:
            return None
        height, width = shape[0] + min(offset, 0), shape[1] - max(offset, 0)
        size = height if height == width else self._lesser(height, width, node)
        self.require(at_least(size, 1), node, f"{ast.unparse(node)} has elements")
        along = Affine.symbol("_d1")
        shorter = rows.resized(value, {"_d1": size})
        places = {"_d1": along + max(offset, 0), "_d2": along - min(offset, 0)}
        return rows.moved(shorter, {}, places, {"_d2"})

    _item_diag = _item_diag_embed = _item_diagonal

    def _item_nn_functional_glu(self, call: Called) -> Item | None:
        found = self._floats(call, "input")
        if found is None:
            return None
        shape = list(self.row_shape(found[0], call.node))
        given = call.given.get("dim", Integer(Affine.number(-1)))
        dims = self._dims_of(given, len(shape), call.node)
        if dims is None or not shape:
            return None
        size = shape[dims[0]]
        half = self._quotient(size, Affine.number(2))
        self.require_same_size(half * 2, size, call.node)
        shape[dims[0]] = half
        fields = ["{0}"] if dims[0] == -1 else ["{0}", f"dim={{{dims[0]}:dim}}"]
        pairs = [(found[0], len(shape))]
        return self.item_row(
            ITEM, call.template(fields), pairs, shape, found[0].type.dtype, call.node
        )

    def _flattened(self, base: Item, node: ast.Call, how: str) -> Item | None:
        """As every reader's; of a computed row or of a window, which is memory of its own."""
        found, given = super()._flattened(base, node, how), base
        if found is None and isinstance(base, View) and self._may_be_copied(base, node, how):
            base = self.to_expression(base, node)
        elif found is not None or not isinstance(base, build.NODES):
            return found
        is_shared = bool(build.aliased_arrays(base)) and not isinstance(given, (View, Reduce))
        if build.is_number(base) or is_shared or node.keywords:
            return None
        shape = self.row_shape(self._plain_row(base, node), node)
        told = self.reshaped_to(shape, node, how) if shape else None
        if told is None:
            return None
        sizes, words = told
        if sizes == shape:
            return given
        same = [k for k, pair in enumerate(zip(shape, sizes, strict=False)) if pair[0] != pair[1]]
        alike = min(same[0] if same else len(sizes), len(sizes) - 1, len(shape) - 1)
        shape, sizes, words = shape[alike:], sizes[alike:], words[alike:]
        rank = len(shape)
        text = "{0}" + (f".flatten({{{-rank}:dim}})" if rank > 1 else "")
        extra: list[tuple[Expression, int]] = []
        if len(sizes) > 1:
            fields = []
            for word, size in zip(words, sizes, strict=True):
                fields.append(word if word == "-1" or size.is_constant else f"{{{len(extra) + 1}}}")
                if fields[-1] != word:
                    extra.append((build.integer(size), 0))
            text += f".unflatten({{{-rank}:dim}}, ({', '.join(fields)}))"
        return self.item_row(ITEM, text, [(base, rank), *extra], sizes, base.type.dtype, node)

    @property
    def laid_out(self) -> list[View]:
        """Parts that ``contiguous`` was asked for, of which every ``view`` is there."""
        found: list[View] = self.__dict__.setdefault("_laid_out", [])
        return found

    def _may_be_copied(self, base: View, node: ast.Call, how: str) -> bool:
        """Whether to read what a window is reshaped to as a copy of it.

        It may be the window's own memory, so that a loop which writes the tensor stays;
        ``view`` raises unless it is, which is known where only a first dimension is cut.
        """
        own = [
            (d, size) for d, size in zip(base.dimensions, base.tensor.type.shape, strict=True)
            if isinstance(d, Whole)
        ]  # fmt: skip
        if not own:
            return False
        cut = [k for k, (d, size) in enumerate(own) if d.cut != (Affine(), size, 1)]
        is_plain = cut in ([], [0]) and base.dimensions[-len(own) :] == tuple(d for d, _ in own)
        is_plain &= base.tensor.type.contiguous
        if how == "view" and not is_plain and not any(base is row for row in self.laid_out):
            return False
        self.note_snapshot(base.tensor.name, node)
        return True

    # ------------------------------------------------------------------ products
    def _item_cross(self, call: Called) -> Item | None:
        """``torch.cross(a[i], b[i], dim=0)``: without one, the first dimension of size 3."""
        node = call.node
        found = self._floats(call, "input", "other")
        if found is None:
            return None
        shapes = [self.row_shape(v, node) for v in found]
        if len(shapes[0]) != len(shapes[1]) or not shapes[0]:
            return None
        given = call.given.get("dim")
        if given is None or given == Literal(None):
            if call.name == "cross" and len(shapes[0]) > 1:
                return None
            given = Integer(Affine.number(-1))
        dims = self._dims_of(given, len(shapes[0]), node)
        if dims is None:
            return None
        self.require_same_size(shapes[0][dims[0]], Affine.number(3), node)
        for mine, other in zip(*shapes, strict=True):
            if mine != other:
                self.require_same_size(mine, other, node)
        fields = ["{0:free}", "{1:free}", f"dim={{{dims[0]}:dim}}"]
        if call.name == "linalg.cross" and dims[0] == -1:
            fields.pop()
        rank = len(shapes[0])
        pairs = [(v, rank) for v in found]
        return self.item_row(
            ITEM, call.template(fields), pairs, shapes[0], found[0].type.dtype, node
        )

    _item_linalg_cross = _item_cross

    def _item_inner(self, call: Called) -> Item | None:
        """``torch.inner(A, B)`` of matrices: ``A @ B.T``."""
        node = call.node
        a, b = (self.operand(call.given[n], node) for n in ("input", "other"))
        if self.rank_of(a, node) != 2 or self.rank_of(b, node) != 2:
            return None
        return self.matmul(a, self.transposed(b, (1, 0), node), node)

    def _item_addmm(self, call: Called) -> Item | None:
        """``torch.addmm(c, A, B)   ->   c + A @ B``"""
        node = call.node
        if {"beta", "alpha"} & set(call.given) or not {"mat1", "mat2"} <= set(call.given):
            return None
        start, a, b = (self.operand(call.given[n], node) for n in ("input", "mat1", "mat2"))
        product = self.matmul(a, b, node)
        return build.binary("Add", start, product, self.place(node))

    _item_addmv = _item_baddbmm = _item_addmm


_CONV = "input weight bias stride padding dilation groups"
_POOL = "input kernel_size stride padding"
_F = "nn.functional."
_SPECIAL = {
    "conv1d": _CONV, "conv2d": _CONV, f"{_F}conv1d": _CONV, f"{_F}conv2d": _CONV,
    **{f"{_F}max_pool{n}d": f"{_POOL} dilation ceil_mode return_indices" for n in (1, 2)},
    **{f"{_F}avg_pool{n}d": f"{_POOL} ceil_mode count_include_pad" for n in (1, 2)},
    **{f"{_F}adaptive_{w}d": "input output_size" for w in ("avg_pool1", "avg_pool2", "max_pool2")},
    f"{_F}interpolate": "input size scale_factor mode align_corners",
    f"{_F}unfold": "input kernel_size dilation padding stride",
    f"{_F}group_norm": "input num_groups weight bias eps",
    f"{_F}instance_norm": "input * weight bias eps",
    f"{_F}pad": "input pad mode value",
    f"{_F}embedding": "input weight",
    f"{_F}one_hot": "input num_classes",
    "gather": "input dim index",
    "take_along_dim": "input index dim",
    f"{_F}layer_norm": "input normalized_shape weight bias eps",
    f"{_F}rms_norm": "input normalized_shape weight eps",
    f"{_F}glu": "input dim",
    "repeat_interleave": "input repeats dim output_size",
    "roll": "input shifts dims",
    "flip": "input dims ...", "repeat": "input ...", "tile": "input ...",
    "flipud": "input", "fliplr": "input",
    "diag": "input diagonal", "diag_embed": "input diagonal", "diagonal": "input diagonal",
    "cross": "input other dim", "linalg.cross": "input other * dim",
    f"{_F}scaled_dot_product_attention": "query key value attn_mask dropout_p is_causal scale",
    f"{_F}nll_loss": "input target * reduction",
    f"{_F}kl_div": "input target * reduction log_target",
    f"{_F}poisson_nll_loss": "input target * log_input full eps reduction",
    f"{_F}gaussian_nll_loss": "input target var * full eps reduction",
    f"{_F}huber_loss": "input target * reduction delta",
    f"{_F}smooth_l1_loss": "input target * reduction beta",
    f"{_F}cross_entropy": "input target * reduction label_smoothing",
    f"{_F}bilinear": "input input2 weight bias",
    "inner": "input other", "addmm": "input mat1 mat2 * beta alpha",
    "addmv": "input mat1 mat2 * beta alpha", "baddbmm": "input mat1 mat2 * beta alpha",
}  # fmt: skip
"""The calls with a rule of their own, and their parameters."""

ItemRuleReader.special = _SPECIAL
