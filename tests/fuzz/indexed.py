"""Random programs whose subscripts and lengths are data: scatters, gathers, ragged ranges.

Indices repeat, are negative, or leave the tensor; lengths are zero, whole, or too long. Values are
eighths, so that sums in any order are exact.
"""

from __future__ import annotations

import random

from .generator import ARGUMENT_SETS, HEADER, Program
from .text import Lines, Text


def generate_indexed(seed: int) -> Program:
    """The program of this seed."""
    text = Text(random.Random(f"indexed {seed}"))
    ragged = text.chance(0.35)
    body = _ragged(text) if ragged else _scatter(text)
    source = HEADER + "def program(x, w, a, b, n):\n" + "\n".join("    " + s for s in body) + "\n"
    arguments = tuple(_arguments(seed, index, ragged) for index in range(ARGUMENT_SETS))
    return Program(seed, source, arguments, dict(text.constructs))


# ---------------------------------------------------------------------- scatters
def _scatter(text: Text) -> Lines:
    """``x`` is (edges, 3), ``w``, ``a`` and ``b`` are (edges,); what ``a`` holds is below n."""
    form = text.one_of("element", "element", "row", "pair", "columns", "own_row", "loop")
    text.use(form)
    dtype = text.one_of(*[""] * 7, "float64", "float64", "int64", "bool")
    dtype = dtype and f", dtype=torch.{dtype}"
    shape = {
        "element": "n", "row": "n, 3", "pair": "n, n", "columns": "3, n", "own_row": "len(a), n",
        "loop": "n, 3",
    }[form]  # fmt: skip
    made = text.one_of("zeros", "zeros", "ones") + f"({shape}{dtype})"
    lines = [f"out = torch.{made}"]
    header = text.one_of("for e in range(len(a)):", "for e, k in enumerate(a):")
    a = "k" if "enumerate" in header else text.one_of("a[e]", "a[e].item()", "int(a[e])")
    inner: Lines = []
    if text.chance(0.2) and a != "k":
        inner, a = [f"k = {a}"], "k"
    b = text.one_of("b[e]", "int(b[e])", "b[e].item()")
    a = text.one_of(a, a, a, f"b[{a}]" if text.chance(0.3) else a)
    target = {
        "element": f"out[{a}]", "row": f"out[{a}]", "pair": f"out[{a}, {b}]",
        "columns": f"out[:, {a}]", "own_row": f"out[e, {a}]", "loop": f"out[{a}, d]",
    }[form]  # fmt: skip
    rows = form in ("row", "columns")
    statement = _update(text, target, rows, form == "loop")
    if text.chance(0.12) and form != "loop":
        other = target.replace(a, "b[e]", 1) if form != "pair" else f"out[{b}, {a}]"
        text.use("two_statements")
        statement += _update(text, other, rows, False)
    if form == "loop":
        statement = ["for d in range(3):", *("    " + line for line in statement)]
    inner += _guarded(text, statement, a)
    if text.chance(0.15):
        text.use("gather_beside")
        lines.append("g = torch.zeros(len(a))")
        inner.append("g[e] = w[b[e]] * 2")
        return [*lines, header, *("    " + line for line in inner), "return out, g"]
    return [*lines, header, *("    " + line for line in inner), "return out"]


def _term(text: Text, rows: bool, loop: bool) -> str:
    if text.chance(0.25):
        return text.one_of("1", "1", "0.5", "2", "True", "n")
    if rows:
        return text.one_of("x[e]", "x[e]", "x[e] * w[e]", "w[e]", "x[b[e]]", "x[e] * 2 + 1")
    if loop:
        return text.one_of("x[e, d]", "x[e, d] * w[e]", "w[e]", "x[b[e], d]", "d")
    return text.one_of(
        "w[e]", "w[e]", "w[e] * 2", "w[b[e]]", "w[e].item()", "x[e, 1]", "e", "w[e] * x[e, 0]"
    )


def _update(text: Text, target: str, rows: bool, loop: bool) -> Lines:
    """``out[a[e]] += …`` and what else may be done to an element that data selects."""
    term = _term(text, rows, loop)
    form = text.one_of("+=", "+=", "+=", "-=", "=", "=", "sum", "max", "maximum", "item")
    text.use(f"update {form}")
    if form == "sum":
        return [f"{target} = {target} + {term}"]
    if form == "max":
        return [f"{target} = {text.one_of('max', 'min')}({target}, {term})"]
    if form == "maximum":
        return [f"{target} = torch.{text.one_of('maximum', 'minimum')}({target}, {term})"]
    if form == "item":
        return [f"v = {term}", f"{target} += v"]
    return [f"{target} {form} {term}"]


def _guarded(text: Text, lines: Lines, a: str) -> Lines:
    if text.chance(0.55):
        return lines
    test = text.one_of(
        "w[e] > 0", f"{a} >= 0", f"{a} != -1", "b[e] != 0", f"{a} >= 0 and w[e] > 0", "e > 0",
        f"{a} < n", f"0 <= {a} < n",
    )  # fmt: skip
    text.use("guard")
    if text.chance(0.2):
        return [f"if not ({test}):", "    continue", *lines]
    otherwise = ["else:", "    out[0] += 1"] if text.chance(0.1) else []
    return [f"if {test}:", *("    " + line for line in lines), *otherwise]


# ---------------------------------------------------------------------- ragged ranges
def _ragged(text: Text) -> Lines:
    """``x`` is (rows, n), ``w`` is (rows,); ``a`` and ``b`` hold lengths up to n."""
    text.use("ragged")
    length = text.one_of("a[i]", "a[i]", "int(a[i])", "a[i].item()", "k")
    ahead = [f"k = {text.one_of('a[i]', 'int(a[i])')}"] if length == "k" else []
    if text.chance(0.4):
        text.use("ragged slice")
        target = text.one_of("out", "out", "x")
        chosen = text.one_of(f":{length}", f":{length}", f"{length}:", f"1:{length}", "a[i]:b[i]")
        value = text.one_of(
            "1", "0.5", "w[i]", f"x[i, {chosen}]", f"x[i, {chosen}] * w[i]", "x[i, 0]", "w[i] + 1"
        )
        word = text.one_of("=", "=", "+=", "*=")
        inner = [*ahead, f"{target}[i, {chosen}] {word} {value}"]
        made = text.one_of("torch.zeros(len(a), n)", "torch.ones_like(x)")
        return [f"out = {made}", "for i in range(len(a)):", *("    " + s for s in inner),
                f"return {target}"]  # fmt: skip
    header = text.one_of(
        f"for t in range({length}):", f"for t in range({length}):", f"for t in range(1, {length}):",
        f"for t in range({length}, n):",
    )  # fmt: skip
    value = text.one_of("x[i, t]", "x[i, t] * w[i]", "x[i, t] * 2", "x[i, t] * x[i, t - 1]", "1")
    form = text.one_of("element", "sum", "total", "count", "own")
    text.use(f"ragged {form}")
    made = {"element": "torch.zeros(len(a), n)", "own": "torch.ones_like(x)", "count": "0",
            "total": "torch.zeros(())"}.get(form, "torch.zeros(len(a))")  # fmt: skip
    statement = {
        "element": f"out[i, t] = {value}", "own": f"out[i, t] += {value}",
        "sum": f"out[i] += {value}", "total": f"out += {value}", "count": "out += 1",
    }[form]  # fmt: skip
    inner = [statement]
    if text.chance(0.3):
        inner = [f"if {text.one_of('x[i, t] > 0', 't > 0', 'w[i] > 0')}:", f"    {statement}"]
    lines = [*ahead, header, *("    " + s for s in inner)]
    return [f"out = {made}", "for i in range(len(a)):", *("    " + s for s in lines), "return out"]


# ---------------------------------------------------------------------- arguments
def _arguments(seed: int, index: int, ragged: bool) -> str:
    rng = random.Random(f"indexed {seed}:{index}")
    count = 5 if index == 0 else rng.choice((0, 1, 2, 4, 6))
    n = 4 if index == 0 else rng.choice((1, 2, 3, 7))
    columns = n if ragged else 3
    style = "plain" if index == 0 else rng.choice(("plain", "distinct", "negative", "beyond"))
    lowest, highest = 0, n - 1 + ragged
    if style == "negative":
        lowest = -n
    if style == "beyond":
        lowest, highest = -n - 2, n + 2
    first = [rng.randint(lowest, highest) for _ in range(count)]
    second = [rng.randint(0, max(0, min(n, count) - 1)) for _ in range(count)]
    if style == "distinct":
        first = rng.sample(range(max(n, count)), count)
    kind = rng.choice(("int64", "int64", "int64", "int32", "int16"))
    grad = rng.choice(("", "", ".requires_grad_()"))
    values = [rng.randint(-16, 16) / 8 for _ in range(count * columns)]
    weights = [rng.randint(-16, 16) / 8 for _ in range(count)]
    if rng.random() < 0.1 and count:
        weights[0] = float("nan")
    lines = [
        f"x = torch.tensor({values}).reshape({count}, {columns}){grad}",
        f"w = torch.tensor({weights}){rng.choice(('', grad))}",
        f"a = torch.tensor({first}, dtype=torch.{kind})",
        f"b = torch.tensor({second}, dtype=torch.int64)",
        f"return (x, w, a, b, {n})",
    ]
    return f"def arguments_{index}():\n" + "\n".join("    " + line for line in lines) + "\n"
