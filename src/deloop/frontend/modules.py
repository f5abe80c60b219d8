"""Modules called on the item of an iteration, as one call on all items.

``layer(x[i])`` is row `i` of ``layer(x)`` where the layer treats items independently: the call on
the whole tensor is an array like any other, spelled as it is written.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from deloop.dtype import category
from deloop.frontend import expression as build
from deloop.frontend.items import Item, Point, View, Whole
from deloop.frontend.selections import Chosen, left_out_of
from deloop.frontend.wholes import WholeReader
from deloop.ir.affine import Affine, equal
from deloop.ir.scalar import Expression
from deloop.ir.types import Called, Function, Literal, Object, Tensor, TensorType

POINTWISE = frozenset(
    {"ReLU", "ReLU6", "Sigmoid", "Tanh", "GELU", "SiLU", "ELU", "SELU", "CELU", "LeakyReLU", "Mish"}
    | {"Softplus", "Softsign", "Hardtanh", "Hardswish", "Hardsigmoid", "LogSigmoid"}
)
CONVOLUTIONS = {"Conv1d": 1, "Conv2d": 2, "Conv3d": 3}
_SIZES = ("kernel_size", "stride", "padding", "dilation")
RANDOM_LAYERS = frozenset({"Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"})
_Rule = Callable[[Object, Called, View, ast.Call], View]


class ModuleReader(WholeReader):
    """A reader of calls of modules."""

    def module_call(self, module: Object, node: ast.Call) -> Item:
        """What a module gives for the item of an iteration."""
        called = module.called() if module.called is not None else None
        if called is None or called.reason:
            reason = called.reason if called is not None else "is not known"
            self.unsupported(node, f"what {ast.unparse(node.func)} does {reason}", "VEC921")
        if not called.is_library:
            forward = module.attribute("forward")
            if isinstance(forward, Function):
                return self._call(forward, node)
            self.unsupported(node, f"what {ast.unparse(node.func)} does is not known", "VEC921")
        if len(node.args) != 1 or node.keywords:
            self.unsupported(node, f"{ast.unparse(node)} takes more than one tensor", "VEC921")
        item = self.evaluate(node.args[0])
        alone = self.without_first(item, node) if isinstance(item, build.NODES) else None
        masked = self.chosen_in(item, node) if isinstance(item, build.NODES) else None
        if masked is not None:
            return self._chosen_rows(module, called, masked, node)
        view = self._whole_of(item if alone is None else alone, node)
        self._check_unused(view, node)
        result = self._applied(module, called, view, node)
        return result if alone is None else self.unsqueezed(self.load(result, node), 0, node)

    def _chosen_rows(
        self, module: Object, called: Called, masked: Chosen, node: ast.Call
    ) -> Expression:
        """A layer on those rows of a matrix that a mask chooses: ``fc(x[i, :n])``."""
        view = self._whole_of(masked.row, node)
        self._check_unused(view, node, is_masked=True)
        result = self._applied(module, called, view, node)
        on_last = called.kind in ("Linear", "LayerNorm", "Sequential") or called.kind in POINTWISE
        if not on_last or result.rank != view.rank or "_d1" in masked.dimensions:
            self._refuse_choice(node)
        row = self.load(result, node)
        return left_out_of(masked.mask, row)

    def _call(self, callee: Function, node: ast.Call) -> Item:
        raise NotImplementedError

    def _refuse_module(self, node: ast.AST, reason: str, code: str = "VEC921") -> NoReturn:
        self.unliftable(node, f"loop kept: {reason}", code)

    # ------------------------------------------------------------------ what is called
    def _applied(self, module: Object, called: Called, view: View, node: ast.Call) -> View:
        """The part of ``module(x)`` that belongs to a part of ``x``."""
        kind = called.kind
        if kind in RANDOM_LAYERS and called.training:
            sentence = f"{module.name} is a {kind} in training mode, which draws random numbers"
            self._refuse_module(node, sentence, "VEC922")
        if kind.startswith(("BatchNorm", "SyncBatchNorm", "InstanceNorm")):
            sentence = f"{module.name} is a {kind}, which mixes the items of a batch"
            self._refuse_module(node, sentence)
        if kind == "Sequential":
            result = view
            for child in called.children:
                assert isinstance(child, Object) and child.called is not None
                inner = child.called()
                if inner.reason or not inner.is_library:
                    self._refuse_module(node, f"{child.name} {inner.reason or 'is no layer'}")
                result = self._applied(child, inner, result, node)
            return self._renamed(result, module, view)
        if kind in RANDOM_LAYERS or kind == "Identity":
            return view  # the very tensor that it was given
        rule: _Rule | None = getattr(self, f"_{kind}", None)
        if kind in POINTWISE:
            rule = self._pointwise
        elif kind in CONVOLUTIONS:
            rule = self._convolved
        if rule is None:
            self.unsupported(
                node, f"whether {module.name}, a {kind}, treats items alike is not known", "VEC921"
            )
        return rule(module, called, view, node)

    def _renamed(self, result: View, module: Object, view: View) -> View:
        if result.tensor == view.tensor:
            return result
        if "unflatten" in result.tensor.name and "unflatten" not in view.tensor.name:
            return result
        name = f"{module.name}({view.tensor.name})"
        return replace(result, tensor=replace(result.tensor, name=name, storage=f"made:{name}"))

    def _result(
        self,
        module: Object,
        view: View,
        shape: tuple[Affine, ...],
        dimensions: tuple[Point | Whole, ...],
        parameters: tuple[Tensor, ...],
        dtype: str = "",
    ) -> View:
        old = view.tensor
        own = [p.type.requires_grad for p in parameters]
        grad = any(own) or (old.type.requires_grad and not dtype)
        kind = TensorType(dtype or old.type.dtype, shape, old.type.device, grad, False)
        sources = frozenset(s for t in (old, *parameters) for s in self._sources(t))
        return View(self._new(f"{module.name}({old.name})", kind, sources), dimensions)

    def _parameter(self, module: Object, name: str, view: View, node: ast.Call) -> Tensor | None:
        """A parameter of a layer; None where it has none of that name."""
        found = module.attribute(name)
        if isinstance(found, Literal) and found.value is None:
            return None
        if not isinstance(found, Tensor):
            self.unsupported(node, f"{module.name}.{name} is not known", "VEC921")
        if found.type.device != view.tensor.type.device:
            self.unsupported(node, f"{ast.unparse(node)} meets another device", "VEC911")
        return found

    def _parameters(
        self, module: Object, view: View, node: ast.Call, same_dtype: bool = True
    ) -> tuple[Tensor, ...]:
        names = ("weight",) if not same_dtype else ("weight", "bias")
        found = [self._parameter(module, name, view, node) for name in names]
        given = tuple(p for p in found if p is not None)
        if same_dtype and any(p.type.dtype != view.tensor.type.dtype for p in given):
            self.unsupported(
                node, f"{ast.unparse(node)} raises: its weights have another dtype", "VEC911"
            )
        return given

    def _check_last(self, view: View, count: int, node: ast.Call) -> None:
        """The last dimensions are what a layer works on: they must be there whole."""
        last = view.dimensions[len(view.dimensions) - count :]
        sizes = view.tensor.type.shape[len(view.dimensions) - count :]
        whole_ones = all(
            isinstance(d, Whole) and d.cut == (Affine(), size, 1)
            for d, size in zip(last, sizes, strict=False)
        )
        if len(last) < count or not whole_ones:
            self.unsupported(
                node, f"{ast.unparse(node)} takes a part of the dimension it works on", "VEC921"
            )

    # ------------------------------------------------------------------ layers
    def _pointwise(self, module: Object, called: Called, view: View, node: ast.Call) -> View:
        if called.options.get("inplace") and not view.tensor.made_of:
            self._refuse_module(node, f"{module.name} changes {view.tensor.name} in place")
        if category(view.tensor.type.dtype) != "float":
            self._refuse_argument(node)
        return self._result(module, view, view.tensor.type.shape, view.dimensions, ())

    def _Linear(self, module: Object, called: Called, view: View, node: ast.Call) -> View:
        parameters = self._parameters(module, view, node)
        self._check_last(view, 1, node)
        weight = parameters[0].type.shape
        *before, size = view.tensor.type.shape
        self.require(equal(size, weight[1]), node, f"{ast.unparse(node)} fits")
        dimensions = (*view.dimensions[:-1], Whole(Affine(), weight[0]))
        return self._result(module, view, (*before, weight[0]), dimensions, parameters)

    def _LayerNorm(self, module: Object, called: Called, view: View, node: ast.Call) -> View:
        shape = called.options["normalized_shape"]
        assert isinstance(shape, tuple)
        self._check_last(view, len(shape), node)
        sizes = view.tensor.type.shape
        for size, wanted in zip(sizes[len(sizes) - len(shape) :], shape, strict=True):
            self.require(equal(size, wanted), node, f"{ast.unparse(node)} fits")
        parameters = self._parameters(module, view, node)
        return self._result(module, view, sizes, view.dimensions, parameters)

    def _softmax_of(self, module: Object, called: Called, view: View, node: ast.Call) -> View:
        place = called.options["dim"]
        if not isinstance(place, int) or place >= 0:
            self.unsupported(
                node, f"{module.name} works along another dimension of a batch", "VEC921"
            )
        self._check_last(view, -place, node)
        return self._result(module, view, view.tensor.type.shape, view.dimensions, ())

    _Softmax = _LogSoftmax = _softmax_of

    def _Embedding(self, module: Object, called: Called, view: View, node: ast.Call) -> View:
        """One more dimension; each index is looked at, so that the loop must look at all."""
        if view.tensor.type.dtype not in ("int64", "int32"):
            self._refuse_argument(node)
        if called.options["max_norm"] is not None or called.options["sparse"]:
            self._refuse_module(node, f"{module.name} changes its own weight, or is sparse")
        for dimension, size in zip(view.dimensions, view.tensor.type.shape, strict=True):
            self._require_all(dimension, size, node)
        parameters = self._parameters(module, view, node, same_dtype=False)
        size = parameters[0].type.shape[1]
        shape = (*view.tensor.type.shape, size)
        dimensions = (*view.dimensions, Whole(Affine(), size))
        dtype = parameters[0].type.dtype
        return self._result(module, view, shape, dimensions, parameters, dtype)

    def _require_all(self, dimension: Point | Whole, size: Affine, node: ast.Call) -> None:
        """Ask that a part, over all iterations, is all of a dimension."""
        if self.guards or self.choices:
            self._refuse_argument(node)  # it may raise for what the loop passes over
        if isinstance(dimension, Whole):
            if dimension.cut != (Affine(), size, 1):
                self._refuse_argument(node)
            return
        place = dimension.subscript
        found = self.range_of(place) if isinstance(place, Affine) else None
        if found is None or found[0] != Affine():
            self._refuse_argument(node)
        self.require(equal(found[1], size), node, f"{ast.unparse(node)} looks at all of it")

    def _convolved(self, module: Object, called: Called, view: View, node: ast.Call) -> View:
        """A batch of images; two batch dimensions are one for as long as the layer takes it."""
        count = CONVOLUTIONS[called.kind]
        options = called.options
        parameters = self._parameters(module, view, node)
        if not isinstance(options["padding"], tuple):
            self._refuse_argument(node)
        self._check_last(view, count + 1, node)
        points = [isinstance(d, Point) for d in view.dimensions]
        own, batch = len(points) - sum(points), len(points) - count - 1
        if own not in (count + 1, count + 2) or batch > 2 or (batch == 2 and own == count + 1):
            self._refuse_argument(node)
        before, sizes = view.tensor.type.shape[:batch], view.tensor.type.shape[batch + 1 :]
        for dimension, extent in zip(view.dimensions[:batch], before, strict=True):
            if isinstance(dimension, Whole) and dimension.extent != extent:
                self._refuse_argument(node)
        channels = view.tensor.type.shape[batch]
        weight, groups = parameters[0].type.shape, options["groups"]
        assert isinstance(groups, int)
        self.require(equal(channels, weight[1] * groups), node, f"{ast.unparse(node)} fits")
        inner = [weight[0]]
        for place, size in enumerate(sizes):
            numbers = [options[n][place] for n in _SIZES]  # type: ignore[index]
            inner.append(out_size(size, *numbers))
        wholes = tuple(Whole(Affine(), size) for size in inner)
        dimensions = (*view.dimensions[:batch], *wholes)
        result = self._result(module, view, (*before, *inner), dimensions, parameters)
        if batch < 2:
            return result
        name = view.tensor.name
        text = f"{module.name}({name}.flatten(0, 1)).unflatten(0, {name}.shape[:2])"
        made = replace(result.tensor, name=text, storage=f"made:{text}")
        return replace(result, tensor=made)


def out_size(size: Affine, kernel: int, stride: int, padding: int, dilation: int) -> Affine:
    """How long a dimension is behind a convolution."""
    span = size + (2 * padding - dilation * (kernel - 1) - 1)
    return span + 1 if stride == 1 else Affine.symbol(f"({span}) // {stride}") + 1
