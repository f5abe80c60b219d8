"""What ``--fix --unsafe-fixes`` writes, run beside what stood there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from deloop.config import Config
from deloop.lint.check import Result, check_bytes
from deloop.lint.edit import apply_fixes

X = torch.linspace(-2.0, 3.0, 28).reshape(7, 4)

# Name: the source, the call, whether a loop is left.
CASES: dict[str, tuple[str, str, bool]] = {
    "in front of the loop stands what the compiler does not read": (
        """
def f(x: torch.Tensor):
    y = torch.linalg.qr(x)[0]
    out = torch.zeros(y.shape[0])
    for i in range(y.shape[0]):
        out[i] = y[i].sum()
    return out
""", "f(X)", False,
    ),
    "inside of a loop over steps": (
        """
def f(u: torch.Tensor, steps):
    for step in range(steps):
        new = u.clone()
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                new[i, j] = (u[i - 1, j] + u[i + 1, j]) / 2
        u = new
    return u
""", "f(X, 3)", True,
    ),
    "what the loop leaves is read later": (
        """
def f(x: torch.Tensor):
    y = x.roll(1, 0).tril()
    total = 0.0
    for i in range(y.shape[0]):
        total += y[i, 0]
    doubled = total * 2
    print(end="")
    return doubled, total
""", "f(X)", False,
    ),
    "a list that is stacked": (
        """
def f(x: torch.Tensor):
    y = x.flip(0)
    rows = []
    for i in range(y.shape[0]):
        rows.append(y[i] / y[i].max())
    return torch.stack(rows)
""", "f(X)", False,
    ),
    "a script without functions": (
        """
y = X.flip(0)
out = torch.zeros(7)
for i in range(y.shape[0]):
    out[i] = y[i].sum()
def f():
    return out
""", "f()", False,
    ),
    "a method of a module": (
        """
class M(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("w", torch.arange(4.0))
    def forward(self, x):
        out = torch.zeros(x.size(0))
        for i in range(x.size(0)):
            out[i] = (x[i] * self.w).sum()
        return out
""", "M()(X)", False,
    ),
    "names of torch and of helpers": (
        """
import torch as th
def helper(v):
    return th.sigmoid(v) * 2
def f(x: th.Tensor):
    out = th.empty_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = helper(x[i, j])
    return out
""", "f(X)", False,
    ),
    "tensors that are written in place": (
        """
def f(x: torch.Tensor, y: torch.Tensor):
    for i in range(len(y)):
        y[i] = x[i, 0] * 2
    return y
""", "f(X, torch.zeros(7))", False,
    ),
    "what is not defined for floating-point numbers": (
        """
def f(a: torch.Tensor, b: torch.Tensor):
    out = torch.zeros(a.shape[0], a.shape[1])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = a[i, j] & b[i, j]
    return out
""", "f(X.long(), X.long().flip(0))", False,
    ),
    "the loop's variable is read later": (
        """
def f(x: torch.Tensor):
    y = x.flip(0)
    s = 0.0
    for i in range(y.shape[0]):
        s += y[i, 1]
    return s * i
""", "f(X)", False,
    ),
}  # fmt: skip


def check(source: str) -> tuple[bytes, Result]:
    data = f"import torch\n{source}".encode()
    return data, check_bytes(data, "a.py", Config(root=Path()), thorough=True)


def run(text: bytes, call: str) -> Any:
    namespace: dict[str, Any] = {"torch": torch, "X": X.clone()}
    exec(compile(text, "a.py", "exec"), namespace)
    return eval(call, namespace)


@pytest.mark.parametrize(("source", "call", "stays"), CASES.values(), ids=CASES)
def test_fixed_text_gives_what_the_loop_gave(source: str, call: str, stays: bool) -> None:
    data, result = check(source)
    assert len(result.fixes) == 1
    fixed = apply_fixes(data, result.fixes)
    assert (b"for " in fixed) == stays
    torch.testing.assert_close(run(fixed, call), run(data, call))
    again = check_bytes(fixed, "a.py", Config(root=Path()))
    assert again.findings == ()


def test_guessed_ranks_that_nothing_tells_are_only_shown() -> None:
    _, result = check(
        """
def f(w: torch.Tensor, scale: torch.Tensor):
    out = []
    for i in range(w.shape[0]):
        out.append(torch.round(w[i] / scale[i]))
    return torch.stack(out)
"""
    )
    (fix,) = result.fixes
    assert not fix.certain
    assert not fix.is_safe


def test_rank_that_makes_no_difference_is_not_assumed() -> None:
    _, result = check(
        """
def f(x: torch.Tensor):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out
"""
    )
    (fix,) = result.fixes
    assert fix.certain
    assert not any("dimension" in sentence for sentence in fix.assumptions)


def test_shared_memory_is_an_assumption_where_a_parameter_is_written() -> None:
    _, result = check(CASES["tensors that are written in place"][0])
    assert any("x, y share no memory" in a for a in result.fixes[0].assumptions)


def test_ellipsis_says_nothing_of_the_rank_and_is_not_guessed() -> None:
    _, result = check(
        """
def f(x: torch.Tensor, s: torch.Tensor):
    for i in range(x.shape[1]):
        x[:, i, ...] /= s[i]
    return x
"""
    )
    assert result.fixes == ()
    assert [f.code for f in result.findings] == ["VEC303"]


def test_what_the_loop_reads_under_another_name_is_assumed_as_well() -> None:
    _, result = check(
        """
def f(x: torch.Tensor):
    y = x.reshape(-1)
    out = torch.empty(x.numel())
    for k in range(y.shape[0]):
        out[k] = y[k] * 2
    return out
"""
    )
    (fix,) = result.fixes
    assert any(sentence.startswith("x is a tensor of 1 dimension") for sentence in fix.assumptions)
