"""Whether the interpreter is in its ordinary state, in which alone a rewrite may stand for a loop.

Autocast changes the dtype that an operator computes in, a default device or dtype changes what
``torch.zeros`` makes, function and dispatch modes see every operator, and tracers record them. In
all these states the original function runs: what it does there is what people asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deloop.decorator.pytorch import torch


def find_hook(path: str) -> Callable[[], Any] | None:
    """A function of PyTorch by its dotted name, or None where this release does not have it."""
    found: Any = torch
    for part in path.split("."):
        found = getattr(found, part, None)
        if found is None:
            return None
    return found if callable(found) else None


# Name in generated code -> (PyTorch's functions, the first that exists is taken; test; sentence).
_STATES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "_deloop_dynamo": (
        ("compiler.is_dynamo_compiling",),
        "not {name}()",
        "torch.compile is tracing this call",
    ),
    "_deloop_autocast": (
        ("_C._is_any_autocast_enabled", "is_autocast_enabled"),
        "not {name}()",
        "autocast is enabled, and it chooses each operator's dtype",
    ),
    "_deloop_tracing": (
        ("_C._is_tracing",),
        "not {name}()",
        "torch.jit is tracing this call",
    ),
    "_deloop_functorch": (
        ("_C._functorch.peek_interpreter_stack",),
        "{name}() is None",
        "a torch.func transform (vmap, grad, …) runs this call",
    ),
    "_deloop_function_modes": (
        ("_C._len_torch_function_stack",),
        "not {name}()",
        "a torch function mode (torch.set_default_device is one) sees every operator",
    ),
    "_deloop_dispatch_modes": (
        ("_C._len_torch_dispatch_stack",),
        "not {name}()",
        "a torch dispatch mode sees every operator",
    ),
    "_deloop_default_dtype": (
        ("get_default_dtype",),
        "{name}() is _deloop_float32",
        "the default dtype is not torch.float32",
    ),
}

HOOKS: dict[str, Any] = {"_deloop_float32": torch.float32}
_TESTS: dict[str, tuple[Callable[[], bool], str]] = {}
for _name, (_paths, _test, _sentence) in _STATES.items():
    _hook = next((hook for path in _paths if (hook := find_hook(path)) is not None), None)
    if _hook is not None:
        HOOKS[_name] = _hook
        _text = _test.format(name=_name)
        _TESTS[_text] = (eval(f"lambda: {_text}", HOOKS), _sentence)  # texts of the table above

ORDINARY = " and ".join(_TESTS)
"""The state's tests as one expression over the names in `HOOKS`, to be inlined in a dispatcher."""


def find_hindrance() -> str | None:
    """Why the original function runs now whatever its arguments are, or None."""
    return next((sentence for test, sentence in _TESTS.values() if not test()), None)
