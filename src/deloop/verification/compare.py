"""What differs between what the loop gave and what the rewrite gave.

Nothing here knows where the values came from. "The same" is the design's §3: Python type, shape,
dtype, device, `requires_grad` and values; values bitwise, or up to rounding where that was
declared.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import torch

from deloop.diagnostic import Exactness
from deloop.verification.parts import find_parts


class DifferenceKind(Enum):
    """In which respect two results are not the same."""

    TYPE = "type"
    LENGTH = "length"
    KEYS = "keys"
    SHAPE = "shape"
    DTYPE = "dtype"
    DEVICE = "device"
    LAYOUT = "layout"
    REQUIRES_GRAD = "requires_grad"
    VALUE = "value"
    ALIAS = "alias"
    EXCEPTION = "exception"
    OUTPUT = "output"
    RANDOM_STATE = "random state"
    GRADIENT = "gradient"
    SECOND_GRADIENT = "second gradient"


@dataclass(frozen=True)
class Difference:
    """One respect in which the rewrite does not do what the loop does.

    Parameters
    ----------
    path:
        Where it was seen: ``result[0]``, ``argument tensor``, ``gradient of argument x``.
    kind:
        Which respect.
    sentence:
        One sentence, the loop first.
    index:
        The first differing index, where tensors of one shape differ in their values.
    """

    path: str
    kind: DifferenceKind
    sentence: str
    index: tuple[int, ...] | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}"


# Relative to the element, and relative to the largest magnitude that took part: a reassociated sum
# is wrong by an amount that depends on its largest terms and not on what they cancel to.
RELATIVE_TOLERANCE: Mapping[str, float] = {
    "float16": 1e-2, "bfloat16": 5e-2, "float32": 1e-5, "float64": 1e-10,
    "complex64": 1e-5, "complex128": 1e-10,
}  # fmt: skip
ABSOLUTE_TOLERANCE: Mapping[str, float] = {
    "float16": 5e-3, "bfloat16": 4e-2, "float32": 2e-6, "float64": 1e-12,
    "complex64": 2e-6, "complex128": 1e-12,
}  # fmt: skip


@dataclass(frozen=True)
class Closeness:
    """How near two values must be to count as the same.

    Parameters
    ----------
    exactness:
        ``BITWISE``: the same number, NaN being equal to NaN. ``ROUNDING``: within tolerance.
    signed_zero:
        Whether -0.0 differs from 0.0. None: only where the exactness is bitwise.
    rtol, atol:
        Tolerances by dtype name, over the defaults; a given `atol` is absolute, a default one is
        relative to `magnitude`.
    magnitude:
        The largest finite magnitude that took part in the computation, as far as it is known.
    precision:
        The least precise floating dtype that took part; no tolerance is tighter than its own,
        because double arithmetic may have been done in the tensor's dtype.
    any_where_nan:
        Accept any value where the loop's is NaN (for gradients).
    """

    exactness: Exactness = Exactness.BITWISE
    signed_zero: bool | None = None
    rtol: Mapping[str, float] = field(default_factory=dict)
    atol: Mapping[str, float] = field(default_factory=dict)
    magnitude: float = 0.0
    precision: str = "float64"
    any_where_nan: bool = False

    @property
    def is_zero_signed(self) -> bool:
        """Whether -0.0 and 0.0 are two values."""
        if self.signed_zero is None:
            return self.exactness is Exactness.BITWISE
        return self.signed_zero

    def tolerance(self, dtype: str, magnitude: float) -> tuple[float, float]:
        """The relative and the absolute tolerance for `dtype`, for values up to `magnitude`."""
        relative = max(RELATIVE_TOLERANCE.get(name, 0.0) for name in (dtype, self.precision))
        scale = max(ABSOLUTE_TOLERANCE.get(name, 0.0) for name in (dtype, self.precision))
        absolute = scale * max(magnitude, self.magnitude)
        return self.rtol.get(dtype, relative), self.atol.get(dtype, absolute)


def find_differences(
    expected: object,
    actual: object,
    *,
    exactness: Exactness = Exactness.BITWISE,
    path: str = "result",
    signed_zero: bool | None = None,
    rtol: Mapping[str, float] | None = None,
    atol: Mapping[str, float] | None = None,
    closeness: Closeness | None = None,
) -> tuple[Difference, ...]:
    """Every respect in which `actual`, the rewrite's, is not `expected`, the loop's.

    ``find_differences(torch.tensor(1), torch.tensor(1.0))`` → one `Difference` of kind dtype.

    Parameters
    ----------
    expected, actual:
        Tensors of any shape and dtype, numbers, None, strings, NumPy arrays, and lists, tuples,
        named tuples, dicts, modules and objects that hold such.
    exactness, signed_zero, rtol, atol:
        See `Closeness`; tolerances are by dtype name, ``{"float32": 1e-4}``.
    path:
        What to call the outermost value.
    closeness:
        Everything above in one object; then the four are not looked at.
    """
    if closeness is None:
        closeness = Closeness(exactness, signed_zero, rtol or {}, atol or {})
    return _Comparison(closeness).compare(expected, actual, path)


class _Comparison:
    """One comparison under way: how close values must be, and which pairs were met before."""

    def __init__(self, closeness: Closeness) -> None:
        self.closeness = closeness
        self.met: set[tuple[int, int]] = set()

    def compare(self, expected: object, actual: object, path: str) -> tuple[Difference, ...]:
        if expected is actual or (id(expected), id(actual)) in self.met:
            return ()
        if type(expected) is not type(actual):
            return (_type_difference(expected, actual, path),)
        if isinstance(expected, torch.Tensor):
            assert isinstance(actual, torch.Tensor)
            return compare_tensors(expected, actual, path, self.closeness)
        if isinstance(expected, (float, complex)):
            assert isinstance(actual, (float, complex))
            return self._compare_numbers(expected, actual, path)
        array = _compare_as_arrays(expected, actual, path, self.compare)
        if array is not None:
            return array
        self.met.add((id(expected), id(actual)))
        return self._compare_composites(expected, actual, path)

    def _compare_numbers(
        self, expected: float | complex, actual: float | complex, path: str
    ) -> tuple[Difference, ...]:
        if are_numbers_same(expected, actual, self.closeness):
            return ()
        sentence = f"{expected!r} in the loop, {actual!r} in the rewrite"
        return (Difference(path, DifferenceKind.VALUE, sentence),)

    def _compare_composites(
        self, expected: object, actual: object, path: str
    ) -> tuple[Difference, ...]:
        if isinstance(expected, Mapping):
            assert isinstance(actual, Mapping)
            if list(expected) != list(actual):
                sentence = f"keys {list(expected)} in the loop, {list(actual)} in the rewrite"
                return (Difference(path, DifferenceKind.KEYS, sentence),)
        elif isinstance(expected, (list, tuple)):
            assert isinstance(actual, (list, tuple))
            if len(expected) != len(actual):
                sentence = f"{len(expected)} elements in the loop, {len(actual)} in the rewrite"
                return (Difference(path, DifferenceKind.LENGTH, sentence),)
        parts, others = find_parts(expected, path), dict(find_parts(actual, path))
        if not parts and not others:
            return _compare_by_equality(expected, actual, path)
        if [name for name, _ in parts] != list(others):
            names = [name for name, _ in parts]
            sentence = f"holds {names} in the loop, {list(others)} in the rewrite"
            return (Difference(path, DifferenceKind.KEYS, sentence),)
        return tuple(
            difference
            for name, part in parts
            for difference in self.compare(part, others[name], name)
        )


def _type_difference(expected: object, actual: object, path: str) -> Difference:
    sentence = f"a {describe(expected)} in the loop, a {describe(actual)} in the rewrite"
    return Difference(path, DifferenceKind.TYPE, sentence)


def describe(value: object) -> str:
    """A value's type and, where that is short, the value: ``float 1.5``."""
    if isinstance(value, torch.Tensor):
        return f"{type(value).__name__} of shape {tuple(value.shape)} and {name_dtype(value.dtype)}"
    if isinstance(value, (bool, int, float, complex)):
        return f"{type(value).__name__} {value!r}"
    return type(value).__name__


def name_dtype(dtype: torch.dtype) -> str:
    """``torch.float32`` → ``"float32"``."""
    return str(dtype).removeprefix("torch.")


def _compare_by_equality(expected: object, actual: object, path: str) -> tuple[Difference, ...]:
    # An object without parts and with nothing but identity for equality (a lock, a bare object())
    # has no state that could differ: its copy on the other side is the same.
    if type(expected).__eq__ is object.__eq__ and type(expected).__repr__ is object.__repr__:
        return ()
    try:
        same = bool(expected == actual)
    except Exception:
        same = False
    if same:
        return ()
    sentence = f"{expected!r} in the loop, {actual!r} in the rewrite"
    return (Difference(path, DifferenceKind.VALUE, sentence),)


def _compare_as_arrays(
    expected: object,
    actual: object,
    path: str,
    compare: Callable[[object, object, str], tuple[Difference, ...]],
) -> tuple[Difference, ...] | None:
    """NumPy arrays and scalars, as tensors where that is possible; None for anything else."""
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not isinstance(expected, (numpy.ndarray, numpy.generic)):
        return None
    first, second = numpy.asarray(expected), numpy.asarray(actual)
    if first.dtype != second.dtype:
        sentence = f"{first.dtype} in the loop, {second.dtype} in the rewrite"
        return (Difference(path, DifferenceKind.DTYPE, sentence),)
    if first.dtype.kind in "OUSVMm":
        return _compare_by_equality(first.tolist(), second.tolist(), path)
    return compare(torch.tensor(first), torch.tensor(second), path)


def compare_tensors(
    expected: torch.Tensor, actual: torch.Tensor, path: str, closeness: Closeness
) -> tuple[Difference, ...]:
    """The differences of two tensors; values are looked at only where shapes and dtypes agree."""
    found = []
    for kind, one, other in (
        (DifferenceKind.SHAPE, tuple(expected.shape), tuple(actual.shape)),
        (DifferenceKind.DTYPE, name_dtype(expected.dtype), name_dtype(actual.dtype)),
        (DifferenceKind.DEVICE, expected.device, actual.device),
        (DifferenceKind.LAYOUT, expected.layout, actual.layout),
        (DifferenceKind.REQUIRES_GRAD, expected.requires_grad, actual.requires_grad),
    ):
        if one != other:
            sentence = f"{kind.value} {one} in the loop, {other} in the rewrite"
            found.append(Difference(path, kind, sentence))
    has_values = not (expected.is_meta or actual.is_meta)
    if has_values and expected.shape == actual.shape and expected.dtype == actual.dtype:
        found.extend(_compare_values(expected, actual, path, closeness))
    return tuple(found)


def _compare_values(
    expected: torch.Tensor, actual: torch.Tensor, path: str, closeness: Closeness
) -> tuple[Difference, ...]:
    first, second = _plain(expected), _plain(actual)
    same = find_same(first, second.to(first.device), closeness)
    different = int(same.numel() - same.sum())
    if not different:
        return ()
    # argmin of a bool tensor is not implemented on every version; nonzero is.
    index = tuple(int(i) for i in (~same).nonzero()[0])
    one, other = first[index].item(), second[index].item()
    where = f"; the first at [{', '.join(map(str, index))}]" if index else ""
    count = f"{different} of {same.numel()} elements differ{where}: " if index else ""
    sentence = f"{count}{one!r} in the loop, {other!r} in the rewrite"
    return (Difference(path, DifferenceKind.VALUE, sentence, index),)


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """The values as a dense, detached tensor without lazy conjugation, sign or quantisation."""
    tensor = tensor.detach()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if name_dtype(tensor.dtype).startswith("float8"):
        tensor = tensor.to(torch.float32)
    return tensor.resolve_conj().resolve_neg()


def find_same(expected: torch.Tensor, actual: torch.Tensor, closeness: Closeness) -> torch.Tensor:
    """Where two tensors of one shape and dtype hold the same: a bool tensor of that shape."""
    if expected.is_complex():
        if closeness.exactness is Exactness.BITWISE:
            parts = find_same(torch.view_as_real(expected), torch.view_as_real(actual), closeness)
            return parts.all(-1)
    elif not expected.is_floating_point():
        return expected == actual
    both_nan = expected.isnan() & actual.isnan()
    same = (expected == actual) | both_nan
    if closeness.is_zero_signed and not expected.is_complex():
        same = same & ((expected.signbit() == actual.signbit()) | both_nan)
    if closeness.exactness is Exactness.ROUNDING:
        same = same | _find_close(expected, actual, closeness)
    if closeness.any_where_nan:
        same = same | expected.isnan()
    return same


def _find_close(expected: torch.Tensor, actual: torch.Tensor, closeness: Closeness) -> torch.Tensor:
    dtype = name_dtype(expected.dtype)
    wide = torch.complex128 if expected.is_complex() else torch.float64
    first, second = expected.to(wide), actual.to(wide)
    finite = first.isfinite() & second.isfinite()
    zero = torch.zeros((), dtype=wide, device=expected.device)
    magnitude = float(torch.where(finite, first, zero).abs().amax()) if first.numel() else 0.0
    relative, absolute = closeness.tolerance(dtype, magnitude)
    info = torch.finfo(expected.dtype)
    # Products of denormals are rounded to a few denormal steps whatever their relative error.
    bound = relative * first.abs() + absolute + 4 * info.smallest_normal * info.eps
    close = finite & ((first - second).abs() <= bound)
    if closeness.is_zero_signed and not expected.is_complex():
        close = close & ~((first == 0) & (second == 0))
    return close


def are_numbers_same(
    expected: float | complex, actual: float | complex, closeness: Closeness
) -> bool:
    """Whether two Python floats, or two complex numbers, are the same to `closeness`."""
    dtype = torch.complex128 if isinstance(expected, complex) else torch.float64
    one, other = torch.tensor(expected, dtype=dtype), torch.tensor(actual, dtype=dtype)
    return bool(find_same(one, other, closeness))
