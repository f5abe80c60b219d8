"""Tensors that a loop fills from the front, counting, as lists that it appends to.

    k = 0                                      values = []
    for i in range(n):                         for i in range(n):
        if mask[i]:                  ->            if mask[i]:
            out[k] = x[i]                              values.append(x[i])
            k += 1                             values = _deloop_some(torch.stack(values))
                                               out[:len(values)] = values
                                               k = len(values)

Only a tensor of the function's own is filled so, and only where it is certain that all fit: with
one too many the loop raises.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deloop.frontend.rooms import Room, count_of_sizes, dtype_of, rank_of, size_of
from deloop.frontend.segments import start_of
from deloop.frontend.stand_ins import Standing
from deloop.frontend.tested_lists import SOME
from deloop.frontend.text_edits import Block, TextEdits, parsed
from deloop.frontend.writes import writes_only_own, written_in
from deloop.ir.source import SourceFunction
from deloop.ir.types import Tensor, Value
from deloop.text.names import is_name, names_captured, names_in

_SIMPLE_INDEX = (ast.Constant, ast.Slice, ast.UnaryOp)


def append_counted(
    function: SourceFunction, arguments: Mapping[str, Value], torch: str
) -> Standing | None:
    """The function with appends for what it fills counting; None where it does not."""
    if not isinstance(function.node, ast.FunctionDef):
        return None
    node = parsed(function.text)
    edits = TextEdits(node, names_in(node) | set(function.parameters))
    # Of nothing at all the tensor records no gradient: then some element must be counted.
    tensors = [v for v in arguments.values() if isinstance(v, Tensor)]
    grows = any(t.type.requires_grad for t in tensors)
    for block in _blocks(node):
        for position, loop in enumerate(block):
            if isinstance(loop, ast.For):
                for found in _find(block, position, node, arguments):
                    _write(found, loop, edits, torch, "" if grows else SOME)
    changed = edits.applied_to(function)
    return None if changed is None else Standing(changed, (), bound=tuple(edits.bound))


def _blocks(node: ast.AST) -> Iterator[Block]:
    body = getattr(node, "body", None)
    if isinstance(body, list):
        yield body
        for statement in body:
            if isinstance(statement, (ast.If, ast.With)):
                yield from _blocks(statement)


@dataclass(frozen=True)
class _Counted:
    """What one counter counts: its start, the stores at it, and the step."""

    name: str
    start: ast.stmt
    stores: tuple[ast.Assign, ...]
    step: ast.AugAssign
    is_read_behind: bool
    is_exact: bool
    alone: tuple[ast.stmt, list[ast.expr]] | None = None
    """Where what is appended is all there is of the tensor: what makes that, and ``out[:k]``."""


def _find(
    block: Block, position: int, function: ast.FunctionDef, arguments: Mapping[str, Value]
) -> Iterator[_Counted]:
    """The counters of a loop that fills tensors."""
    loop = block[position]
    assert isinstance(loop, ast.For)
    for inner, step in _steps(loop):
        assert isinstance(step.target, ast.Name)
        name = step.target.id
        start = start_of(name, block[:position])
        at = inner.index(step)
        stores = [s for s in inner[:at] if isinstance(s, ast.Assign) and _is_counted(s, name)]
        own = {id(n) for s in (*stores, step) for n in ast.walk(s)}
        others = [n for n in ast.walk(loop) if is_name(n, name) and id(n) not in own]
        others += [n for s in stores if names_in(s.value) & written_in(loop) for n in [s]]
        is_plain = start is not None and stores and not others
        if not is_plain or start is None or name in names_captured(function):
            continue
        if not writes_only_own(function) or any(not _is_number(s, loop) and not _is_tensor(s)
                                                for s in stores):  # fmt: skip
            continue
        rooms = [Room(block[:position], loop, step, s, function) for s in stores]
        if not all(r.is_enough for r in rooms):
            continue
        if not all(_is_in_place(s, r, loop, arguments)
                   for s, r in zip(stores, rooms, strict=True)):  # fmt: skip
            continue
        behind = any(name in names_in(s) for s in block[position + 1 :])
        exact = all(r.is_exact for r in rooms)
        alone = None
        if len(stores) == 1 and (room := rooms[0]).has_dtype(stores[0], arguments):
            cuts = list(_cuts(block[position + 1 :], room.array, name))
            if (exact or cuts) and not room.is_used_before:
                assert room.made is not None
                alone = room.made, cuts
        yield _Counted(name, start, tuple(stores), step, behind, exact, alone)


def _is_in_place(
    store: ast.Assign, room: Room, loop: ast.For, arguments: Mapping[str, Value]
) -> bool:
    """Whether what is stored has as many dimensions as where it goes: else it would be spread."""
    target, made = store.targets[0], room.made
    if not isinstance(target, ast.Subscript) or not isinstance(made, ast.Assign):
        return False
    entries = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    whole = count_of_sizes(made.value, arguments) if isinstance(made.value, ast.Call) else None
    places = sum(not isinstance(e, ast.Slice) for e in entries)
    rank = 0 if _is_number(store, loop) else rank_of(store.value, loop, arguments)
    return whole is not None and rank is not None and rank == whole - places


def _cuts(behind: Block, array: str, counter: str) -> Iterator[ast.expr]:
    """Every ``out[:k]``, if the tensor is read in no other way."""
    cuts = [
        n
        for s in behind
        for n in ast.walk(s)
        if isinstance(n, ast.Subscript)
        and is_name(n.value, array)
        and ast.unparse(n.slice) == f":{counter}"
    ]
    mentions = [n for s in behind for n in ast.walk(s) if is_name(n, array)]
    if len(cuts) == len(mentions):
        yield from cuts


def _steps(loop: ast.For) -> Iterator[tuple[Block, ast.AugAssign]]:
    """Every ``k += 1`` that is the only thing to set its name, with the block that holds it."""
    for node in ast.walk(loop):
        for part in ("body", "orelse"):
            inner = getattr(node, part, None)
            if not isinstance(inner, list):
                continue
            for statement in inner:
                match statement:
                    case ast.AugAssign(
                        target=ast.Name(id=name), op=ast.Add(), value=ast.Constant(value=1)
                    ):
                        stores = [n for n in ast.walk(loop) if is_name(n, name)
                                  and not isinstance(n.ctx, ast.Load)]  # type: ignore[attr-defined]  # fmt: skip
                        if len(stores) == 1:
                            yield inner, statement


def _is_counted(store: ast.Assign, name: str) -> bool:
    """``out[k] = v``, ``out[0, k] = v``, ``out[k, :] = v``"""
    match store.targets:
        case [ast.Subscript(value=ast.Name(id=array), slice=index)]:
            entries = index.elts if isinstance(index, ast.Tuple) else [index]
            counted = [e for e in entries if is_name(e, name)]
            others = [e for e in entries if not is_name(e, name)]
            plain = all(isinstance(e, _SIMPLE_INDEX) and _is_fixed(e) for e in others)
            used = names_in(store.value)
            return len(counted) == 1 and plain and not used & {name, array}
    return False


def _is_fixed(entry: ast.expr) -> bool:
    if isinstance(entry, ast.Slice):
        return entry.lower is None and entry.upper is None and entry.step is None
    return isinstance(ast.literal_eval(entry), int)


def _is_number(store: ast.Assign, loop: ast.For) -> bool:
    """Whether what is stored is an int by its form: made of the loops' own counters."""
    counters: set[str] = set()
    for node in ast.walk(loop):
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"))):
                counters.add(name)
            case ast.For(
                target=ast.Tuple(elts=[ast.Name(id=name), _]),
                iter=ast.Call(func=ast.Name(id="enumerate"), args=[_]),
            ):
                counters.add(name)
    allowed = (ast.Name, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Load, ast.Constant)
    parts = list(ast.walk(store.value))
    ints = [n for n in parts if isinstance(n, ast.Constant)]
    return (
        all(isinstance(n, allowed) for n in parts)
        and names_in(store.value) <= counters
        and all(type(n.value) is int for n in ints)
    )


def _is_tensor(store: ast.Assign) -> bool:
    """Whether what is stored may be a tensor by its form; the compiler of lists asks for sure."""
    return not isinstance(store.value, ast.Constant)


def _write(
    found: _Counted, loop: ast.For, edits: TextEdits, torch: str, some: str
) -> None:
    """Put appends and what takes them in the place of stores."""
    before = edits.before.setdefault(loop, [])
    behind = edits.behind.setdefault(loop, [])
    edits.statements[found.start] = []
    edits.statements[found.step] = []
    if found.alone is not None:
        _write_alone(found, found.alone, loop, edits, torch, some)
        return
    name, puts = "", []
    if _write_places(found, loop, edits, torch):
        return
    for store in found.stores:
        target = store.targets[0]
        assert isinstance(target, ast.Subscript)
        name = edits.fresh("values")
        before.append(f"{name} = []")
        edits.statements[store] = [f"{name}.append({ast.unparse(store.value)})"]
        entries = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
        place = next(k for k, e in enumerate(entries) if is_name(e, found.name))
        dim = sum(isinstance(e, ast.Slice) for e in entries[:place])
        if _is_number(store, loop):
            taken = f"{torch}.tensor({name}, dtype={torch}.int64)"
        else:
            stacked = f"{torch}.stack({name}{f', {dim}' if dim else ''})"
            taken = f"{some}({stacked})" if some else stacked
        end = ":" if found.is_exact else f":len({name})" if not dim else f":{name}.shape[{dim}]"
        at = ", ".join(end if k == place else ast.unparse(e) for k, e in enumerate(entries))
        behind.append(f"{name} = {taken}")
        puts.append(f"{ast.unparse(target.value)}[{at}] = {name}")
        edits.bound.append(name)
    behind += puts
    if found.is_read_behind:
        behind.append(f"{found.name} = len({name})")


def _write_places(found: _Counted, loop: ast.For, edits: TextEdits, torch: str) -> bool:
    """``idx[k, 0] = i; idx[k, 1] = j`` as one list of pairs, where that is all of a row."""
    columns: list[tuple[str, int, int]] = []
    for store in found.stores:
        match store.targets[0]:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Tuple(elts=[one, two])):
                place = 0 if is_name(one, found.name) else 1
                other = two if place == 0 else one
                is_fixed = isinstance(other, ast.Constant) and isinstance(other.value, int)
                if is_fixed and _is_number(store, loop):
                    columns.append((name, place, ast.literal_eval(other)))
    arrays = {(name, place) for name, place, _ in columns}
    in_order = [k for _, _, k in columns] == list(range(len(found.stores)))
    if len(arrays) != 1 or not in_order or len(columns) < 2 or not found.is_exact:
        return False
    ((array, place),) = arrays
    made = next((s for s in ast.walk(edits.node) if isinstance(s, ast.Assign)
                 and is_name(s.targets[0], array)), None)  # fmt: skip
    width = size_of(made.value, 1 - place) if made and isinstance(made.value, ast.Call) else None
    if made is None or not isinstance(width, ast.Constant) or width.value != len(columns):
        return False
    name = edits.fresh("values")
    row = ", ".join(ast.unparse(s.value) for s in found.stores)
    edits.before[loop].append(f"{name} = []")
    edits.statements[found.stores[0]] = [f"{name}.append(({row}))"]
    for store in found.stores[1:]:
        edits.statements[store] = []
    taken = f"{torch}.tensor({name}, dtype={torch}.int64){'.T' if place else ''}"
    assert isinstance(made.value, ast.Call)
    if dtype_of(made.value, "") == "int64":
        edits.statements[made] = []
        edits.behind[loop].append(f"{array} = {taken}{'.contiguous()' if place else ''}")
        edits.bound.append(array)
    else:
        edits.behind[loop].append(f"{array}[:] = {taken}")
    if found.is_read_behind:
        edits.behind[loop].append(f"{found.name} = {array}.shape[{place}]")
    return True


def _write_alone(
    found: _Counted, alone: tuple[ast.stmt, list[ast.expr]], loop: ast.For, edits: TextEdits,
    torch: str, some: str,
) -> None:  # fmt: skip
    """``out = _deloop_some(torch.stack(out))``: what is appended is all of the tensor."""
    made, cuts = alone
    (store,) = found.stores
    target = store.targets[0]
    assert isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)
    name = target.value.id
    edits.statements[made] = [f"{name} = []"]
    edits.statements[store] = [f"{name}.append({ast.unparse(store.value)})"]
    stacked = f"{torch}.stack({name})"
    edits.behind[loop].append(f"{name} = {some}({stacked})" if some else f"{name} = {stacked}")
    edits.bound.append(name)
    edits.parts += [(cut, name) for cut in cuts]
    assert isinstance(made, ast.Assign) and isinstance(made.value, ast.Call)
    size = size_of(made.value, 0)
    for statement in edits.node.body:
        if isinstance(size, ast.Name) and isinstance(statement, ast.Assign) and (
            is_name(statement.targets[0], size.id)
            and sum(is_name(n, size.id) for n in ast.walk(edits.node)) == 2
        ):
            edits.statements[statement] = []  # nothing else asks how many there are
    counted = {id(n) for cut in cuts for n in ast.walk(cut)}
    others = [n for n in ast.walk(edits.node) if is_name(n, found.name) and id(n) not in counted
              and n.lineno > (loop.end_lineno or 0)]  # type: ignore[attr-defined]  # fmt: skip
    if others:
        edits.behind[loop].append(f"{found.name} = len({name})")
