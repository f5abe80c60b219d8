"""What operations on whole tensors make: dtype and sizes, one function an operation.

None is the answer wherever an argument is not of the form that is known here.
"""

from __future__ import annotations

from collections.abc import Sequence

from deloop.analysis.operands import ONE, Made, Operands, Rule, Size, of_item
from deloop.analysis.views import VIEWS
from deloop.dtype import category, promote_tensors
from deloop.frontend.items import Item
from deloop.ir.affine import Affine
from deloop.ir.types import Integer, Literal

_DTYPE = "torch."


def _unbound(given: Operands) -> list[Made] | None:
    base = given.tensor(0, "input")
    place = None if base is None else given.dim(base.rank, 1, "dim", default=0)
    size = None if base is None or place is None else base.sizes[place]
    if base is None or place is None or size is None or not size.is_constant:
        return None
    return [base.view((*base.sizes[:place], *base.sizes[place + 1 :]))] * size.constant


def _chunks(given: Operands) -> list[Made] | None:
    """``x.chunk(2, -1)``, where the number of pieces divides the size or is not told from it."""
    base, count = given.tensor(0, "input"), given.integer(1, "chunks")
    place = None if base is None else given.dim(base.rank, 2, "dim", default=0)
    if base is None or place is None or not count:
        return None
    size = base.sizes[place]
    if size is None or not size.is_constant or size.constant % count:
        return None
    part = Affine.number(size.constant // count)
    return [base.view((*base.sizes[:place], part, *base.sizes[place + 1 :]))] * count


def _meshed(given: Operands) -> list[Made] | None:
    parts = [of_item(item) for item in given.positional]
    word = given.keywords.get("indexing")
    order = word.value if isinstance(word, Literal) else "ij"
    made = [p for p in parts if p is not None and p.rank == 1]
    if len(made) != len(parts) or not made or order not in ("ij", "xy"):
        return None
    sizes = [p.sizes[0] for p in made]
    if order == "xy" and len(sizes) > 1:
        sizes[0], sizes[1] = sizes[1], sizes[0]
    return [Made(p.dtype, tuple(sizes), p.device, p.requires_grad, p.memory, True) for p in made]


def _with_indices(given: Operands) -> list[Made] | None:
    """``x.sort(0)``: values and indices of the same sizes."""
    base = given.tensor(0, "input")
    return None if base is None else [base.new(), base.new(dtype="int64")]


def _top(given: Operands) -> list[Made] | None:
    base, count = given.tensor(0, "input"), given.size(1, "k")
    place = None if base is None else given.dim(base.rank, 2, "dim", default=-1)
    if base is None or place is None:
        return None
    sizes = (*base.sizes[:place], count, *base.sizes[place + 1 :])
    return [base.new(sizes), base.new(sizes, "int64")]


def _extremes(given: Operands) -> list[Made] | None:
    """``x.max(1)``: values and indices."""
    base = given.tensor(0, "input")
    if base is None or of_item(given.at(1, "dim", "other") or Literal(None)) is not None:
        return None
    found = _reduced(given, base)
    if found is None or given.at(1, "dim") is None:
        return None
    return [found, found.new(dtype="int64")]


# ---------------------------------------------------------------------- reductions
def _reduced(given: Operands, base: Made, dim: int = 1, keep: int = 2) -> Made | None:
    place = given.dim(base.rank, dim, "dim", "axis")
    keeps = given.flag(keep, "keepdim")
    if place is None or keeps is None:
        return None
    between = (ONE,) if keeps else ()
    return base.new((*base.sizes[:place], *between, *base.sizes[place + 1 :]))


def _arg_reduction(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    if base is None:
        return None
    if given.at(1, "dim") is None:
        return base.new((), "int64")
    found = _reduced(given, base)
    return None if found is None else found.new(dtype="int64")


def _sorting(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    return None if base is None else base.new(dtype="int64")


def _average(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    if base is None or category(base.dtype) != "float" or given.keywords.get("dtype"):
        return None
    return base.new(()) if given.at(1, "dim", "axis") is None else _reduced(given, base)


# ---------------------------------------------------------------------- products
def _product(given: Operands) -> Made | None:
    left, right = given.tensor(0, "input"), given.tensor(1, "other", "mat2", "vec2")
    if left is None or right is None or left.dtype != right.dtype:
        return None
    if left.rank < 2 or right.rank < 2 or left.device != right.device:
        return None
    if left.rank != right.rank and 2 not in (left.rank, right.rank):
        return None
    batch = left.sizes[:-2] if left.rank >= right.rank else right.sizes[:-2]
    pairs = zip(left.sizes, right.sizes[:-2], strict=False)
    if left.rank == right.rank and any(a is None or a != b for a, b in pairs):
        return None
    grad = left.requires_grad or right.requires_grad
    return Made(left.dtype, (*batch, left.sizes[-2], right.sizes[-1]), left.device, grad)


def _outer(given: Operands) -> Made | None:
    left, right = given.tensor(0, "input"), given.tensor(1, "vec2", "other")
    if left is None or right is None or (left.rank, right.rank) != (1, 1):
        return None
    grad = left.requires_grad or right.requires_grad
    dtype = promote_tensors(left.dtype, right.dtype)
    return Made(dtype, (left.sizes[0], right.sizes[0]), left.device, grad)


def _einsum(given: Operands) -> Made | None:
    text = given.at(0)
    parts = [of_item(item) for item in given.positional[1:]]
    made = [p for p in parts if p is not None]
    word = text.value if isinstance(text, Literal) else None
    if not isinstance(word, str) or len(made) != len(parts) or not made or "." in word:
        return None
    taken, arrow, result = word.replace(" ", "").partition("->")
    terms = taken.split(",")
    same = len({(p.dtype, p.device) for p in made}) == 1
    if not arrow or not same or [len(t) for t in terms] != [p.rank for p in made]:
        return None
    sizes: dict[str, Size] = {}
    for term, part in zip(terms, made, strict=True):
        for letter, size in zip(term, part.sizes, strict=True):
            if size == ONE:
                size = None  # it may be stretched
            sizes[letter] = size if sizes.get(letter, size) == size else None
    grad = any(p.requires_grad for p in made)
    return Made(
        made[0].dtype, tuple(sizes[x] for x in result), made[0].device, grad,
        frozenset().union(*(p.memory for p in made)),
    )  # fmt: skip


# ---------------------------------------------------------------------- of other sizes
def _padded(given: Operands) -> Made | None:
    base, pads = given.tensor(0, "input"), _pads(given)
    if base is None or pads is None or len(pads) % 2 or len(pads) > 2 * base.rank:
        return None
    sizes = list(base.sizes)
    for k in range(len(pads) // 2):
        size = sizes[-1 - k]
        sizes[-1 - k] = None if size is None else size + pads[2 * k] + pads[2 * k + 1]
    return base.new(tuple(sizes))


def _pads(given: Operands) -> tuple[Affine, ...] | None:
    item = given.at(1, "pad")
    return None if item is None else Operands((item,), {}).sizes(0)


def _one_hot(given: Operands) -> Made | None:
    base = given.tensor(0, "tensor", "input")
    count = given.size(1, "num_classes")
    if base is None or base.dtype != "int64":
        return None
    return base.new((*base.sizes, None if count == Affine.number(-1) else count))


def _repeated(given: Operands) -> Made | None:
    base, times = given.tensor(0, "input"), given.sizes(1, "repeats")
    if base is None or times is None or len(times) < base.rank:
        return None
    old = (*[ONE] * (len(times) - base.rank), *base.sizes)
    return base.new(tuple(_times(a, b) for a, b in zip(old, times, strict=True)))


def _times(size: Size, factor: Affine) -> Size:
    if size is None:
        return None
    if factor.is_constant:
        return size * factor.constant
    return factor * size.constant if size.is_constant else None


def _interleaved(given: Operands) -> Made | None:
    base, times = given.tensor(0, "input"), given.size(1, "repeats")
    place = None if base is None else given.dim(base.rank, 2, "dim", default=None)
    if base is None:
        return None
    if given.at(2, "dim") is None:
        known = base.rank == 1 and times is not None
        return base.new((_times(base.sizes[0], times) if known and times else None,))
    if place is None:
        return None
    size = None if times is None else _times(base.sizes[place], times)
    return base.new((*base.sizes[:place], size, *base.sizes[place + 1 :]))


def _distances(given: Operands) -> Made | None:
    left, right = given.tensor(0, "x1"), given.tensor(1, "x2")
    if left is None or right is None or (left.rank, right.rank) != (2, 2):
        return None
    grad = left.requires_grad or right.requires_grad
    dtype = promote_tensors(left.dtype, right.dtype)
    return Made(dtype, (left.sizes[0], right.sizes[0]), left.device, grad)


def _gathered(given: Operands) -> Made | None:
    base, index = given.tensor(0, "input"), given.tensor(2, "index")
    return None if base is None or index is None else base.new(index.sizes)


def _selected(given: Operands) -> Made | None:
    base, index = given.tensor(0, "input"), given.tensor(2, "index")
    place = None if base is None else given.dim(base.rank, 1, "dim")
    if base is None or index is None or place is None or index.rank != 1:
        return None
    return base.new((*base.sizes[:place], index.sizes[0], *base.sizes[place + 1 :]))


def _embedded(given: Operands) -> Made | None:
    index, table = given.tensor(0, "input"), given.tensor(1, "weight")
    if index is None or table is None or len(given.positional) > 2 or given.keywords:
        return None
    return table.new((*index.sizes, *table.sizes[1:]))


def _row_of_unknown(dtype: str | None) -> Rule:
    """A vector of which only data says how long it is."""

    def rule(given: Operands) -> Made | None:
        base = given.tensor(0, "input")
        plain = not any(isinstance(i, Literal) and i.value is True
                        for i in (*given.positional[1:], *given.keywords.values()))  # fmt: skip
        if base is None or not plain or given.keywords.get("dim"):
            return None
        return base.new((None,), dtype)

    return rule


def _counted(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    if base is None or given.at(1, "weights") is not None:
        return None
    return base.new((None,), "int64")


def _places(given: Operands) -> Made | Sequence[Made] | None:
    """``torch.nonzero(mask)``: a row for each; ``as_tuple=True``: a tuple of indices."""
    base = given.tensor(0, "input")
    as_tuple = given.flag(1, "as_tuple")
    if base is None or as_tuple is None:
        return None
    if as_tuple:
        return [base.new((None,), "int64")] * base.rank
    return base.new((None, Affine.number(base.rank)), "int64")


def _where(given: Operands) -> Sequence[Made] | None:
    base = given.tensor(0, "condition")
    if base is None or len(given.positional) != 1 or given.keywords:
        return None
    return [base.new((None,), "int64")] * base.rank


def _stacked(given: Operands) -> Made | None:
    """``torch.stack([a, b], 1)`` of tensors of one type."""
    item = given.at(0, "tensors")
    parts = [] if item is None else [of_item(p) for p in getattr(item, "items", ())]
    made = [p for p in parts if p is not None]
    if not made or len(made) != len(parts) or len({(p.dtype, p.device) for p in made}) > 1:
        return None
    first = made[0]
    place = given.dim(first.rank + 1, 1, "dim", "axis", default=0)
    if place is None or any(p.rank != first.rank for p in made):
        return None
    sizes = _common([p.sizes for p in made])
    count = Affine.number(len(made))
    grad = any(p.requires_grad for p in made)
    return Made(first.dtype, (*sizes[:place], count, *sizes[place:]), first.device, grad)


def _common(shapes: list[tuple[Size, ...]]) -> tuple[Size, ...]:
    """Sizes that are the same by what they are called; all of them are known to be equal."""
    return tuple(next((s for s in sizes if s is not None), None)
                 for sizes in zip(*shapes, strict=True))  # fmt: skip


def _drawn(dtype: str) -> Rule:
    def rule(given: Operands) -> Made | None:
        keywords = dict(given.keywords)
        keywords.pop("generator", None)
        sizes = Operands(given.positional, keywords).sizes(0, "size")
        keywords.pop("size", None)
        return None if sizes is None else _asked(Made(dtype, sizes), keywords)

    return rule


def _permutation(given: Operands) -> Made | None:
    count = given.size(0, "n")
    return None if count is None else _asked(Made("int64", (count,)), dict(given.keywords))


def _integers(given: Operands) -> Made | None:
    """``torch.randint(0, 5, (n,))``."""
    item = given.at(len(given.positional) - 1) if given.positional else None
    item = given.keywords.get("size", item)
    sizes = None if item is None or isinstance(item, Integer) else Operands((item,), {}).sizes(0)
    rest = {word: i for word, i in given.keywords.items() if word in ("dtype", "device")}
    return None if sizes is None else _asked(Made("int64", sizes), rest)


def _drawn_like(given: Operands) -> Made | None:
    base = given.tensor(0, "input")
    return None if base is None else _asked(
        Made(base.dtype, base.sizes, base.device), dict(given.keywords)
    )


def _asked(made: Made, keywords: dict[str, Item]) -> Made | None:
    """A new tensor with what the keywords say of its dtype and device."""
    dtype, device, grad = made.dtype, made.device, False
    for word, item in keywords.items():
        value = item.value if isinstance(item, Literal) else item
        if word == "dtype" and isinstance(value, str) and value.startswith(_DTYPE):
            dtype = value.removeprefix(_DTYPE)
        elif word == "device" and isinstance(value, str):
            device = value.removeprefix("device:").split(":")[0]
        elif word == "requires_grad" and isinstance(value, bool):
            grad = value
        elif value is not None:
            return None
    return Made(dtype, made.sizes, device, grad)


METHODS: dict[str, Rule] = {
    **VIEWS,
    "unbind": _unbound, "chunk": _chunks, "sort": _with_indices, "topk": _top, "max": _extremes,
    "min": _extremes, "median": _extremes, "mode": _extremes, "cummax": _with_indices,
    "cummin": _with_indices, "argmax": _arg_reduction, "argmin": _arg_reduction,
    "argsort": _sorting, "mean": _average, "matmul": _product, "mm": _product, "bmm": _product,
    "outer": _outer, "ger": _outer, "repeat": _repeated, "repeat_interleave": _interleaved,
    "gather": _gathered, "index_select": _selected, "unique": _row_of_unknown(None),
    "unique_consecutive": _row_of_unknown(None), "masked_select": _row_of_unknown(None),
    "bincount": _counted, "nonzero": _places,
}  # fmt: skip
FUNCTIONS: dict[str, Rule] = {
    "pad": _padded, "one_hot": _one_hot, "einsum": _einsum, "meshgrid": _meshed,
    "cdist": _distances, "embedding": _embedded, "where": _where, "stack": _stacked,
    "rand": _drawn("float32"), "randn": _drawn("float32"), "randperm": _permutation,
    "randint": _integers, "rand_like": _drawn_like, "randn_like": _drawn_like, "tile": _repeated,
}  # fmt: skip
