"""Loops over pieces: counters, offsets, preallocated lists, tables of ints, lists of tensors."""

from __future__ import annotations

from collections.abc import Callable

from .text import Lines, Text, indented


def _compaction(text: Text, result: str) -> Lines:
    value = text.one_of("w[i]", "w[i] * v[i]", "x[i, 0]", "w[i] + 1", "x[i].sum()")
    if text.chance(0.15):
        text.use("compaction of rows")
        made, value = "torch.zeros(len(w), 3)", text.one_of("w[i]", "x[i, :3]", "x[i, :1]", "i")
        return [f"out = {made}", "k = 0", "for i in range(len(w)):", "    if w[i] > 0:",
                f"        out[k] = {value}", "        k += 1", f"{result} = out, k"]  # fmt: skip
    test = text.one_of("w[i] > 0", "w[i] > v[i]", "a[i] != 1", "x[i].sum() > 0", "i % 2 == 0")
    size = text.one_of("len(w)", "w.shape[0]", "n", "n", "2", "int((w > 0).sum())")
    inner = [f"out[k] = {value}", "k += 1"]
    if text.chance(0.2):
        text.use("compaction of two")
        inner[1:1] = ["other[k] = v[i]"]
    if text.chance(0.85):
        inner = [f"if {test}:", *indented(inner)]
    ending = text.one_of("out", "out[:k]", "out[:k], k", "out, k")
    made = [f"out = torch.zeros({size})", "other = torch.ones(len(w))", "k = 0"]
    return [*made, f"for i in range({text.one_of('len(w)', 'n')}):", *indented(inner),
            f"{result} = {ending}, other"]  # fmt: skip


def _counted_nest(text: Text, result: str) -> Lines:
    header, size = text.rng.choice(
        (("range(n)", "n * n"), ("range(i + 1, n)", "n * (n - 1) // 2"), ("range(i)", "n * n"),
         ("range(i + 1)", "n * (n + 1) // 2"), ("range(i, n)", "n * (n + 1) // 2"),
         ("range(i + 1, n)", "n * n"), ("range(x.shape[1])", "n * x.shape[1]"))
    )  # fmt: skip
    at = "x[i, j]" if "shape" in header else "w[i] * v[j]"
    value = text.one_of(at, at, "i", "i * 2 + j", "w[j] - w[i]" if at != "x[i, j]" else at)
    inner = [f"out[k] = {value}", "k += 1"]
    if text.chance(0.3):
        inner = [f"if {text.one_of('i != j', 'w[i] > 0', 'i < j')}:", *indented(inner)]
    return [f"out = torch.zeros({size})", "k = 0", "for i in range(n):", f"    for j in {header}:",
            *indented(indented(inner)), f"{result} = {text.one_of('out', 'out, k')}"]  # fmt: skip


def _read_in_order(text: Text, result: str) -> Lines:
    header = text.one_of("range(i + 1, n)", "range(i)", "range(i + 1)", "range(i, n)", "range(n)",
                         "range(2)")  # fmt: skip
    base = text.one_of("x.flatten()", "torch.arange(float(n * n))", "torch.ones(n * (n + 1))")
    stores = text.rng.choice(
        (["out[i, j] = flat[k]"], ["out[i, j] = flat[k]", "out[j, i] = flat[k]"],
         ["out[j, i] = flat[k] * w[i]"], ["total = total + flat[k] * w[i]"])
    )  # fmt: skip
    return [f"flat = {base}", "out = torch.zeros(n, max(n, 2))", "total = 0.0", "k = 0",
            "for i in range(n):", f"    for j in {header}:",
            *indented(indented([*stores, "k += 1"])), f"{result} = out, total"]  # fmt: skip


def _offsets(text: Text, result: str) -> Lines:
    header = text.one_of("for i in range(len(b)):", "for i, size in enumerate(b):",
                         "for i, size in enumerate(b.tolist()):")  # fmt: skip
    size = "size" if "size" in header else text.one_of("int(b[i])", "b[i].item()", "b[i]")
    base = text.one_of("w", "x", "v")
    value = text.one_of("{}.sum()", "{}.mean()", "{}.sum(0).sum()", "({} * 2).sum()")
    part = f"{base}[start:start + {size}]"
    move = text.one_of(f"start += {size}", f"start = start + {size}")
    return ["out = torch.zeros(len(b))", "start = 0", header,
            f"    out[i] = {value.format(part)}", f"    {move}", f"{result} = out"]  # fmt: skip


def _pieces(text: Text, result: str) -> Lines:
    stores = text.one_of("out[i] += w[k % len(w)]", "out[i] += x[i, j]", "out[i] += flat[k]",
                         "out[i] += flat[k] * w[i]", "rows[i, j] = flat[k]",
                         "packed[k] = x[i, j]", "packed[k] = i", "packed[k] = j")  # fmt: skip
    end = text.one_of("b[i]", "int(b[i])", "b[i].item()")
    return ["flat = x.flatten()", "out = torch.zeros(len(b))", "packed = torch.zeros(int(b.sum()))",
            "rows = torch.zeros(len(b), 5)", "k = 0", "for i in range(len(b)):",
            f"    for j in range({end}):", f"        {stores}", "        k += 1",
            f"{result} = out, packed, rows"]  # fmt: skip


def _made_list(text: Text, result: str) -> Lines:
    start = text.one_of("[0] * {}", "[0.0] * {}", "[0 for _ in range({})]", "[None] * {}")
    if text.chance(0.4):
        value = text.one_of("w[i]", "w[i].item()", "x[i].sum()", "w[i].item() * 2", "i", "x[i]")
        use = text.one_of("torch.stack(found)", "torch.tensor(found)", "found")
        return [f"found = {start.format('len(w)')}", "for i in range(len(w)):",
                f"    found[i] = {value}", f"{result} = {use}"]  # fmt: skip
    index = text.one_of("int(a[i])", "a[i]", "a[i].item()", "i % 3")
    term = text.one_of("1", "1", "int(a[i])", "w[i].item()", "float(v[i])", "0.5")
    word = text.one_of("+=", "+=", "=")
    use = text.one_of("torch.tensor(found)", "found", "torch.tensor(found, dtype=torch.float32)",
                      "torch.Tensor(found)")  # fmt: skip
    lines = [f"found = {start.format(text.one_of('n', '4', 'len(w)'))}", "for i in range(len(a)):",
             f"    found[{index}] {word} {term}"]  # fmt: skip
    return [*lines, f"{result} = {use}"]


def _table(text: Text, result: str) -> Lines:
    kept = text.one_of("{0: 3, 1: 1, 2: 7, 3: 2, 4: 9, 5: 4}", "{0: 0.5, 1: 1.2, 2: -2.0}",
                       "{1: 3, 3: 2}", "{0: 1, 1: 2, -1: 5}",
                       "{0: 2, 1: 2.5, 2: True}")  # fmt: skip
    key = text.one_of("int(a[i])", "a[i].item()", "a[i]", "int(w[i])", "i")
    value = text.one_of("kept[{}]", "kept[{}]", "kept.get({}, 1)", "kept.get({}, -0.5)",
                        "kept[{0}] if {0} in kept else 0").format(key)  # fmt: skip
    form = text.rng.choice(
        (["out = torch.zeros(len(a))", "for i in range(len(a)):", f"    out[i] = {value}"],
         ["out = torch.zeros(len(a), dtype=torch.int64)", "for i in range(len(a)):",
          f"    out[i] = {value}"],
         ["out = 0.0", "for i in range(len(a)):", f"    out = out + {value} * w[i]"],
         [f"out = torch.tensor([{value} for i in range(len(a))])"])
    )  # fmt: skip
    return [f"kept = {kept}", *form, f"{result} = out"]


KINDS: dict[str, Callable[[Text, str], Lines]] = {
    "compaction": _compaction, "counted nest": _counted_nest, "read in order": _read_in_order,
    "offsets": _offsets, "pieces": _pieces, "made list": _made_list, "table": _table,
}  # fmt: skip
