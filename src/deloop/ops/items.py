"""Calls that PyTorch takes for a batch of items: what they take and give, a line each.

A signature names the dimensions that a call combines, last ones of each operand: whatever stands in
front of them is a batch. ``n n, n k -> n k`` is a matrix solved for several right hand sides. An
operand in parentheses goes without batch dimensions where it has none of its own, one in brackets
must have none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Signature:
    """The dimensions of operands and of what a call gives, by name; a digit is a size."""

    operands: tuple[tuple[str, ...], ...]
    results: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]
    """How each operand meets the batch: ``free``, ``fixed``, or empty where it is expanded."""


@dataclass(frozen=True)
class ItemCall:
    """One function of items.

    Parameters
    ----------
    operands, options:
        The names of its tensors, and of what must be constants, in PyTorch's order.
    signatures:
        What it takes; the first one that fits the ranks of the operands.
    dtype:
        ``same`` as the first operand's, or its name.
    parts:
        The attributes of what it gives, where that is a tuple.
    may_raise:
        Whether an item's values can raise.
    is_mapped:
        Whether PyTorch takes no batch, so that `torch.vmap` maps it.
    always:
        What the call on a batch says besides.
    is_loss:
        Whether the values of a batch are combined as its ``reduction`` says.
    """

    operands: tuple[str, ...]
    options: tuple[str, ...]
    signatures: tuple[Signature, ...]
    dtype: str = "same"
    parts: tuple[str, ...] = ()
    may_raise: bool = False
    is_mapped: bool = False
    always: str = ""
    is_loss: bool = False


def _signature(text: str) -> Signature:
    given, made = text.split("->")
    parts = given.split(",")
    operands = tuple(tuple(re.sub(r"[()\[\]]", "", p).split()) for p in parts)
    results = tuple(tuple(p.split()) for p in made.split(","))
    words = tuple("free" if "(" in p else "fixed" if "[" in p else "" for p in parts)
    return Signature(operands, results, words)


def _line(
    operands: str, signatures: str, options: str = "", *, dtype: str = "same", parts: str = "",
    may_raise: bool = False, is_mapped: bool = False, always: str = "", is_loss: bool = False,
) -> ItemCall:  # fmt: skip
    return ItemCall(
        tuple(operands.split()), tuple(options.split()),
        tuple(_signature(s) for s in signatures.split("|")), dtype, tuple(parts.split()),
        may_raise, is_mapped, always, is_loss,
    )  # fmt: skip


_SQUARE, _SCALAR = "n n -> n n", "n n ->"
_INVERSE = _line("A", _SQUARE, may_raise=True)
_DETERMINANT = _line("A", _SCALAR, may_raise=True)
_SLOGDET = _line("A", "n n -> ,", parts="sign logabsdet", may_raise=True)
_CROSS = _line("input other", "3, 3 -> 3")
_CALLS = {
    "inverse": _INVERSE,
    "linalg.inv": _INVERSE,
    "linalg.pinv": _line("A", "m n -> n m", may_raise=True),
    "pinverse": _line("A", "m n -> n m", may_raise=True),
    "matrix_exp": _line("A", _SQUARE, may_raise=True),
    "linalg.matrix_exp": _line("A", _SQUARE, may_raise=True),
    "linalg.cholesky": _line("A", _SQUARE, may_raise=True),
    "linalg.matrix_power": _line("A", _SQUARE, "n", may_raise=True),
    "matrix_power": _line("A", _SQUARE, "n", may_raise=True),
    "linalg.matrix_rank": _line("A", "m n ->", dtype="int64", may_raise=True),
    "det": _DETERMINANT,
    "logdet": _DETERMINANT,
    "linalg.det": _DETERMINANT,
    "slogdet": _SLOGDET,
    "linalg.slogdet": _SLOGDET,
    "linalg.eigvalsh": _line("A", "n n -> n", may_raise=True),
    "linalg.eigh": _line(
        "A", "n n -> n, n n", parts="eigenvalues eigenvectors", may_raise=True
    ),
    "linalg.svdvals": _line("A", "m n -> m&n", may_raise=True),
    "linalg.svd": _line(
        "A", "m n -> m m, m&n, n n", parts="U S Vh", may_raise=True
    ),
    "linalg.qr": _line(
        "A", "m n -> m m&n, m&n n", parts="Q R", may_raise=True
    ),
    "linalg.cond": _line("A", "m n ->", "p", may_raise=True),
    "linalg.matrix_norm": _line("A", "m n ->", "ord", may_raise=True),
    "linalg.solve": _line("A B", "n n, n -> n | n n, n k -> n k", may_raise=True),
    "linalg.solve_triangular": _line("A B", "n n, n k -> n k", "upper left unitriangular"),
    "cholesky_solve": _line("B L", "n k, n n -> n k", "upper"),
    "linalg.cross": _CROSS,
    "cdist": _line("x1 x2", "(p d), (q d) -> p q", "p compute_mode"),
    "nn.functional.pairwise_distance": _line("x1 x2", "(d), (d) ->", "p eps"),
    "nn.functional.scaled_dot_product_attention": _line(
        "query key value", "(l d), (s d), (s e) -> l e", "attn_mask dropout_p is_causal scale"
    ),
    "nn.functional.triplet_margin_loss": _line(
        "anchor positive negative", "d, d, d ->", "margin p eps swap", is_loss=True
    ),
    "tril": _line("input", "m n -> m n", "diagonal"),
    "triu": _line("input", "m n -> m n", "diagonal"),
    "kron": _line("input other", "m, n -> m*n | p q, r s -> p*r q*s", is_mapped=True),
    "cov": _line("input", "m n -> m m", "correction", is_mapped=True),
    "corrcoef": _line("input", "m n -> m m", is_mapped=True),
    "block_diag": _line("input other", "p q, r s -> p+r q+s", is_mapped=True),
    "trapezoid": _line("y x", "(n), (n) -> | (n) ->", "dx"),
    "trapz": _line("y x", "(n), (n) -> | (n) ->", "dx"),
    "searchsorted": _line(
        "sorted_sequence input", "(n), m -> m | [n], -> ", "out_int32 right", dtype="int64"
    ),
    "bucketize": _line("input boundaries", ", [n] -> ", "out_int32 right", dtype="int64"),
    "rot90": _line(
        "input", "m n -> n m", "k", always="dims=({-2:dim}, {-1:dim})"
    ),
}
"""By their names in ``torch``."""

_METHODS = frozenset({
    "inverse", "matrix_exp", "det", "logdet", "slogdet", "tril", "triu", "pinverse",
    "matrix_power", "cov", "corrcoef",
})  # fmt: skip

ALONG: dict[str, tuple[str, str]] = {
    "sort": ("dim descending stable", "same"),
    "argsort": ("dim descending stable", "same"),
    "topk": ("k dim largest sorted", "k"),
    "kthvalue": ("k dim keepdim", "drop"),
    "median": ("dim keepdim", "drop"),
    "nanmedian": ("dim keepdim", "drop"),
    "mode": ("dim keepdim", "drop"),
    "cummax": ("dim", "same"),
    "cummin": ("dim", "same"),
    "logcumsumexp": ("dim", "same"),
    "quantile": ("q dim keepdim * interpolation", "drop"),
    "nanquantile": ("q dim keepdim * interpolation", "drop"),
    "nansum": ("dim keepdim", "drop"),
    "nanmean": ("dim keepdim", "drop"),
    "diff": ("n dim", "less"),
}
"""Calls along one dimension: what they take behind the row, and what becomes of its size."""

PAIRS = frozenset({"sort", "topk", "kthvalue", "median", "nanmedian", "mode", "cummax", "cummin"})
"""Those of them that give values and indices."""


def find_item_call(name: str, is_method: bool) -> ItemCall | None:
    """The call of a function, by its name in ``torch``, or of a method."""
    return None if is_method and name not in _METHODS else _CALLS.get(name)
