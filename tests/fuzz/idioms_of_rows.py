"""Loops over rows: what is stored into them, looked up for them, or made of them by a module."""

from __future__ import annotations

from collections.abc import Callable

from .text import Lines, Text, indented


def _rows(text: Text, result: str) -> Lines:
    value = text.one_of(
        "x[i] * w[i]", "x[i] - x[i].mean()", "x[i] / x[i].norm()", "torch.softmax(x[i], dim=0)",
        "x[i].sort().values", "x[i] @ x.t() @ x", "x[a[i]]", "x[i].cumsum(0)", "x[i] + w[i] * v[i]",
        "torch.where(x[i] > 0, x[i], w[i])", "x[i].clamp(w[i].item(), 2.0)", "x[i][:1]",
    )  # fmt: skip
    header = text.one_of("for i in range(x.shape[0]):", "for i, row in enumerate(x):")
    if "row" in header and text.chance(0.7):
        value = value.replace("x[i]", "row")
    word = text.one_of("=", "=", "+=")
    inner = [f"out[i] {word} {value}"]
    if text.chance(0.3):
        inner = [f"if {text.one_of('w[i] > 0', 'x[i].sum() > 0', 'i > 0')}:", *indented(inner)]
    return ["out = torch.zeros_like(x)", header, *indented(inner), f"{result} = out"]


def _ragged_slices(text: Text, result: str) -> Lines:
    part = text.one_of("x[i, :b[i]]", "x[i, b[i]:]", "x[i, :int(b[i])]", "x[i][:b[i]]")
    value = text.one_of("{}.sum()", "{}.sum() * w[i]", "({} * 2).sum()", "{}.max()", "{}.mean()")
    if text.chance(0.3):
        text.use("ragged slice stored")
        word = text.one_of("=", "+=")
        return ["out = torch.ones_like(x)", "for i in range(x.shape[0]):",
                f"    out[i, :b[i]] {word} {text.one_of('x[i, :b[i]]', 'w[i]', '0.5')}",
                f"{result} = out"]  # fmt: skip
    return ["out = torch.zeros_like(w)", "for i in range(x.shape[0]):",
            f"    out[i] = {value.format(part)}", f"{result} = out"]  # fmt: skip


def _scatter(text: Text, result: str) -> Lines:
    target, term = text.rng.choice(
        (("out[a[i]]", "w[i]"), ("out[a[i]]", "x[i].sum()"), ("out[a[i]]", "w[i] * v[i]"),
         ("rows[a[i]]", "x[i]"), ("rows[a[i]]", "x[i] * w[i]"), ("rows[a[i], 0]", "w[i]"))
    )  # fmt: skip
    word = text.one_of("+=", "+=", "=", "-=")
    inner = [f"{target} {word} {term}"]
    if text.chance(0.2) and word == "+=":
        inner = [f"{target} = max({target}, {term})"] if target == "out[a[i]]" else inner
    if text.chance(0.3):
        inner = [f"if {text.one_of('0 <= a[i] < n', 'w[i] > 0', 'a[i] != 1')}:", *indented(inner)]
    made = "rows = torch.zeros_like(x)" if "rows" in target else "out = torch.zeros_like(w)"
    return [made, "for i in range(len(a)):", *indented(inner), f"{result} = {made.split()[0]}"]


def _gather(text: Text, result: str) -> Lines:
    value = text.one_of("w[a[i]]", "w[a[i]] * v[i]", "x[a[i]].sum()", "w[a[a[i]]]", "x[i, b[i]]",
                        "w[a[i]] - w[i]", "x[a[i], 0]", "torch.log(w[a[i]])")  # fmt: skip
    inner = [f"out[i] = {value}"]
    if text.chance(0.5):
        text.use("gather under a condition")
        test = text.one_of("0 <= a[i] < len(w)", "a[i] >= 0 and a[i] < n", "a[i] >= 0",
                           "0 <= a[i] < n and w[a[i]] > 0")  # fmt: skip
        inner = [f"if {test}:", *indented(inner)]
        if text.chance(0.3):
            inner += ["else:", f"    out[i] = {text.one_of('-1', 'w[i]', 'w[0]')}"]
    return ["out = torch.zeros_like(w)", "for i in range(len(a)):", *indented(inner),
            f"{result} = out"]  # fmt: skip


def _modules(text: Text, result: str) -> Lines:
    value = text.one_of(
        "layer(x[i])", "relu(layer(x[i]))", "layer(x[i] * w[i])", "layer(norm(x[i]))", "relu(x[i])",
        "layer(x[i].unsqueeze(0)).squeeze(0)", "layer(x[i]).sum()", "table(a[i])",
        "F.mse_loss(layer(x[i]), layer(x[0]))", "F.relu(x[i]) @ layer.weight.t()",
        "F.cross_entropy(layer(x[i]), a[i] % 3)",
    )  # fmt: skip
    if text.chance(0.3):
        test = text.one_of("w[i] > 0", "i % 2 == 0", "x[i].sum() > 0")
        text.use("module under a condition")
        return [f"{result} = 0", "for i in range(len(w)):", f"    if {test}:",
                f"        {result} = {result} + {value}.sum()"]  # fmt: skip
    return ["rows = []", "for i in range(len(w)):", f"    rows.append({value})",
            f"{result} = torch.stack(rows)"]  # fmt: skip


def _dict(text: Text, result: str) -> Lines:
    form = text.one_of("read", "filled", "row")
    text.use(f"dict {form}")
    if form == "read":
        return ["held = {'w': w, 'v': v}", "out = torch.zeros_like(w)", "for i in range(len(w)):",
                f"    out[i] = held['w'][i] {text.one_of('+', '*', '-')} held['v'][i]",
                f"{result} = out"]  # fmt: skip
    if form == "row":
        return ["held = {'out': torch.zeros_like(x)}", "for i in range(len(w)):",
                "    held['out'][i] = x[i] * w[i]", f"{result} = held['out']"]  # fmt: skip
    value = text.one_of("w[i] * 2", "x[i]")
    return ["held = {}", "for i in range(len(w)):", f"    held[i] = {value}", f"{result} = held"]


def _private(text: Text, result: str) -> Lines:
    first = text.one_of("torch.zeros(x.shape[1])", "torch.zeros_like(x[i])", "x[i].clone()",
                        "torch.ones(x.shape[1])")  # fmt: skip
    inner = text.one_of(
        "row[j] = x[i, j] * w[i]", "row[j] += x[i, j]", "row[j] = row[j] * 2 + v[i]"
    )
    last = text.one_of("out[i] = row.softmax(0)", "out[i] = row", "out[i] = row / (1 + row.sum())")
    return ["out = torch.zeros_like(x)", "for i in range(len(w)):", f"    row = {first}",
            "    for j in range(x.shape[1]):", f"        {inner}", f"    {last}",
            f"{result} = out"]  # fmt: skip


def _halves(text: Text, result: str) -> Lines:
    value = text.one_of("w[i] * w[j]", "(w[i] - w[j]).abs()", "(x[i] * x[j]).sum()",
                        "(x[i] - x[j]).norm()", "w[i] + v[j]")  # fmt: skip
    lower = text.one_of("j", "i + 1", "i")
    ranges = {"j": "len(w)", "i + 1": "i + 1, len(w)", "i": "i, len(w)"}[lower]
    other = text.one_of(f"out[j, i] = {value}", "out[j, i] = out[i, j]", "out[j, i] = 0")
    return ["out = torch.zeros(len(w), len(w))", "for i in range(len(w)):",
            f"    for j in range({ranges}):", f"        out[i, j] = {value}", f"        {other}",
            f"{result} = out"]  # fmt: skip


def _aliases(text: Text, result: str) -> Lines:
    """In place on an argument, by a view, or under another name."""
    text.use("writes x")
    return [
        *text.rng.choice((
            ["y = x", "for i in range(1, x.shape[0]):", "    y[i] = x[i - 1] * 0.5"],
            ["for i in range(x.shape[0]):", "    row = x[i]", "    row *= w[i]"],
            ["for i in range(x.shape[0] - 1):", "    t = x[i]", "    x[i] = x[i + 1]",
             "    x[i + 1] = t"],
            ["for i in range(x.shape[0] - 1):", "    t = x[i].clone()", "    x[i] = x[i + 1]",
             "    x[i + 1] = t"],
            ["y = x.t()", "for j in range(y.shape[0]):", "    y[j] = y[j] * 2 + w[0]"],
            ["for i in range(x.shape[0]):", "    x[i].add_(v[i])"],
            ["flat = x.view(-1)", "for i in range(len(flat)):", "    flat[i] = flat[i] * 2"],
        )),
        f"{result} = x.sum()",
    ]  # fmt: skip


KINDS: dict[str, Callable[[Text, str], Lines]] = {
    "rows": _rows, "ragged slices": _ragged_slices, "scatter": _scatter, "gather": _gather,
    "modules": _modules, "dict": _dict, "private rows": _private, "halves": _halves,
    "aliases": _aliases,
}  # fmt: skip
