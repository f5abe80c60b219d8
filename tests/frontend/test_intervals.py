"""Bounds hold in every iteration, and nothing is claimed of what may be infinite."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from deloop.diagnostic import Place
from deloop.dtype import Rank
from deloop.frontend.intervals import bounds_of, raises_nothing
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import Loop

FLOAT = scalar.ElementType("float64", Rank.NUMBER)
ROW, J, N = Affine.symbol("i"), Affine.symbol("j"), Affine.symbol("len(x)")
LOOPS = (
    Loop("i", Affine(), N, (), Place("", 1, 1)),
    Loop("j", ROW + 1, N + 1, (), Place("", 1, 1)),
)
OPERATIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
}

numbers = st.sampled_from([-2.0, -0.5, 0.0, 0.1, 1.0, 2.0, 3.5, 10.0])
leaves = st.one_of(
    numbers.map(lambda value: scalar.Number(value, FLOAT)),
    st.sampled_from([ROW, J, N, ROW * 2 + 1, J - ROW, N - ROW, -J]).map(scalar.Index),
    st.just(scalar.Invariant("math.pi", FLOAT)),
)


def combine(
    parts: st.SearchStrategy[scalar.Expression],
) -> st.SearchStrategy[scalar.Expression]:
    return st.one_of(
        st.builds(
            lambda word, a, b: scalar.Call(word, (a, b), FLOAT),
            st.sampled_from(sorted(OPERATIONS)), parts, parts,
        ),
        st.builds(
            lambda word, a: scalar.Call(word, (a,), FLOAT),
            st.sampled_from(["neg", "math.sin", "math.cos"]), parts,
        ),
    )  # fmt: skip


def evaluate(value: scalar.Expression, names: dict[str, int]) -> float:
    """The number in one iteration, as Python computes it."""
    match value:
        case scalar.Number(number):
            assert isinstance(number, float)
            return number
        case scalar.Index(affine):
            found = affine.evaluate(names)
            assert found is not None
            return float(found)
        case scalar.Invariant():
            return math.pi
        case scalar.Call("neg", (inner,)):
            return -evaluate(inner, names)
        case scalar.Call("math.sin" | "math.cos" as word, (inner,)):
            return float(getattr(math, word[5:])(evaluate(inner, names)))
        case scalar.Call(word, (first, second)):
            return float(OPERATIONS[word](evaluate(first, names), evaluate(second, names)))
    raise AssertionError(value)


@given(st.recursive(leaves, combine, max_leaves=6), st.integers(1, 5))
def test_no_iteration_leaves_the_bounds(value: scalar.Expression, size: int) -> None:
    bounds = bounds_of(value, LOOPS)
    if bounds is None:
        return
    for i, j in itertools.product(range(size), range(size + 1)):
        if j <= i:
            continue
        try:
            found = evaluate(value, {"i": i, "j": j, "len(x)": size})
        except ZeroDivisionError:
            continue  # the loop raises there, whatever the rewrite does
        slack = 1e-9 * (1 + max(map(abs, bounds)))
        assert bounds[0] - slack <= found <= bounds[1] + slack


def test_a_share_of_a_size_is_at_most_one() -> None:
    share = scalar.Call("div", (scalar.Index(ROW), scalar.Index(N)), FLOAT)
    assert bounds_of(share, LOOPS) == (0.0, 1.0)
    beyond = scalar.Call("div", (scalar.Index(J * 2), scalar.Index(N)), FLOAT)
    assert bounds_of(beyond, LOOPS) != (0.0, 1.0)


def test_steps_are_counted_with_their_stride() -> None:
    steps = (Loop("k", Affine(), Affine.symbol("'count'"), (), Place("", 1, 1), 2, N),)
    share = scalar.Call("div", (scalar.Index(Affine.symbol("k") * 2), scalar.Index(N)), FLOAT)
    assert bounds_of(share, steps) == (0.0, 1.0)


def test_growth_without_end_has_no_bounds() -> None:
    for base, is_bounded in ((0.9, True), (1.0, True), (1.1, False), (0.0, True)):
        power = scalar.Call("pow", (scalar.Number(base, FLOAT), scalar.Index(ROW)), FLOAT)
        assert (bounds_of(power, LOOPS) is not None) == is_bounded
    falling = scalar.Call("pow", (scalar.Number(0.0, FLOAT), scalar.Index(-ROW)), FLOAT)
    assert bounds_of(falling, LOOPS) is None


def test_what_anybody_may_pass_has_no_bounds() -> None:
    assert bounds_of(scalar.Invariant("gamma", FLOAT), LOOPS) is None
    assert bounds_of(scalar.Invariant("math.inf", FLOAT), LOOPS) is None
    assert bounds_of(scalar.Load("x", (ROW,), FLOAT), LOOPS) is None


def test_functions_of_math_raise_nothing_inside_of_their_domain() -> None:
    assert raises_nothing("math.cos", (-1e18, 1e18))
    assert not raises_nothing("math.cos", None)
    assert raises_nothing("math.sqrt", (0.0, 4.0))
    assert not raises_nothing("math.sqrt", (-1e-9, 4.0))
    assert not raises_nothing("math.log", (0.0, 4.0))
    assert not raises_nothing("math.exp", (0.0, 710.0))
    assert not raises_nothing("math.gamma", (1.0, 2.0))
