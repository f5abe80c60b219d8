"""Losses of the items of a loop: ``F.cross_entropy(logits[i], y[i])`` is one of a batch's losses.

``F.cross_entropy(logits, y, reduction="none")`` holds the losses of all items; those that compare
element by element are taken to their mean in each item, as anywhere else.
"""

from __future__ import annotations

import ast

from deloop.dtype import category
from deloop.frontend import expression as build
from deloop.frontend.batched import BatchedReader
from deloop.frontend.items import Item, Point, View
from deloop.ir.types import Called, Literal, Object, TensorType

_FUNCTIONAL = "torch.nn.functional"
_ELEMENTWISE = frozenset(
    {"binary_cross_entropy_with_logits", "binary_cross_entropy", "smooth_l1_loss", "huber_loss"}
    | {"soft_margin_loss"}
)
_MODULES = {
    "MSELoss": "mse_loss", "L1Loss": "l1_loss", "CrossEntropyLoss": "cross_entropy",
    "BCELoss": "binary_cross_entropy", "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "SmoothL1Loss": "smooth_l1_loss", "HuberLoss": "huber_loss",
}  # fmt: skip
_PLAIN = {"weight": None, "pos_weight": None, "label_smoothing": 0.0, "ignore_index": -100,
          "beta": 1.0, "delta": 1.0}  # fmt: skip

_WEIGHTS = {"CrossEntropyLoss": ("weight",), "BCELoss": ("weight",),
            "BCEWithLogitsLoss": ("weight", "pos_weight")}  # fmt: skip


class LossReader(BatchedReader):
    """A reader of losses."""

    def module_call(self, module: Object, node: ast.Call) -> Item:
        """As every reader's; a loss's module is the function of its name."""
        called = module.called() if module.called is not None else None
        word = _MODULES.get(called.kind) if called is not None and called.is_library else None
        if called is None or called.reason or word is None:
            return super().module_call(module, node)
        self._check_plain(module, called, node)
        if word in ("mse_loss", "l1_loss"):
            how = ast.keyword("reduction", ast.Constant(str(called.options["reduction"])))
            plain = ast.copy_location(ast.Call(node.func, node.args, [how]), node)
            return self._loss(plain, power=word == "mse_loss")
        return self._batch_loss(word, node, f"{_FUNCTIONAL}.{word}", called.options["reduction"])

    def _check_plain(self, module: Object, called: Called, node: ast.Call) -> None:
        """Refuse weights and other refinements of a loss."""
        for name, usual in _PLAIN.items():
            if called.options.get(name, usual) != usual:
                self._refuse_module(node, f"{module.name} has a {name}")
        own = _WEIGHTS.get(called.kind, ())
        weights = [module.attribute(name) for name in own]
        if len(node.args) != 2 or node.keywords or any(w != Literal(None) for w in weights):
            self._refuse_module(node, f"{module.name} weighs its elements")

    def batched_function(self, qualified: str, node: ast.Call, spelling: str) -> Item | None:
        """As every reader's, losses too."""
        module, _, word = qualified.rpartition(".")
        if module == _FUNCTIONAL and (word in _ELEMENTWISE or word == "cross_entropy"):
            names = {k.arg: k.value for k in node.keywords}
            how = names.pop("reduction", None)
            chosen = self.evaluate(how) if how is not None else Literal("mean")
            if len(node.args) == 2 and not names and isinstance(chosen, Literal):
                return self._batch_loss(word, node, spelling, chosen.value)
            return None
        return super().batched_function(qualified, node, spelling)

    def _batch_loss(self, word: str, node: ast.Call, spelling: str, how: object) -> Item:
        first, second = (self._item_of(self.evaluate(a), node) for a in node.args)
        if how not in ("mean", "sum", "none") or category(first.tensor.type.dtype) != "float":
            self._refuse_argument(node)
        kind = first.tensor.type
        devices = {kind.device, second.tensor.type.device}
        if word == "cross_entropy":
            if first.rank != 1 or second.rank != 0 or second.tensor.type.dtype != "int64":
                self._refuse_argument(node)
            self._check_last(first, 1, node)
            shape, dimensions = kind.shape[:-1], first.dimensions[:-1]
            target = self.load(second, node)
            inside = build.compare("GtE", target, build.number(0), self.place(node))
            self.require_data(inside, self.place(node), f"{ast.unparse(node)} ignores nothing")
            for dimension, size in zip(dimensions, shape, strict=True):
                self._require_all(dimension, size, node)
        else:
            if second.tensor.type.dtype != kind.dtype or first.rank != second.rank:
                self._refuse_argument(node)
            shape, dimensions = kind.shape, first.dimensions
            self._same_shape(self.load(first, node), self.load(second, node), node)
        points = [[d for d in v.dimensions if isinstance(d, Point)] for v in (first, second)]
        leads = len(first.dimensions) - first.rank
        alike = points[0] == points[1] and leads == len(points[0]) and len(devices) == 1
        if not alike or second.dimensions[:leads] != first.dimensions[:leads]:
            self._refuse_argument(node)
        for mine, theirs in zip(shape[:leads], second.tensor.type.shape, strict=False):
            self.require_same_size(mine, theirs, node)
        grad = kind.requires_grad or second.tensor.type.requires_grad
        text = f"{spelling}({first.tensor.name}, {second.tensor.name}, reduction='none')"
        sources = self._sources(first.tensor) | self._sources(second.tensor)
        made = TensorType(kind.dtype, shape, kind.device, grad, False)
        losses = View(self._new(text, made, sources), dimensions)
        if how == "none" or not losses.rank:
            return losses
        value = self.load(losses, node)
        return self.reduced(str(how), value, node, None, False, value.type)

    def _item_of(self, item: Item, node: ast.Call) -> View:
        """An item without a first dimension of size 1: ``x[i].unsqueeze(0)`` is a batch of one."""
        if isinstance(item, build.NODES):
            stripped = self.without_first(item, node)
            item = item if stripped is None else stripped
        return self._whole_of(item, node)

