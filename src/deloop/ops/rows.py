"""Calls that combine the elements of a row: kind, parameters and dtype rule, a line each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RowCall:
    """One function or method on a row.

    Parameters
    ----------
    kind:
        A name in `deloop.ops.reductions`.
    parameters:
        Those behind the row, in PyTorch's order; the ones behind ``*`` are given by keyword only.
    result:
        The dtype: ``same`` as the row's, ``widened`` (int64 for integers and bool), or its name.
    floats_only:
        Whether PyTorch raises for integers and bool.
    single:
        Whether PyTorch takes one dimension only.
    needs_dim:
        Whether the dimension must be given.
    """

    kind: str
    parameters: tuple[str, ...]
    result: str = "same"
    floats_only: bool = False
    single: bool = False
    needs_dim: bool = False


def _line(kind: str, parameters: str, result: str = "same", **flags: bool) -> RowCall:
    return RowCall(kind, tuple(parameters.split()), result, **flags)


_ANY_DIM = "dim keepdim"
_CALLS: dict[str, RowCall] = {
    "sum": _line("sum", f"{_ANY_DIM} * dtype", "widened"),
    "prod": _line("prod", f"{_ANY_DIM} * dtype", "widened", single=True),
    "mean": _line("mean", f"{_ANY_DIM} * dtype", floats_only=True),
    "amax": _line("amax", _ANY_DIM),
    "amin": _line("amin", _ANY_DIM),
    "max": _line("max", _ANY_DIM, single=True),
    "min": _line("min", _ANY_DIM, single=True),
    "any": _line("any", _ANY_DIM, "bool"),
    "all": _line("all", _ANY_DIM, "bool"),
    "argmax": _line("argmax", _ANY_DIM, "int64", single=True),
    "argmin": _line("argmin", _ANY_DIM, "int64", single=True),
    "count_nonzero": _line("count_nonzero", "dim", "int64"),
    "var": _line("var", "dim unbiased keepdim * correction", floats_only=True),
    "std": _line("std", "dim unbiased keepdim * correction", floats_only=True),
    "norm": _line("norm", "p dim keepdim dtype", floats_only=True),
    "logsumexp": _line("logsumexp", _ANY_DIM, needs_dim=True),
    "softmax": _line("softmax", "dim dtype", floats_only=True, single=True, needs_dim=True),
    "log_softmax": _line("log_softmax", "dim dtype", floats_only=True, single=True, needs_dim=True),
    "cumsum": _line("cumsum", "dim * dtype", "widened", single=True, needs_dim=True),
    "cumprod": _line("cumprod", "dim * dtype", "widened", single=True, needs_dim=True),
}
_FUNCTIONAL = "torch.nn.functional."
_STACKED = "dim _stacklevel dtype"
_OTHERS: dict[str, RowCall] = {
    f"{_FUNCTIONAL}{name}": _line(name, _STACKED, floats_only=True, single=True, needs_dim=True)
    for name in ("softmax", "log_softmax", "softmin")
} | {
    f"{_FUNCTIONAL}normalize": _line("normalize", "p dim eps", floats_only=True, single=True),
    "torch.linalg.vector_norm": _line("norm", "ord dim keepdim * dtype", floats_only=True),
    "torch.linalg.norm": _line("norm", "ord dim keepdim * dtype", floats_only=True),
    "torch.special.logsumexp": _CALLS["logsumexp"],
    "torch.special.softmax": _CALLS["softmax"],
    "torch.special.log_softmax": _CALLS["log_softmax"],
}


def find_row_method(name: str) -> RowCall | None:
    """The call of a Tensor method: ``sum``."""
    return _CALLS.get(name)


def find_row_function(qualified: str) -> RowCall | None:
    """The call of a function: ``torch.sum``."""
    if qualified in _OTHERS:
        return _OTHERS[qualified]
    module, _, name = qualified.rpartition(".")
    return _CALLS.get(name) if module == "torch" else None
