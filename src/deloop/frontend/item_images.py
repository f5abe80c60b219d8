"""Calls on images and sequences of channels in each iteration: convolutions, pooling, padding."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from deloop.dtype import category
from deloop.frontend.item_calls import Called, ItemReader
from deloop.frontend.items import Item, Tuple
from deloop.ir.affine import Affine, at_least
from deloop.ir.scalar import Expression
from deloop.ir.types import Integer, Literal
from deloop.ir.types import Sequence as Items
from deloop.ops.reductions import ITEM, ITEM_BATCH


class ItemImageReader(ItemReader):
    """A reader of calls on images."""

    # ------------------------------------------------------------------ arguments
    def _ints_of(self, call: Called, name: str, count: int, default: int) -> list[int] | None:
        """An int for each dimension, one for all of them or the default; None for others."""
        item = call.given.get(name)
        if item is None or item == Literal(None) or (isinstance(item, Items) and not item.items):
            return [default] * count
        parts = item.items if isinstance(item, (Items, Tuple)) else (item,)
        found = constants_of(parts)
        if found is None or len(found) not in (1, count):
            return None
        return found * count if len(found) == 1 else found

    def _constants(self, call: Called, *but: str) -> list[str]:
        """All other arguments, as they are written."""
        return [
            self.option(n, item, call.node) if n in call.positional else
            f"{n}={self.option(n, item, call.node)}"
            for n, item in call.given.items() if n not in but
        ]  # fmt: skip

    def _floats(self, call: Called, *names: str) -> list[Expression] | None:
        """Arguments that are rows of one floating dtype; None where they are not."""
        found = [self.operand(call.given[n], call.node) for n in names]
        kinds = {v.type.dtype for v in found}
        return found if len(kinds) == 1 and category(kinds.pop()) == "float" else None

    # ------------------------------------------------------------------ images
    def _image(
        self, call: Called, value: Expression, spatial: int, inner: Sequence[Affine],
        others: Sequence[tuple[Expression, str]] = (), options: Sequence[str] = (),
    ) -> Item | None:  # fmt: skip
        """A call on channels of so many dimensions, in a batch of images."""
        fields = ["{0}", *(f"{{{k}{w}}}" for k, (_, w) in enumerate(others, 1))]
        pairs = [(value, spatial + 1)]
        pairs.extend((v, self.rank_of(v, call.node)) for v, _ in others)
        template = call.template(fields, options)
        return self.item_row(ITEM_BATCH, template, pairs, inner, value.type.dtype, call.node)

    def _item_convolved(self, call: Called, spatial: int) -> Item | None:
        names = present(call, "input", "weight", "bias")
        found = self._floats(call, *names)
        if found is None or len(names) < 2 or call.spelling.startswith("."):
            return None
        shape, weight = (self.row_shape(v, call.node) for v in found[:2])
        words = [self._ints_of(call, n, spatial, d) for n, d in _CONVOLVED]
        groups = self._ints_of(call, "groups", 1, 1)
        if groups is None or any(w is None for w in words) or len(weight) != spatial + 2:
            return None
        if len(shape) not in (spatial + 1, spatial + 2):
            return None
        channels = weight[1] * groups[0]
        own = shape[len(shape) - spatial - 1]
        if own != channels:
            self.require_same_size(own, channels, call.node)
        inner = [weight[0]]
        for k, size in enumerate(shape[len(shape) - spatial :]):
            stride, padding, dilation = (w[k] for w in words if w is not None)
            found_size = self._windows(
                size + 2 * padding, weight[2 + k], stride, dilation, call.node
            )
            if found_size is None:
                return None
            inner.append(found_size)
        others = [(v, ":weight") for v in found[1:]]
        options = self._constants(call, "input", "weight", "bias")
        if "bias" in call.given and len(names) == 2 and "bias" in call.positional:
            options = ["None", *options]
        return self._image(call, found[0], spatial, inner, others, options)

    def _windows(
        self, size: Affine, kernel: Affine, stride: int, dilation: int, node: ast.AST
    ) -> Affine | None:
        """How many windows there are along a dimension."""
        if dilation != 1 and not kernel.is_constant:
            return None
        reach = kernel if dilation == 1 else Affine.number(dilation * (kernel.constant - 1) + 1)
        self.require(at_least(size, reach), node, f"{ast.unparse(node)} fits")
        span = size - reach
        if stride == 1:
            return span + 1
        if span.is_constant:
            return Affine.number(span.constant // stride + 1)
        return Affine.symbol(f"({span}) // {stride}") + 1

    def _item_nn_functional_conv1d(self, call: Called) -> Item | None:
        return self._item_convolved(call, 1)

    def _item_nn_functional_conv2d(self, call: Called) -> Item | None:
        return self._item_convolved(call, 2)

    def _item_conv1d(self, call: Called) -> Item | None:
        return self._item_convolved(call, 1)

    def _item_conv2d(self, call: Called) -> Item | None:
        return self._item_convolved(call, 2)

    def _pooled(self, call: Called, spatial: int) -> Item | None:
        found = self._floats(call, "input")
        kernel = self._ints_of(call, "kernel_size", spatial, 1)
        padding = self._ints_of(call, "padding", spatial, 0)
        dilation = self._ints_of(call, "dilation", spatial, 1)
        if found is None or kernel is None or padding is None or dilation is None:
            return None
        strides = [self._ints_of(call, "stride", spatial, k) for k in kernel]
        flags = [self.flag(call, n) for n in ("ceil_mode", "return_indices") if n in call.given]
        shape = self.row_shape(found[0], call.node)
        if any(flags) or None in strides or len(shape) not in (spatial + 1, spatial + 2):
            return None
        inner = [shape[len(shape) - spatial - 1]]
        for k, size in enumerate(shape[len(shape) - spatial :]):
            stride = strides[k][k]  # type: ignore[index]
            count = self._windows(
                size + 2 * padding[k], Affine.number(kernel[k]), stride, dilation[k], call.node
            )
            if count is None:
                return None
            inner.append(count)
        return self._image(call, found[0], spatial, inner, (), self._constants(call, "input"))

    def _item_nn_functional_max_pool1d(self, call: Called) -> Item | None:
        return self._pooled(call, 1)

    def _item_nn_functional_max_pool2d(self, call: Called) -> Item | None:
        return self._pooled(call, 2)

    _item_nn_functional_avg_pool1d = _item_nn_functional_max_pool1d
    _item_nn_functional_avg_pool2d = _item_nn_functional_max_pool2d

    def _adaptive(self, call: Called, spatial: int) -> Item | None:
        found = self._floats(call, "input")
        sizes = self._ints_of(call, "output_size", spatial, 0)
        if found is None or sizes is None or min(sizes) < 1:
            return None
        shape = self.row_shape(found[0], call.node)
        if len(shape) not in (spatial + 1, spatial + 2):
            return None
        inner = [shape[len(shape) - spatial - 1], *map(Affine.number, sizes)]
        return self._image(call, found[0], spatial, inner, (), self._constants(call, "input"))

    def _item_nn_functional_adaptive_avg_pool1d(self, call: Called) -> Item | None:
        return self._adaptive(call, 1)

    def _item_nn_functional_adaptive_avg_pool2d(self, call: Called) -> Item | None:
        return self._adaptive(call, 2)

    _item_nn_functional_adaptive_max_pool2d = _item_nn_functional_adaptive_avg_pool2d

    def _item_nn_functional_interpolate(self, call: Called) -> Item | None:
        """Of a batch of one image, as the loop has to write it."""
        found = self._floats(call, "input")
        rank = 0 if found is None else self.rank_of(found[0], call.node)
        if found is None or rank not in (3, 4):
            return None
        spatial = rank - 2
        shape = self.row_shape(found[0], call.node)
        sizes: list[Affine] = []
        given = present(call, "size", "scale_factor")
        numbers = self._ints_of(call, given[0], spatial, 0) if len(given) == 1 else None
        if numbers is None or min(numbers) < 1:
            return None
        for size, number in zip(shape[2:], numbers, strict=True):
            sizes.append(Affine.number(number) if given == ["size"] else size * number)
        return self._image(
            call, found[0], spatial, [shape[1], *sizes], (), self._constants(call, "input")
        )

    def _item_nn_functional_unfold(self, call: Called) -> Item | None:
        """``F.unfold(x[i].unsqueeze(0), k)``: a column for each window."""
        found = self._floats(call, "input")
        words = [self._ints_of(call, n, 2, d) for n, d in (("kernel_size", 1), *_CONVOLVED)]
        if found is None or any(w is None for w in words):
            return None
        shape = self.row_shape(found[0], call.node)
        kernel, stride, padding, dilation = (w for w in words if w is not None)
        if len(shape) not in (3, 4):
            return None
        counts = [
            self._windows(
                size + 2 * padding[k], Affine.number(kernel[k]), stride[k], dilation[k], call.node
            )
            for k, size in enumerate(shape[-2:])
        ]
        known = tuple(count for count in counts if count is not None)
        if len(known) != 2:
            return None
        inner = [shape[-3] * (kernel[0] * kernel[1]), self._product_of(known)]
        return self._image(call, found[0], 2, inner, (), self._constants(call, "input"))

    def _item_nn_functional_group_norm(self, call: Called) -> Item | None:
        """Of a batch of one, each of which is normed by itself."""
        names = present(call, "input", "weight", "bias")
        found = self._floats(call, *names)
        shape = () if found is None else self.row_shape(found[0], call.node)
        if found is None or len(shape) < 3 or shape[0] != Affine.number(1) or len(names) == 2:
            return None
        for weight in found[1:]:
            self.require_same_size(self.row_shape(weight, call.node)[0], shape[1], call.node)
        groups = call.given.get("num_groups")
        if call.name.endswith("group_norm") and not isinstance(groups, Integer):
            return None
        words = [self.option("num_groups", groups, call.node)] if groups is not None else []
        words += [f"{n}={{{k}:fixed}}" for k, n in enumerate(names[1:], 1)]
        options = [f"eps={self.option('eps', call.given[n], call.node)}"
                   for n in ("eps",) if n in call.given]  # fmt: skip
        template = call.template(["{0}", *words], options)
        count = len(shape) - 1
        pairs = [(found[0], count), *((v, 1) for v in found[1:])]
        dtype = found[0].type.dtype
        return self.item_row(ITEM_BATCH, template, pairs, shape[1:], dtype, call.node)

    _item_nn_functional_instance_norm = _item_nn_functional_group_norm

    def _item_nn_functional_pad(self, call: Called) -> Item | None:
        """``F.pad(x[i], (1, 2))``: dimensions from the last one on."""
        value = self.operand(call.given["input"], call.node)
        shape = list(self.row_shape(value, call.node))
        item = call.given.get("pad")
        parts = item.items if isinstance(item, (Items, Tuple)) else ()
        amounts = constants_of(parts)
        mode = call.given.get("mode", Literal("constant"))
        count = len(parts) // 2
        if amounts is None or not parts or len(parts) % 2 or count > len(shape):
            return None
        plain = mode == Literal("constant")
        if category(value.type.dtype) == "complex" or not isinstance(mode, Literal):
            return None
        floats = category(value.type.dtype) == "float"
        if not plain and not (floats and len(shape) - count in (1, 2)):
            return None
        for k in range(count):
            before, behind = amounts[2 * k : 2 * k + 2]
            size = shape[-1 - k]
            if min(before, behind) < 0:
                self.require(at_least(size + before + behind, 0), call.node, "something is left")
            if mode == Literal("reflect"):
                least = max(before, behind) + 1
                self.require(at_least(size, least), call.node, f"{ast.unparse(call.node)} fits")
            shape[-1 - k] = size + before + behind
        options = self._constants(call, "input")
        dtype = value.type.dtype
        if plain:
            template = call.template(["{0}"], options)
            return self.item_row(ITEM, template, [(value, len(shape))], shape, dtype, call.node)
        rest = len(shape) - count - 1
        return self._image(call, value, count, shape[rest:], (), options)


def constants_of(items: Sequence[Item]) -> list[int] | None:
    """Ints that are written in the source; None where some item is none."""
    found = [i.affine.constant for i in items if isinstance(i, Integer) and i.affine.is_constant]
    return found if len(found) == len(items) else None


def present(call: Called, *names: str) -> list[str]:
    """Those arguments that are given, and not as None."""
    return [n for n in names if call.given.get(n) not in (None, Literal(None))]


_CONVOLVED = (("stride", 1), ("padding", 0), ("dilation", 1))
