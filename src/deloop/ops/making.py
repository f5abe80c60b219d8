"""Operators that make tensors or look at them differently: what is filled, what shares memory."""

from __future__ import annotations

from deloop.ops.kinds import DTypeRule, Gradient, Kind
from deloop.ops.lines import Line, line


def _creation(name: str, spelled: str, fill: str | None, *, like: bool = False) -> Line:
    return line(
        name,
        "",
        DTypeRule.WRITTEN,
        Gradient.NONE,
        spelled,
        kind=Kind.CREATION,
        exact=True,
        fill=fill,
        like=like,
    )


def _random(name: str, spelled: str, *, like: bool = False) -> Line:
    return line(
        name,
        "",
        DTypeRule.WRITTEN,
        Gradient.NONE,
        spelled,
        kind=Kind.RANDOM,
        is_pure=False,
        like=like,
    )


CREATION: tuple[Line, ...] = (
    _creation("zeros", "torch", "zero"),
    _creation("ones", "torch", "one"),
    _creation("empty", "torch", "empty"),
    _creation("full", "torch", "value"),
    _creation("zeros_like", "torch", "zero", like=True),
    _creation("ones_like", "torch", "one", like=True),
    _creation("empty_like", "torch", "empty", like=True),
    _creation("full_like", "torch", "value", like=True),
    _creation("new_zeros", "Tensor", "zero", like=True),
    _creation("new_ones", "Tensor", "one", like=True),
    _creation("new_empty", "Tensor", "empty", like=True),
    _creation("new_full", "Tensor", "value", like=True),
    _creation("new_tensor", "Tensor", None, like=True),
    _creation("empty_strided", "torch", "empty"),
    _creation("scalar_tensor", "torch", "value"),
    *(
        _creation(name, "torch", None)
        for name in (
            "tensor",
            "as_tensor",
            "arange",
            "range",
            "linspace",
            "logspace",
            "eye",
            "tril_indices",
            "triu_indices",
            "hann_window",
            "hamming_window",
            "blackman_window",
            "bartlett_window",
            "kaiser_window",
        )
    ),
)

RANDOM: tuple[Line, ...] = (
    *(_random(name, "torch") for name in ("rand", "randn", "randint", "randperm")),
    _random("normal", "torch Tensor_"),
    *(_random(name, "torch", like=True) for name in ("rand_like", "randn_like", "randint_like")),
    _random("bernoulli", "torch Tensor Tensor_"),
    _random("multinomial", "torch Tensor"),
    _random("poisson", "torch"),
    _random("binomial", "torch"),
    _random("dropout", "torch torch_ F"),
    _random("alpha_dropout", "torch torch_ F"),
    _random("feature_dropout", "torch torch_"),
    _random("feature_alpha_dropout", "torch torch_ F"),
    _random("dropout1d", "F"),
    _random("dropout2d", "F"),
    _random("dropout3d", "F"),
    _random("gumbel_softmax", "F"),
    _random("rrelu", "torch torch_ F F_"),
    *(
        _random(name, "Tensor_")
        for name in (
            "uniform",
            "random",
            "exponential",
            "cauchy",
            "geometric",
            "log_normal",
        )
    ),
)

_BOTH = "torch Tensor"


def _view(name: str, spelled: str, *, always: bool = True) -> Line:
    return line(
        name,
        "",
        DTypeRule.FIRST,
        Gradient.LINEAR,
        spelled,
        kind=Kind.VIEW,
        exact=True,
        always_view=always,
    )


VIEWS: tuple[Line, ...] = (
    *(_view(name, "Tensor") for name in ("view", "view_as", "expand", "expand_as", "unfold")),
    *(
        _view(name, _BOTH)
        for name in (
            "t",
            "transpose",
            "swapaxes",
            "swapdims",
            "permute",
            "movedim",
            "moveaxis",
            "adjoint",
            "unsqueeze",
            "squeeze",
            "unflatten",
            "unbind",
            "select",
            "narrow",
            "diagonal",
            "split",
            "chunk",
            "tensor_split",
            "hsplit",
            "vsplit",
            "dsplit",
            "unsafe_split",
            "unsafe_chunk",
            "split_with_sizes",
            "detach",
        )
    ),
    *(_view(name, "torch") for name in ("view_as_real", "view_as_complex", "as_strided")),
    *(_view(name, "torch", always=False) for name in ("atleast_1d", "atleast_2d", "atleast_3d")),
    *(_view(name, _BOTH, always=False) for name in ("reshape", "flatten", "ravel")),
    *(_view(name, _BOTH, always=False) for name in ("resolve_neg", "broadcast_to")),
    _view("broadcast_tensors", "torch"),
    *(
        _view(name, "Tensor", always=False)
        for name in ("reshape_as", "contiguous", "cpu", "cuda", "numpy")
    ),
)

VIEW_ATTRIBUTES: frozenset[str] = frozenset({"T", "mT", "H", "mH", "data", "real", "imag"})
"""Attributes of a tensor that are views of it (``real`` of a real tensor is the tensor itself)."""

JOINS: tuple[Line, ...] = tuple(
    line(name, "", DTypeRule.FIRST, Gradient.LINEAR, "torch", kind=Kind.REDUCTION, exact=True)
    for name in ("stack", "cat")
)
"""What joins rows."""

_DRAWING = (
    "rand", "bernoulli", "multinomial", "normal", "dropout", "poisson", "shuffle", "choice",
    "uniform",
)  # fmt: skip
_NOT_DRAWING = ("_loss", "pixel_shuffle", "channel_shuffle")


def draws(name: str) -> bool:
    """Whether a function or a method of such a name draws random numbers: ``torch.randn``."""
    last = name.rpartition(".")[2]
    return any(word in last for word in _DRAWING) and not last.endswith(_NOT_DRAWING)


CALLS_ON_ITEMS: tuple[Line, ...] = tuple(
    line(name, "", DTypeRule.FIRST, Gradient.SINGULAR, "", kind=Kind.REDUCTION)
    for name in ("item", "item_batch", "item_vmap")
)
"""What `deloop.ops.items` has calls of."""

LINES: tuple[Line, ...] = (*CREATION, *RANDOM, *VIEWS, *JOINS, *CALLS_ON_ITEMS)
