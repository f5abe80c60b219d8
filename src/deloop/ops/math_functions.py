"""Python's `math`, and what each function is on float64 tensors.

A loop that calls ``math.sin(x[i])`` computes in double precision on Python floats; its tensor form
is ``torch.sin(x.double())``. Where Python's raises (``math.log(0.0)``) torch gives an infinity or
NaN instead, so a function that is not total needs an assumption before it is lifted.
"""

from __future__ import annotations

import math

from deloop.ops.kinds import MathFunction, MathResult

_INT = MathResult.INT
_BOOL = MathResult.BOOL

FUNCTIONS: tuple[MathFunction, ...] = (
    MathFunction("sin", 1, "torch.sin", exact=False, total=False),
    MathFunction("cos", 1, "torch.cos", exact=False, total=False),
    MathFunction("tan", 1, "torch.tan", exact=False, total=False),
    MathFunction("asin", 1, "torch.asin", exact=False, total=False),
    MathFunction("acos", 1, "torch.acos", exact=False, total=False),
    MathFunction("atan", 1, "torch.atan", exact=False, total=True),
    MathFunction("atan2", 2, "torch.atan2", exact=False, total=True),
    MathFunction("sinh", 1, "torch.sinh", exact=False, total=False),
    MathFunction("cosh", 1, "torch.cosh", exact=False, total=False),
    MathFunction("tanh", 1, "torch.tanh", exact=False, total=True),
    MathFunction("asinh", 1, "torch.asinh", exact=False, total=True),
    MathFunction("acosh", 1, "torch.acosh", exact=False, total=False),
    MathFunction("atanh", 1, "torch.atanh", exact=False, total=False),
    MathFunction("exp", 1, "torch.exp", exact=False, total=False),
    MathFunction("exp2", 1, "torch.exp2", exact=False, total=False),
    MathFunction("expm1", 1, "torch.expm1", exact=False, total=False),
    MathFunction("log", 1, "torch.log", exact=False, total=False),
    MathFunction("log2", 1, "torch.log2", exact=False, total=False),
    MathFunction("log10", 1, "torch.log10", exact=False, total=False),
    MathFunction("log1p", 1, "torch.log1p", exact=False, total=False),
    MathFunction("erf", 1, "torch.erf", exact=False, total=True),
    MathFunction("erfc", 1, "torch.erfc", exact=False, total=True),
    MathFunction("lgamma", 1, "torch.lgamma", exact=False, total=False),
    MathFunction("gamma", 1, None, exact=False, total=False),
    MathFunction("sqrt", 1, "torch.sqrt", exact=False, total=False),
    MathFunction("cbrt", 1, None, exact=False, total=True),
    MathFunction("pow", 2, "torch.pow", exact=False, total=False),
    MathFunction("fmod", 2, "torch.fmod", exact=False, total=False),
    MathFunction("remainder", 2, None, exact=False, total=False),
    MathFunction("hypot", 2, "torch.hypot", exact=False, total=True),
    MathFunction("copysign", 2, "torch.copysign", exact=True, total=True),
    MathFunction("nextafter", 2, "torch.nextafter", exact=True, total=True),
    MathFunction("fabs", 1, "torch.abs", exact=True, total=True),
    MathFunction("degrees", 1, "torch.rad2deg", exact=False, total=True),
    MathFunction("radians", 1, "torch.deg2rad", exact=False, total=True),
    MathFunction("floor", 1, "torch.floor", exact=True, total=False, result=_INT),
    MathFunction("ceil", 1, "torch.ceil", exact=True, total=False, result=_INT),
    MathFunction("trunc", 1, "torch.trunc", exact=True, total=False, result=_INT),
    MathFunction("isnan", 1, "torch.isnan", exact=True, total=True, result=_BOOL),
    MathFunction("isinf", 1, "torch.isinf", exact=True, total=True, result=_BOOL),
    MathFunction("isfinite", 1, "torch.isfinite", exact=True, total=True, result=_BOOL),
)
"""``math.log(x, base)`` is not here: one argument only. ``math.gcd`` and the like take integers."""

CONSTANTS: dict[str, float] = {
    "pi": math.pi,
    "e": math.e,
    "tau": math.tau,
    "inf": math.inf,
    "nan": math.nan,
}
"""The constants of `math` by name."""

_BY_NAME = {function.name: function for function in FUNCTIONS}


def find_math_function(qualified: str) -> MathFunction | None:
    """The function that a qualified name calls: ``"math.sin"``; None where it is not in the table.

    ``math.*`` converts a 0-d tensor to a Python float first, as ``float(x[i])`` does.
    """
    module, _, name = qualified.rpartition(".")
    return _BY_NAME.get(name) if module == "math" else None


def find_math_constant(qualified: str) -> float | None:
    """The value of ``"math.pi"`` and its like, None for any other name."""
    module, _, name = qualified.rpartition(".")
    return CONSTANTS.get(name) if module == "math" else None
