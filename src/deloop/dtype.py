"""Element types as plain strings, and PyTorch's type promotion over them.

The rules are those of ``torch.result_type`` and ``torch.can_cast``; nothing here imports torch, so
that a file can be checked where PyTorch is not installed. The tests compare every answer with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

CATEGORIES: tuple[str, ...] = ("bool", "int", "float", "complex")
"""The categories of type promotion, lowest first."""

DTYPES: tuple[str, ...] = (
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
)
"""The dtypes that the compiler reads. ``complex32`` exists only as a result of promotion."""

NUMBER_DTYPES: tuple[str, ...] = ("bool", "int64", "float64", "complex128")
"""What a Python ``bool``, ``int``, ``float`` and ``complex`` are as an operand of rank `NUMBER`."""

_SIGNED_WIDTH = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
_INTEGERS = {"uint8": 8, **_SIGNED_WIDTH}
_FLOATS = ("float16", "bfloat16", "float32", "float64")
_COMPLEX_OF = {
    "float16": "complex32",
    "bfloat16": "complex64",
    "float32": "complex64",
    "float64": "complex128",
}
_REAL_OF = {"complex32": "float16", "complex64": "float32", "complex128": "float64"}


def size_of(dtype: str) -> int:
    """How many bytes an element takes: ``"float32" -> 4``."""
    bits = "".join(c for c in dtype if c.isdigit())
    return int(bits) // 8 if bits else 1


class Rank(IntEnum):
    """What an operand is to type promotion; a higher rank decides within a category.

    ``NUMBER`` is a Python number, ``SCALAR`` a tensor without dimensions, ``TENSOR`` one with.
    """

    NUMBER = 0
    SCALAR = 1
    TENSOR = 2


def category(dtype: str) -> str:
    """The category of a dtype: ``"uint8" -> "int"``. Raises `ValueError` for an unknown dtype."""
    if dtype == "bool":
        return "bool"
    if dtype in _INTEGERS:
        return "int"
    if dtype in _FLOATS:
        return "float"
    if dtype in _REAL_OF:
        return "complex"
    raise ValueError(f"unknown dtype {dtype!r}")


def is_floating(dtype: str) -> bool:
    """Whether the dtype is a real floating-point one: ``"bfloat16" -> True``."""
    return category(dtype) == "float"


def real_dtype(dtype: str) -> str:
    """The dtype of the real part: ``"complex64" -> "float32"``; any other dtype is its own."""
    return _REAL_OF.get(dtype, dtype)


def complex_dtype(dtype: str) -> str:
    """The complex dtype over a floating one, itself if complex: ``"float64" -> "complex128"``."""
    return _COMPLEX_OF.get(dtype, dtype)


def promote_tensors(a: str, b: str) -> str:
    """The least dtype that both convert to, rank aside: ``"uint8", "int8" -> "int16"``.

    The lattice of ``torch.promote_types``. Raises `ValueError` for an unknown dtype.
    """
    low, high = sorted((a, b), key=lambda dtype: CATEGORIES.index(category(dtype)))
    if low == high or category(low) == "bool":
        return high
    if category(high) == "int":
        return _promote_integers(low, high)
    if category(low) == "int":
        return high
    real = _promote_floats(real_dtype(low), real_dtype(high))
    return complex_dtype(real) if category(high) == "complex" else real


def _promote_integers(a: str, b: str) -> str:
    if "uint8" not in (a, b):
        return max(a, b, key=_INTEGERS.__getitem__)
    signed = b if a == "uint8" else a
    return "int16" if signed == "int8" else signed


def _promote_floats(a: str, b: str) -> str:
    if {a, b} == {"float16", "bfloat16"}:
        return "float32"
    return max(a, b, key=_FLOATS.index)


def promote(operands: Sequence[tuple[str, Rank]], default_float: str = "float32") -> str:
    """The dtype of an operation on operands, as ``torch.result_type`` gives it.

    Within a category tensors with dimensions decide, then 0-d tensors, then Python numbers; a lower
    rank counts only where its category is higher, and then a Python float or complex stands for the
    default dtype: ``[("int64", TENSOR), ("float64", NUMBER)] -> "float32"``.

    Parameters
    ----------
    operands:
        Pairs of dtype and rank, at least one. A Python number's dtype is one of `NUMBER_DTYPES`.
    default_float:
        What ``torch.get_default_dtype()`` is when the program runs.

    Raises `ValueError` for no operand or an unknown dtype.
    """
    if not operands:
        raise ValueError("promotion needs at least one operand")
    by_rank: dict[Rank, str] = {}
    for dtype, rank in operands:
        current = _default_of(dtype, default_float) if rank is Rank.NUMBER else dtype
        category(current)
        known = by_rank.get(rank)
        by_rank[rank] = current if known is None else promote_tensors(known, current)
    result = by_rank.get(Rank.NUMBER)
    for rank in (Rank.SCALAR, Rank.TENSOR):
        if rank in by_rank:
            result = by_rank[rank] if result is None else _outrank(by_rank[rank], result)
    assert result is not None
    return result


def _default_of(dtype: str, default_float: str) -> str:
    """The tensor dtype that a Python number stands for: ``"float64" -> default_float``."""
    kind = category(dtype)
    if kind == "complex":
        return complex_dtype(default_float)
    return default_float if kind == "float" else dtype


def _outrank(higher: str, lower: str) -> str:
    """The dtype of a higher rank combined with one of a lower rank."""
    if category(higher) == "complex":
        return higher
    if category(higher) == "float":
        return complex_dtype(higher) if category(lower) == "complex" else higher
    if higher == "bool" or category(lower) in ("float", "complex"):
        return promote_tensors(higher, lower)
    return higher


def can_cast(source: str, target: str) -> bool:
    """Whether an in-place operation may store `source` into `target`, as ``torch.can_cast``.

    A category may not get lower: ``"float32", "int64" -> False`` (``+=`` raises there), while a
    narrower dtype of the same category is fine. Plain assignment ``x[i] = v`` casts regardless.
    """
    return CATEGORIES.index(category(source)) <= CATEGORIES.index(category(target))


_NORMAL = {
    "float16": (2.0**-14, 65504.0),
    "bfloat16": (2.0**-126, (2 - 2.0**-7) * 2.0**127),
    "float32": (2.0**-126, (2 - 2.0**-23) * 2.0**127),
    "float64": (2.0**-1022, (2 - 2.0**-52) * 2.0**1023),
}


RANGES: dict[str, tuple[float, float]] = {
    "uint8": (0, 255), "int8": (-128, 127), "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1),
    "float16": (-65504, 65504), "bfloat16": (-3.38e38, 3.38e38),
    "float32": (-3.4e38, 3.4e38), "float64": (-1.79e308, 1.79e308),
}  # fmt: skip
"""What a Python number may be to be stored into a tensor; beyond, the store raises."""


def is_normal(value: int | float, dtype: str) -> bool:
    """Whether a number is an ordinary one in a dtype: ``1e-9, "float16" -> False``, being 0 there.

    Floating dtypes hold it other than as zero, a denormal, an infinity or NaN; integers hold it as
    it is. False for bool and complex.
    """
    if dtype in _INTEGERS:
        bits = _INTEGERS[dtype]
        low = 0 if dtype == "uint8" else -(2 ** (bits - 1))
        return value == value and low <= value < low + 2**bits
    smallest, largest = _NORMAL.get(dtype, (1.0, 0.0))
    return smallest <= abs(value) <= largest
