"""Find Python loops over PyTorch tensors and turn them into tensor operations that give the same.

``deloop.vectorize`` needs PyTorch and is loaded when it is first asked for; everything else works
without it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from deloop.diagnostic import Assumption, Exactness, Place, Refusal, Safety
from deloop.errors import DeloopError, RefusalError

if TYPE_CHECKING:
    from deloop.decorator import Vectorized, vectorize

__version__ = "0.1.0"

__all__ = [
    "Assumption",
    "DeloopError",
    "Exactness",
    "Place",
    "Refusal",
    "RefusalError",
    "Safety",
    "Vectorized",
    "vectorize",
]

# The room that needs PyTorch, imported by name when one of its names is first asked for (PEP 562).
_NEEDS_TORCH = "deloop.decorator"
_LAZY = frozenset({"Vectorized", "vectorize"})


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'deloop' has no attribute {name!r}")
    return getattr(importlib.import_module(_NEEDS_TORCH), name)
