"""VEC101: a value held within bounds by ``max``, ``min`` or ``if``."""

from __future__ import annotations

from deloop.dtype import category, is_normal
from deloop.ir.scalar import Call, Expression, Number, requires_grad
from deloop.rewrite.pattern import Bindings, Choice, Element, Literal, Op, Pattern
from deloop.rewrite.rule import Example, Page, Place, Rule

_X, _WHOLE = Element("x"), Element("x", ("int",))
_LOW, _HIGH = Literal("low"), Literal("high")
_CLAMPED_LOW = Op("clamp", (_X,), (("min", _LOW),))
_CLAMPED_HIGH = Op("clamp", (_X,), (("max", _HIGH),))


def _less(a: Pattern, b: Pattern) -> tuple[Pattern, ...]:
    """The ways to write ``a < b`` or ``a <= b``: at a tie both branches are equal."""
    forms = (("lt", a, b), ("gt", b, a), ("le", a, b), ("ge", b, a))
    return tuple(Op(name, (left, right)) for name, left, right in forms)


# min(max(x, low), high): whether high < max(x, low) was asked of either branch.
_HIGH_OF_MAX = tuple(
    Choice(below, Op("lt", (_HIGH, _LOW)), Op("lt", (_HIGH, _X))) for below in _less(_X, _LOW)
)
_LOW_OF_MIN = tuple(
    Choice(above, Op("gt", (_LOW, _HIGH)), Op("gt", (_LOW, _X))) for above in _less(_HIGH, _X)
)
# The bound is what the condition chooses, so that a NaN stays; an integer is none.
_PATTERNS: tuple[Pattern, ...] = (
    *(
        Choice(above, _HIGH, _CLAMPED_LOW)
        for above in (*_less(_HIGH, _X), *_less(_HIGH, _CLAMPED_LOW), *_HIGH_OF_MAX)
    ),
    *(
        Choice(below, _LOW, _CLAMPED_HIGH)
        for below in (*_less(_X, _LOW), *_less(_CLAMPED_HIGH, _LOW), *_LOW_OF_MIN)
    ),
    *(Choice(below, _LOW, _X) for below in _less(_X, _LOW)),
    *(Choice(above, _HIGH, _X) for above in _less(_HIGH, _X)),
    *(Choice(above, _WHOLE, _LOW) for above in _less(_LOW, _WHOLE)),
    *(Choice(below, _WHOLE, _HIGH) for below in _less(_WHOLE, _HIGH)),
)


def is_clamp(found: Bindings, place: Place) -> bool:
    """Whether ``clamp`` gives the same for every value of x, and x is not known to a gradient.

    The stored dtype is x's, for else the loop stores the number itself, and not rounded to x's.
    """
    x = found["x"]
    dtype = x.type.dtype
    if place.stored != dtype or requires_grad(x, place.with_grad):
        return False
    bounds = [v.value for n, v in found.items() if n != "x" and isinstance(v, Number)]
    ordered = [found[n] for n in ("low", "high") if n in found]
    if not all(_is_bound(value, dtype) for value in bounds):
        return False
    return len(ordered) == 1 or _value(ordered[0]) <= _value(ordered[1])


def _is_bound(value: object, dtype: str) -> bool:
    if category(dtype) == "int":
        return type(value) is int and is_normal(value, dtype)
    return isinstance(value, (int, float)) and is_normal(value, dtype)


def _value(bound: Expression) -> float:
    assert isinstance(bound, Number) and isinstance(bound.value, (int, float))
    return bound.value


def write_clamp(found: Bindings) -> Expression:
    """``x.clamp(min=low, max=high)``, with the bounds that there are."""
    x = found["x"]
    names = (("min", "low"), ("max", "high"))
    keywords = tuple((keyword, found[name]) for keyword, name in names if name in found)
    return Call("clamp", (x,), x.type, ".clamp", keywords)


def _example(value: str, arguments: str, after: str, out: str = "torch.empty_like(x)") -> Example:
    before = f"""
def f(x):
    out = {out}
    for i in range(len(x)):
        out[i] = {value}
    return out
"""
    return Example(before, arguments, after)


_BY_IF = """
def f(x):
    out = torch.empty_like(x)
    for i in range(len(x)):
        if x[i] < -1.5:
            out[i] = -1.5
        elif x[i] > 2:
            out[i] = 2
        else:
            out[i] = x[i]
    return out
"""
_FLOATS, _INTS = "(torch.randn(9),)", "(torch.arange(9),)"

MANUAL_CLAMP = Rule(
    code="VEC101",
    name="manual_clamp",
    patterns=_PATTERNS,
    condition=is_clamp,
    rewrite=write_clamp,
    page=Page(
        what_it_does="Finds elements held above or below literal bounds by `max`, `min` or `if`, "
        "and writes `clamp`.",
        why_slow="The loop asks Python for a comparison at each element, and `torch.where` would "
        "make a mask and read it again. `clamp` reads each element once.",
        silent="""
- A gradient flows into the value: at a NaN the loop passes it on, `clamp` stops it.
- A bound is 0 (or rounds to 0) and the dtype is a floating one: `clamp` may give 0.0 for -0.0.
- A bound is not a literal, is not finite or does not fit the dtype, or the lower one is larger.
- `max(0.5, x[i])` of floats: it gives 0.5 for a NaN, `clamp` gives NaN. `max(x[i], 0.5)` is fine.
- The result is stored in another dtype, or computed with: there the number counts as it is written.
""",
        safety="Safe. Every value is bitwise the loop's, infinities included; NaN stays NaN "
        "(its payload may differ in bfloat16).",
    ),
    valid=(
        _example("min(max(x[i], 0.5), 2.0)", _FLOATS, "return x.clamp(min=0.5, max=2.0)"),
        _example("max(x[i], 0.5)", _FLOATS, "return x.clamp(min=0.5)"),
        _example("min(x[i], -0.5)", _FLOATS, "return x.clamp(max=-0.5)"),
        _example("max(min(x[i], 2), -1.5)", _FLOATS, "return x.clamp(min=-1.5, max=2)"),
        _example("max(0, x[i])", _INTS, "return x.clamp(min=0)"),
        Example(_BY_IF, _FLOATS, "return x.clamp(min=-1.5, max=2)"),
    ),
    invalid=(
        _example("max(x[i], 0.5)", "(torch.randn(9, requires_grad=True),)", "clamp"),
        _example("max(x[i], 0)", _FLOATS, "clamp"),
        _example("max(x[i], 1e-9)", "(torch.randn(9).half(),)", "clamp"),
        _example("max(0.5, x[i])", _FLOATS, "clamp"),
        _example("max(x[i], 0.5)", _INTS, "clamp"),
        _example("min(max(x[i], 2.0), 0.5)", _FLOATS, "clamp(min=2.0, max=0.5)"),
        _example("max(x[i], 0.1)", _FLOATS, "clamp", "torch.zeros(len(x), dtype=torch.float64)"),
        _example("float(max(x[i], 0.1)) * 3", _FLOATS, "clamp"),
    ),
)
