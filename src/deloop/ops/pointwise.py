"""The element-by-element operators of one operand: one line each.

Refusals and dtype rules are those of PyTorch's CPU kernels; the tests hold every line against them.
"""

from __future__ import annotations

from deloop.dtype import category
from deloop.ops.kinds import DTypeRule, Gradient, Kind
from deloop.ops.lines import Line, line

# fmt: off
_KEEP = DTypeRule.PROMOTE
_FLOAT = DTypeRule.PROMOTE_FLOAT
_NONE = Gradient.NONE
_LINEAR = Gradient.LINEAR
_SMOOTH = Gradient.SMOOTH
_SINGULAR = Gradient.SINGULAR

_ALL = "torch torch_ Tensor Tensor_"
_METHOD = "torch Tensor Tensor_"
_FLOATS_ONLY = "bool int complex"
_WIDE_ONLY = "complex float16 bfloat16"

ARITHMETIC: tuple[Line, ...] = (
    line("neg negative", "input", _KEEP, _LINEAR, _ALL, exact=True, refuses="bool"),
    line("positive", "input", _KEEP, _LINEAR, "torch Tensor", exact=True, refuses="bool",
         may_alias=True),
    line("abs absolute", "input", DTypeRule.ABSOLUTE, _LINEAR,
         "torch Tensor Tensor_ torch_.abs", exact=True, refuses="bool"),
    line("sign", "input", _KEEP, _NONE, _METHOD, exact=True, refuses="complex"),
    line("sgn", "input", _KEEP, _SINGULAR, _METHOD, exact=True),
    line("square", "input", DTypeRule.PROMOTE_INT, _SINGULAR, _ALL, exact=True),
    line("reciprocal", "input", _FLOAT, _SINGULAR, _ALL, exact=True),
    line("sqrt", "input", _FLOAT, _SINGULAR, _ALL, exact=True),
    line("rsqrt", "input", _FLOAT, _SINGULAR, _ALL),
    line("clone", "input", _KEEP, _LINEAR, "torch Tensor", exact=True),
    line("conj_physical", "input", _KEEP, _LINEAR, _ALL, exact=True, may_alias=True),
    line("conj", "input", _KEEP, _LINEAR, "torch Tensor", exact=True, may_alias=True),
    line("resolve_conj", "input", _KEEP, _LINEAR, "torch Tensor", exact=True, may_alias=True),
    line("real", "input", DTypeRule.ABSOLUTE, _LINEAR, "torch", exact=True, may_alias=True),
    line("imag", "input", DTypeRule.ABSOLUTE, _SINGULAR, "torch", exact=True, may_alias=True,
         refuses="bool int float"),
    line("nan_to_num", "input nan#? posinf#? neginf#?", _KEEP, _LINEAR, _ALL, exact=True),
    line("deg2rad", "input", _FLOAT, _LINEAR, _ALL, exact=True, refuses="complex"),
    line("rad2deg", "input", _FLOAT, _LINEAR, _ALL, exact=True, refuses="complex"),
    line("angle", "input", DTypeRule.ABSOLUTE_FLOAT, _SINGULAR, "torch Tensor"),
)

VIEWED = frozenset({"conj", "real", "imag"})
"""Operators whose result is a view of the operand, element by element."""

ROUNDING: tuple[Line, ...] = (
    line("floor", "input", _KEEP, _NONE, _ALL, exact=True, refuses="bool complex"),
    line("ceil", "input", _KEEP, _NONE, _ALL, exact=True, refuses="bool complex"),
    line("trunc fix", "input", _KEEP, _NONE, _ALL, exact=True, refuses="bool complex"),
    line("round", "input * decimals#?", _KEEP, _NONE, _ALL, exact=True, refuses="bool complex"),
    line("frac", "input", _KEEP, _LINEAR, _ALL, exact=True, refuses=_FLOATS_ONLY),
)

TRANSCENDENTAL: tuple[Line, ...] = (
    line("sin", "input", _FLOAT, _SMOOTH, _ALL),
    line("cos", "input", _FLOAT, _SMOOTH, _ALL),
    line("tan", "input", _FLOAT, _SINGULAR, _ALL),
    line("asin arcsin", "input", _FLOAT, _SINGULAR, _ALL),
    line("acos arccos", "input", _FLOAT, _SINGULAR, _ALL),
    line("atan arctan", "input", _FLOAT, _SMOOTH, _ALL),
    line("sinh", "input", _FLOAT, _SINGULAR, _METHOD),
    line("cosh", "input", _FLOAT, _SINGULAR, _ALL),
    line("tanh", "input", _FLOAT, _SMOOTH, f"{_ALL} F"),
    line("asinh arcsinh", "input", _FLOAT, _SINGULAR, _ALL),
    line("acosh arccosh", "input", _FLOAT, _SINGULAR, _ALL),
    line("atanh arctanh", "input", _FLOAT, _SINGULAR, _ALL),
    line("exp", "input", _FLOAT, _SINGULAR, _ALL),
    line("exp2", "input", _FLOAT, _SINGULAR, f"{_ALL} special"),
    line("expm1", "input", _FLOAT, _SINGULAR, f"{_ALL} special"),
    line("log", "input", _FLOAT, _SINGULAR, _ALL),
    line("log2", "input", _FLOAT, _SINGULAR, _ALL),
    line("log10", "input", _FLOAT, _SINGULAR, _ALL),
    line("log1p", "input", _FLOAT, _SINGULAR, f"{_ALL} special"),
    line("sinc", "input", _FLOAT, _SINGULAR, f"{_ALL} special"),
    line("sigmoid", "input", _FLOAT, _SMOOTH, f"{_ALL} F special.expit"),
    line("logit", "input eps#?", _FLOAT, _SINGULAR, f"{_ALL} special", refuses="complex"),
    line("erf", "input", _FLOAT, _SINGULAR, f"{_ALL} special", refuses="complex"),
    line("erfc", "input", _FLOAT, _SINGULAR, f"{_ALL} special", refuses="complex"),
    line("erfinv", "input", _FLOAT, _SINGULAR, f"{_METHOD} special", refuses="complex"),
    line("lgamma", "input", _FLOAT, _SINGULAR, f"{_METHOD} special.gammaln", refuses="complex"),
    line("digamma", "input", _FLOAT, _SINGULAR, f"{_METHOD} special special.psi",
         refuses="complex"),
    line("polygamma", "n# input", _FLOAT, _SINGULAR, "torch special", refuses="complex"),
    line("i0", "input", _FLOAT, _SINGULAR, f"{_ALL} special", refuses="complex"),
    line("i0e", "input", _FLOAT, _SMOOTH, "special", refuses="complex"),
    line("i1", "input", _FLOAT, _SINGULAR, "special", refuses="complex"),
    line("i1e", "input", _FLOAT, _SINGULAR, "special", refuses="complex"),
    line("entr", "input", _FLOAT, _SINGULAR, "special", refuses="complex"),
    line("ndtr", "input", _FLOAT, _SINGULAR, "special", refuses="complex"),
    line("ndtri", "input", _FLOAT, _SINGULAR, "special", refuses=_WIDE_ONLY),
    line("log_ndtr", "input", _FLOAT, _SINGULAR, "special", refuses=_WIDE_ONLY),
    line("erfcx", "input", _FLOAT, _SINGULAR, "special", refuses=_WIDE_ONLY),
    *(
        line(name, "input", _FLOAT, _NONE, "special", refuses=_WIDE_ONLY)
        for name in (
            "airy_ai",
            "bessel_j0",
            "bessel_j1",
            "bessel_y0",
            "bessel_y1",
            "modified_bessel_i0",
            "modified_bessel_i1",
            "modified_bessel_k0",
            "modified_bessel_k1",
            "scaled_modified_bessel_k0",
            "scaled_modified_bessel_k1",
            "spherical_bessel_j0",
        )
    ),
)

ACTIVATION: tuple[Line, ...] = (
    line("relu", "input inplace!?", _KEEP, _LINEAR, f"{_ALL} F F_", exact=True,
         refuses="bool complex"),
    line("relu6", "input inplace!?", _KEEP, _LINEAR, "F", exact=True, refuses="bool complex"),
    line("hardtanh", "input min_val#? max_val#? inplace!?", _KEEP, _LINEAR, "F F_", exact=True,
         refuses="bool uint8 complex"),
    line("threshold", "input threshold# value# inplace!?", _KEEP, _LINEAR, "torch torch_ F F_",
         exact=True, refuses="bool complex"),
    line("leaky_relu", "input negative_slope#? inplace!?", _KEEP, _LINEAR, "F F_", exact=True,
         refuses=_FLOATS_ONLY),
    line("hardshrink", "input lambd#?", _KEEP, _LINEAR, "torch Tensor F", exact=True,
         refuses=_FLOATS_ONLY),
    line("softshrink", "input lambd#?", _KEEP, _LINEAR, "F",refuses=_FLOATS_ONLY),
    line("hardsigmoid", "input inplace!?", _KEEP, _LINEAR, "F", refuses=_FLOATS_ONLY),
    line("hardswish", "input inplace!?", _KEEP, _SMOOTH, "F", refuses=_FLOATS_ONLY),
    line("elu", "input alpha#? inplace!?", _KEEP, _SMOOTH, "F F_", refuses=_FLOATS_ONLY),
    line("celu", "input alpha#? inplace!?", _KEEP, _SMOOTH, "torch torch_ F F_",
         refuses=_FLOATS_ONLY),
    line("selu", "input inplace!?", _KEEP, _SMOOTH, "torch torch_ F F_", refuses=_FLOATS_ONLY),
    line("silu", "input inplace!?", _KEEP, _SMOOTH, "F", refuses="bool int"),
    line("mish", "input inplace!?", _KEEP, _SINGULAR, "F", refuses=_FLOATS_ONLY),
    line("gelu", "input * approximate$?", _KEEP, _SINGULAR, "F", refuses=_FLOATS_ONLY,
         same_if="no element is infinite"),
    line("softplus", "input beta#? threshold#?", _KEEP, _SMOOTH, "F", refuses=_FLOATS_ONLY),
    line("logsigmoid", "input", _KEEP, _SMOOTH, "F", refuses=_FLOATS_ONLY),
    line("softsign", "input", _FLOAT, _SMOOTH, "F", refuses_operand="bool"),
    line("tanhshrink", "input", _FLOAT, _SMOOTH, "F", refuses_operand="bool"),
)

PREDICATES: tuple[Line, ...] = (
    *(
        line(name, "input", DTypeRule.BOOL, _NONE, "torch Tensor", kind=Kind.PREDICATE, exact=True)
        for name in ("isnan", "isinf", "isfinite", "isreal")
    ),
    *(
        line(name, "input", DTypeRule.BOOL, _NONE, "torch Tensor", kind=Kind.PREDICATE, exact=True,
             refuses="complex")
        for name in ("isposinf", "isneginf", "signbit")
    ),
    line("logical_not", "input", DTypeRule.BOOL, _NONE, _METHOD, kind=Kind.LOGICAL, exact=True),
    line("bitwise_not", "input", _KEEP, _NONE, _METHOD, exact=True, refuses="float complex"),
)

_CASTS = {
    "bool": "bool",
    "byte": "uint8",
    "char": "int8",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "float": "float32",
    "double": "float64",
    "cfloat": "complex64",
    "cdouble": "complex128",
}

CASTS: tuple[Line, ...] = (
    *(
        line(name, "input", DTypeRule.FIXED,
             _LINEAR if category(dtype) in ("float", "complex") else _NONE,
             "Tensor", kind=Kind.CAST, exact=True, fixed=dtype, may_alias=True)
        for name, dtype in _CASTS.items()
    ),
    line("to", "input dtype$ non_blocking$? copy$?", DTypeRule.WRITTEN, _LINEAR, "Tensor",
         kind=Kind.CAST, exact=True, may_alias=True),
    line("type", "input dtype$", DTypeRule.WRITTEN, _LINEAR, "Tensor", kind=Kind.CAST, exact=True,
         may_alias=True),
    line("type_as", "input other", DTypeRule.LAST, _LINEAR, "Tensor", kind=Kind.CAST, exact=True,
         may_alias=True),
)

LINES: tuple[Line, ...] = (
    *ARITHMETIC,
    *ROUNDING,
    *TRANSCENDENTAL,
    *ACTIVATION,
    *PREDICATES,
    *CASTS,
)
