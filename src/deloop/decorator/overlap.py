"""Which arguments a rewrite writes into, and whether their memory allows it.

A rewrite that only reads does not care who shares memory with whom. One that writes into an
argument in another order than the loop needs that nothing else it reads lives in the same memory,
and that no two elements of that argument do.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from deloop.decorator.pytorch import torch
from deloop.diagnostic import Assumption
from deloop.ir import types as ir

_FRESH = frozenset(
    {"zeros", "ones", "empty", "full", "arange", "rand", "randn", "eye", "tensor", "zeros_like"}
    | {"ones_like", "empty_like", "full_like", "new_zeros", "new_ones", "new_empty", "new_full"}
    | {"clone", "where", "stack", "cat"}
)
"""Functions and methods whose result shares memory with nothing."""


def spell_disjoint(a: str, b: str) -> str:
    """A test that two tensors live in different storages, or that there is nothing to share."""
    return (
        f"{a}.untyped_storage().data_ptr() != {b}.untyped_storage().data_ptr()"
        f" or {a}.numel() == 0 or {b}.numel() == 0"
    )


def spell_no_overlap(x: str) -> str:
    """A test that every element has memory of its own: false for ``expand``.

    Sufficient, not necessary: with dimensions sorted by stride, each stride must lie beyond the
    reach of all smaller ones.
    """
    return (
        f"{x}.is_contiguous() or (lambda p: all(s > sum(t * (m - 1) for t, m in p[:k])"
        f" for k, (s, n) in enumerate(p) if n > 1))(sorted(zip({x}.stride(), {x}.shape)))"
    )


def is_free_of_overlap(x: torch.Tensor) -> bool:
    """What `spell_no_overlap` tests, of a tensor at hand."""
    return bool(_TEST_NO_OVERLAP(x))


_TEST_NO_OVERLAP = eval(f"lambda x: {spell_no_overlap('x')}")  # the text of the test above


def find_overlap_assumptions(
    source: str, tensors: Mapping[str, ir.Tensor]
) -> tuple[Assumption, ...]:
    """What a rewrite assumes of memory because it writes into arguments; usually nothing.

    ``x[1:] = y[:-1]``  ->  no two elements of x share memory, x and y live in different memory

    Parameters
    ----------
    source:
        The rewritten function.
    tensors:
        What was described, by path.
    """
    written = find_written(ast.parse(source), tensors)
    found = [_assume_no_overlap(path) for path in written]
    paths = list(dict.fromkeys(tensor.name for tensor in tensors.values()))
    for position, a in enumerate(paths):
        for b in paths[position + 1 :]:
            apart = tensors[a].storage != tensors[b].storage
            if apart and (a in written or b in written):
                found.append(_assume_disjoint(a, b))
    return tuple(found)


def _assume_no_overlap(path: str) -> Assumption:
    sentence = f"no two elements of {path} share memory"
    return Assumption(sentence, spell_no_overlap(path), f"{path} is written")


def _assume_disjoint(a: str, b: str) -> Assumption:
    sentence = f"{a} and {b} live in different memory"
    return Assumption(sentence, spell_disjoint(a, b), "one of them is written")


def find_written(tree: ast.AST, paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that in-place forms may write into: all, where a local of unknown origin is."""
    roots = {_root_of(target) for target in _find_targets(tree)}
    locals_made = _find_fresh_locals(tree)
    unknown = {r for r in roots if r not in locals_made and not any(_names(r, p) for p in paths)}
    return tuple(path for path in paths if unknown or any(_names(r, path) for r in roots))


def _names(root: str, path: str) -> bool:
    """Whether one of two dotted paths is the other or leads to it: ``x.T`` and ``x``."""
    short, long = sorted((root, path), key=len)
    return long.startswith(short) and long[len(short) : len(short) + 1] in ("", ".", "[")


def _find_targets(tree: ast.AST) -> list[ast.expr]:
    """The expressions that subscript stores, augmented assignments and ``f_()`` methods change."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            found.append(node.value)
        elif isinstance(node, ast.AugAssign):
            found.append(node.target)
        elif isinstance(node, ast.keyword) and node.arg == "out":
            found.append(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if name.endswith("_") and not name.endswith("__"):
                found.append(node.func.value)
    return found


def _root_of(node: ast.expr) -> str:
    """The name or dotted path that leads an expression: ``self.x[i].view(-1) -> "self.x"``."""
    while True:
        if isinstance(node, ast.Call):
            node = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        elif isinstance(node, ast.Subscript) or (
            isinstance(node, ast.Attribute) and not _is_dotted(node)
        ):
            node = node.value
        else:
            return ast.unparse(node)


def _is_dotted(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _find_fresh_locals(tree: ast.AST) -> set[str]:
    """Names that are bound only to new tensors made by constructors, or to operators' results."""
    fresh: dict[str, bool] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    fresh[target.id] = fresh.get(target.id, True) and _is_fresh(node.value)
                else:
                    for name in ast.walk(target):
                        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                            fresh[name.id] = False
    return {name for name, is_fresh in fresh.items() if is_fresh}


def _is_fresh(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp | ast.Constant | ast.Compare):
        return True
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _FRESH
    )
