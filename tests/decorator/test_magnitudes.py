"""A bound on magnitudes is true only where the guard is that it stands for."""

from __future__ import annotations

import itertools

import pytest
import torch

import deloop
from deloop.decorator.magnitudes import bounded

NAN, INF = float("nan"), float("inf")
GUARDS = [
    "bool((~torch.isnan(((x[:, None] - y) ** 2).sum(2))).all())",
    "bool((((x[:, None] - y) ** 2).sum(2) < float('inf')).any(1).all())",
    "bool(((x[:, None] - y).abs().amax(2) < float('inf')).any(1).all())",
    "bool((x @ y.T > float('-inf')).any(1).all())",
    "bool((~torch.isnan(torch.cdist(x, y))).all())",
    "bool((torch.cdist(x, y, p=1) < float('inf')).any(0).all())",
    "bool((~torch.isnan(((x[:, None] - y) ** 2).mean(2).sqrt())).all())",
    "bool((~torch.isnan((x[1:, None] * y - 3).norm(dim=2))).all())",
]
EXTREME = [0.0, -0.0, 1.0, -3.5, 1e18, -1e19, 1e30, 3e38, 1e-40, INF, -INF, NAN]


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_bound_is_true_only_where_its_guard_is(guard, dtype) -> None:
    enough = bounded(guard, {"x": str(dtype)[6:], "y": str(dtype)[6:]})
    assert enough is not None
    held = 0
    for number, (one, other) in enumerate(itertools.product(EXTREME, EXTREME)):
        made = torch.Generator().manual_seed(number)
        x = torch.randn(3, 2, dtype=dtype, generator=made)
        y = torch.randn(4, 2, dtype=dtype, generator=made)
        x[number % 3, number % 2], y[number % 4, 1] = one, other
        names = {"torch": torch, "x": x, "y": y}
        if eval(enough, names):
            held += 1
            assert eval(guard, names), (one, other)
    assert held >= 25


@pytest.mark.parametrize("shapes", [((0, 2), (4, 2)), ((3, 2), (0, 2)), ((3, 0), (4, 0))])
def test_of_nothing_the_guard_itself_is_asked(shapes) -> None:
    names = {"torch": torch, "x": torch.zeros(shapes[0]), "y": torch.zeros(shapes[1])}
    for guard in GUARDS:
        enough = bounded(guard, {"x": "float32", "y": "float32"})
        assert enough is not None and not eval(enough, names)


@pytest.mark.parametrize(
    "guard",
    [
        "bool((~torch.isnan(x)).all())",  # one look at each element is as cheap
        "bool((~torch.isnan(x / y)).all())",
        "bool((~torch.isnan(torch.exp(x) * y)).all())",
        "bool((~torch.isnan((x - y).sqrt())).all())",
        "bool((x[1:, None] - y < float('inf')).any(1).all())",  # of a part that may be empty
        "bool((~torch.isnan((x - y).norm(0))).all())",
        "bool((~torch.isnan(x * scale)).all())",
        "bool((x[idx] - y < float('inf')).all())",
        "bool((x >= 0).all())",
        "n >= 1",
    ],
)
def test_what_has_no_such_bound_is_left_alone(guard) -> None:
    assert bounded(guard, {"x": "float32", "y": "float32"}) is None


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float16", "float16"),
                                    ("int64", "int64")])  # fmt: skip
def test_dtypes_that_differ_or_are_small_have_no_bound(dtypes) -> None:
    assert bounded(GUARDS[0], dict(zip("xy", dtypes, strict=True))) is None


def nearest(x, y):
    out = torch.zeros(len(x), dtype=torch.int64)
    for i in range(len(x)):
        best, place = float("inf"), 0
        for j in range(len(y)):
            d = ((x[i] - y[j]) ** 2).sum()
            if d < best:
                best, place = d, j
        out[i] = place
    return out


@pytest.mark.parametrize("value", EXTREME)
def test_searches_of_extreme_values_are_as_the_loop_has_them(value) -> None:
    x, y = torch.randn(4, 2), torch.randn(5, 2)
    x[1, 0] = value
    fast = deloop.vectorize(nearest, keep_small=False)
    assert torch.equal(fast(x, y), nearest(x, y))
    y[2, 1] = value
    assert torch.equal(fast(x, y), nearest(x, y))
