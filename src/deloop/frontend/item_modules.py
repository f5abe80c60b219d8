"""Modules called on computed items, and those that take a batch in their own way.

``net(x[i].mean(0))`` is row `i` of ``net(x.mean(1))``: a call on items (`item_calls.py`) whose
further operands are the module's parameters, which are not written.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from deloop.dtype import category
from deloop.frontend import expression as build
from deloop.frontend.item_sums import ItemSumReader
from deloop.frontend.items import Item, Tuple
from deloop.frontend.modules import CONVOLUTIONS, POINTWISE, RANDOM_LAYERS
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.scalar import Expression
from deloop.ir.types import Called, Literal, Object, Tensor
from deloop.ops.reductions import ITEM, ITEM_BATCH, ITEM_VMAP

_ONE = Affine.number(1)
_RECURRENT = frozenset({"LSTM", "GRU", "RNN"})
_READ_BEFORE = frozenset(
    {"Linear", "LayerNorm", "Embedding", "Sequential", "Identity", "Softmax", "LogSoftmax"}
)
"""Layers that `modules.py` reads of items which one expression gives."""

_STATE = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class _Item:
    """What a layer is given: the shape without a leading batch of one, if there is one."""

    shape: tuple[Affine, ...]
    has_batch: bool
    is_own: bool
    """Whether the memory is nobody else's, so that a layer may change it."""


class ItemModuleReader(ItemSumReader):
    """A reader of calls of modules on any item."""

    def module_call(self, module: Object, node: ast.Call) -> Item:
        """As every reader's, of computed rows and of more layers."""
        called = module.called() if module.called is not None else None
        if called is None or called.reason or not called.is_library or len(node.args) != 1:
            return super().module_call(module, node)
        item = self.evaluate(node.args[0])
        computed = isinstance(item, build.NODES) and any(
            isinstance(n, scalar.Reduce) for n in scalar.walk(item)
        )
        masked = isinstance(item, build.NODES) and self.chosen_in(item, node) is not None
        kinds = {c.kind for _, c in _layers(module, called)}
        old = kinds <= _READ_BEFORE | POINTWISE | CONVOLUTIONS.keys() | RANDOM_LAYERS
        trains = any(c.training and c.kind in RANDOM_LAYERS for _, c in _layers(module, called))
        if masked or node.keywords or trains or (old and not computed):
            return super().module_call(module, node)
        if called.kind in _RECURRENT:
            found: Item | None = self._recurrent(module, called, item, node)
        else:
            found = self._layered(module, called, item, node)
        return super().module_call(module, node) if found is None else found

    # ------------------------------------------------------------------ one tensor in, one out
    def _layered(self, module: Object, called: Called, item: Item, node: ast.Call) -> Item | None:
        value = self.operand(item, node)
        shape = self.row_shape(value, node)
        takes_batch = [_needs_batch(c) for _, c in _layers(module, called)]
        single = len(shape) > 1 and shape[0] == _ONE and any(takes_batch)
        own = not build.aliased_arrays(value)
        given = _Item(shape[1:] if single else shape, single, own)
        made = self._after(module, called, given, node)
        if made is None or not given.shape or not made.is_own:
            return None
        if category(value.type.dtype) != "float" and called.kind != "Embedding":
            return None
        state = self._state(module, called, value, node)
        dtype = value.type.dtype if called.kind != "Embedding" else state[0].type.dtype
        if called.kind == "Embedding":
            self.check_reached(node)
        kind = ITEM
        if any(takes_batch):
            kind = ITEM_BATCH
        elif any(c.kind in ("Flatten", "Softmax", "LogSoftmax") and _counts_from_first(c)
                 for _, c in _layers(module, called)):  # fmt: skip
            kind = ITEM_VMAP
        pairs = [(value, len(given.shape)), *((p, self.rank_of(p, node)) for p in state)]
        return self.item_row(kind, f"{module.name}({{0}})", pairs, made.shape, dtype, node)

    def _after(self, module: Object, called: Called, given: _Item, node: ast.Call) -> _Item | None:
        """What a layer makes of an item; None where that is not known."""
        kind, options = called.kind, called.options
        if kind == "Sequential":
            current: _Item | None = given
            for child in called.children:
                inner = child.called() if isinstance(child, Object) and child.called else None
                if inner is None or inner.reason or not inner.is_library or current is None:
                    return None
                assert isinstance(child, Object)
                current = self._after(child, inner, current, node)
            return current
        if kind in RANDOM_LAYERS or kind == "Identity":
            return given
        if options.get("inplace") and not given.is_own:
            self._refuse_module(node, f"{module.name} changes what it is given in place")
        shape: Sequence[Affine] | None = None
        rule: Callable[..., Sequence[Affine] | None] | None = getattr(
            self, f"_shape_{_FAMILY.get(kind, kind)}", None
        )
        if kind in POINTWISE:
            shape = given.shape
        elif rule is not None:
            shape = rule(module, called, given, node)
        own = given.is_own or kind != "Flatten"
        return None if shape is None else _Item(tuple(shape), given.has_batch, own)

    def _state(
        self, module: Object, called: Called, value: Expression, node: ast.Call
    ) -> list[Expression]:
        """The parameters and buffers of all layers, as operands."""
        found: list[Expression] = []
        for layer, kind in _layers(module, called):
            for name in _state_names(kind):
                tensor = layer.attribute(name)
                if isinstance(tensor, Literal) and tensor.value is None:
                    continue
                if not isinstance(tensor, Tensor):
                    self.unsupported(node, f"{layer.name}.{name} is not known", "VEC921")
                expected = kind.kind == "Embedding" or tensor.type.dtype == value.type.dtype
                if not expected:
                    self.unsupported(
                        node, f"{ast.unparse(node)} meets weights of another dtype", "VEC911"
                    )
                found.append(self.operand(tensor, node))
        return found

    # ------------------------------------------------------------------ shapes
    def _shape_Linear(
        self, module: Object, called: Called, given: _Item, node: ast.Call
    ) -> Sequence[Affine]:
        weight = self._weight(module, node)
        self.require_same_size(given.shape[-1], weight[1], node)
        return (*given.shape[:-1], weight[0])

    def _shape_LayerNorm(
        self, module: Object, called: Called, given: _Item, node: ast.Call
    ) -> Sequence[Affine] | None:
        sizes = called.options.get("normalized_shape")
        if not isinstance(sizes, tuple) or len(sizes) > len(given.shape):
            return None
        for mine, size in zip(given.shape[len(given.shape) - len(sizes) :], sizes, strict=True):
            self.require_same_size(mine, Affine.number(size), node)
        return given.shape

    def _shape_BatchNorm(
        self, module: Object, called: Called, given: _Item, node: ast.Call
    ) -> Sequence[Affine] | None:
        """Of a batch of one, with the statistics that it has learnt."""
        known = isinstance(module.attribute("running_mean"), Tensor)
        if called.training or not known or not given.has_batch:
            return None
        self.require_same_size(given.shape[0], self._size_of(module, "running_mean", node), node)
        return given.shape

    def _shape_GroupNorm(
        self, module: Object, called: Called, given: _Item, node: ast.Call
    ) -> Sequence[Affine] | None:
        return given.shape if given.has_batch else None

    def _shape_Softmax(
        self, module: Object, called: Called, given: _Item, node: ast.Call
    ) -> Sequence[Affine] | None:
        place = called.options.get("dim")
        rank = len(given.shape)
        return given.shape if isinstance(place, int) and -rank <= place < rank else None

    def _shape_Embedding(
        self, module: Object, called: Called, given: _Item, node: ast.Call
    ) -> Sequence[Affine] | None:
        if called.options.get("max_norm") is not None or called.options.get("sparse"):
            return None
        return (*given.shape, self._weight(module, node)[1])

    def _shape_Flatten(
        self, module: Object, called: Called, given: _Item, node: ast.Call
    ) -> Sequence[Affine] | None:
        start, end = called.options.get("start_dim"), called.options.get("end_dim")
        if end != -1 or start not in (0, 1) or given.has_batch != (start == 1):
            return None
        return (self._product_of(given.shape),)

    def _shape_Conv(
        self, module: Object, called: Called, given: _Item, node: ast.Call
    ) -> Sequence[Affine] | None:
        weight = self._weight(module, node)
        spatial, options = len(weight) - 2, called.options
        groups, padding = options.get("groups"), options.get("padding")
        if len(given.shape) != spatial + 1 or not isinstance(groups, int):
            return None
        if isinstance(padding, str):
            return None
        self.require_same_size(given.shape[0], weight[1] * groups, node)
        return self._slid(given.shape[1:], weight[2:], called, weight[0], node)

    def _shape_Pool(
        self, module: Object, called: Called, given: _Item, node: ast.Call
    ) -> Sequence[Affine] | None:
        spatial, options = int(called.kind[-2]), called.options
        kernel = _each(options.get("kernel_size"), spatial)
        if len(given.shape) != spatial + 1 or kernel is None or options.get("return_indices") or (
            options.get("ceil_mode")
        ):
            return None
        sizes = tuple(map(Affine.number, kernel))
        return self._slid(given.shape[1:], sizes, called, given.shape[0], node)

    def _slid(
        self,
        sizes: Sequence[Affine],
        kernel: Sequence[Affine],
        called: Called,
        channels: Affine,
        node: ast.Call,
    ) -> Sequence[Affine] | None:
        """What windows over each dimension leave of it."""
        words = [_each(called.options.get(n, d), len(sizes)) for n, d in
                 (("stride", 1), ("padding", 0), ("dilation", 1))]  # fmt: skip
        made = [channels]
        for k, size in enumerate(sizes):
            if any(w is None for w in words):
                return None
            stride, padding, dilation = (w[k] for w in words if w is not None)
            count = self._windows(size + 2 * padding, kernel[k], stride, dilation, node)
            if count is None:
                return None
            made.append(count)
        return made

    def _shape_Adaptive(
        self, module: Object, called: Called, given: _Item, node: ast.Call
    ) -> Sequence[Affine] | None:
        spatial = int(called.kind[-2])
        sizes = _each(called.options.get("output_size"), spatial)
        if len(given.shape) != spatial + 1 or sizes is None or called.options.get("return_indices"):
            return None
        return (given.shape[0], *map(Affine.number, sizes))

    def _weight(self, module: Object, node: ast.Call) -> tuple[Affine, ...]:
        found = module.attribute("weight")
        if not isinstance(found, Tensor):
            self.unsupported(node, f"{module.name}.weight is not known", "VEC921")
        return found.type.shape

    def _size_of(self, module: Object, name: str, node: ast.Call) -> Affine:
        found = module.attribute(name)
        if not isinstance(found, Tensor):
            self.unsupported(node, f"{module.name}.{name} is not known", "VEC921")
        return found.type.shape[0]

    # ------------------------------------------------------------------ recurrent layers
    def _recurrent(self, module: Object, called: Called, item: Item, node: ast.Call) -> Item | None:
        """The outputs and the last state of a sequence: ``lstm(x[i].unsqueeze(0))``."""
        options = called.options
        if (options.get("dropout") and called.training) or options.get("proj_size"):
            self._refuse_module(
                node, f"{module.name} draws random numbers, or projects its state", "VEC922"
            )
        value = self._floating_row(item, node)
        shape = self.row_shape(value, node)
        first = bool(options.get("batch_first"))
        batch = None if len(shape) == 2 else 0 if first else 1
        if len(shape) not in (2, 3) or (batch is not None and shape[batch] != _ONE):
            return None
        layers, size = options.get("num_layers"), options.get("hidden_size")
        if not isinstance(layers, int) or not isinstance(size, int):
            return None
        ways = 2 if options.get("bidirectional") else 1
        bare = value if batch is None else self.squeezed(value, [batch], 3)
        length = self.row_shape(bare, node)[0]
        self.require_same_size(
            self.row_shape(bare, node)[1], Affine.number(int(str(options["input_size"]))), node
        )
        state = self._state(module, called, value, node)
        pairs = [(bare, 2), *((p, self.rank_of(p, node)) for p in state)]
        field, back = ("{0}", "") if first else ("{0}.transpose(0, 1)", ".transpose(0, 1)")
        call = f"{module.name}({field})"
        dtype = value.type.dtype
        sizes = [length, Affine.number(size * ways)]
        outputs = self.item_row(ITEM_BATCH, f"{call}[0]{back}", pairs, sizes, dtype, node)
        ends = [f"{call}[1]"] if called.kind != "LSTM" else [f"{call}[1][0]", f"{call}[1][1]"]
        last = [Affine.number(layers * ways), Affine.number(size)]
        states = [
            self.item_row(ITEM_BATCH, f"{end}.transpose(0, 1)", pairs, last, dtype, node)
            for end in ends
        ]
        if batch is not None:
            outputs = self.unsqueezed(outputs, batch, node)
            states = [self.unsqueezed(s, 1, node) for s in states]
        state_item: Item = states[0] if len(states) == 1 else Tuple(tuple(states))
        return Tuple((outputs, state_item))

    def _floating_row(self, item: Item, node: ast.Call) -> Expression:
        value = self.operand(item, node)
        if category(value.type.dtype) != "float":
            self.unsupported(node, f"{ast.unparse(node)} takes no {value.type.dtype}", "VEC924")
        return value


_FAMILY = {
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"), "BatchNorm"),
    **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d"), "Conv"),
    **dict.fromkeys(("MaxPool1d", "MaxPool2d", "MaxPool3d"), "Pool"),
    **dict.fromkeys(("AvgPool1d", "AvgPool2d", "AvgPool3d"), "Pool"),
    **{f"Adaptive{w}Pool{n}d": "Adaptive" for w in ("Avg", "Max") for n in (1, 2, 3)},
    "LogSoftmax": "Softmax",
}  # fmt: skip
_BATCHED = frozenset({"GroupNorm"}) | frozenset(_FAMILY) - {"LogSoftmax"}


def _layers(module: Object, called: Called) -> Iterator[tuple[Object, Called]]:
    """The layers of a module, those of a `Sequential` one by one."""
    if called.kind != "Sequential":
        yield module, called
    for child in called.children:
        inner = child.called() if isinstance(child, Object) and child.called else None
        if inner is not None and isinstance(child, Object):
            yield from _layers(child, inner)


def _needs_batch(called: Called) -> bool:
    """Whether a layer takes one batch dimension in front, no more."""
    return called.kind in _BATCHED or (
        called.kind == "Flatten" and called.options.get("start_dim") == 1
    )


def _counts_from_first(called: Called) -> bool:
    place = called.options.get("dim", called.options.get("start_dim"))
    return isinstance(place, int) and place >= 0


def _each(given: object, count: int) -> list[int] | None:
    """A number for each dimension."""
    if isinstance(given, int):
        return [given] * count
    if isinstance(given, tuple) and len(given) == count and all(isinstance(g, int) for g in given):
        return list(given)
    return None


def _state_names(called: Called) -> tuple[str, ...]:
    if called.kind in _RECURRENT:
        layers, bias = called.options.get("num_layers"), called.options.get("bias")
        ways = ("", "_reverse") if called.options.get("bidirectional") else ("",)
        assert isinstance(layers, int)
        words = ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if bias else ()))
        return tuple(f"{w}_l{k}{way}" for k in range(layers) for way in ways for w in words)
    if called.kind.startswith("BatchNorm"):
        return _STATE
    has = ("Linear", "LayerNorm", "GroupNorm", *CONVOLUTIONS)
    if called.kind == "Embedding":
        return ("weight",)
    return ("weight", "bias") if called.kind in has else ()
