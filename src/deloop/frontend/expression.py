"""Typed construction of scalar IR: every node gets the type that the loop's own value has."""

from __future__ import annotations

from collections.abc import Sequence

from deloop.diagnostic import Place, Refusal
from deloop.dtype import Rank, category
from deloop.errors import Unsupported
from deloop.frontend.mixed import settle_compared, settle_mixed
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.scalar import (
    Call,
    Cast,
    ElementType,
    Expression,
    Index,
    Inlined,
    Invariant,
    Load,
    Number,
    Reduce,
    Select,
)
from deloop.ops.kinds import Operator
from deloop.ops.math_functions import find_math_function
from deloop.ops.table import UnsupportedDType, find_binary, find_operator, result_dtype

NODES = (Number, Index, Invariant, Load, Call, Inlined, Select, Cast, Reduce)
"""The classes of scalar IR, for ``isinstance``."""

BOOL = ElementType("bool", Rank.NUMBER)
INT = ElementType("int64", Rank.NUMBER)
FLOAT = ElementType("float64", Rank.NUMBER)
_PYTHON_TYPES = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}
_COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
_SPELLED = {"sub": "-", "floor_divide": "//", "remainder": "%", "pow": "**", "div": "/"}


def number(value: int | float | bool | complex) -> Number:
    """A Python number with its type: ``2.0 -> Number(2.0, float64)``."""
    return Number(value, ElementType(_PYTHON_TYPES[type(value)], Rank.NUMBER))


def integer(affine: Affine) -> Expression:
    """A Python int that is affine: a literal where no symbol occurs."""
    return number(affine.constant) if affine.is_constant else Index(affine)


def is_number(expression: Expression) -> bool:
    """Whether the loop holds a Python number here, not a tensor."""
    return types_of(expression)[0].rank is Rank.NUMBER and len(types_of(expression)) == 1


def types_of(expression: Expression) -> tuple[ElementType, ...]:
    """All types that the value can have (several for a select whose branches differ)."""
    if isinstance(expression, Select):
        both = (*types_of(expression.then), *types_of(expression.otherwise))
        return tuple(dict.fromkeys(both))
    return (expression.type,)


def make_call(
    operator: Operator,
    arguments: Sequence[Expression],
    place: Place,
    spelling: str = "",
    keywords: Sequence[tuple[str, Expression]] = (),
) -> Expression:
    """An operator applied, with its type; distributed over a select whose branches differ in type.

    ``max(x, 0) * y -> select(0 > x, 0 * y, x * y)`` where ``x`` is a tensor and 0 is not: the
    product's type depends on the branch. Raises `Unsupported` where PyTorch raises for these types.
    """
    arguments = [uncopied(a) for a in arguments]
    settled = None if spelling or keywords else settle_mixed(operator.name, arguments)
    if settled is not None:
        return settled
    arguments = settle_compared(operator.name, arguments)
    for position, argument in enumerate(arguments):
        if isinstance(argument, Select) and argument.is_mixed:
            branches = [
                make_call(
                    operator,
                    [*arguments[:position], branch, *arguments[position + 1 :]],
                    place,
                    spelling,
                    keywords,
                )
                for branch in (argument.then, argument.otherwise)
            ]
            return _chosen(argument.condition, branches[0], branches[1])
    folded = _compared(operator.name, arguments)
    if folded is not None:
        return number(folded)
    kind = _call_type(operator, arguments, place, spelling)
    return Call(operator.name, tuple(arguments), kind, spelling, tuple(keywords))


def _compared(name: str, arguments: Sequence[Expression]) -> bool | None:
    """What a comparison of two numbers of the source says: ``1.0 < 0``."""
    values = [a.value for a in arguments if isinstance(a, Number)]
    if len(values) != len(arguments) or name not in _COMPARISONS or len(values) != 2:
        return None
    left, right = values
    if isinstance(left, complex) or isinstance(right, complex):
        return None
    found = {
        "lt": left < right, "le": left <= right, "gt": left > right, "ge": left >= right,
        "eq": left == right, "ne": left != right,
    }  # fmt: skip
    return found[name]


def _chosen(condition: Expression, then: Expression, otherwise: Expression) -> Expression:
    """A choice between conditions of which one is known: ``c and other``, ``not c and other``."""
    for known, other, holds in ((then, otherwise, condition), (otherwise, then, None)):
        if isinstance(known, Number) and type(known.value) is bool and other.type.dtype == "bool":
            holds = negate(condition) if holds is None else holds
            if known.value:
                return both(holds, other, "logical_or")
            return both(negate(holds), other)
    return Select(condition, then, otherwise)


def _call_type(
    operator: Operator, arguments: Sequence[Expression], place: Place, spelling: str
) -> ElementType:
    operands = [a.type for a in arguments]
    rank = max(t.rank for t in operands)
    if rank is Rank.NUMBER:
        return ElementType(_number_dtype(operator, arguments), Rank.NUMBER)
    try:
        dtype = result_dtype(operator, [(t.dtype, t.rank) for t in operands])
    except UnsupportedDType as error:
        raise Unsupported(
            Refusal("VEC911", place, f"{spelling or operator.name} raises: {error}")
        ) from error
    return ElementType(dtype, rank)


def _number_dtype(operator: Operator, arguments: Sequence[Expression]) -> str:
    """The type of Python arithmetic: ``int / int`` is a float, a comparison a bool."""
    dtypes = [a.type.dtype for a in arguments]
    if operator.name in _COMPARISONS or operator.name.startswith("logical_"):
        return "bool"
    widest = max(dtypes, key=lambda d: ("bool", "int", "float", "complex").index(category(d)))
    if operator.name == "div" and category(widest) in ("bool", "int"):
        return "float64"
    if operator.name == "pow" and category(widest) in ("bool", "int"):
        exponent = arguments[1]
        if isinstance(exponent, Number) and not isinstance(exponent.value, complex):
            return "int64" if exponent.value >= 0 else "float64"
        return "int64"
    if widest == "bool" and not operator.name.startswith("bitwise"):
        return "int64"
    return widest


def binary(name: str, left: Expression, right: Expression, place: Place) -> Expression:
    """A Python binary operator by the name of its `ast` class: ``binary("Add", a, b)``."""
    operator = find_binary(name)
    if operator is None:
        raise Unsupported(Refusal("VEC910", place, f"the operator {name} is not read yet"))
    return make_call(operator, (left, right), place)


def compare(name: str, left: Expression, right: Expression, place: Place) -> Expression:
    """A comparison by the name of its `ast` class: ``compare("Gt", a, b)``."""
    return binary(name, left, right, place)


def truth(expression: Expression, place: Place) -> Expression:
    """The value as a condition: ``if x[i]`` means ``x[i] != 0``."""
    if isinstance(expression, Select):
        return Select(
            expression.condition, truth(expression.then, place), truth(expression.otherwise, place)
        )
    if expression.type.rank is Rank.TENSOR:
        raise Unsupported(
            Refusal("VEC912", place, "a condition on a whole row is neither true nor false")
        )
    if expression.type.dtype == "bool":
        return expression
    if isinstance(expression, Number):
        return number(bool(expression.value))
    return compare("NotEq", expression, number(0), place)


def negate(condition: Expression) -> Expression:
    """``not condition`` for a condition."""
    if isinstance(condition, Number):
        return number(not condition.value)
    if isinstance(condition, Call) and condition.operator == "logical_not":
        return condition.arguments[0]
    return Call("logical_not", (condition,), ElementType("bool", condition.type.rank))


def both(left: Expression, right: Expression, word: str = "logical_and") -> Expression:
    """``left and right`` (or ``left or right``) for two conditions."""
    for known, other in ((left, right), (right, left)):
        if isinstance(known, Number):
            decides = bool(known.value) == (word == "logical_or")
            return number(bool(known.value)) if decides else other
    rank = max(left.type.rank, right.type.rank)
    return Call(word, (left, right), ElementType("bool", rank))


def select(condition: Expression, then: Expression, otherwise: Expression) -> Expression:
    """``then if condition else otherwise``; decided where the condition is known."""
    if isinstance(condition, Number):
        return then if condition.value else otherwise
    if then == otherwise:
        return then
    return Select(condition, then, otherwise)


def cast(value: Expression, kind: ElementType) -> Expression:
    """The value converted; pushed into the branches of a select, where each converts by itself."""
    if isinstance(value, Select):
        return Select(value.condition, cast(value.then, kind), cast(value.otherwise, kind))
    if value.type == kind:
        return value
    return Cast(value, kind)


def uncopied(value: Expression) -> Expression:
    """The value itself, where a copy of it is only read: ``x[i].clone() -> x[i]``."""
    while isinstance(value, Cast) and value.type == value.value.type:
        value = value.value
    return value


def may_raise(expression: Expression) -> bool:
    """Whether an operator on these types raises for some values: ``//`` of integers by zero."""
    if not isinstance(expression, Call) or expression.type.rank is Rank.NUMBER:
        return False
    if find_math_function(expression.operator) or expression.operator.startswith("logical_"):
        return False
    order = ("bool", "int", "float", "complex").index
    widest = max((category(a.type.dtype) for a in expression.arguments), key=order)
    divisor = expression.arguments[-1]
    nonzero = isinstance(divisor, Number) and divisor.value != 0
    return (
        expression.operator != "pow"
        and widest in find_operator(expression.operator).may_raise
        and not nonzero
    )


def needs_its_condition(value: Expression) -> bool:
    """Whether a value may raise where the loop does not evaluate it."""
    return any(
        may_raise(node)
        or (isinstance(node, Load) and not all(isinstance(s, Affine) for s in node.subscripts))
        for node in scalar.walk(value)
    )


def as_affine(expression: Expression) -> Affine | None:
    """An integer expression as an affine one, 0-d index tensors included; None where it is none."""
    match expression:
        case Number(value) if type(value) is int:
            return Affine.number(value)
        case Index(affine):
            return affine
        case Cast(inner, kind) if kind.dtype == "int64" and inner.type.dtype == "int64":
            return as_affine(inner)
        case Call("neg", (operand,)):
            inner_affine = as_affine(operand)
            return None if inner_affine is None else -inner_affine
        case Call("add" | "sub" | "mul" as word, (first, second)) if not isinstance(second, Load):
            left, right = as_affine(first), as_affine(second)
            if left is None or right is None or expression.type.dtype != "int64":
                return None
            if word == "add":
                return left + right
            if word == "sub":
                return left - right
            if left.is_constant or right.is_constant:
                return left * right.constant if right.is_constant else right * left.constant
    return None


def aliased_arrays(value: Expression) -> set[str]:
    """Arrays whose memory a computed value may be: ``x if c else y``, ``+x``, ``x.float()``."""
    match value:
        case Load(array):
            return {array}
        case Inlined(_, _, body):
            return aliased_arrays(body)
        case Select(_, then, otherwise):
            return aliased_arrays(then) | aliased_arrays(otherwise)
        case Cast(inner, kind):
            return aliased_arrays(inner) if inner.type == kind else set()
        case Call(operator, arguments) if "." not in operator and not operator.startswith(
            "logical_"
        ):
            if find_operator(operator).may_alias:
                return {array for a in arguments for array in aliased_arrays(a)}
        case Reduce(value=Call(arguments=(window, *_)), spelling=spelling) if (
            spelling.startswith(("{0}.flatten", "{0}.unflatten"))
        ):
            return aliased_arrays(window)
    return set()
