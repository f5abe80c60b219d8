"""Arguments as Python source: what a person pastes to see a difference again."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from deloop.verification.compare import name_dtype

MOST_ELEMENTS = 400
"""A larger tensor is described and not spelled."""

_DEFAULT_DTYPES = {torch.float32: float, torch.int64: int, torch.bool: bool}


@dataclass(frozen=True)
class SpelledCall:
    """The lines that make the arguments of a call, and an expression for each of them."""

    lines: tuple[str, ...]
    args: tuple[str, ...]
    kwargs: Mapping[str, str]


def spell_call(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any],
    names: Sequence[str],
) -> SpelledCall:
    """The arguments of a call as source.

    ``spell_call(f, (torch.ones(2),), {}, ("x",))`` → ``SpelledCall(("import torch", "from m import
    f", "", "x = torch.tensor([1.0, 1.0])"), ("x",), {})``

    Parameters
    ----------
    function:
        What is called.
    args, kwargs:
        The arguments; tensors that share memory, or lie in it oddly, are spelled so.
    names:
        A name for each of `args`.
    """
    spelling = _Spelling([*args, *kwargs.values()])
    passed = tuple(spelling.add(name, value) for name, value in zip(names, args, strict=False))
    keywords = {name: spelling.add(name, value) for name, value in kwargs.items()}
    head = ("import torch", *sorted(spelling.imports), spell_import(function), "")
    return SpelledCall((*head, *spelling.lines), passed, keywords)


def spell_import(function: Callable[..., Any]) -> str:
    """The line that imports a function, or one that says where it stands."""
    name = getattr(function, "__qualname__", repr(function))
    module = getattr(function, "__module__", None) or "__main__"
    if module != "__main__" and "." not in name and hasattr(sys.modules.get(module), name):
        return f"from {module} import {name}"
    code = getattr(inspect.unwrap(function), "__code__", None)
    where = f" at {code.co_filename}:{code.co_firstlineno}" if code is not None else ""
    return f"# {name}: as it is defined{where}"


class _Spelling:
    """The lines written so far, and the name of each tensor and storage in them."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.lines: list[str] = []
        self.imports: set[str] = set()
        self.taken: set[str] = {"torch", "deloop"}
        self.tensors: dict[int, str] = {}
        self.memories: dict[int, str] = {}
        self.shared = _count_storages(values)

    def add(self, name: str, value: Any) -> str:
        """The expression for a value; lines are written for what needs a name."""
        if isinstance(value, torch.Tensor):
            if id(value) not in self.tensors:
                self.tensors[id(value)] = self._name(name)
                self._write_tensor(self.tensors[id(value)], value)
            return self.tensors[id(value)]
        if type(value) in (list, tuple):
            parts = [self.add(f"{name}_{i}", part) for i, part in enumerate(value)]
            inside = ", ".join(parts)
            if type(value) is list:
                return f"[{inside}]"
            return f"({inside},)" if len(parts) == 1 else f"({inside})"
        if type(value) is dict and all(isinstance(key, (str, int)) for key in value):
            parts = [f"{key!r}: {self.add(f'{name}_{key}', part)}" for key, part in value.items()]
            return "{" + ", ".join(parts) + "}"
        return self._spell_atom(name, value)

    def _name(self, wanted: str) -> str:
        plain = "".join(c if c.isalnum() else "_" for c in wanted).strip("_") or "value"
        plain = plain if plain.isidentifier() else f"a{plain}"
        name, number = plain, 2
        while name in self.taken:
            name, number = f"{plain}_{number}", number + 1
        self.taken.add(name)
        return name

    def _spell_atom(self, name: str, value: Any) -> str:
        if type(value) in (int, bool, str, bytes, type(None), complex, float):
            return spell_number(value)
        if isinstance(value, torch.dtype | torch.Size):
            return str(value) if isinstance(value, torch.dtype) else str(tuple(value))
        if isinstance(value, torch.device):
            return repr(str(value))
        path = _find_path(value)
        if path:
            self.imports.add(f"import {path.rpartition('.')[0]}")
            return path
        made = self._name(name)
        self.lines.append(f"{made} = ...  # {type(value).__qualname__}, the object of the call")
        return made

    def _write_tensor(self, name: str, tensor: torch.Tensor) -> None:
        text = self._spell_tensor(name, tensor)
        if isinstance(tensor, torch.nn.Parameter):
            text = f"torch.nn.Parameter({text}, requires_grad={tensor.requires_grad})"
        elif tensor.requires_grad:
            text += ".requires_grad_()" if tensor.is_leaf else ".requires_grad_().clone()"
        self.lines.append(f"{name} = {text}")

    def _spell_tensor(self, name: str, tensor: torch.Tensor) -> str:
        plain = tensor.layout is torch.strided and not (tensor.is_meta or tensor.is_quantized)
        if not plain or tensor.untyped_storage().nbytes() > MOST_ELEMENTS * tensor.element_size():
            shape = tuple(tensor.shape)
            return f"torch.zeros({shape}, dtype={tensor.dtype})  # other values: too many to spell"
        values = tensor.detach().resolve_conj().resolve_neg()
        storage = tensor.untyped_storage()
        alone = self.shared[storage._cdata] == 1
        if alone and tensor.is_contiguous():
            return spell_values(values)
        if storage._cdata not in self.memories:
            memory = self._name("memory")
            self.memories[storage._cdata] = memory
            count = storage.nbytes() // tensor.element_size()
            whole = values.as_strided((count,), (1,), 0)
            self.lines.append(f"{memory} = {spell_values(whole)}")
        memory = self.memories[storage._cdata]
        return (
            f"{memory}.view({tensor.dtype}).as_strided({tuple(tensor.shape)}, {tensor.stride()}, "
            f"{tensor.storage_offset()})"
        )


def _find_path(value: Any) -> str:
    """The dotted name under which a function or class can be imported, else nothing."""
    name = getattr(value, "__name__", "")
    for module in (getattr(value, "__module__", None), "torch", "torch.nn.functional", "math"):
        if module and module != "__main__" and getattr(sys.modules.get(module), name, 0) is value:
            return f"{module}.{name}"
    return ""


def _count_storages(values: Sequence[Any]) -> dict[int, int]:
    """How many different tensors of the arguments lie in each storage."""
    seen: set[int] = set()
    found: dict[int, int] = {}

    def note(value: Any) -> None:
        if isinstance(value, torch.Tensor) and value.layout is torch.strided:
            if id(value) not in seen:
                seen.add(id(value))
                key = value.untyped_storage()._cdata
                found[key] = found.get(key, 0) + 1
        elif type(value) in (list, tuple):
            for part in value:
                note(part)
        elif type(value) is dict:
            for part in value.values():
                note(part)

    for value in values:
        note(value)
    return found


def spell_values(tensor: torch.Tensor) -> str:
    """A contiguous tensor as an expression: ``torch.tensor([1.0, 2.0])``."""
    listed = tensor.tolist()
    options = "" if type_of(listed) is _DEFAULT_DTYPES.get(tensor.dtype) else _dtype(tensor)
    if tensor.device.type != "cpu":
        options += f", device={str(tensor.device)!r}"
    if tensor.numel() == 0:
        return f"torch.zeros({tuple(tensor.shape)}{_dtype(tensor)})"
    return f"torch.tensor({_spell_list(listed)}{options})"


def type_of(listed: Any) -> type:
    """The type of the numbers in a nest of lists, `list` where there are none."""
    while isinstance(listed, list) and listed:
        listed = listed[0]
    return type(listed)


def _dtype(tensor: torch.Tensor) -> str:
    return f", dtype=torch.{name_dtype(tensor.dtype)}"


def _spell_list(listed: Any) -> str:
    if isinstance(listed, list):
        return f"[{', '.join(map(_spell_list, listed))}]"
    return spell_number(listed)


def spell_number(value: Any) -> str:
    """A number, or any constant, as source: NaN and infinities by their names."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, complex):  # -0.0 does not survive ``1-0j``
        return f"complex({spell_number(value.real)}, {spell_number(value.imag)})"
    return repr(value)
