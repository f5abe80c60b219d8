"""What PyTorch's own layers make of a tensor, where they are called in front of a loop.

    q = self.q(x)          q: x's sizes, the last one self.q.weight.shape[0], memory of its own

Such a layer binds no attribute, so that what is known of `self` stays known.
"""

from __future__ import annotations

from collections.abc import Mapping

from deloop.analysis.operands import ONE, Made, Size
from deloop.frontend.items import Item
from deloop.frontend.modules import CONVOLUTIONS, POINTWISE, RANDOM_LAYERS, out_size
from deloop.ir.affine import Affine
from deloop.ir.types import Called, Object, Tensor

_SAME_SIZES = frozenset({"LayerNorm", "GroupNorm", "RMSNorm", "Softmax", "LogSoftmax"})
_RECURRENT = frozenset({"RNN", "LSTM", "GRU"})
_POOLS = ("Max", "Avg", "AdaptiveMax", "AdaptiveAvg")
_QUIET = frozenset(
    {"Linear", "Embedding", "Identity", "Flatten", "Sequential"}
    | {f"{kind}Pool{n}d" for kind in _POOLS for n in (1, 2, 3)}
    | POINTWISE | CONVOLUTIONS.keys() | RANDOM_LAYERS | _SAME_SIZES | _RECURRENT
)  # fmt: skip
_NORMALIZING = frozenset({"BatchNorm1d", "BatchNorm2d", "BatchNorm3d"})


def layer_of(item: Item) -> Called | None:
    """What calling an object does, if it is a layer of PyTorch that changes nothing but its result.

    No layer that changes its argument or its own weights is one.
    """
    if not isinstance(item, Object) or item.called is None:
        return None
    called = item.called()
    if called.reason or not called.is_library:
        return None
    is_quiet = called.kind in _QUIET or (called.kind in _NORMALIZING and not called.training)
    changes = called.options.get("inplace") or called.options.get("max_norm") is not None
    if not is_quiet or changes:
        return None
    return called if all(layer_of(child) is not None for child in called.children) else None


def made_by_layer(layer: Item, given: Made | None) -> Made | None:
    """The tensor that a layer makes of another one; None where that is not known."""
    called = layer_of(layer)
    if called is None or given is None or not isinstance(layer, Object):
        return None
    kind = called.kind
    if kind == "Sequential":
        made: Made | None = given
        for child in called.children:
            made = made_by_layer(child, made)
        return made
    if kind == "Identity" or (kind in RANDOM_LAYERS and not called.training):
        return given  # the very tensor
    weights = [layer.attribute(name) for name in ("weight", "bias")]
    tensors = [w for w in weights if isinstance(w, Tensor)]
    sizes = _sizes(kind, given, tensors, called.options)
    if sizes is None:
        return None
    dtype = tensors[0].type.dtype if kind == "Embedding" else given.dtype
    made = given.new(sizes, dtype)
    grad = made.requires_grad or any(w.type.requires_grad for w in tensors)
    return Made(dtype, sizes, given.device, grad)


def _sizes(
    kind: str, given: Made, weights: list[Tensor], options: Mapping[str, object]
) -> tuple[Size, ...] | None:
    if kind in POINTWISE | RANDOM_LAYERS | _SAME_SIZES | _NORMALIZING:
        return given.sizes
    if not weights or not weights[0].type.shape:
        return None
    shape = weights[0].type.shape
    if kind == "Linear" and given.rank:
        return (*given.sizes[:-1], ONE if options.get("out_features") == 1 else shape[0])
    if kind == "Embedding":
        return (*given.sizes, shape[1])
    if kind in CONVOLUTIONS and given.rank == CONVOLUTIONS[kind] + 2:
        slid = [_slid(s, k, options) for k, s in enumerate(given.sizes[2:])]
        return (given.sizes[0], shape[0], *slid)
    return None


def _slid(size: Size, place: int, options: Mapping[str, object]) -> Size:
    """How long a dimension is behind a convolution; None where it is not told by numbers."""
    numbers: list[int] = []
    for name in ("kernel_size", "stride", "padding", "dilation"):
        given = options.get(name)
        number = given[place] if isinstance(given, tuple) else None
        if size is None or not isinstance(number, int):
            return None
        numbers.append(number)
    return None if size is None else out_size(size, *numbers)


def made_by_recurrent(layer: Item, given: Made | None) -> tuple[Made, Made] | None:
    """What an LSTM, a GRU or an RNN makes of a batch: each step's output, and the last state."""
    called = layer_of(layer)
    if called is None or called.kind not in _RECURRENT or not isinstance(layer, Object):
        return None
    weight, options = layer.attribute("weight_ih_l0"), called.options
    if given is None or given.rank != 3 or not isinstance(weight, Tensor) or options["proj_size"]:
        return None
    hidden, layers = options["hidden_size"], options["num_layers"]
    assert isinstance(hidden, int) and isinstance(layers, int)
    ways = 2 if options["bidirectional"] else 1
    batch = given.sizes[0 if options["batch_first"] else 1]
    grad = given.requires_grad or weight.type.requires_grad
    steps = (*given.sizes[:2], Affine.number(hidden * ways))
    state = (Affine.number(layers * ways), batch, Affine.number(hidden))
    made = Made(given.dtype, steps, given.device, grad)
    return made, Made(given.dtype, state, given.device, grad)
