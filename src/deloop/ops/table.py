"""Where the compiler asks what a name means: one `Operator`, however it is spelled.

>>> str(find_function("torch.special.expit")), str(find_method("sigmoid"))
('sigmoid', 'sigmoid')
"""

from __future__ import annotations

from collections.abc import Sequence

from deloop.dtype import Rank, category, is_normal
from deloop.ops import combining, making, pointwise
from deloop.ops.dtypes import UnsupportedDType, result_dtype
from deloop.ops.kinds import Gradient, Kind, Operator
from deloop.ops.lines import Line

LINES: tuple[Line, ...] = (*pointwise.LINES, *combining.LINES, *making.LINES)
"""The whole table."""

_METHOD = "torch.Tensor."
_FUNCTIONS: dict[str, Operator] = {name: line.operator for line in LINES for name in line.spellings}
_IN_PLACE: dict[str, Operator] = {name: line.operator for line in LINES for name in line.in_place}
_FUNCTIONS["builtins.abs"] = _FUNCTIONS["torch.abs"]
_FUNCTIONS["builtins.pow"] = _FUNCTIONS["torch.pow"]

_BINARY: dict[str, str] = {
    "Add": "add",
    "Sub": "sub",
    "Mult": "mul",
    "Div": "div",
    "FloorDiv": "floor_divide",
    "Mod": "remainder",
    "Pow": "pow",
    "BitAnd": "bitwise_and",
    "BitOr": "bitwise_or",
    "BitXor": "bitwise_xor",
    "LShift": "bitwise_left_shift",
    "RShift": "bitwise_right_shift",
    "Eq": "eq",
    "NotEq": "ne",
    "Lt": "lt",
    "LtE": "le",
    "Gt": "gt",
    "GtE": "ge",
}
_UNARY: dict[str, str] = {
    "USub": "neg",
    "UAdd": "positive",
    "Invert": "bitwise_not",
    "Not": "logical_not",
}

_CLAMPS = frozenset({"clamp", "clamp_min", "clamp_max"})
_LINEAR_IN_COMPLEX = frozenset({"add", "sub", "neg", "positive", "clone", "where"})


def find_function(qualified: str) -> Operator | None:
    """The operator that a function's qualified name calls: ``torch.nn.functional.relu -> relu``."""
    return _FUNCTIONS.get(qualified)


_BY_NAME: dict[str, Operator] = {line.operator.name: line.operator for line in LINES}


def find_operator(name: str) -> Operator:
    """The operator of a canonical name: ``"relu"``. Raises `KeyError` for any other."""
    return _BY_NAME[name]


def find_method(name: str) -> Operator | None:
    """The operator of a Tensor method that returns a new tensor: ``sin``."""
    return _FUNCTIONS.get(_METHOD + name)


def find_in_place_method(name: str) -> Operator | None:
    """The operator of a Tensor method that writes its result into the tensor: ``sin_ -> sin``."""
    return _IN_PLACE.get(_METHOD + name)


def find_in_place_function(qualified: str) -> Operator | None:
    """The same for a function: ``torch.sin_ -> sin``; it writes into its first argument."""
    return _IN_PLACE.get(qualified)


def find_binary(name: str) -> Operator | None:
    """The operator of a Python operator on tensors, by its class in `ast`: ``Add -> add``.

    Comparisons are here too (``Lt``). The augmented statement uses the same operator in place.
    Either operand may be a Python number, whatever `tensor_only` says of the function.
    """
    return _FUNCTIONS.get("torch." + _BINARY[name]) if name in _BINARY else None


def find_unary(name: str) -> Operator | None:
    """The operator of a Python unary operator: ``USub -> neg``.

    ``Not`` is ``logical_not`` element by element, but Python's gives a ``bool``, not a tensor.
    """
    return _FUNCTIONS.get("torch." + _UNARY[name]) if name in _UNARY else None


def is_exact(operator: Operator, dtype: str, constants: Sequence[object] = ()) -> bool:
    """Whether lifting gives bitwise the same values for a computation in `dtype`.

    `constants` are the operands beyond the first where they are numbers in the source: a clamp is
    exact where no bound is zero, the sign of a zero being all that depends on the layout.
    """
    if operator.name in _CLAMPS and constants:
        return all(isinstance(c, (int, float)) and is_normal(c, dtype) for c in constants)
    return operator.exact and (category(dtype) != "complex" or operator.name in pointwise.VIEWED)


def find_gradient(operator: Operator, operands: Sequence[tuple[str, Rank]]) -> Gradient:
    """The gradient's kind for such operands: a product with a Python number is linear.

    A quotient by a Python number is linear too, where that number is neither zero nor so small
    that its reciprocal overflows. Complex operands make a masked derivative a singular one.
    """
    is_complex = any(category(dtype) == "complex" for dtype, _ in operands)
    if is_complex and operator.name not in _LINEAR_IN_COMPLEX:
        return Gradient.NONE if operator.gradient is Gradient.NONE else Gradient.SINGULAR
    numbers = [rank is Rank.NUMBER for _, rank in operands]
    if operator.name == "mul" and any(numbers):
        return Gradient.LINEAR
    if operator.name == "div" and numbers[-1]:
        return Gradient.LINEAR
    return operator.gradient


__all__ = [
    "LINES",
    "Gradient",
    "Kind",
    "Operator",
    "UnsupportedDType",
    "find_binary",
    "find_function",
    "find_gradient",
    "find_in_place_function",
    "find_in_place_method",
    "find_method",
    "find_operator",
    "find_unary",
    "is_exact",
    "result_dtype",
]
