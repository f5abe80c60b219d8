"""PyTorch, or one clear sentence: every module of this package imports it from here."""

from __future__ import annotations

from deloop.errors import MissingTorchError

try:
    import torch
except ImportError as error:
    raise MissingTorchError(
        "deloop.vectorize needs PyTorch, which is not installed: pip install 'deloop[torch]'"
    ) from error

__all__ = ["torch"]
