"""Find Python loops over PyTorch tensors and turn them into tensor operations that give the same.

``deloop.vectorize`` and ``deloop.verify`` need PyTorch and are loaded when they are first asked
for; everything else works without it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from deloop.diagnostic import Assumption, Exactness, Place, Refusal, Safety
from deloop.errors import DeloopError, DifferenceError, RefusalError

if TYPE_CHECKING:
    from deloop.decorator import Vectorized, vectorize, verify
    from deloop.report import Verification

__version__ = "0.1.0"

__all__ = [
    "Assumption",
    "DeloopError",
    "DifferenceError",
    "Exactness",
    "Place",
    "Refusal",
    "RefusalError",
    "Safety",
    "Vectorized",
    "Verification",
    "vectorize",
    "verify",
]

# Where names come from that are imported when they are first asked for (PEP 562): the first room
# needs PyTorch.
_LAZY = {
    "Vectorized": "deloop.decorator",
    "vectorize": "deloop.decorator",
    "verify": "deloop.decorator",
    "Verification": "deloop.report",
}
_MODULES = {"testing": "deloop.testing"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name not in _LAZY:
        raise AttributeError(f"module 'deloop' has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)
