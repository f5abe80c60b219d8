"""VEC102: the sign of an integer dropped by ``if``."""

from __future__ import annotations

from deloop.ir.scalar import Call, Expression
from deloop.rewrite.pattern import Bindings, Choice, Element, Literal, Op, Pattern
from deloop.rewrite.rule import Example, Page, Place, Rule

_X, _ZERO = Element("x", ("int",)), Literal("zero", 0)
_NEGATED = Op("neg", (_X,))
_BELOW = tuple(
    Op(name, operands)
    for name, operands in (
        ("lt", (_X, _ZERO)), ("le", (_X, _ZERO)), ("gt", (_ZERO, _X)), ("ge", (_ZERO, _X)),
    )
)  # fmt: skip
_ABOVE = tuple(
    Op(name, operands)
    for name, operands in (
        ("gt", (_X, _ZERO)), ("ge", (_X, _ZERO)), ("lt", (_ZERO, _X)), ("le", (_ZERO, _X)),
    )
)  # fmt: skip
_PATTERNS: tuple[Pattern, ...] = (
    *(Choice(below, _NEGATED, _X) for below in _BELOW),
    *(Choice(above, _X, _NEGATED) for above in _ABOVE),
)


def is_abs(found: Bindings, place: Place) -> bool:
    """Always, for integers: the smallest one is its own negative and its own ``abs``."""
    return "x" in found


def write_abs(found: Bindings) -> Expression:
    """``x.abs()``."""
    x = found["x"]
    return Call("abs", (x,), x.type, ".abs")


def _example(condition: str, arguments: str, after: str) -> Example:
    before = f"""
def f(x):
    out = torch.empty_like(x)
    for i in range(len(x)):
        if {condition}:
            out[i] = -x[i]
        else:
            out[i] = x[i]
    return out
"""
    return Example(before, arguments, after)


_POSITIVE = """
def f(x):
    out = torch.empty_like(x)
    for i in range(len(x)):
        out[i] = x[i] if x[i] >= 0 else -x[i]
    return out
"""
_INTS = "(torch.arange(-4, 5),)"

MANUAL_ABS = Rule(
    code="VEC102",
    name="manual_abs",
    patterns=_PATTERNS,
    condition=is_abs,
    rewrite=write_abs,
    page=Page(
        what_it_does="Finds integers of which the negative ones are negated, and writes `abs`.",
        why_slow="The loop asks Python for a comparison at each element, and `torch.where` would "
        "make a mask and a negated copy. `abs` reads each element once.",
        silent="""
- The dtype is a floating one: `abs` turns -0.0 into 0.0 where the loop keeps it, and its
  derivative at 0 is 0 where the loop's is 1 or -1.
- The comparison is with another number than 0.
""",
        safety="Safe. Every value is the loop's, the smallest integer (its own negative) included.",
    ),
    valid=(
        _example("x[i] < 0", _INTS, "return x.abs()"),
        _example("0 >= x[i]", _INTS, "return x.abs()"),
        Example(_POSITIVE, _INTS, "return x.abs()"),
    ),
    invalid=(
        _example("x[i] < 0", "(torch.randn(9),)", "abs"),
        _example("x[i] < 1", _INTS, "abs"),
        _example("x[i] > 0", _INTS, "abs"),
    ),
)
