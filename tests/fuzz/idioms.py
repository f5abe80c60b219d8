"""Random programs made of what people write: lists, rows, modules, wavefronts, stencils, dicts.

``generate_idioms(seed)`` draws one or two loops of the kinds below over the same arguments: ``x``
is (rows, columns), ``w`` and ``v`` are (rows,), ``a`` holds indices of rows and ``b`` lengths of
rows, both with repetitions, some of them out of bounds.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from .generator import ARGUMENT_SETS, HEADER, Program
from .idioms_of_pieces import KINDS as KINDS_OF_PIECES
from .idioms_of_rows import KINDS as KINDS_OF_ROWS
from .text import Lines, Text, indented

MODULES = """layer = torch.nn.Linear(4, 3).double().float()
norm = torch.nn.LayerNorm(4)
relu = torch.nn.ReLU()
table = torch.nn.Embedding(5, 3)
for number, parameter in enumerate([*layer.parameters(), *table.parameters()]):
    parameter.data = torch.arange(parameter.numel()).reshape(parameter.shape) % 7 / 8 - number / 4


"""


def generate_idioms(seed: int) -> Program:
    """The program of this seed."""
    text = Text(random.Random(f"idioms {seed}"))
    kinds = {**KINDS, **KINDS_OF_ROWS, **KINDS_OF_PIECES}
    body: Lines = []
    results: list[str] = []
    for number in range(text.rng.choices((1, 2), (75, 25))[0]):
        name = text.rng.choice(list(kinds))
        text.use(name)
        result = f"r{number}"
        body += kinds[name](text, result)
        results.append(result)
    results += ["x"] if "writes x" in text.constructs else []
    body.append(f"return {', '.join(results)}")
    head = HEADER + MODULES + "def program(x, w, v, a, b, n):\n"
    source = head + "\n".join(indented(body)) + "\n"
    arguments = tuple(_arguments(seed, index) for index in range(ARGUMENT_SETS))
    return Program(seed, source, arguments, dict(Counter(text.constructs)), hard=("idioms",))


# ---------------------------------------------------------------------- lists
def _value(text: Text, row: str = "x[i]") -> str:
    """Something of an iteration over the rows: a number of a row, or an element."""
    return text.one_of(
        "w[i]", "w[i] * 2", "w[i] + v[i]", f"{row}.sum()", f"{row}.max()", f"{row}[0]",
        f"({row} * {row}).sum()", f"{row}.mean()", "torch.exp(w[i])", "v[i] / 2",
    )  # fmt: skip


def _row(text: Text) -> str:
    """A row of an iteration."""
    return text.one_of(
        "x[i]", "x[i] * w[i]", "x[i] + x[0]", "x[i] - x[i].mean()", "torch.relu(x[i])",
        "torch.softmax(x[i], 0)", "x[i].cumsum(0)", "x[i].flip(0)", "x[i].clamp(min=0)",
        "x[i, :2]", "x[i] / (1 + x[i].abs())",
    )  # fmt: skip


def _test(text: Text) -> str:
    return text.one_of(
        "w[i] > 0", "w[i] > v[i]", "i % 2 == 0", "x[i].sum() > 0", "a[i] >= 0", "a[i] < n",
        "0 <= a[i] < n", "w[i] != 0", "not (w[i] > 0)", "w[i] > 0 and v[i] > 0",
        "w[i] > 0 or v[i] > 0", "0 <= a[i] < len(w) and w[a[i]] > 0",
    )  # fmt: skip


def _list(text: Text, result: str) -> Lines:
    is_row = text.chance(0.5)
    value = _row(text) if is_row else _value(text)
    if not is_row and text.chance(0.4):
        value = f"({value}).item()"
    use = text.one_of("torch.stack(rows)", "torch.stack(rows).sum(0)", "torch.stack(rows, dim=-1)")
    if value.endswith(".item()"):
        use = text.one_of("torch.tensor(rows)", "rows", "sum(rows)", "max(rows)", "len(rows)")
    elif is_row and text.chance(0.2):
        use = "torch.cat(rows)"
    add = text.one_of("rows.append({})", "rows.append({})", "rows += [{}]", "rows.insert(0, {})")
    inner = [add.format(value)]
    if text.chance(0.4):
        text.use("list under a condition")
        inner = [f"if {_test(text)}:", *indented(inner)]
    if text.chance(0.2):
        inner = [f"if {_test(text)}:", f"    {text.one_of('continue', 'break')}", *inner]
    return ["rows = []", "for i in range(len(w)):", *indented(inner), f"{result} = {use}"]


def _comprehension(text: Text, result: str) -> Lines:
    value = _value(text)
    condition = f" if {_test(text)}" if text.chance(0.4) else ""
    inside = f"{value} for i in range(len(w)){condition}"
    number = f"({value}).item() for i in range(len(w)){condition}"
    form = text.one_of(
        f"torch.stack([{inside}])", f"sum({inside})", f"[{number}]", f"torch.tensor([{number}])",
        f"max({inside})", f"any({_test(text)} for i in range(len(w)))",
        f"all({_test(text)} for i in range(len(w)))", f"sum(1 for i in range(len(w)){condition})",
        f"torch.stack([{_row(text)} for i in range(len(w)){condition}])",
        f"torch.stack([torch.stack([x[i, j] * {text.one_of('w[i]', '2', 'x[i, 0]')}"
        " for j in range(x.shape[1])]) for i in range(len(w))])",
    )  # fmt: skip
    return [f"{result} = {form}"]


# ---------------------------------------------------------------------- ways to go on and to leave
def _while(text: Text, result: str) -> Lines:
    step = text.one_of("1", "1", "1", "2")
    plain = ("i < len(w)", "i < len(w)", "i <= len(w) - 1")
    test = text.one_of(*plain, f"i < len(w) and {_test(text)}")
    inner = [f"out[i] = {_value(text)}", f"i += {step}"]
    if text.chance(0.3):
        inner[1:1] = [f"if {_test(text)}:", "    break"]
    return [
        "out = torch.zeros_like(w)", f"i = {text.one_of('0', '0', '1')}", f"while {test}:",
        *indented(inner), f"{result} = out, i",
    ]  # fmt: skip


def _search(text: Text, result: str) -> Lines:
    found = text.one_of("i", "w[i]", "x[i]", "i + 1")
    lines = [f"{result} = {text.one_of('-1', 'None', '0')}"]
    otherwise = ["else:", f"    {result} = -2"] if text.chance(0.3) else []
    return [
        *lines, "for i in range(len(w)):", f"    if {_test(text)}:", f"        {result} = {found}",
        "        break", *otherwise,
    ]  # fmt: skip


def _inner_break(text: Text, result: str) -> Lines:
    test = text.one_of("x[i, j] > 0", "x[i, j] < w[i]", "j >= 2", "x[i, j] != x[i, 0]")
    return [
        "out = torch.zeros_like(w)", "for i in range(len(w)):", "    for j in range(x.shape[1]):",
        f"        if {test}:",
        "            break", f"        out[i] += {text.one_of('x[i, j]', '1', 'x[i, j] * w[i]')}",
        f"{result} = out",
    ]  # fmt: skip


def _extreme(text: Text, result: str) -> Lines:
    start = text.one_of("-1e9", "float('-inf')", "w[0]", "0.0", "None")
    test = text.one_of("w[i] > best", "w[i] >= best", "w[i] * 2 > best")
    if start == "None":
        test = f"best is None or {test}"
    value = "w[i] * 2" if "* 2" in test else "w[i]"
    return [
        f"best = {start}", "where = -1", "for i in range(len(w)):", f"    if {test}:",
        f"        best = {value}", f"        where = {text.one_of('i', 'a[i]')}",
        f"{result} = best, where",
    ]  # fmt: skip


# ---------------------------------------------------------------------- what depends on what
def _wavefront(text: Text, result: str) -> Lines:
    text.use("writes x")
    value = text.one_of(
        "x[i - 1, j] + x[i, j - 1]", "min(x[i - 1, j], x[i, j - 1]) + x[i, j]",
        "x[i, j] + torch.maximum(x[i - 1, j], x[i, j - 1])", "(x[i - 1, j - 1] + x[i, j]) / 2",
        "x[i - 1, j] * 0.5 + x[i, j - 1] * 0.25 + w[i]", "torch.minimum(x[i - 1, j - 1], x[i, j])",
    )  # fmt: skip
    inner = [f"x[i, j] = {value}"]
    if text.chance(0.25):
        inner = [f"if {text.one_of('x[i, j] > 0', 'w[i] > v[i]', 'i != j')}:", *indented(inner)]
    text.use("wavefront under a condition" if len(inner) > 1 else "wavefront in full")
    return [
        "for i in range(1, x.shape[0]):", "    for j in range(1, x.shape[1]):",
        *indented(indented(inner)), f"{result} = x[-1]",
    ]  # fmt: skip


def _stencil(text: Text, result: str) -> Lines:
    forms = (
        ["out[i, j] = (x[i - 1, j] + x[i + 1, j] + x[i, j - 1] + x[i, j + 1]) / 4"],
        ["out[i, j] = x[i, j] - x[i - 1, j - 1]"],
        ["for k in (-1, 0, 1):", "    out[i, j] += x[i + k, j] * (k + 2)"],
        ["for k in range(3):", "    for m in range(3):",
         "        out[i, j] += x[i + k - 1, j + m - 1]"],
        ["out[i, j] = x[i - 1:i + 2, j - 1:j + 2].max()"],
        ["out[i, j] = (x[i - 1:i + 2, j] * torch.tensor([1.0, 2.0, 1.0])).sum()"],
    )  # fmt: skip
    return [
        "out = torch.zeros_like(x)", "for i in range(1, x.shape[0] - 1):",
        "    for j in range(1, x.shape[1] - 1):", *indented(indented(text.rng.choice(forms))),
        f"{result} = out",
    ]  # fmt: skip


def _convolution(text: Text, result: str) -> Lines:
    size = text.one_of("2", "3")
    form = text.one_of("elements", "slice", "choice")
    text.use(f"convolution {form}")
    inner = {
        "elements": [f"for k in range({size}):", "    out[i] += w[i + k] * v[k]"],
        "slice": [f"out[i] = (w[i:i + {size}] * v[:{size}]).sum()"],
        "choice": [f"for k in range({size}):", "    if i - k >= 0:",
                   "        out[i] += w[i - k] * v[k]"],
    }[form]  # fmt: skip
    extent = "len(w)" if form == "choice" else f"len(w) - {size} + 1"
    return [f"out = torch.zeros({extent})", f"for i in range({extent}):", *indented(inner),
            f"{result} = out"]  # fmt: skip


def _recurrence(text: Text, result: str) -> Lines:
    value = text.one_of(
        "0.5 * h + w[i]", "h * v[i] + w[i]", "torch.tanh(h + w[i])", "max(h, w[i])", "h + w[i] * i",
        "w[i] if v[i] > 0 else h", "torch.relu(h - 0.5) + w[i]", "h * 0.5 + x[i].sum()",
    )  # fmt: skip
    return ["out = torch.zeros_like(w)", f"h = {text.one_of('0.0', 'w[0]', 'torch.zeros(())')}",
            "for i in range(len(w)):", f"    h = {value}", "    out[i] = h",
            f"{result} = out, h"]  # fmt: skip


KINDS: dict[str, Callable[[Text, str], Lines]] = {
    "list": _list, "comprehension": _comprehension, "while": _while, "search": _search,
    "inner break": _inner_break, "extreme": _extreme, "wavefront": _wavefront, "stencil": _stencil,
    "convolution": _convolution, "recurrence": _recurrence,
}  # fmt: skip


# ---------------------------------------------------------------------- arguments
def _arguments(seed: int, index: int) -> str:
    rng = random.Random(f"idioms {seed}:{index}")
    rows = 5 if index == 0 else rng.choice((0, 1, 2, 3, 6))
    columns = 4 if index == 0 or rng.random() < 0.7 else rng.choice((1, 2, 3))
    beyond = index > 0 and rng.random() < 0.3
    lowest, highest = (-2, rows + 2) if beyond else (0, max(rows - 1, 0))

    def values(count: int) -> str:
        found = [rng.randint(-16, 16) / 8 for _ in range(count)]
        if index and found and rng.random() < 0.15:
            found[rng.randrange(count)] = rng.choice((float("nan"), float("inf"), -0.0))
        return f"torch.tensor({found})"

    grad = rng.choice(("", "", ".requires_grad_()"))
    first = [rng.randint(lowest, highest) for _ in range(rows)]
    second = [rng.randint(0, columns + (beyond and rng.random() < 0.3)) for _ in range(rows)]
    lines = [
        f"x = {values(rows * columns)}.reshape({rows}, {columns}){rng.choice(('', grad))}",
        f"w = {values(rows)}{grad}",
        f"v = {values(rows)}{rng.choice(('', grad))}",
        f"a = torch.tensor({first}, dtype=torch.int64)",
        f"b = torch.tensor({second}, dtype=torch.int64)",
        f"return (x, w, v, a, b, {rows})",
    ]
    return f"def arguments_{index}():\n" + "\n".join(indented(lines)) + "\n"
