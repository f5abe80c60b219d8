"""Tensors that calls in front of a loop make, whose elements nobody needs to know: their types.

``torch.eye(n)``, ``torch.arange(n)``, ``torch.linspace(0, 1, n)``, ``a.addmm(b, c)``,
``torch.rand(n, m)``, ``torch.randint(0, k, (n,))``
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

from deloop.dtype import category
from deloop.errors import RefusalError
from deloop.frontend.cuts import CutReader
from deloop.frontend.items import Item, shape_of
from deloop.ir.affine import Affine
from deloop.ir.types import Function, Integer, Literal, Scalar, Tensor, TensorType

Given = dict[str, Item]


def read_made(reader: CutReader, node: ast.Call) -> Tensor | None:
    """The tensor that a call makes; None where the call is none of those read here."""
    try:
        return _read(reader, node)
    except RefusalError:
        return None


def _read(reader: CutReader, node: ast.Call) -> Tensor | None:
    if any(isinstance(a, ast.Starred) for a in node.args):
        return None
    if any(k.arg is None for k in node.keywords):
        return None
    positional = [reader.evaluate(a) for a in node.args]
    keywords = {str(k.arg): reader.evaluate(k.value) for k in node.keywords}
    if isinstance(node.func, ast.Attribute):
        base = reader.evaluate(node.func.value)
        if isinstance(base, Tensor):
            method = _METHODS.get(node.func.attr)
            return method([base, *positional], keywords) if method else None
    callee = reader.evaluate(node.func)
    if not isinstance(callee, Function) or not (callee.qualified or "").startswith("torch."):
        return None
    name = (callee.qualified or "").removeprefix("torch.")
    rule = _FUNCTIONS.get(name) or _METHODS.get(name)
    return rule(positional, keywords) if rule else None


def _sizes(items: list[Item]) -> list[Affine] | None:
    sizes = [item.affine for item in items if isinstance(item, Integer)]
    return sizes if len(sizes) == len(items) else None


def _new(shape: tuple[Affine, ...], dtype: str, keywords: Given) -> Tensor | None:
    """A new tensor of such a shape, with what the keywords say of its dtype and device."""
    device, grad = "cpu", False
    for word, item in keywords.items():
        value = item.value if isinstance(item, Literal) else item
        if word == "dtype" and str(value).startswith("torch."):
            dtype = str(value).removeprefix("torch.")
        elif word == "device" and isinstance(value, str):
            device = value.removeprefix("device:").split(":")[0]
        elif word == "requires_grad" and isinstance(value, bool):
            grad = value
        elif value is not None:
            return None
    return Tensor("", TensorType(dtype, shape, device, grad, True, True), "", fresh=True)


def _eye(given: list[Item], keywords: Given) -> Tensor | None:
    sizes = _sizes(given)
    if not sizes or len(sizes) > 2:
        return None
    return _new((sizes[0], sizes[-1]), "float32", keywords)


def _arange(given: list[Item], keywords: Given) -> Tensor | None:
    """``torch.arange(n)``, ``torch.arange(a, b)``, ``torch.arange(0.0, 1.0, 0.1)``."""
    numbers = [n for item in given if (n := _number(item)) is not None]
    if given and len(numbers) == len(given) <= 3:
        start, end, step = (0, numbers[0], 1) if len(given) == 1 else (*numbers, 1)[:3]
        whole = all(isinstance(n, int) for n in numbers)
        count = math.ceil((end - start) / step) if step else -1
        shape = (Affine.number(count),)
        return None if count < 0 else _new(shape, "int64" if whole else "float32", keywords)
    sizes = _sizes(given)
    if not sizes or len(sizes) > 2:
        return None
    length = sizes[0] if len(sizes) == 1 else sizes[1] - sizes[0]
    return _new((length,), "int64", keywords)


def _number(item: Item) -> int | float | None:
    """The number that is written out."""
    if isinstance(item, Integer) and item.affine.is_constant:
        return item.affine.constant
    value = item.value if isinstance(item, Literal) else None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return value if math.isfinite(value) else None


def _window(given: list[Item], keywords: Given) -> Tensor | None:
    """``torch.hann_window(n)``, ``torch.hamming_window(n, periodic=False)``."""
    sizes = _sizes(given[:1])
    rest = {word: item for word, item in keywords.items() if word not in ("periodic", "alpha")}
    return _new((sizes[0],), "float32", rest) if sizes and len(given) < 3 else None


def _linspace(given: list[Item], keywords: Given) -> Tensor | None:
    steps = keywords.get("steps", given[2] if len(given) == 3 else None)
    ends = all(isinstance(item, (Integer, Literal, Scalar)) for item in given[:2])
    if not isinstance(steps, Integer) or not ends or len(given) not in (2, 3):
        return None
    rest = {word: item for word, item in keywords.items() if word != "steps"}
    return _new((steps.affine,), "float32", rest)


def _rand(given: list[Item], keywords: Given) -> Tensor | None:
    """``torch.rand(n, m)``, ``torch.randn((n, m), generator=g)``."""
    rest = _without_source(keywords)
    size = rest.pop("size", None)
    shape = shape_of(given if size is None else [size])
    return None if shape is None else _new(shape, "float32", rest)


def _randint(given: list[Item], keywords: Given) -> Tensor | None:
    """``torch.randint(high, (n,))``, ``torch.randint(low, high, (n, m))``."""
    rest = _without_source(keywords)
    size = rest.pop("size", None) or (given[-1] if len(given) in (2, 3) else None)
    for word in ("low", "high"):
        rest.pop(word, None)
    shape = None if size is None or isinstance(size, Integer) else shape_of([size])
    return None if shape is None else _new(shape, "int64", rest)


def _randperm(given: list[Item], keywords: Given) -> Tensor | None:
    sizes = _sizes(given)
    if sizes is None or len(sizes) != 1:
        return None
    return _new((sizes[0],), "int64", _without_source(keywords))


def _normal(given: list[Item], keywords: Given) -> Tensor | None:
    """``torch.normal(0.0, 1.0, size=(n, m))``; of tensors, as large as they are."""
    rest = _without_source(keywords)
    size = rest.pop("size", given[2] if len(given) == 3 else None)
    shape = None if size is None else shape_of([size])
    is_plain = all(isinstance(item, (Integer, Literal, Scalar)) for item in given[:2])
    return _new(shape, "float32", rest) if shape is not None and is_plain else None


def _bernoulli(given: list[Item], keywords: Given) -> Tensor | None:
    first = given[0] if len(given) == 1 else None
    return _rand_like(given, {}) if first is not None and not _without_source(keywords) else None


def _rand_like(given: list[Item], keywords: Given) -> Tensor | None:
    first = given[0] if given else None
    if not isinstance(first, Tensor):
        return None
    rest = _without_source(keywords)
    rest.setdefault("device", Literal(first.type.device))
    return _new(first.type.shape, first.type.dtype, rest)


def _without_source(keywords: Given) -> Given:
    """The keywords that say what the tensor is like: where its numbers come from does not."""
    return {word: item for word, item in keywords.items() if word != "generator"}


def _addmm(given: list[Item], keywords: Given) -> Tensor | None:
    """``a.addmm(b, c, beta=1, alpha=-2)``: as large as the product."""
    tensors = [t for t in given if isinstance(t, Tensor)]
    if len(tensors) != 3 or len(given) != 3 or set(keywords) - {"beta", "alpha"}:
        return None
    base, left, right = (t.type for t in tensors)
    same = len({t.dtype for t in (base, left, right)}) == 1
    if not same or (left.rank, right.rank) != (2, 2) or base.rank > 2:
        return None
    grad = any(t.requires_grad for t in (base, left, right)) and category(base.dtype) == "float"
    kind = TensorType(base.dtype, (left.shape[0], right.shape[1]), base.device, grad, not grad)
    return Tensor("", kind, "", fresh=True)


def _like(given: list[Item], keywords: Given) -> Tensor | None:
    """``x.flip(0)``, ``x.roll(1, 0)``: new memory of the same shape."""
    first = given[0] if given else None
    if not isinstance(first, Tensor) or not first.type.shape:
        return None
    kind = first.type
    grad = kind.requires_grad
    made = TensorType(kind.dtype, kind.shape, kind.device, grad, not grad)
    return Tensor("", made, "", fresh=True)


_FUNCTIONS: dict[str, Callable[[list[Item], Given], Tensor | None]] = {
    "eye": _eye, "arange": _arange, "linspace": _linspace, "logspace": _linspace,
    "rand": _rand, "randn": _rand, "randint": _randint, "randperm": _randperm,
    "normal": _normal, "hann_window": _window, "hamming_window": _window,
    "blackman_window": _window,
    "rand_like": _rand_like, "randn_like": _rand_like, "randint_like": _rand_like,
}  # fmt: skip
_METHODS: dict[str, Callable[[list[Item], Given], Tensor | None]] = {
    "addmm": _addmm, "flip": _like, "roll": _like, "fliplr": _like, "flipud": _like,
    "bernoulli": _bernoulli,
}  # fmt: skip
