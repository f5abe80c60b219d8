"""Real arguments as the compiler's values, with the tests that later arguments must pass.

``f(torch.rand(3, 4), 5)  ->  {"x": Tensor("x", float32, (x.shape[0], x.shape[1])), "n": …}``
with the hints ``{"x.shape[0]": 3, "x.shape[1]": 4, "n": 5}`` and the tests
``type(x) is Tensor``, ``x.dtype is torch.float32``, ``x.ndim == 2``, …, ``type(n) is int``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from deloop.decorator.functions import (
    MISSING,
    bind_first,
    find_name,
    find_qualified_name,
    is_vectorized,
    parse_callable,
    read_attribute,
)
from deloop.decorator.overlap import is_free_of_overlap, spell_no_overlap
from deloop.decorator.pytorch import torch
from deloop.dtype import DTYPES
from deloop.ir import types as ir
from deloop.ir.affine import Affine
from deloop.ir.source import SourceFunction

LONGEST_SEQUENCE = 32
"""A longer list or tuple is described by its type alone, if its items are not all alike."""
LONGEST_OF_NUMBERS, _LONGEST_ROW = 100_000, 8

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_OPTIONS = (
    "inplace", "dim", "max_norm", "sparse", "normalized_shape", "kernel_size", "stride", "padding",
    "dilation", "groups", "reduction", "label_smoothing", "ignore_index", "beta", "delta",
    "ceil_mode", "return_indices", "output_size", "start_dim", "end_dim", "batch_first",
    "bidirectional", "hidden_size", "input_size", "num_layers", "proj_size", "dropout",
    "out_features",
)  # fmt: skip
_VIEWS = frozenset({"view", "reshape", "flatten", "ravel", "contiguous"})
_TENSOR_CLASSES = (torch.Tensor, torch.nn.Parameter)
_NUMBERS: dict[type, str] = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}
_DTYPE_NAMES = {getattr(torch, name): name for name in DTYPES}


class OutOfScope(Exception):
    """An argument of a kind for which only the original function can answer; the text says why."""


class Constants:
    """Objects that generated code compares with, each under one name."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._names: dict[int, str] = {}

    def name(self, value: object) -> str:
        """The name under which generated code sees `value`."""
        if id(value) not in self._names:
            self._names[id(value)] = f"_deloop_k{len(self._names)}"
            self.values[self._names[id(value)]] = value
        return self._names[id(value)]


@dataclass
class Description:
    """What was seen: values by parameter, sizes, and tests that make it hold for another call.

    With `by_value`, numbers are described by their value: the names of another function mean
    nothing where the rewrite will stand. `roots` says how tests reach such names.
    """

    constants: Constants
    function: FunctionType
    by_value: bool = False
    roots: dict[str, str] = field(default_factory=dict)
    values: dict[str, ir.Value] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    tests: list[str] = field(default_factory=list)
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    visited: dict[str, ir.Value] = field(default_factory=dict)

    def describe_arguments(self, arguments: Mapping[str, object]) -> None:
        """Describe each argument; raises `OutOfScope`."""
        for name, value in arguments.items():
            self.values[name] = self.describe(name, value)

    def describe(self, path: str, value: object) -> ir.Value:
        """The compiler's value of what the expression `path` stands for now.

        Tests are added once a path, also for what is asked for during compilation: attributes,
        globals and closure names.
        """
        if path not in self.visited:
            self.visited[path] = self._describe(path, value)
        return self.visited[path]

    @property
    def tensor_values(self) -> dict[str, ir.Tensor]:
        """The tensors seen so far, by path."""
        return {p: v for p, v in self.visited.items() if isinstance(v, ir.Tensor)}

    def resolve(self, name: str) -> ir.Value:
        """What a global or closure name of the function stands for."""
        value, access = find_name(self.function, name, self.constants.name)
        if value is MISSING:
            return ir.Opaque(f"the name {name} is not bound")
        if self.by_value or name in self.function.__code__.co_varnames:
            self.roots[name] = access
        if type(value) in (list, tuple) and _is_constant(value):
            return self._describe_constants(name, value)  # type: ignore[arg-type]
        if type(value) is float and math.isinf(value):
            return self._describe_infinity(name, value)
        return self.describe(name, value)

    def _describe_infinity(self, name: str, value: float) -> ir.Value:
        """``from math import inf``: by its value, for an extreme may start from it."""
        if name not in self.visited:
            self._expect(f"{self._access(name)} == {self.constants.name(value)}")
            self.visited[name] = ir.Literal(value)
        return self.visited[name]

    def _describe_constants(self, name: str, value: list[object] | tuple[object, ...]) -> ir.Value:
        """A table of numbers beside the function, ``STEPS = [(0, 1), (1, 0)]``: by its value."""
        if name not in self.visited:
            self._expect(f"_deloop_repr({self._access(name)}) == {repr(value)!r}")
            self.visited[name] = _as_constants(value)
        return self.visited[name]

    def _describe(self, path: str, value: object) -> ir.Value:
        if isinstance(value, torch.Tensor):
            return self._describe_tensor(path, value)
        if type(value) in _NUMBERS:
            return self._describe_number(path, value)  # type: ignore[arg-type]
        if value is None or value is Ellipsis:
            return self._expect_same(path, value, ir.Literal(value))
        if isinstance(value, torch.dtype):
            return self._expect_same(path, value, ir.Literal(str(value)))
        if type(value) is str or isinstance(value, torch.device):
            self._expect(f"{self._access(path)} == {self.constants.name(value)}")
            return ir.Literal(value if type(value) is str else f"device:{value.type}")  # type: ignore[union-attr]
        if type(value) in (list, tuple) and len(value) <= LONGEST_SEQUENCE:  # type: ignore[arg-type]
            return self._describe_sequence(path, value)  # type: ignore[arg-type]
        if type(value) in (list, tuple) and (found := self._describe_alike(path, value)):  # type: ignore[arg-type]
            return found
        if isinstance(value, ModuleType):
            return self._expect_same(path, value, ir.Module(value.__name__))
        return self._describe_callable(path, value)

    def _describe_number(self, path: str, value: int | float | complex) -> ir.Value:
        kind = type(value)
        self._expect_class(path, kind)
        if self.by_value:
            self._expect(f"{self._access(path)} == {self.constants.name(value)}")
            return ir.Integer(Affine.number(value)) if type(value) is int else ir.Literal(value)
        if type(value) is int:
            self.hints[path] = value
            return ir.Integer(Affine.symbol(path))
        return ir.Scalar(_NUMBERS[kind], path)

    def _describe_callable(self, path: str, value: object) -> ir.Value:
        if value is torch.Tensor:
            return self._expect_same(path, value, ir.Module("torch.Tensor"))
        qualified = find_qualified_name(value)
        is_decorated = is_vectorized(value) and not hasattr(value, "__self__")
        function = getattr(value, "__wrapped__", value) if is_decorated else value
        if qualified is not None:
            return self._expect_same(path, value, ir.Function(path, qualified))
        if isinstance(function, FunctionType):
            parsed = self._parse(function)
            return self._expect_same(path, value, ir.Function(path, None, parsed))
        if isinstance(value, type):
            return self._expect_same(path, value, ir.Module(f"{value.__module__}.{value.__name__}"))
        if isinstance(value, BuiltinFunctionType):
            return self._expect_same(path, value, ir.Opaque(f"{path} is {value!r}"))
        if isinstance(value, MethodType) or is_vectorized(value):
            return self._describe_method(path, value, f"{path}.__self__")
        self._expect_class(path, type(value))
        called = None
        if isinstance(value, torch.nn.Module):
            module = value
            called = lambda: self._describe_module(path, module)  # noqa: E731
        if (kinds := kinds_of_table(value)) and not self.by_value:
            greatest = max(value)  # type: ignore[call-overload]
            return ir.Table(path, lambda name: self._describe_attribute(path, value, name), None,
                            kinds, greatest)  # fmt: skip
        return ir.Object(path, lambda name: self._describe_attribute(path, value, name), called)

    def _describe_module(self, path: str, module: torch.nn.Module) -> ir.Called:
        """What calling a module does, as long as nobody hooks into it."""
        kind = type(module)
        is_library = kind.__module__.startswith("torch.nn.modules.")
        if self.by_value or type(module).__call__ is not torch.nn.Module.__call__:
            return ir.Called(kind.__name__, is_library, reason="is not known")
        if "forward" in vars(module) or any(getattr(module, hooks) for hooks in _HOOKS):
            return ir.Called(kind.__name__, is_library, reason="is not known: it has hooks")
        self._expect(f"'forward' not in {path}.__dict__")
        for hooks in _HOOKS:
            self._expect(f"not {path}.{hooks}")
        children: tuple[ir.Value, ...] = ()
        if kind is torch.nn.Sequential:
            self._expect(f"_deloop_len({path}) == {len(module)}")  # type: ignore[arg-type]
            layers = enumerate(module.children())
            children = tuple(self.describe(f"{path}[{k}]", layer) for k, layer in layers)
        options = {name: vars(module)[name] for name in _OPTIONS if name in vars(module)}
        if is_library:
            self._expect(f"{'' if module.training else 'not '}{path}.training")
            for name, option in options.items():
                self._expect(f"{path}.{name} == {self.constants.name(option)}")
        return ir.Called(kind.__name__, is_library, module.training, children, options)

    def _describe_method(self, path: str, value: Any, owner: str) -> ir.Value:
        """A bound method, its object reached by the path `owner`."""
        function = value.__func__.__wrapped__ if is_vectorized(value) else value.__func__
        if not isinstance(function, FunctionType) or self.by_value:
            return ir.Opaque(f"{path} is a bound method")
        self._expect(f"{path}.__func__ is {self.constants.name(value.__func__)}")
        parsed = self._parse(function)
        if isinstance(parsed, SourceFunction) and parsed.parameters:
            parsed = bind_first(parsed, lambda: self.describe(owner, value.__self__))
        return ir.Function(path, None, parsed)

    def _parse(self, function: FunctionType) -> object | None:
        inner = Description(self.constants, function, by_value=True, tests=self.tests)
        return parse_callable(function, inner.resolve)

    def _describe_attribute(self, path: str, owner: object, name: str) -> ir.Value:
        value = read_attribute(owner, name)
        if value is MISSING:
            return ir.Opaque(f"what {path}.{name} is cannot be known without running it")
        is_method = isinstance(value, MethodType) or is_vectorized(value)
        if is_method and getattr(value, "__self__", None) is owner:
            return self._describe_method(f"{path}.{name}", value, path)
        return self.describe(f"{path}.{name}", value)

    def _describe_sequence(self, path: str, value: list[object] | tuple[object, ...]) -> ir.Value:
        self._expect_class(path, type(value))
        self._expect(f"_deloop_len({self._access(path)}) == {len(value)}")
        items = tuple(self.describe(f"{path}[{i}]", item) for i, item in enumerate(value))
        return ir.Sequence(items, is_list=type(value) is list)

    def _describe_alike(
        self, path: str, value: list[object] | tuple[object, ...]
    ) -> ir.Value | None:
        """A long list of ints or of floats, or of such tuples of one length; None for others."""
        kinds = kinds_of(value)
        if self.by_value or len(kinds) != 1 or len(value) > LONGEST_OF_NUMBERS:
            return None
        (kind,) = kinds
        if kind not in (int, float) and not (type(kind) is tuple and len(set(kind[1:])) == 1):
            return None
        self._expect_class(path, type(value))
        self._expect(f"_deloop_len({self._access(path)}) == {len(value)}")
        self._expect(f"_deloop_kinds({self._access(path)}) == {self.constants.name(kinds)}")
        items = tuple(_alike(f"{path}[{i}]", kind) for i in range(len(value)))
        return ir.Sequence(items, is_list=type(value) is list)

    def _describe_tensor(self, path: str, value: torch.Tensor) -> ir.Value:
        check_tensor(path, value)
        if self.by_value:
            return ir.Opaque(f"{path} is a tensor outside the function's own names")
        self._expect_class(path, type(value))
        self._expect(f"{path}.dtype is {self.constants.name(value.dtype)}")
        self._expect(f"{path}.layout is {self.constants.name(torch.strided)}")
        self._expect(f"not {path}.is_nested")  # its layout is strided, too
        self._expect(f"{path}.ndim == {value.ndim}")
        self._expect(_device_test(path, value.device))
        self._expect(f"{'' if value.requires_grad else 'not '}{path}.requires_grad")
        if value.requires_grad:
            self._expect(f"{'' if value.is_leaf else 'not '}{path}.is_leaf")
        is_contiguous = self._asks_for_layout and value.is_contiguous()
        if self._asks_for_layout:
            self._expect(f"{'' if is_contiguous else 'not '}{path}.is_contiguous()")
        is_overlapping = not is_free_of_overlap(value)
        if is_overlapping:  # else a rewrite that writes into it assumes so
            self._expect(f"not ({spell_no_overlap(path)})")
        sizes = [f"{path}.shape[{axis}]" for axis in range(value.ndim)]
        self.hints.update(zip(sizes, value.shape, strict=True))
        first = self._expect_identity(path, value)
        described = ir.TensorType(
            _DTYPE_NAMES[value.dtype],
            tuple(Affine.symbol(size.replace(path, first, 1)) for size in sizes),
            value.device.type,
            value.requires_grad,
            value.is_leaf,
            is_contiguous,
            is_overlapping,
        )
        return ir.Tensor(first, described, self._storage_of(first, value))

    @property
    def _asks_for_layout(self) -> bool:
        """Whether the function makes views, whose sharing of memory depends on the layout."""
        return not _VIEWS.isdisjoint(self.function.__code__.co_names)

    def _expect_identity(self, path: str, value: torch.Tensor) -> str:
        """Test which of the tensors seen so far this one is; returns the first one's path."""
        first = path
        for other, tensor in self.tensors.items():
            if tensor is value:
                self._expect(f"{path} is {other}")
                return other
            self._expect(f"{path} is not {other}")
        self.tensors[path] = value
        return first

    def _storage_of(self, path: str, value: torch.Tensor) -> str:
        """The first path whose tensor lives in the same memory as this one."""
        here = value.untyped_storage().data_ptr()
        for other, tensor in self.tensors.items():
            if here and tensor.untyped_storage().data_ptr() == here:
                return other
        return path

    def _access(self, path: str) -> str:
        """The expression by which a test reaches what `path` names."""
        root = next((name for name in self.roots if _is_prefix(name, path)), None)
        return path if root is None else self.roots[root] + path[len(root) :]

    def _expect(self, test: str) -> None:
        self.tests.append(test)

    def _expect_class(self, path: str, kind: type) -> None:
        self._expect(f"_deloop_type({self._access(path)}) is {self.constants.name(kind)}")

    def _expect_same(self, path: str, value: object, described: ir.Value) -> ir.Value:
        self._expect(f"{self._access(path)} is {self.constants.name(value)}")
        return described


def kinds_of(values: Iterable[object]) -> frozenset[object]:
    """The types of the items, of a tuple's or list's own items too; empty for other items."""
    found: set[object] = set()
    for value in values:
        if type(value) in (int, float) and _fits_int64(value):
            found.add(type(value))
        elif type(value) in (list, tuple) and 0 < len(value) <= _LONGEST_ROW:  # type: ignore[arg-type]
            inner = tuple(map(type, value))  # type: ignore[call-overload]
            if not set(inner) <= {int, float} or not all(map(_fits_int64, value)):  # type: ignore[call-overload]
                return frozenset()
            found.add((type(value), *inner))
        else:
            return frozenset()
    return frozenset(found)


def kinds_of_table(value: object) -> str:
    """The dtype of the numbers in a dictionary with small ints as keys; empty for others."""
    if type(value) is not dict or not 0 < len(value) <= LONGEST_OF_NUMBERS:
        return ""
    found = {type(v) for v in value.values()}
    plain = all(type(k) is int and 0 <= k <= 16 * len(value) + 1024 for k in value)
    if len(found) != 1 or not plain or not all(map(_fits_int64, value.values())):
        return ""
    return {int: "int64", float: "float64"}.get(found.pop(), "")


def _fits_int64(value: object) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _alike(path: str, kind: object) -> ir.Value:
    """A number of a type, or a row of them."""
    if isinstance(kind, tuple):
        parts = tuple(_alike(f"{path}[{k}]", inner) for k, inner in enumerate(kind[1:]))
        return ir.Sequence(parts, is_list=kind[0] is list)
    return ir.Scalar("int64" if kind is int else "float64", path)


def _is_constant(value: object) -> bool:
    """Whether a value is a few numbers, in tuples and lists of them."""
    if type(value) is list or type(value) is tuple:
        return len(value) <= LONGEST_SEQUENCE and all(_is_constant(item) for item in value)
    return type(value) in (int, bool, float)


def _as_constants(value: object) -> ir.Value:
    if type(value) is list or type(value) is tuple:
        items = tuple(_as_constants(item) for item in value)
        return ir.Sequence(items, is_list=type(value) is list)
    return ir.Integer(Affine.number(value)) if type(value) is int else ir.Literal(value)


def _is_prefix(root: str, path: str) -> bool:
    return path.startswith(root) and path[len(root) :][:1] in ("", ".", "[")


def check_tensor(path: str, value: torch.Tensor) -> None:
    """Raise `OutOfScope` for a tensor of a kind that the compiler has no words for."""
    kind = type(value)
    if kind not in _TENSOR_CLASSES:
        raise OutOfScope(f"{path} is a {kind.__name__}, a tensor class with operators of its own")
    if value.is_nested:
        raise OutOfScope(f"{path} is a nested tensor")
    if value.layout is not torch.strided:
        raise OutOfScope(f"{path} is a {str(value.layout).removeprefix('torch.')} tensor")
    if value.dtype not in _DTYPE_NAMES:
        raise OutOfScope(f"{path} has the dtype {value.dtype}")
    if value.device.type == "meta":
        raise OutOfScope(f"{path} is on the meta device and has no elements")
    if hasattr(value, "has_names") and value.has_names():
        raise OutOfScope(f"{path} has named dimensions")


def _device_test(path: str, device: torch.device) -> str:
    """The cheapest test of a device's type: a flag where PyTorch has one."""
    if device.type in ("cpu", "cuda"):
        return f"{path}.is_{device.type}"
    return f"{path}.device.type == {device.type!r}"
