"""The generated code between a call and the function that answers it.

    def slow_add(tensor1, tensor2):
        if not _deloop_dynamo() and …:                      # the interpreter's ordinary state
            try:
                _deloop_hit = type(tensor1) is Tensor and tensor1.dtype is float32 and …
            except Exception:
                _deloop_hit = False
            if _deloop_hit:
                return _deloop_f0(tensor1, tensor2)
            return _deloop_miss(tensor1, tensor2)
        return _deloop_original(tensor1, tensor2)

One function a decorated function, with the parameters of the original, so that Python's own binding
of arguments is the whole dispatch.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from deloop.decorator.build import build_function
from deloop.decorator.describe import kinds_of
from deloop.decorator.environment import HOOKS, ORDINARY
from deloop.diagnostic import Exactness

_KINDS = inspect.Parameter
_STARS = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}
_BASE_NAMES = {
    **HOOKS, "_deloop_type": type, "_deloop_len": len, "_deloop_repr": repr,
    "_deloop_kinds": kinds_of,
}  # fmt: skip


@dataclass(frozen=True)
class Specialisation:
    """One answer: where `tests` all hold, `function` runs; `kept` where that is the loop.

    `exactness` is what the rewrite declares.
    """

    tests: tuple[str, ...]
    function: Callable[..., Any]
    kept: bool = False
    exactness: Exactness = Exactness.BITWISE


def spell_parameters(signature: inspect.Signature) -> tuple[str, str]:
    """A signature as parameters and as a call's arguments: ``("a, /, b=…, *, c", "a, b, c=c")``.

    Defaults are spelled ``...`` only; the values are the original function's own.
    """
    parts: list[str] = []
    passed: list[str] = []
    previous: Any = None
    for name, parameter in signature.parameters.items():
        kind = parameter.kind
        if previous is _KINDS.POSITIONAL_ONLY and kind is not _KINDS.POSITIONAL_ONLY:
            parts.append("/")
        if kind is _KINDS.KEYWORD_ONLY and previous not in (_KINDS.VAR_POSITIONAL, kind):
            parts.append("*")
        star = _STARS.get(kind.name, "")
        parts.append(star + name + ("" if parameter.default is _KINDS.empty else "=..."))
        passed.append(f"{name}={name}" if kind is _KINDS.KEYWORD_ONLY else star + name)
        previous = kind
    if previous is _KINDS.POSITIONAL_ONLY:
        parts.append("/")
    return ", ".join(parts), ", ".join(passed)


def build_dispatch(
    original: FunctionType,
    signature: inspect.Signature,
    specialisations: Sequence[Specialisation],
    extra: Mapping[str, Any],
    miss: Callable[..., Any],
) -> Callable[..., Any]:
    """The dispatching function for these specialisations, tried in this order.

    `extra` are the names that the tests use beside the function's own. Where none holds, `miss` is
    called with the arguments.
    """
    parameters, arguments = spell_parameters(signature)
    lines = [f"def {original.__code__.co_name}({parameters}):", f"    if {ORDINARY}:"]
    for number, special in enumerate(specialisations):
        call = f"return _deloop_f{number}({arguments})"
        lines += [f"        {line}" for line in (*_spell_trial(special), f"    {call}")]
    lines.append(f"        return _deloop_miss({arguments})")
    lines.append(f"    return _deloop_original({arguments})")
    names = {**extra, "_deloop_miss": miss, "_deloop_original": original}
    return _build(original, lines, specialisations, names)


def build_selection(
    original: FunctionType,
    signature: inspect.Signature,
    specialisations: Sequence[Specialisation],
    extra: Mapping[str, Any],
) -> Callable[..., Any]:
    """As `build_dispatch`, but the function is not called: it, or None, is the answer."""
    parameters, _ = spell_parameters(signature)
    lines = [f"def {original.__code__.co_name}({parameters}):"]
    for number, special in enumerate(specialisations):
        chosen = f"return _deloop_f{number}"
        lines += [f"    {line}" for line in (*_spell_trial(special), f"    {chosen}")]
    return _build(original, [*lines, "    return None"], specialisations, extra)


def _spell_trial(special: Specialisation) -> list[str]:
    """The condition, false where it raises; the next line is the body of ``if``."""
    return [
        "try:",
        f"    _deloop_hit = {' and '.join(special.tests) or 'True'}",
        "except Exception:",
        "    _deloop_hit = False",
        "if _deloop_hit:",
    ]


def _build(
    original: FunctionType,
    lines: Sequence[str],
    specialisations: Sequence[Specialisation],
    extra: Mapping[str, Any],
) -> Callable[..., Any]:
    functions = {f"_deloop_f{n}": special.function for n, special in enumerate(specialisations)}
    names = {**_BASE_NAMES, **extra, **functions}
    return build_function(original, "\n".join(lines) + "\n", names, f"call of {original.__name__}")
