"""The parts of a value, each with the path that a person would write to reach it.

One walk serves comparing, copying and finding aliases, so that all three mean the same thing by
"everything reachable from the arguments".
"""

from __future__ import annotations

import enum
import functools
import types
import weakref
from collections.abc import Iterator, Mapping

import torch

ATOMS = (
    bool, int, float, complex, str, bytes, range, slice, type(None), type(Ellipsis), enum.Enum,
    type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType,
    torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Generator,
)  # fmt: skip


def find_parts(value: object, path: str) -> list[tuple[str, object]]:
    """The values directly inside `value`, with their paths; nothing for an atom or a tensor.

    ``find_parts([a, b], "result")`` → ``[("result[0]", a), ("result[1]", b)]``. Objects show their
    attributes, modules their parameters, buffers and submodules under the names people use.
    """
    if isinstance(value, (torch.Tensor, *ATOMS)):
        return []
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(f"{path}.{name}", part) for name, part in zip(value._fields, value, strict=True)]
    if isinstance(value, (list, tuple)):
        return [(f"{path}[{index}]", part) for index, part in enumerate(value)]
    if isinstance(value, Mapping):
        return [(f"{path}[{key!r}]", part) for key, part in value.items()]
    if isinstance(value, torch.nn.Module):
        return _find_module_parts(value, path)
    if isinstance(value, types.MethodType):
        return [(f"{path}.__self__", value.__self__)]
    if isinstance(value, weakref.ref):
        return [(f"{path}()", value())]
    if isinstance(value, functools.partial):
        return [
            (f"{path}.func", value.func),
            (f"{path}.args", value.args),
            (f"{path}.keywords", value.keywords),
        ]
    return [(f"{path}.{name}", part) for name, part in find_attributes(value).items()]


def _find_module_parts(module: torch.nn.Module, path: str) -> list[tuple[str, object]]:
    named: dict[str, object] = {}
    for group in (module._parameters, module._buffers, module._modules):
        named.update(group)
    for name, part in vars(module).items():
        if name not in ("_parameters", "_buffers", "_modules"):
            named[name] = part
    return [(f"{path}.{name}", part) for name, part in named.items()]


def find_attributes(value: object) -> dict[str, object]:
    """The instance attributes of an ordinary object, in ``__dict__`` or in ``__slots__``."""
    attributes: dict[str, object] = dict(getattr(value, "__dict__", {}))
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                attributes[name] = getattr(value, name)
    return attributes


def walk_parts(value: object, path: str) -> Iterator[tuple[str, object]]:
    """`value` and everything reachable from it, depth first, each object once per path but no
    cycle twice: an object met again is yielded and not entered again."""
    entered: set[int] = set()
    pending: list[tuple[str, object]] = [(path, value)]
    while pending:
        where, part = pending.pop()
        yield where, part
        if id(part) in entered:
            continue
        parts = find_parts(part, where)
        if parts:
            entered.add(id(part))
            pending.extend(reversed(parts))
