"""Conversions between element types in a kernel, each as PyTorch or Python converts one element.

What PyTorch or Python would raise for, and what C++ leaves undefined, stops the kernel.
"""

from __future__ import annotations

from deloop.backend.kernel_text import KernelText
from deloop.dtype import Rank, category
from deloop.ir.scalar import ElementType

DTYPES = frozenset({"bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64"})
"""The element types of kernels: of half precision each operation rounds in ways of its own."""

LARGEST_INT = 2**62
LARGEST_TEXT = "2**62"
"""How large a Python int may get: whether the sum of two is larger can be seen in 64 bits."""

EXACT_TEXT = "2**53"
"""Up to here every int is a float64."""

_ENDS = {
    "uint8": (0, 2**8 - 1), "int8": (-(2**7), 2**7 - 1), "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1),
}  # fmt: skip
_LARGEST_FLOAT = 3.4028234663852886e38


def typed(value: str, dtype: str) -> str:
    """A value converted, where nothing can go wrong: ``np.float32(v)``."""
    return f"np.{dtype}({value})" if dtype != "bool" else f"({value} != 0)"


def cast(text: KernelText, value: str, source: ElementType, target: ElementType) -> str:
    """A value of one type as one of another."""
    of, to = category(source.dtype), category(target.dtype)
    is_number = source.rank is Rank.NUMBER
    if source.dtype == target.dtype:
        if to == "int" and target.rank is Rank.NUMBER and not is_number:
            return _small(text, value, source.dtype)
        return value
    if to == "bool":
        return f"({value} != 0)"
    if of == "bool" or (of == "int" and to == "float"):
        return typed(value, target.dtype)
    if of == "int":
        if target.rank is Rank.NUMBER:
            return _small(text, typed(value, target.dtype), source.dtype)
        return typed(_within(text, value, target.dtype) if is_number else value, target.dtype)
    if to == "float":
        if is_number and target.dtype == "float32":
            value = text.named(value)
            text.stop_if(f"abs({value}) > {_LARGEST_FLOAT} and abs({value}) != np.inf")
        return typed(value, target.dtype)
    return _cut(text, value, target)


def _small(text: KernelText, value: str, dtype: str) -> str:
    """An int from memory as a Python int, which has no bound."""
    if dtype != "int64":
        return value
    value = text.named(value)
    text.stop_if(f"{value} > {LARGEST_TEXT} or {value} < -{LARGEST_TEXT}")
    return value


def _within(text: KernelText, value: str, dtype: str) -> str:
    """A Python int that fits a dtype: beyond, some operations raise and others wrap."""
    low, high = _ENDS[dtype]
    if value.lstrip("-").isdigit() and low <= int(value) <= high:
        return value
    value = text.named(value)
    if dtype != "int64":
        text.stop_if(f"{value} < {low} or {value} > {high}")
    return value


def _cut(text: KernelText, value: str, target: ElementType) -> str:
    """A float as an int: what C++ says nothing of, and Python raises for, stops the kernel."""
    low, high = _ENDS[target.dtype]
    if target.rank is Rank.NUMBER:
        low, high = -LARGEST_INT, LARGEST_INT
    elif target.dtype == "int64":
        low, high = -(2**62), 2**62
    value = text.named(value)
    text.stop_if(f"not ({value} > {float(low - 1)} and {value} < {float(high + 1)})")
    return f"np.{target.dtype}({value})"
