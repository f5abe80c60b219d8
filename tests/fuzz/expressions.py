"""Random expressions over elements: one function a form."""

from __future__ import annotations

from .operands import COMPARISONS, access, binary, condition, leaf, number, result
from .scope import Scope, Value, join

TO_FLOAT = (
    "torch.sin({})",
    "torch.cos({})",
    "torch.exp({})",
    "torch.tanh({})",
    "torch.sqrt({})",
    "torch.sigmoid({})",
    "torch.log({})",
    "torch.log1p({})",
    "{}.sqrt()",
    "{}.exp()",
    "{}.tanh()",
    "torch.rsqrt({})",
    "torch.atan({})",
    "torch.reciprocal({})",
    "torch.erf({})",
    "{}.sigmoid()",
)
KEEPING = (
    "torch.abs({})",
    "{}.abs()",
    "torch.sign({})",
    "{}.sign()",
    "torch.neg({})",
    "{}.neg()",
    "torch.square({})",
    "{}.square()",
    "torch.relu({})",
    "F.relu({})",
    "{}.clone()",
    "torch.clamp({}, min=0)",
    "torch.clamp({}, -1, 2)",
    "{}.clamp(max=3)",
    "{}.clamp_min(1)",
    "torch.positive({})",
)
FLOATING = (
    "torch.floor({})",
    "{}.ceil()",
    "torch.round({})",
    "torch.trunc({})",
    "F.gelu({})",
    "F.leaky_relu({}, 0.1)",
    "F.silu({})",
    "F.softplus({})",
    "torch.frac({})",
    "torch.nan_to_num({})",
    "F.elu({})",
    "F.hardtanh({})",
)
CASTS = {
    "{}.float()": "float",
    "{}.double()": "float",
    "{}.to(torch.float64)": "float",
    "{}.int()": "int",
    "{}.long()": "int",
    "{}.to(torch.int32)": "int",
    "{}.bool()": "bool",
    "{}.half()": "float",
}
PAIRED = (
    "torch.maximum({}, {})",
    "torch.minimum({}, {})",
    "torch.add({}, {})",
    "{}.mul({})",
    "torch.where({} > {}, {}, {})",
    "torch.fmod({}, {})",
    "{}.add({}, alpha=2)",
    "torch.atan2({}, {})",
    "torch.remainder({}, {})",
    "torch.sub({}, {})",
)


_EXTREMES = ("{}.max()", "torch.min({})", "{}.amax()")
_TESTS = ("({} > 0).any()", "torch.all({} != 1)")
COMBINED = {
    "float": {
        **dict.fromkeys(("{}.sum()", "torch.mean({})", "{}.std()", "torch.norm({})"), "float"),
        **dict.fromkeys(("{}.norm(p=1)", "{}.var(unbiased=False)", *_EXTREMES), "float"),
        **dict.fromkeys(_TESTS, "bool"),
        "{}.argmax()": "int",
    },
    "int": {
        **dict.fromkeys(("{}.sum()", "torch.prod({})", *_EXTREMES, "{}.argmin()"), "int"),
        **dict.fromkeys(_TESTS, "bool"),
    },
    "bool": {"{}.any()": "bool", "torch.all({})": "bool", "{}.sum()": "int"},
}
NORMALISED = (
    "torch.softmax({}, -1)",
    "({0} - {0}.mean(-1, keepdim=True))",
    "F.log_softmax({}, dim=-1)",
    "({0} / ({0}.abs().sum() + 1))",
    "torch.cumsum({}, -1)",
)


def tensor(scope: Scope, depth: int, scalar: bool = False) -> Value:
    """An expression over elements, at most `depth` operations deep."""
    if depth <= 0 or scope.chance(0.15):
        return leaf(scope, scalar)
    form = scope.pick(
        {
            "arithmetic": 9,
            "with_number": 5,
            "unary": 3,
            "paired": 1.6,
            "builtin": 1.6,
            "conditional": 1.3,
            "helper": 2.0,
            "function": 2.0,
            "comparison": 0.5,
            "cast": 0.6,
            "power": 0.8,
            "divide_floor": 1.0,
            "bits": 0.5,
            "item": 0.25,
            "math": 0.3,
            "minus": 0.8,
            "row_combined": 1.0,
        }
    )
    left = tensor(scope, depth - 1, scalar)
    return _FORMS[form](scope, left, depth, scalar)


def another(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    """An operand that is not `left` over again, where there is one: ``x / x`` says little."""
    for _ in range(4):
        right = tensor(scope, depth, scalar)
        if right.text != left.text or scope.chance(0.1):
            return right
    return number(scope, 1)


def _arithmetic(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    return binary(scope, left, another(scope, left, depth - 1, scalar))


def _with_number(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    other = number(scope, depth - 1)
    return binary(scope, left, other) if scope.chance(0.7) else binary(scope, other, left)


def _minus(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    if left.sort == "bool":
        return left
    return Value(f"-({left.text})", left.kind, left.sort)


def _unary(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    if left.kind in ("number", "mixed") or left.sort == "bool":
        return _with_number(scope, left, depth, scalar)
    scope.use("torch_function")
    if left.sort == "complex":
        template = scope.rng.choice(("torch.exp({})", "{}.conj()", "torch.sin({})", "{}.neg()"))
        return Value(template.format(_call(left, template)), left.kind, "complex")
    pool = KEEPING + TO_FLOAT if left.sort == "int" else KEEPING + TO_FLOAT + FLOATING
    template = scope.rng.choice(pool)
    sort = "float" if template in TO_FLOAT else left.sort
    return Value(template.format(_call(left, template)), left.kind, sort)


def _call(value: Value, template: str) -> str:
    return f"({value.text})" if template.startswith("{}") else value.text


def _paired(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    right = another(scope, left, depth - 1, scalar)
    simple = all(v.kind in ("element", "row") and v.sort in ("int", "float") for v in (left, right))
    if not simple:
        return binary(scope, left, right)
    scope.use("paired_function")
    template = scope.rng.choice(PAIRED)
    texts = (_call(left, template), right.text, left.text, right.text)
    sort = join(left.sort, right.sort, "float" if "atan2" in template else "bool")
    return result(template.format(*texts), left, right, sort)


def _builtin(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    if left.sort in ("bool", "complex"):
        return binary(scope, left, number(scope, 1))
    form = scope.pick({"abs": 2, "minmax": 3, "pow": 1, "round": 0.02})
    if form == "abs":
        scope.use("builtin_abs")
        return Value(f"abs({left.text})", left.kind, left.sort)
    if form == "round" and left.kind == "element" and left.sort == "float":
        scope.use("builtin_round")
        return Value(f"round({left.text})", left.kind, left.sort)
    if form == "pow":
        scope.use("builtin_pow")
        return Value(f"pow({left.text}, {scope.rng.choice((2, 3, 0.5))})", left.kind, "float")
    if left.kind == "row":
        return Value(f"abs({left.text})", left.kind, left.sort)
    right = number(scope, 0) if scope.chance(0.6) else tensor(scope, depth - 1, True)
    if right.sort == "complex" or right.kind == "row":
        return left
    scope.use("builtin_min_max")
    pair = (left, right) if scope.chance(0.6) else (right, left)
    texts = ", ".join(v.text for v in pair)
    kind = "element" if {left.kind, right.kind} == {"element"} else "mixed"
    return Value(f"{scope.rng.choice(('max', 'min'))}({texts})", kind, join(left.sort, right.sort))


def _conditional(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    right = tensor(scope, depth - 1, scalar) if scope.chance(0.6) else number(scope, 0)
    scope.use("conditional_expression")
    kind = left.kind if left.kind == right.kind else "mixed"
    if "row" in (left.kind, right.kind) and left.kind != right.kind:
        return binary(scope, left, right)
    text = f"({left.text}) if {condition(scope, 1)} else ({right.text})"
    return Value(f"({text})", kind, join(left.sort, right.sort))


def _helper(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    if not scope.helpers or left.kind != "element" or left.sort == "complex":
        return _with_number(scope, left, depth, scalar)
    scope.use("helper")
    name, count = scope.rng.choice(scope.helpers)
    arguments = [left.text] + [number(scope, 0).text for _ in range(count - 1)]
    return Value(f"{name}({', '.join(arguments)})", "mixed", "float")


def _function(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    if not scope.functions or left.kind != "element" or left.sort == "complex":
        return _arithmetic(scope, left, depth, scalar)
    scope.use("function_parameter")
    return Value(f"{scope.rng.choice(scope.functions)}({left.text})", "mixed", "float")


def _comparison(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    right = number(scope, 0)
    if left.sort == "complex" or left.kind == "number":
        return left
    scope.use("comparison_value")
    kind = "mixed" if left.kind == "mixed" else left.kind
    return Value(f"(({left.text}) {scope.rng.choice(COMPARISONS)} ({right.text}))", kind, "bool")


def _cast(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    if left.kind not in ("element", "row") or left.sort == "complex":
        return left
    scope.use("cast")
    template = scope.rng.choice(list(CASTS))
    return Value(template.format(f"({left.text})"), left.kind, CASTS[template])


def _power(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    if left.sort in ("bool", "complex"):
        return left
    scope.use("power")
    exponents = ["2", "3", "2", "0.5", "-1" if left.sort == "float" else "2"]
    exponents += [it.name for it in scope.named][:1]
    exponent = scope.rng.choice(exponents)
    sort = "float" if "." in exponent or exponent == "-1" else left.sort
    if scope.chance(0.12):
        return Value(f"{scope.rng.choice((2, 0.5))} ** ({left.text})", left.kind, "float")
    return Value(f"({left.text}) ** {exponent}", left.kind, sort)


def _divide_floor(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    if left.sort in ("bool", "complex"):
        return left
    scope.use("floor_divide")
    operator = scope.rng.choice(("//", "%"))
    if scope.chance(0.75):
        divisor = scope.rng.choice(("2", "3", "-2", "-3", "1.5", "-0.5"))
        return Value(
            f"({left.text}) {operator} {divisor}",
            left.kind,
            join(left.sort, "float" if "." in divisor else "int"),
        )
    right = tensor(scope, 0, scalar)
    if right.sort in ("bool", "complex"):
        return left
    return result(
        f"({left.text}) {operator} ({right.text})", left, right, join(left.sort, right.sort)
    )


def _bits(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    if left.sort not in ("bool", "int") or left.kind == "number":
        return binary(scope, left, number(scope, 0))
    scope.use("bit_operation")
    if left.sort == "bool":
        return Value(f"~({left.text})" if left.kind == "element" else left.text, left.kind, "bool")
    template = scope.rng.choice(("({}) & 3", "({}) | 1", "({}) ^ 5", "({}) << 1", "({}) >> 1"))
    return Value(template.format(left.text), left.kind, "int")


def _item(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    if left.kind != "element" or left.sort == "complex":
        return left
    scope.use("item")
    scope.hard.add("item")
    template = scope.rng.choice(("({}).item()", "float({})", "({}).item()", "({}).detach()"))
    kind = "element" if "detach" in template else "number"
    return Value(template.format(left.text), kind, left.sort)


def _math(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    if left.kind != "element" or left.sort == "complex":
        return left
    scope.use("math_element")
    scope.hard.add("math_element")
    template = scope.rng.choice(
        ("math.atan({})", "math.tanh({})", "math.sqrt(abs({}))", "math.fabs({})", "math.erf({})")
    )
    return Value(template.format(left.text), "number", "float")


def _row_combined(scope: Scope, left: Value, depth: int, scalar: bool) -> Value:
    """A whole row as one element; or a row normalised, which stays a row."""
    if left.kind == "row" and left.sort == "float" and not scalar:
        scope.use("row_normalised")
        return Value(scope.rng.choice(NORMALISED).format(f"({left.text})"), "row", "float")
    found = [
        a
        for a in scope.arrays.values()
        if a.trailing and not a.written and scope.is_reachable(a) and a.sort != "complex"
    ]
    if not found or left.kind == "row":
        return left
    scope.use("row_combined")
    array = scope.rng.choice(found)
    text = access(scope, array).text
    if scope.chance(0.3) and array.sort == "float":
        text = scope.rng.choice(("({} * 0.5)", "({} ** 2)", "{}.abs()")).format(text)
    pool = COMBINED[array.sort]
    combined = scope.rng.choice(list(pool))
    return Value(combined.format(text), "element", pool[combined])


_FORMS = {
    "row_combined": _row_combined,
    "arithmetic": _arithmetic,
    "with_number": _with_number,
    "unary": _unary,
    "paired": _paired,
    "builtin": _builtin,
    "conditional": _conditional,
    "helper": _helper,
    "function": _function,
    "comparison": _comparison,
    "cast": _cast,
    "power": _power,
    "divide_floor": _divide_floor,
    "bits": _bits,
    "item": _item,
    "math": _math,
    "minus": _minus,
}
