"""Which Python numbers a dtype holds exactly."""

from __future__ import annotations

import struct

from deloop.dtype import RANGES

EXACT_IN_DOUBLE = frozenset({"uint8", "int8", "int16", "int32"})
"""Integers that a float64 holds without rounding."""


def holds_exactly(value: object, dtype: str) -> bool:
    """Whether a Python number is a value of the dtype, so that comparing in it is exact."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if dtype in EXACT_IN_DOUBLE:
        low, high = RANGES[dtype]
        return float(value).is_integer() and low <= value <= high
    formats = {"float16": "e", "float32": "f"}
    if dtype == "float64":
        return float(value) == value
    if dtype not in formats:
        return False
    try:
        (held,) = struct.unpack(formats[dtype], struct.pack(formats[dtype], value))
    except (OverflowError, struct.error):
        return False
    return bool(held == value)
