"""What views of whole tensors, and what is as large as they are, have for dtype and sizes.

None is the answer wherever an argument is not of the form that is known here.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from dataclasses import replace

from deloop.analysis.operands import ONE, Evaluate, Made, Operands, Rule, Size, of_item
from deloop.dtype import category
from deloop.ir.affine import Affine
from deloop.ir.types import Integer, Literal

_DTYPE = "torch."


def _reshape(given: Operands) -> Made | None:
    base, sizes = given.tensor(0, "input"), given.sizes(1, "shape", "size")
    if base is None or not sizes:
        return None
    return base.view(_without_wildcard(sizes, base.sizes))


def _without_wildcard(sizes: Sequence[Affine], old: tuple[Size, ...]) -> tuple[Size, ...]:
    """``(n, -1)`` with the size that -1 stands for, where what is left of the old sizes is one."""
    if Affine.number(-1) not in sizes:
        return tuple(sizes)
    rest: list[Size] = [s for s in old if s != ONE]
    for size in sizes:
        if size in rest:
            rest.remove(size)
        elif size not in (Affine.number(-1), ONE):
            rest = [None, None]
    if len(rest) > 1 and all(s is not None and s.is_constant for s in rest):
        product = math.prod(s.constant for s in rest if s is not None)
        rest = [Affine.number(product)]
    found = ONE if not rest else rest[0] if len(rest) == 1 else None
    return tuple(found if s == Affine.number(-1) else s for s in sizes)


def _like_sizes(given: Operands) -> Made | None:
    base, other = given.tensor(0), given.tensor(1, "other")
    return None if base is None or other is None else base.view(other.sizes)


def _swap(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    if base is None:
        return None
    first = given.dim(base.rank, 1, "dim0", "axis0")
    second = given.dim(base.rank, 2, "dim1", "axis1")
    return None if first is None or second is None else _swapped(base, first, second)


def _swapped(base: Made, first: int, second: int) -> Made:
    sizes = list(base.sizes)
    sizes[first], sizes[second] = sizes[second], sizes[first]
    return base.view(tuple(sizes))


def _t(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    if base is None or base.rank > 2:
        return None
    return _swapped(base, 0, 1) if base.rank == 2 else base


def _permute(given: Operands) -> Made | None:
    base, dims = given.tensor(0, "input"), given.sizes(1, "dims")
    if base is None or dims is None or not all(d.is_constant for d in dims):
        return None
    order = [d.constant % base.rank for d in dims if -base.rank <= d.constant < base.rank]
    if sorted(order) != list(range(base.rank)):
        return None
    return base.view(tuple(base.sizes[k] for k in order))


def _unsqueeze(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    place = None if base is None else given.dim(base.rank + 1, 1, "dim")
    if base is None or place is None:
        return None
    return base.view((*base.sizes[:place], ONE, *base.sizes[place:]))


def _squeeze(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    if base is None:
        return None
    if given.at(1, "dim") is None:
        fixed = all(s is not None and s.is_constant for s in base.sizes)
        return base.view(tuple(s for s in base.sizes if s != ONE)) if fixed else None
    place = given.dim(base.rank, 1, "dim")
    size = None if place is None else base.sizes[place]
    if place is None or size is None or not size.is_constant:
        return None
    return base if size != ONE else base.view((*base.sizes[:place], *base.sizes[place + 1 :]))


def _flatten(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    if base is None:
        return None
    first = given.dim(base.rank, 1, "start_dim", default=0)
    last = given.dim(base.rank, 2, "end_dim", default=-1)
    if first is None or last is None or first > last:
        return None
    inside = base.sizes[first : last + 1]
    size = inside[0] if len(inside) == 1 else None
    return base.view((*base.sizes[:first], size, *base.sizes[last + 1 :]))


def _expand(given: Operands) -> Made | None:
    base, sizes = given.tensor(0, "input"), given.sizes(1, "size")
    if base is None or sizes is None or len(sizes) < base.rank:
        return None
    old = (*[None] * (len(sizes) - base.rank), *base.sizes)
    found = tuple(o if s == Affine.number(-1) else s for s, o in zip(sizes, old, strict=True))
    made = base.view(found)
    return Made(made.dtype, found, made.device, made.requires_grad, made.memory, True)


def _narrow(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    place = None if base is None else given.dim(base.rank, 1, "dim")
    length = given.size(3, "length")
    if base is None or place is None:
        return None
    return base.view((*base.sizes[:place], length, *base.sizes[place + 1 :]))


def _diagonal(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    if base is None or base.rank != 2 or given.at(2, "dim1") or given.at(3, "dim2"):
        return None
    same = base.sizes[0] is not None and base.sizes[0] == base.sizes[1]
    return base.view((base.sizes[0] if same and given.at(1, "offset") is None else None,))


def _diag(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    if base is None or given.at(1, "diagonal") is not None:
        return None
    return base.new((base.sizes[0], base.sizes[0])) if base.rank == 1 else _diagonal(given)


def _same(given: Operands) -> Made | None:
    """New memory of the same type, or perhaps the very tensor."""
    return given.tensor(0, "input")


def _on_cpu(given: Operands) -> Made | None:
    base = given.tensor(0)
    return None if base is None else replace(base, device="cpu")


def _converted(given: Operands) -> Made | None:
    """``x.to(device)``, ``x.to(torch.float64)``, ``x.to(device=d)``: perhaps `x` itself."""
    base = given.tensor(0)
    if base is None or set(given.keywords) - {"dtype", "device"}:
        return None
    made = base
    for item in (*given.positional[1:], *given.keywords.values()):
        text = item.value if isinstance(item, Literal) else ""
        if not isinstance(text, str):
            return None
        if text.startswith(_DTYPE):
            dtype = text.removeprefix(_DTYPE)
            grad = made.requires_grad and category(dtype) in ("float", "complex")
            made = replace(made, dtype=dtype, requires_grad=grad)
        elif text.startswith("device:") or text == "cpu":
            made = replace(made, device=text.removeprefix("device:").split(":")[0])
        else:
            return None
    return made


def _typed(given: Operands) -> Made | None:
    base, other = given.tensor(0), given.tensor(1, "other")
    if base is None or other is None:
        return None
    grad = base.requires_grad and category(other.dtype) in ("float", "complex")
    return replace(base, dtype=other.dtype, device=other.device, requires_grad=grad)


def _fresh(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    return None if base is None else base.new()


def _detached(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    if base is None:
        return None
    return Made(base.dtype, base.sizes, base.device, False, base.memory, base.overlapping)


# ---------------------------------------------------------------------- subscripts
def subscript(base: Made, index: ast.expr, evaluate: Evaluate) -> Made | None:
    """``x[idx]``, ``x[None, :, 0]``, ``x[mask]``, ``x[..., 1:]``."""
    entries = list(index.elts) if isinstance(index, ast.Tuple) else [index]
    taken = [0 if _adds(e) else _covers(e, evaluate) for e in entries]
    left = base.rank - sum(taken)
    if left < 0:
        return None
    ellipses = [k for k, e in enumerate(entries) if _is_ellipsis(e)]
    if len(ellipses) > 1:
        return None
    at = ellipses[0] if ellipses else len(entries)
    entries[at : at + 1] = [ast.Slice()] * left
    sizes: list[Size] = []
    chosen: list[tuple[int, tuple[Size, ...]]] = []
    place = 0
    for position, entry in enumerate(entries):
        if _adds(entry):
            sizes.append(ONE)
            continue
        if isinstance(entry, ast.Slice):
            sizes.append(_length(entry, base.sizes[place], evaluate))
            place += 1
            continue
        item = evaluate(entry)
        made = of_item(item)
        if isinstance(item, Integer):
            place += 1
        elif made is not None and made.dtype == "bool" and made.rank:
            chosen.append((position, (None,)))
            sizes.append(None)
            place += made.rank
        elif made is not None and category(made.dtype) == "int":
            chosen.append((position, made.sizes))
            sizes.extend(made.sizes)
            place += 1
        else:
            return None
    if len(chosen) > 1:
        return None
    return base.new(tuple(sizes)) if chosen else base.view(tuple(sizes))


def _adds(entry: ast.expr) -> bool:
    return isinstance(entry, ast.Constant) and entry.value is None


def _is_ellipsis(entry: ast.expr) -> bool:
    return isinstance(entry, ast.Constant) and entry.value is Ellipsis


def _covers(entry: ast.expr, evaluate: Evaluate) -> int:
    """How many dimensions an entry of a subscript takes."""
    if _is_ellipsis(entry):
        return 0
    if isinstance(entry, ast.Slice):
        return 1
    made = of_item(evaluate(entry))
    return made.rank if made is not None and made.dtype == "bool" else 1


def _length(entry: ast.Slice, size: Size, evaluate: Evaluate) -> Size:
    """How many elements a slice takes, where that is plain: ``1:``, ``:-1`` of more than it cuts.

    A slice clamps, so that only one without ends is certain.
    """
    if entry.lower is None and entry.upper is None and entry.step is None:
        return size
    return None


VIEWS: dict[str, Rule] = {
    "view": _reshape, "reshape": _reshape, "view_as": _like_sizes, "reshape_as": _like_sizes,
    "expand_as": _like_sizes, "transpose": _swap, "swapaxes": _swap, "swapdims": _swap, "t": _t,
    "permute": _permute, "unsqueeze": _unsqueeze, "squeeze": _squeeze, "flatten": _flatten,
    "expand": _expand, "narrow": _narrow, "diagonal": _diagonal, "diag": _diag,
    "contiguous": _same, "cpu": _on_cpu, "to": _converted, "type_as": _typed, "detach": _detached,
    "clone": _fresh, "triu": _fresh, "tril": _fresh, "flip": _fresh, "roll": _fresh,
    "ravel": _flatten,
}  # fmt: skip
