"""The pages of the linter's codes: what each finds, why it matters, when it is silent."""

from __future__ import annotations

from dataclasses import dataclass

from deloop.lint.codes import BY_CODE, CODES


@dataclass(frozen=True)
class CodePage:
    """The texts of one page; `example` is a whole file in which the code is found."""

    what: str
    why: str
    example: str
    instead: str
    silent: str
    safety: str


_SLOW = (
    "Each iteration dispatches every tensor operation in it anew, a few microseconds each on a"
    " CPU and"
    " a kernel launch each on a GPU, to work on one element or one row. One operation on the whole"
    " tensor pays that once."
)
_SILENT = """\
- The loop is known to run at most ten times, or goes over layers, levels, epochs or steps.
- It goes over a list of tensors, the parts of a split, a data loader, or chunks of a range.
- It trains, draws, prints, logs, reads or writes files, draws random numbers, or hands values out.
- Each iteration needs what the one before computed, and it is no sum, extreme or running sum."""
_SAFETY = (
    "Safe where the function itself makes all tensors that the loop touches. Otherwise unsafe:"
    " `--diff`"
    " lists above each change what it assumes of the arguments, and `--unsafe-fixes` applies it."
    " Where"
    " the text does not tell how many dimensions a tensor has, the change is only shown."
)
_BUG = "There is no automatic fix, for what was meant is not certain: {}"
_ADVICE = "There is no fix: the message says what keeps the loop."

PAGES = {
    "VEC201": CodePage(
        "Finds loops that write a tensor one element or one row at a time, each from what stands"
        " at its"
        " own position.",
        _SLOW,
        """\
import torch

def double(x: torch.Tensor):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out
""",
        "return x * 2",
        _SILENT,
        _SAFETY,
    ),
    "VEC202": CodePage(
        "Finds loops that add up, multiply, count or compare elements or rows one at a time.",
        _SLOW,
        """\
import torch

def total(x: torch.Tensor):
    result = 0.0
    for i in range(x.shape[0]):
        result += x[i].norm()
    return result
""",
        "return x.norm(dim=1).sum()",
        _SILENT,
        _SAFETY,
    ),
    "VEC203": CodePage(
        "Finds loops and comprehensions that collect one item per element or row in a list of which"
        " a tensor is made.",
        _SLOW,
        """\
import torch

def unit(x: torch.Tensor):
    rows = []
    for row in x:
        rows.append(row / row.norm())
    return torch.stack(rows)
""",
        "return x / x.norm(dim=1, keepdim=True)",
        _SILENT,
        _SAFETY,
    ),
    "VEC204": CodePage(
        "Finds loops that look at elements one at a time until one fits.",
        "Each look asks the device for one number and waits for it. One comparison of the whole"
        " tensor"
        " waits once; only where the first elements fit already is the loop faster.",
        """\
import torch

def first_over(x: torch.Tensor, limit: float):
    for i in range(len(x)):
        if x[i] > limit:
            return i
    return -1
""",
        "hits = (x > limit).nonzero()",
        _SILENT,
        _SAFETY,
    ),
    "VEC205": CodePage(
        "Finds loops that update a tensor at indices read from another one.",
        _SLOW,
        """\
import torch

def histogram(labels: torch.LongTensor, n: int):
    counts = torch.zeros(n)
    for i in range(len(labels)):
        counts[labels[i]] += 1
    return counts
""",
        "return torch.bincount(labels, minlength=n).float()",
        _SILENT,
        _SAFETY,
    ),
    "VEC301": CodePage(
        "Finds loops over elements of a tensor that have to stay, as far as deloop can tell, and"
        " that"
        " take Python numbers out of it one by one.",
        "`.item()`, `float()`, `int()` and `if` on an element each wait until the device has"
        " finished"
        " all work queued before. Taking all numbers at once (`.tolist()`, `.cpu()`) waits once.",
        """\
import math

import torch

def gammas(x: torch.Tensor):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = math.gamma(x[i].item())
    return out
""",
        "",
        _SILENT,
        _ADVICE,
    ),
    "VEC302": CodePage(
        "Finds tensors that grow by `torch.cat` in a loop.",
        "Each `torch.cat` copies all rows that are already there: n rows cost n²/2 copies. A"
        " list that"
        " is concatenated once behind the loop costs n.",
        """\
import torch

def collect(x: torch.Tensor):
    out = torch.empty(0, 4)
    for i in range(x.shape[0]):
        row = torch.linalg.inv(x[i])[:1]
        out = torch.cat([out, row])
    return out
""",
        "",
        _SILENT,
        "There is no fix yet: append to a list, and concatenate it once behind the loop.",
    ),
    "VEC303": CodePage(
        "Finds loops that touch a tensor once an element or a row, and for which no tensor form was"
        " found.",
        _SLOW,
        """\
import torch

def spectra(x: torch.Tensor):
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = torch.linalg.matrix_norm(x[i], 2)
    return out
""",
        "",
        _SILENT,
        _ADVICE,
    ),
    "VEC401": CodePage(
        "Finds two elements or rows of a tensor that are swapped without a copy.",
        "`a[i]` and `a[j]` are no values but views of the tensor's memory. The first assignment"
        " changes what the second one reads, so that both places end up the same, and nothing"
        " raises.",
        """\
import torch

def flip_pairs(a: torch.Tensor):
    for i in range(0, a.shape[0] - 1, 2):
        a[i], a[i + 1] = a[i + 1], a[i]
    return a
""",
        "",
        "- The indices are lists or tensors of several numbers, which copy.\n"
        "- A side is cloned, or nothing tells that the value is a tensor.",
        _BUG.format("`a[[i, i + 1]] = a[[i + 1, i]]` swaps, and so does `.clone()` on the right."),
    ),
    "VEC402": CodePage(
        "Finds `unflatten` of the result of `argmax()` and its like without `dim`.",
        "It is one index, a tensor without dimensions, and `unflatten` takes a dimension apart: the"
        " call raises.",
        """\
import torch

def peak(x: torch.Tensor):
    index = x.argmax()
    return index.unflatten(0, x.shape)
""",
        "",
        "- The reduction names a dimension, so that its result has some left.",
        _BUG.format("`torch.unravel_index(index, x.shape)` gives the coordinates."),
    ),
    "VEC403": CodePage(
        "Finds floating-point numbers that are stored into a tensor of whole numbers.",
        "A store takes the tensor's dtype: 2.75 becomes 2, and nothing warns. With `+=` it raises.",
        """\
import torch

def shares(counts: torch.Tensor, total: int):
    out = torch.zeros(len(counts), dtype=torch.int64)
    for i in range(len(counts)):
        out[i] = counts[i] / total
        print(out[i])
    return out
""",
        "",
        "- The number is whole (`out[i] = 1.0`), or nothing tells that it has a fraction.\n"
        "- The tensor's dtype does not stand where it is made.",
        _BUG.format("make the tensor of a floating-point dtype, or write `.round()` or `//`."),
    ),
    "VEC404": CodePage(
        "Finds `torch.tensor(items)` where the items are tensors themselves.",
        "Each is read as a Python number: on a GPU that waits for the device once an item, and"
        " whatever the items were computed from gets no gradient.",
        """\
import torch

def norms(x: torch.Tensor):
    items = []
    for batch in range(x.shape[0]):
        row = x[batch]
        items.append(row.norm())
        print(batch)
    return torch.tensor(items)
""",
        "",
        "- The items are numbers already, by `.item()` or `float()`.",
        _BUG.format("`torch.stack(items)` copies on the device and keeps the gradient."),
    ),
    "VEC405": CodePage(
        "Finds lists that get a tensor which the loop goes on changing in place.",
        "The list holds the one tensor many times, not what it was at each append. All items show"
        " what it is in the end.",
        """\
import torch

def running_totals(x: torch.Tensor):
    total = torch.zeros(x.shape[1])
    totals = []
    for i in range(x.shape[0]):
        total += x[i]
        totals.append(total)
        print(i)
    return torch.stack(totals)
""",
        "",
        "- The name is bound anew in each iteration (`total = total + x[i]`).\n"
        "- What is appended is a copy.",
        _BUG.format("append `total.clone()`, or write `total = total + x[i]`."),
    ),
}


def render_code_page(code: str) -> str:
    """A page in Markdown, under the headings that every page has."""
    page, known = PAGES[code], BY_CODE[code]
    kept = "See below." if code.startswith("VEC4") else "See below: the loop stays."
    instead = f"```python\n{page.instead}\n```" if page.instead else kept
    sections = (
        ("What it does", page.what),
        ("Why is this slow", page.why),
        ("Example", f"```python\n{page.example.strip()}\n```"),
        ("Use instead", instead),
        ("When it stays silent", page.silent),
        ("Fix safety", page.safety),
    )
    body = "\n\n".join(f"## {heading}\n\n{text.strip()}" for heading, text in sections)
    return f"# {code} {known.name}\n\n{body}\n"


def list_codes() -> str:
    """All codes with their names, one a line."""
    return "".join(f"{code.code}  {code.name:<22} {code.summary}\n" for code in CODES)
