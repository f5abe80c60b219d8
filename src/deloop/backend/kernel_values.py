"""Scalar IR as the expressions of a kernel, every operation in the dtype that the loop has.

Numba computes ``int32 + int32`` in 64 bits and ``float32 * 0.1`` in double; here each operand is
converted first and each result after. An operation is written only where its rounding is that of
PyTorch's kernel for one element, or of Python's for a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from deloop.backend.kernel_casts import (
    DTYPES,
    EXACT_TEXT,
    LARGEST_INT,
    LARGEST_TEXT,
    cast,
    typed,
)
from deloop.backend.kernel_text import KernelText, affine_text, bare
from deloop.diagnostic import Place, Refusal
from deloop.dtype import Rank, category, promote
from deloop.errors import Unsupported
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
    Select,
    Subscript,
)

_ARITHMETIC = {"add": "+", "sub": "-", "mul": "*"}
_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_BITS = {"bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^"}
_WHOLE = {"floor": "np.floor", "ceil": "np.ceil", "trunc": "np.trunc", "round": "np.rint"}
_MATH_WHOLE = {"math.floor": "np.floor", "math.ceil": "np.ceil", "math.trunc": "np.trunc"}
_LIBRARY = frozenset(
    f"math.{name}"
    for name in (
        "exp", "log", "log2", "log10", "log1p", "expm1", "sin", "cos", "tan", "asin", "acos",
        "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "pow", "fmod",
    )
)  # fmt: skip
"""What Python computes by the C library, raising where the result is not finite."""

_TESTS = {"isnan": "np.isnan", "isinf": "np.isinf", "isfinite": "np.isfinite"}
_INT = ElementType("int64", Rank.NUMBER)
_FLOAT = ElementType("float64", Rank.NUMBER)


class KernelValues:
    """Writes expressions into a kernel's text.

    Parameters
    ----------
    text:
        The text so far.
    symbols:
        The kernel's words for iterators and sizes.
    variables:
        Its words for what is kept in variables of its own: carried ones, and temporaries.
    read:
        Writes the read of an element.
    repeated:
        What is computed in several places, with the user's name for it or none.
    """

    def __init__(
        self,
        text: KernelText,
        symbols: dict[str, str],
        variables: Mapping[str, str],
        read: Callable[[str, tuple[Subscript, ...]], str],
        outside: Callable[[Invariant], str],
        repeated: Mapping[Expression, str],
    ) -> None:
        self.text, self.symbols, self.variables = text, symbols, variables
        self.read, self.outside, self.repeated = read, outside, repeated
        self.place = Place("", 0, 0)
        self.before: list[str] = []
        """What is computed before anything runs; what it stops for has changed nothing."""
        self.converted: dict[tuple[Invariant, ElementType], str] = {}

    def refuse(self, what: str) -> Unsupported:
        """The reason why there is no kernel."""
        return Unsupported(Refusal("VEC970", self.place, f"no kernel: {what}"))

    def affine(self, affine: Affine) -> str:
        """An affine expression; sizes not met before are asked for."""
        return affine_text(affine, self.symbols)

    def value(self, expression: Expression) -> str:
        """An expression that has the value, of its dtype's own type."""
        if expression in self.text.known:
            return self.text.known[expression]
        written = self._written(expression)
        wish = self.repeated.get(expression)
        if wish is None or (not wish and _is_short(written)):
            return written
        name = self.text.named(written, wish or "v")
        self.text.known[expression] = name
        return name

    def as_type(self, expression: Expression, kind: ElementType) -> str:
        """The value as one of another type."""
        if not {kind.dtype, expression.type.dtype} <= DTYPES:
            raise self.refuse(f"{kind.dtype} is computed in ways of its own")
        if isinstance(expression, Number) and expression.type.rank is Rank.NUMBER:
            return self._literal(expression, kind)
        if isinstance(expression, Invariant) and expression.type.dtype != kind.dtype:
            return self._converted(expression, kind)
        return cast(self.text, self.value(expression), expression.type, kind)

    def _converted(self, value: Invariant, kind: ElementType) -> str:
        """A number of the function's in another type: once, before anything runs."""
        key = (value, kind)
        if key not in self.converted:
            name = self.outside(value)
            lines, self.text.lines = self.text.lines, self.before
            depth, self.text.depth = self.text.depth, 1
            may_stop = self.text.may_stop
            written = cast(self.text, name, value.type, kind)
            self.converted[key] = self.text.named(written, value.name)
            self.before, self.text.lines = self.text.lines, lines
            self.text.depth, self.text.may_stop = depth, may_stop
        return self.converted[key]

    def condition(self, expression: Expression) -> str:
        """The value as a condition."""
        return self.as_type(expression, ElementType("bool", expression.type.rank))

    # ------------------------------------------------------------------ nodes
    def _written(self, expression: Expression) -> str:
        match expression:
            case Number():
                return self._literal(expression, expression.type)
            case Index(affine):
                written = self.affine(affine)
                return written if written.isidentifier() or written.isdigit() else f"({written})"
            case Invariant():
                return self.outside(expression)
            case Load(array, subscripts, implicit=()):
                return self.variables.get(array) or self.read(array, subscripts)
            case Cast(value, kind):
                return self.as_type(value, kind)
            case Inlined(_, _, body):
                return self.value(body)
            case Select():
                return self._select(expression)
            case Call():
                return self._call(expression)
        raise self.refuse("whole rows are not written yet")

    def _literal(self, literal: Number, kind: ElementType) -> str:
        value = literal.value
        to = category(kind.dtype)
        if isinstance(value, complex):
            raise self.refuse("complex numbers are not written")
        if to == "bool":
            return str(bool(value))
        if to == "int":
            if value - value != 0 or abs(value) > LARGEST_INT:
                raise self.refuse(f"{value} is no int of a kernel")
            whole = str(int(value))
            if kind.dtype == "int64":
                return whole if value >= 0 else f"({whole})"
            return cast(self.text, whole, _INT, kind)
        number = float(value)
        if math.isnan(number):
            plain = "np.nan"
        elif math.isinf(number):
            plain = "np.inf" if number > 0 else "(-np.inf)"
        else:
            beyond = kind.dtype == "float32" and abs(number) > 3.4e38
            if beyond:
                raise self.refuse(f"{value} does not fit a float32")
            plain = repr(number) if math.copysign(1, number) > 0 else f"({number!r})"
        return plain if kind.dtype == "float64" else f"np.float32({bare(plain)})"

    def _select(self, select: Select) -> str:
        if select.is_mixed:
            raise self.refuse("the type of a value differs between paths")
        condition = self.condition(select.condition)
        before = len(self.text.lines)
        known = dict(self.text.known)
        name = self.text.name(self.repeated.get(select) or "v")
        with self.text.block(f"if {bare(condition)}:"):
            then = self.value(select.then)
            self.text.line(f"{name} = {bare(then)}")
        with self.text.block("else:"):
            otherwise = self.value(select.otherwise)
            self.text.line(f"{name} = {bare(otherwise)}")
        if len(self.text.lines) == before + 4:  # nothing but the two values
            del self.text.lines[before:]
            self.text.known = known
            self.text.used.discard(name)
            return f"({then} if {condition} else {otherwise})"
        return name

    def _call(self, call: Call) -> str:
        name, arguments, kind = call.operator, call.arguments, call.type
        if call.keywords and name not in ("clamp", "clamp_min", "clamp_max"):
            raise self.refuse(f"{name} with {call.keywords[0][0] or 'further arguments'}")
        if name in ("logical_and", "logical_or"):
            return self._short(name == "logical_and", *arguments)
        if name == "logical_not":
            return f"(not {self.condition(arguments[0])})"
        if name in _COMPARISONS:
            left, right = self._common(arguments)
            return f"({left} {_COMPARISONS[name]} {right})"
        if name == "where":
            return self._where(arguments, kind)
        if name in _TESTS or name.removeprefix("math.") in _TESTS:
            return self._test(name.removeprefix("math."), arguments[0])
        if kind.rank is Rank.NUMBER:
            return self._number(call)
        return self._tensor(call)

    def _short(self, is_and: bool, left: Expression, right: Expression) -> str:
        """``a and b``, where `b` is looked at only if it counts."""
        first = self.condition(left)
        before = len(self.text.lines)
        known = dict(self.text.known)
        name = self.text.name("v")
        self.text.line(f"{name} = {bare(first)}")
        with self.text.block(f"if {name}:" if is_and else f"if not {name}:"):
            second = self.condition(right)
            self.text.line(f"{name} = {bare(second)}")
        if len(self.text.lines) == before + 3:
            del self.text.lines[before:]
            self.text.known = known
            self.text.used.discard(name)
            return f"({first} {'and' if is_and else 'or'} {second})"
        return name

    def _common(self, arguments: tuple[Expression, ...]) -> list[str]:
        """Operands of a comparison in the dtype in which they are compared."""
        ranks = {a.type.rank for a in arguments}
        dtypes = {a.type.dtype for a in arguments}
        if ranks == {Rank.NUMBER}:
            if len(dtypes) == 1:
                return [self.value(a) for a in arguments]
            if "float64" not in dtypes:
                return [self.as_type(a, _INT) for a in arguments]
            return [self._exact(a) for a in arguments]
        dtype = promote([(a.type.dtype, a.type.rank) for a in arguments])
        return [self.as_type(a, ElementType(dtype, Rank.SCALAR)) for a in arguments]

    def _exact(self, operand: Expression) -> str:
        """A Python number as the float that is equal to it."""
        if operand.type.dtype == "float64" or isinstance(operand, Number):
            return self.as_type(operand, _FLOAT)
        value = self.as_type(operand, _INT)
        if not isinstance(operand, Index) and operand.type.dtype == "int64":
            value = self.text.named(value)
            self.text.stop_if(f"abs({value}) > {EXACT_TEXT}")
        return typed(value, "float64")

    def _test(self, name: str, operand: Expression) -> str:
        if category(operand.type.dtype) != "float":
            return str(name == "isfinite")
        return f"{_TESTS[name]}({bare(self.value(operand))})"

    def _where(self, arguments: tuple[Expression, ...], kind: ElementType) -> str:
        """``torch.where(c, a, b)``, which computes both."""
        test = self.condition(arguments[0])
        sides = [self.text.named(self.as_type(e, kind)) for e in arguments[1:]]
        return f"({sides[0]} if {test} else {sides[1]})"

    # ------------------------------------------------------------------ Python's numbers
    def _number(self, call: Call) -> str:
        name, kind = call.operator, call.type
        if kind.dtype == "float64":
            return self._float(call)
        if kind.dtype == "bool" and name in _BITS:
            return self._bits(name, call.arguments, "bool")
        if kind.dtype != "int64":
            raise self.refuse(f"{name} of Python's numbers is not written")
        if name in _MATH_WHOLE:
            whole = self.text.named(f"{_MATH_WHOLE[name]}({bare(self.value(call.arguments[0]))})")
            return cast(self.text, whole, _FLOAT, _INT)
        values = [self.as_type(a, _INT) for a in call.arguments]
        if name in _ARITHMETIC:
            return self._whole(f"({values[0]} {_ARITHMETIC[name]} {values[1]})", name, values)
        if name == "neg":
            return f"(-{values[0]})"
        if name == "abs":
            return f"abs({bare(values[0])})"
        if name in ("floor_divide", "remainder"):
            return self._divided(name, values, "int64")
        if name in _BITS:
            return self._bits(name, call.arguments, "int64")
        raise self.refuse(f"{name} of Python's ints is not written")

    def _whole(self, result: str, name: str, values: list[str]) -> str:
        """An int that Python computes without bound: one that gets large stops the kernel."""
        if all(v.lstrip("-").isdigit() for v in values):
            return result
        if name == "mul":
            first, second = (self.text.named(v) for v in values)
            size = f"abs(np.float64({first}) * np.float64({second}))"
            self.text.stop_if(f"{size} > {float(LARGEST_INT)}")
            return f"({first} * {second})"
        named = self.text.named(result)
        self.text.stop_if(f"{named} > {LARGEST_TEXT} or {named} < -{LARGEST_TEXT}")
        return named

    def _float(self, call: Call) -> str:
        name, arguments = call.operator, call.arguments
        if name == "div" and all(category(a.type.dtype) != "float" for a in arguments):
            values = [self._exact(a) for a in arguments]
        else:
            values = [self.as_type(a, _FLOAT) for a in arguments]
        if name in _ARITHMETIC:
            return f"({values[0]} {_ARITHMETIC[name]} {values[1]})"
        if name == "div":
            return self._quotient(values)
        if name == "neg":
            return f"(-{values[0]})"
        if name in ("abs", "math.fabs"):
            return f"abs({bare(values[0])})"
        if name == "math.sqrt":
            root = self.text.named(values[0])
            self.text.stop_if(f"{root} < 0.0")
            return f"math.sqrt({root})"
        if name == "pow" or name in _LIBRARY:
            found = f"math_{name.removeprefix('math.')}({', '.join(map(bare, values))})"
            found = self.text.named(found)
            self.text.stop_if(f"not np.isfinite({found})")
            return found
        if name == "math.copysign":
            return f"math.copysign({', '.join(map(bare, values))})"
        raise self.refuse(f"{name} of Python's floats is not written")

    def _quotient(self, values: list[str]) -> str:
        """A quotient of Python's, which raises where the divisor is 0."""
        divisor = values[1]
        if not _is_nonzero(divisor):
            divisor = self.text.named(divisor)
            self.text.stop_if(f"{divisor} == 0.0")
        return f"({values[0]} / {divisor})"

    # ------------------------------------------------------------------ tensors' elements
    def _tensor(self, call: Call) -> str:
        name, kind = call.operator, call.type
        group = category(kind.dtype)
        if name in _BITS:
            return self._bits(name, call.arguments, kind.dtype)
        if name == "bitwise_not":
            operand = self.as_type(call.arguments[0], kind)
            return f"(not {operand})" if group == "bool" else typed(f"~{operand}", kind.dtype)
        if group not in ("int", "float"):
            raise self.refuse(f"{name} of {kind.dtype} is not written")
        if name == "pow":
            return self._power(call)
        if name in ("clamp", "clamp_min", "clamp_max", "relu"):
            return self._clamped(call)
        own = ElementType(kind.dtype, Rank.SCALAR)
        values = [self.as_type(a, own) for a in call.arguments]
        if name in _ARITHMETIC:
            return self._fitted(f"({values[0]} {_ARITHMETIC[name]} {values[1]})", kind.dtype)
        if name == "div" and group == "float":
            if call.arguments[0].type.rank is Rank.NUMBER and not call.spelling:
                inverse = f"({typed('1.0', kind.dtype)} / {values[1]})"
                return f"({inverse} * {values[0]})"  # what PyTorch makes of ``3 / x``
            return f"({values[0]} / {values[1]})"
        if name == "neg":
            return self._fitted(f"(-{values[0]})", kind.dtype)
        if name == "abs":
            return self._fitted(f"abs({bare(values[0])})", kind.dtype)
        if name in ("positive", "clone"):
            return values[0]
        if name == "square":
            root = self.text.named(values[0])
            return self._fitted(f"({root} * {root})", kind.dtype)
        if name in ("maximum", "minimum"):
            return self._extreme(name, values, group)
        if name in ("floor_divide", "remainder") and group == "int":
            return self._divided(name, values, kind.dtype)
        if group == "int" and name in _WHOLE:
            return values[0]
        if group == "float" and name in _WHOLE:
            return f"{_WHOLE[name]}({bare(values[0])})"
        if group == "float" and name == "sqrt":
            return f"math.sqrt({bare(values[0])})"
        if group == "float" and name == "reciprocal":
            return f"({typed('1.0', kind.dtype)} / {values[0]})"
        raise self.refuse(f"{name} does not round as PyTorch's does")

    def _fitted(self, result: str, dtype: str) -> str:
        """An int computed in 64 bits, cut to its own: it wraps around as PyTorch's does."""
        if category(dtype) == "int" and dtype != "int64":
            return typed(bare(result), dtype)
        return result

    def _bits(self, name: str, arguments: tuple[Expression, ...], dtype: str) -> str:
        values = [self.as_type(a, ElementType(dtype, Rank.SCALAR)) for a in arguments]
        word = _BITS[name]
        if dtype == "bool":
            word = {"&": "and", "|": "or", "^": "!="}[word]
        if dtype == "bool" and word != "!=":
            values = [self.text.named(v) for v in values]
        return self._fitted(f"({values[0]} {word} {values[1]})", dtype)

    def _divided(self, name: str, values: list[str], dtype: str) -> str:
        """A quotient or remainder of ints, rounded down; a divisor of 0 raises."""
        first, second = values
        if not second.isdigit() or int(second) == 0:
            first, second = self.text.named(first), self.text.named(second)
            self.text.stop_if(f"{second} == 0 or {second} == -1")
        word = "//" if name == "floor_divide" else "%"
        return self._fitted(f"({first} {word} {second})", dtype)

    def _power(self, call: Call) -> str:
        """``x ** 2`` and ``x ** 3``, which PyTorch computes by multiplication."""
        base, exponent = call.arguments
        power = exponent.value if isinstance(exponent, Number) else None
        if power not in (2, 3) or isinstance(power, complex) or base.type.rank is Rank.NUMBER:
            raise self.refuse("a power is not written unless it is ** 2 or ** 3")
        if category(call.type.dtype) != "float" and power != 2:
            raise self.refuse("a power of an int is not written")
        root = self.text.named(self.as_type(base, ElementType(call.type.dtype, Rank.SCALAR)))
        square = f"({root} * {root})"
        return self._fitted(square if power == 2 else f"({square} * {root})", call.type.dtype)

    def _clamped(self, call: Call) -> str:
        """``min(max(x, low), high)`` as C++ does: the first of equals, and NaN stays NaN."""
        kind = ElementType(call.type.dtype, Rank.SCALAR)
        value, *ends = call.arguments
        low: Expression | None = None
        high: Expression | None = None
        if call.operator == "relu":
            low = Number(0, _INT)
        else:
            order = {"clamp_min": ["min"], "clamp_max": ["max"]}.get(call.operator, ["min", "max"])
            given = {**dict(zip(order, ends, strict=False)), **dict(call.keywords)}
            low, high = given.get("min"), given.get("max")
        result = self.as_type(value, kind)
        for end, word in ((low, "maximum"), (high, "minimum")):
            if end is not None and not (isinstance(end, Invariant) and end.name == "None"):
                if end.type.rank is not Rank.NUMBER and category(kind.dtype) == "float":
                    raise self.refuse("clamp between tensors is not written")
                bound = self.as_type(end, kind)
                result = self._extreme(word, [result, bound], category(kind.dtype))
        return result

    def _extreme(self, name: str, values: list[str], group: str) -> str:
        first, second = (self.text.named(v) for v in values)
        word = "<" if name == "maximum" else ">"
        test = f"{first} {word} {second}"
        if group == "float":
            test += f" or {second} != {second}"
        return f"({second} if {test} else {first})"


def _is_short(value: str) -> bool:
    """Whether a value is one operation on names, which needs no name of its own."""
    is_one = value.count("(") == 1 and value.startswith("(")
    return is_one and len(value) < 24 and "[" not in value and "/" not in value


def _is_nonzero(value: str) -> bool:
    """Whether a number as it is written is not 0."""
    try:
        return float(bare(value)) != 0
    except ValueError:
        return False
