"""``deloop.vectorize``: rewrites when the real arguments are known, guards each call.

The package needs PyTorch; importing it raises `MissingTorchError` where that is not installed.
"""

from __future__ import annotations

from deloop.decorator.backends import DeloopWarning
from deloop.decorator.vectorized import Vectorized, vectorize
from deloop.decorator.verify import verify

__all__ = ["DeloopWarning", "Vectorized", "vectorize", "verify"]
