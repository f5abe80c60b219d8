"""Where new tensors are made, in an expression that is still there when the loop is gone."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence

from deloop.ir.types import Tensor
from deloop.text.names import names_in, names_stored


def spell_device(
    arrays: Mapping[str, Tensor],
    hidden: Collection[str],
    block: Sequence[ast.stmt],
    loop: ast.stmt,
) -> tuple[str, str]:
    """The device of the data and how it is spelled: ``("cuda", "x.device")``.

    What the loop only fills is no longer made behind its rewrite, so another tensor is asked
    first, and then the call that made it: ``torch.zeros(n, device=d) -> d``.
    """
    kinds = [(name, t.type.device) for name, t in arrays.items() if name not in hidden]
    kind = next((device for _, device in kinds if device != "cpu"), "cpu")
    names = [name for name, device in kinds if device == kind]
    if kind == "cpu":
        return kind, ""
    before = list(block[: next((k for k, s in enumerate(block) if s is loop), 0)])
    made = {name: found for name in names if (found := _making(name, before)) is not None}
    others = [name for name in names if name not in made]
    if others:
        return kind, f"{others[-1]}.device"
    for statement in made.values():
        told = _told(statement, before)
        if told:
            return kind, told
    return kind, f"{names[-1]}.device"


def _making(name: str, before: Sequence[ast.stmt]) -> ast.Assign | None:
    """The statement in front of a loop that makes what a name holds."""
    for statement in reversed(before):
        match statement:
            case ast.Assign(targets=[ast.Name(id=bound)]) if bound == name:
                return statement
    return None


def _told(statement: ast.Assign, before: Sequence[ast.stmt]) -> str:
    """The device that a call names, or takes from a tensor; empty where that is not plain."""
    found: ast.expr | None = None
    match statement.value:
        case ast.Call(keywords=keywords) as call:
            found = next((k.value for k in keywords if k.arg == "device"), None)
            of = _model(call) if found is None else None
            if of is not None:
                found = ast.Attribute(of, "device", ast.Load())
    if not isinstance(found, (ast.Constant, ast.Name, ast.Attribute)):
        return ""
    position = next(k for k, s in enumerate(before) if s is statement)
    later = {n for s in before[position:] for n in names_stored(s)}
    return "" if names_in(found) & later else ast.unparse(found)


def _model(call: ast.Call) -> ast.Name | None:
    """The tensor that a new one is made like: ``torch.zeros_like(x)``, ``x.new_zeros(n)``."""
    match call:
        case ast.Call(func=ast.Attribute(attr=word), args=[ast.Name() as of, *_]):
            if word.endswith("_like"):
                return of
    match call.func:
        case ast.Attribute(value=ast.Name() as of, attr=word):
            return of if word.startswith("new_") else None
    return None
