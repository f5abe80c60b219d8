"""A stand-in for tqdm: the same names, no bar."""

from .std import tqdm, trange

__all__ = ["tqdm", "trange"]
