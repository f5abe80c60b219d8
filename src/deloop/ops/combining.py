"""The element-by-element operators of two or more operands: one line each.

Refusals and dtype rules are those of PyTorch's CPU kernels; the tests hold every line against them.
"""

from __future__ import annotations

from deloop.ops.kinds import DTypeRule, Gradient, Kind
from deloop.ops.lines import Line, line

# fmt: off
_KEEP = DTypeRule.PROMOTE
_FLOAT = DTypeRule.PROMOTE_FLOAT
_NONE = Gradient.NONE
_LINEAR = Gradient.LINEAR
_SMOOTH = Gradient.SMOOTH
_SINGULAR = Gradient.SINGULAR

_METHOD = "torch Tensor Tensor_"
_FLOATS_ONLY = "bool int complex"
_WIDE_ONLY = "complex float16 bfloat16"
_DIVISION = "integer division by zero"

ARITHMETIC: tuple[Line, ...] = (
    line("add", "input| other| * alpha#?", _KEEP, _LINEAR, _METHOD, exact=True),
    line("sub subtract", "input| other| * alpha#?", _KEEP, _LINEAR, _METHOD, exact=True,
         refuses_operand="bool"),
    line("rsub", "input other| * alpha#?", _KEEP, _LINEAR, "torch", exact=True,
         refuses_operand="bool"),
    line("mul multiply", "input| other|", _KEEP, _SMOOTH, _METHOD, exact=True),
    line("div divide true_divide", "input| other|", _FLOAT, _SINGULAR, _METHOD, exact=True,
         refuses="complex32"),
    line("floor_divide", "input| other|", _KEEP, _NONE, _METHOD, refuses="bool complex",
         may_raise="int", raises_when=_DIVISION),
    line("remainder", "input| other|", _KEEP, _SINGULAR, _METHOD, refuses="bool complex",
         may_raise="int", raises_when=_DIVISION),
    line("fmod", "input other|", _KEEP, _SINGULAR, _METHOD, refuses="bool complex",
         may_raise="int", raises_when=_DIVISION),
    line("pow", "input| exponent|", _KEEP, _SINGULAR, _METHOD, refuses="bool complex32",
         may_raise="int", raises_when="an integer to the power of a negative Python integer"),
    line("float_power", "input| exponent|", DTypeRule.FLOAT_POWER, _SINGULAR, _METHOD),
    line("maximum", "input other", _KEEP, _LINEAR, "torch Tensor torch.max Tensor.max",
         refuses="complex"),
    line("minimum", "input other", _KEEP, _LINEAR, "torch Tensor torch.min Tensor.min",
         refuses="complex"),
    line("fmax", "input other", _KEEP, _LINEAR, "torch Tensor", exact=True, refuses="complex"),
    line("fmin", "input other", _KEEP, _LINEAR, "torch Tensor", exact=True, refuses="complex"),
    line("clamp clip", "input min|? max|?", _KEEP, _LINEAR, f"{_METHOD} torch_", refuses="complex"),
    line("clamp_min", "input min|", _KEEP, _LINEAR, f"{_METHOD} torch_", refuses="complex"),
    line("clamp_max", "input max|", _KEEP, _LINEAR, f"{_METHOD} torch_", refuses="complex"),
    line("lerp", "input end weight|", _KEEP, _SINGULAR, _METHOD, refuses="bool int",
         one_dtype=True),
    line("addcmul", "input tensor1 tensor2 * value#?", _KEEP, _SMOOTH, _METHOD, refuses="bool"),
    line("addcdiv", "input tensor1 tensor2 * value#?", _KEEP, _SINGULAR, _METHOD,
         refuses="bool int complex32"),
    line("complex", "real imag", DTypeRule.COMPLEX, _SINGULAR, "torch", exact=True,
         one_dtype=True, refuses="bool int bfloat16 complex"),
    line("where", "condition input| other|", DTypeRule.WHERE, _LINEAR, "torch", exact=True,
         masks=(0,)),
    line("masked_fill", "input mask value#", DTypeRule.FIRST, _LINEAR, _METHOD, exact=True,
         masks=(1,)),
    line("fill", "input value#", DTypeRule.FIRST, _NONE, "torch torch_ Tensor_", exact=True),
    line("zero", "input", DTypeRule.FIRST, _NONE, "torch_ Tensor_", exact=True),
    line("copy", "input other non_blocking$?", DTypeRule.FIRST, _LINEAR, "Tensor_", exact=True),
)

SPECIAL: tuple[Line, ...] = (
    line("atan2 arctan2", "input other", _FLOAT, _SINGULAR, _METHOD, refuses="complex"),
    line("hypot", "input other", _KEEP, _SINGULAR, _METHOD, refuses=_FLOATS_ONLY),
    line("copysign", "input other|", _FLOAT, _SINGULAR, _METHOD, exact=True, refuses="complex"),
    line("nextafter", "input other", _KEEP, _NONE, _METHOD, exact=True, refuses=_FLOATS_ONLY),
    line("heaviside", "input values", _KEEP, _NONE, _METHOD, exact=True, refuses="complex",
         one_dtype=True),
    line("ldexp", "input other", _FLOAT, _SINGULAR, _METHOD, refuses="complex"),
    line("logaddexp", "input other", _KEEP, _SINGULAR, "torch Tensor",
         refuses="bool int complex32"),
    line("logaddexp2", "input other", _KEEP, _SINGULAR, "torch Tensor", refuses=_FLOATS_ONLY),
    line("xlogy", "input| other|", _FLOAT, _SINGULAR, f"{_METHOD} torch_ special",
         refuses="complex"),
    line("xlog1py", "input| other|", _FLOAT, _SINGULAR, "special", refuses="complex"),
    line("zeta", "input| other|", _FLOAT, _SINGULAR, "special", refuses=_WIDE_ONLY),
    line("igamma", "input other", _KEEP, _SINGULAR, f"{_METHOD} special.gammainc",
         refuses=_FLOATS_ONLY),
    line("igammac", "input other", _KEEP, _SINGULAR, f"{_METHOD} special.gammaincc",
         refuses=_FLOATS_ONLY),
    *(
        # Some kernels read uninitialized memory where an element is NaN.
        line(name, "input| n|", _FLOAT, _NONE, "special", refuses=_WIDE_ONLY,
             same_if="no element is NaN")
        for name in (
            "chebyshev_polynomial_t",
            "chebyshev_polynomial_u",
            "chebyshev_polynomial_v",
            "chebyshev_polynomial_w",
            "hermite_polynomial_h",
            "hermite_polynomial_he",
            "laguerre_polynomial_l",
            "legendre_polynomial_p",
            "shifted_chebyshev_polynomial_t",
            "shifted_chebyshev_polynomial_u",
            "shifted_chebyshev_polynomial_v",
            "shifted_chebyshev_polynomial_w",
        )
    ),
)

INTEGER: tuple[Line, ...] = (
    *(
        line(name, "input| other|", _KEEP, _NONE, _METHOD, exact=True, refuses="float complex")
        for name in ("bitwise_and", "bitwise_or", "bitwise_xor")
    ),
    *(
        line(name, "input| other|", _KEEP, _NONE, _METHOD, exact=True,
             refuses="bool float complex")
        for name in ("bitwise_left_shift", "bitwise_right_shift")
    ),
    line("gcd", "input other", _KEEP, _NONE, f"{_METHOD} torch_", exact=True,
         refuses="bool float complex"),
    line("lcm", "input other", _KEEP, _NONE, f"{_METHOD} torch_", exact=True,
         refuses="bool float complex", may_raise="int",
         raises_when="the most negative integer (the process ends)"),
)

_COMPARED = "input other|"

COMPARISONS: tuple[Line, ...] = (
    *(
        line(names, _COMPARED, DTypeRule.BOOL, _NONE, _METHOD, kind=Kind.COMPARISON, exact=True)
        for names in ("eq", "ne not_equal")
    ),
    *(
        line(names, _COMPARED, DTypeRule.BOOL, _NONE, _METHOD, kind=Kind.COMPARISON, exact=True,
             refuses="complex")
        for names in ("lt less", "le less_equal", "gt greater", "ge greater_equal")
    ),
    line("isclose", "input other rtol#? atol#? equal_nan$?", DTypeRule.BOOL, _NONE,
         "torch Tensor", kind=Kind.COMPARISON, exact=True, one_dtype=True),
    *(
        line(name, "input other", DTypeRule.BOOL, _NONE, _METHOD, kind=Kind.LOGICAL, exact=True,
             refuses="complex32")
        for name in ("logical_and", "logical_or", "logical_xor")
    ),
)

LINES: tuple[Line, ...] = (*ARITHMETIC, *SPECIAL, *INTEGER, *COMPARISONS)
