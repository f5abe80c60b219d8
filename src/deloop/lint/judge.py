"""Whether a loop is a finding: work on elements, rows or items of a tensor, and what of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from deloop.lint import library
from deloop.lint.body import (
    Body,
    Loop,
    Seen,
    Store,
    index_parts,
    joins_itself,
    loop_names,
    names_below,
    root_of,
)
from deloop.lint.header import Header
from deloop.lint.kinds import UNKNOWN, Kind, Word
from deloop.lint.module import ModuleScope, Scope
from deloop.lint.reader import spell
from deloop.text.names import is_name
from deloop.text.trees import walk


@dataclass(frozen=True)
class Verdict:
    """What a loop does that a tensor operation could do.

    `sink` says how its results leave it: ``"store"``, ``"scatter"``, ``"sum"``, ``"list"``,
    ``"search"``, ``"grow"`` or ``"items"``. `doubts` are reasons to show the loop only if a tensor
    form is found (or ``--strict`` asks); `why` is how one knows that it is about tensors,
    `weak` says that this is custom alone.
    """

    sink: str
    name: str
    tensor: str
    why: str
    doubts: tuple[str, ...] = ()
    weak: bool = False


_SERIAL_BOUND = re.compile(
    r"(?i)(layer|level|stage|epoch|block|depth|iter|step|scale|fold|trial|repeat|worker|split"
    r"|rank|world|gpu|view_count|restart|round|order|degree|spatial_dim|num_dims|n_dims|ndim)"
)
"""Bounds by whose name a loop goes over layers, epochs or steps, not over a tensor's elements."""

_SERIAL_NAME = re.compile(
    r"(?i)^(epoch|layer|level|lvl|stage|scale|block|fold|head|step)(_?(id|idx|i|num|no|index))?$"
)
"""Names of loop variables that count the same."""


def is_out_of_question(header: Header) -> bool:
    """Whether the header alone says that a loop is none of our business."""
    if header.few or header.stepped or header.over in ("list", "other"):
        return True
    return header.over == "range" and _SERIAL_BOUND.search(header.count) is not None


_KERNELS = library.words("numba triton cuda tl ti taichi njit wp warp cute cutlass helion")
"""Packages whose decorated functions are compiled: loops in them are what one writes."""


def is_kernel(scope: Scope, module: ModuleScope) -> bool:
    """Whether a function, or one around it, is compiled by something else than PyTorch."""
    here: Scope | None = scope
    while here is not None and not isinstance(here.node, ast.Module):
        for decorator in here.node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if set(module.dotted(called).split(".")) & _KERNELS:
                return True
        here = here.outer
    return False


def _is_mapping(node: ast.For) -> bool:
    """``for key in x: x[key] ...``: items that are looked up where they come from are keys."""
    match node:
        case ast.For(target=ast.Name(id=key), iter=over):
            spelled = spell(over)
            reads = [n for s in node.body for n in walk(s) if isinstance(n, ast.Subscript)]
            return any(
                isinstance(n.slice, ast.Name) and n.slice.id == key and spell(n.value) == spelled
                for n in reads
            )
    return False


def judge(node: Loop, header: Header, body: Body, scope: Scope) -> Verdict | None:
    """The verdict on one loop, None where it is none of our business."""
    seen = body.seen
    if is_out_of_question(header) or seen.effects or is_kernel(scope, body.reader.module):
        return None
    if isinstance(node, ast.For) and _is_mapping(node):
        return None
    if any(_SERIAL_NAME.search(n) for n in loop_names(node, body)):
        return None
    if isinstance(node, ast.AsyncFor) or getattr(node, "orelse", []):
        return None
    counted = loop_names(node, body)
    own = body.own_names(counted)
    written = {id(s.node) for s in seen.stores}
    accesses = [
        a
        for a in seen.accesses
        if a.names & own and id(a.node) not in written and (a.tensor or a.names & counted)
    ]
    stores = [s for s in seen.stores if names_below(s.node) & own]
    if not accesses and not stores:
        return None
    if header.over == "unknown" and not any(_is_whole_element(s, own) for s in stores):
        return None
    found = _find_sink(body, scope, stores, own)
    if found is None:
        return None
    sink, name = found
    every = header.count.endswith(".numel()") or any(map(_is_of_two_positions, stores))
    doubts = [*_find_unknowns(body, stores, every=every), *_find_carried(body, own)]
    doubts.extend(f"{name} is changed and read as a whole" for name in _find_kept(node, body, own))
    if sink == "list" and all(_is_part(a.value, body, own) for a in seen.appends):
        doubts.append("each iteration only takes a part, and computes nothing")
    if sink == "items":
        doubts.append("its results are numbers in a list")
    read = [a for a in accesses if isinstance(a.node, ast.Subscript) or a.names & counted]
    whole = header.over == "range" and read and all(a.sliced for a in read)
    if whole and all(_is_window(s) for s in stores):
        return None
    strong = [a for a in accesses if not a.weak]
    weak = False
    if not strong and not (stores and header.over == "size"):
        if not accesses and header.over != "size":
            single = any(_is_whole_element(s, own) for s in stores)
            given = all(body.reader.kind(r.value).how for r in seen.unknown_reads)
            weak = bool(seen.unknown_reads) and not (single and given)
            if weak or not any(_is_element(s, own) for s in stores):
                doubts.append("no tensor is read at the loop's position")
        elif accesses:
            doubts.append("what it reads is a tensor by custom alone")
            weak = True
    first = (strong or accesses)[0].tensor if accesses else stores[0].tensor
    return Verdict(sink, name, header.of or first, _why(body, first), tuple(doubts), weak)


def _find_unknowns(body: Body, stores: list[Store], *, every: bool) -> Iterator[str]:
    """Reasons to doubt that the loop works on tensors alone.

    Where it goes through `every` number of a tensor, what it does with each makes no difference.
    """
    seen = body.seen
    if seen.opaque and not every:
        yield f"what {spell(seen.opaque[0].func)} does is not known"
    if seen.python_stores:
        yield f"{spell(seen.python_stores[0])} is set, which is no tensor's element"
    if seen.python_reads:
        yield f"{spell(seen.python_reads[0])} is an item of a list"
    if seen.as_lists:
        yield f"{spell(seen.as_lists[0])} is joined as lists are"
    for store in stores:
        plain = isinstance(store.value, ast.Constant)
        ragged = store.ragged or bool(store.chosen & body.names_behind(store.value))
        if (ragged and not seen.syncs and not plain) or _pads(store, body):
            yield f"how much of {store.tensor} is written differs between iterations"
    subscripts = [a for a in seen.accesses if isinstance(a.node, ast.Subscript)]
    masks = [a for a in subscripts if a.masked]
    if masks and len(masks) == len(subscripts):
        yield f"each iteration selects other elements of {masks[0].tensor}"


def _adds_up(name: str, node: ast.AST) -> bool:
    """Whether a statement computes a name from itself: what a test of it says differs each time."""
    match node:
        case ast.AugAssign():
            return True
        case ast.Assign(value=value):
            return joins_itself(name, value)
    return False


_ABOUT = library.words("shape device dtype size dim ndim new_zeros new_ones new_full new_tensor")
"""What one asks a tensor without reading its elements."""


def _find_kept(node: Loop, body: Body, own: set[str]) -> Iterator[str]:
    """Tensors that each iteration changes in one place and reads in others: ``m[j] = 0; x[m]``."""
    nodes = [n for statement in node.body for n in walk(statement)]
    about = {id(n.value) for n in nodes if isinstance(n, ast.Attribute) and n.attr in _ABOUT}
    parts = [n for n in nodes if isinstance(n, ast.Subscript)]
    stored = {root_of(n): n for n in parts if isinstance(n.ctx, ast.Store)}
    updated = {root_of(n.target) for n in nodes if isinstance(n, ast.AugAssign)}
    about |= {id(n.value) for n in parts}
    about |= {id(n.left) for n in nodes if isinstance(n, ast.Compare)
              and isinstance(n.ops[0], (ast.Is, ast.IsNot))}  # fmt: skip
    about |= {id(n.args[0]) for n in nodes if isinstance(n, ast.Call) and is_name(n.func, "len")
              and n.args}  # fmt: skip
    for name, target in stored.items():
        if name in body.seen.values or not body.reader.names.get(name, UNKNOWN).is_tensor:
            continue
        names = [n for n in nodes if isinstance(n, ast.Name) and n.id == name]
        loads = [n for n in names if isinstance(n.ctx, ast.Load)]
        whole = any(id(n) not in about for n in loads)
        moves = bool(names_below(target) & own) or name in updated
        if whole or (not moves and len(loads) > 1):
            yield name


def _is_numbers(seen: Seen) -> bool:
    """Whether every store is of one element: a recurrence of numbers that a list would hold."""
    parts = [p for s in seen.stores for p in index_parts(s.node.slice)]
    return not any(isinstance(p, ast.Slice) for p in parts)


def _pads(store: Store, body: Body) -> bool:
    """Whether a row is filled as far as what fills it is long: ``out[i, : len(v)] = v``."""
    for part in index_parts(store.node.slice):
        for node in walk(part) if isinstance(part, ast.Slice) else ():
            match node:
                case ast.Call(func=ast.Name(id="len"), args=[of]):
                    pass
                case ast.Call(func=ast.Attribute(value=of, attr="size")):
                    pass
                case ast.Subscript(value=ast.Attribute(value=of, attr="shape")):
                    pass
                case _:
                    continue
            if not body.reader.kind(of).is_tensor and names_below(of) & names_below(store.value):
                return True
    return False


def _find_carried(body: Body, own: set[str]) -> Iterator[str]:
    """Reasons to doubt that iterations are independent of each other."""
    seen = body.seen
    recurrent = [n for n in body.find_recurrent() if n not in seen.grown]
    if recurrent:
        yield f"{recurrent[0]} is computed from its value one iteration before"
    elif (arrays := body.find_array_recurrent(own)) and not (
        (seen.syncs and _is_numbers(seen))
        or all(_is_whole_element(s, own) for s in seen.stores)  # a list of numbers would do
    ):
        yield f"{arrays[0]} is read where another iteration writes it"
    for name, node in seen.sums.items():
        names = [n for n in walk(node) if isinstance(n, ast.Name) and n.id == name]
        mine = sum(isinstance(n.ctx, ast.Load) for n in names)
        if not _adds_up(name, node):
            mine += body.tested.count(name)
        if seen.uses.get(name, 0) > mine:
            yield f"{name} is read while it is summed up"
    for append in seen.appends:
        if append.name and seen.uses.get(append.name, 0) > _count(append.name, seen):
            yield f"{append.name} is read while it grows"


def _is_part(value: ast.expr, body: Body, own: set[str], depth: int = 0) -> bool:
    """Whether an expression only hands on what it takes: an item, or a window of a tensor.

    ``x[i, j]`` and ``x[i, index[i]]`` are elements that one subscript takes at once.
    """
    while isinstance(value, (ast.Subscript, ast.Attribute)):
        if isinstance(value, ast.Subscript) and _gathers(value, body, own):
            return False
        value = value.value
    if not isinstance(value, ast.Name):
        return False
    held = body.seen.values.get(value.id, [])
    return depth > 3 or all(_is_part(v, body, own, depth + 1) for v in held)


def _gathers(node: ast.Subscript, body: Body, own: set[str]) -> bool:
    """Whether a subscript names single positions, two or more of which move, or data says where."""
    parts = [p for p in index_parts(node.slice) if names_below(p) & own]
    if not parts or any(isinstance(p, ast.Slice) for p in parts):
        return False
    return len(parts) > 1 or any(isinstance(p, ast.Subscript) for p in parts)


def _parts_of(store: Store) -> list[ast.expr]:
    """The parts of all subscripts of a store: ``out[i][j] = v  ->  j, i``."""
    parts: list[ast.expr] = []
    node: ast.expr = store.node
    while isinstance(node, ast.Subscript):
        parts.extend(index_parts(node.slice))
        node = node.value
    return parts


def _is_whole_element(store: Store, own: set[str]) -> bool:
    """Whether a store is of one number of a tensor whose dimensions are known."""
    parts = _parts_of(store)
    single = not any(isinstance(p, (ast.Slice, ast.Constant)) for p in parts)
    return single and len(parts) == store.rank and _is_element(store, own)


def _is_of_two_positions(store: Store) -> bool:
    """``out[i, j] = func(x[i, j])``: work on numbers one by one, whatever is done with each."""
    parts = _parts_of(store)
    names = [p.id for p in parts if isinstance(p, ast.Name)]
    return len(names) == len(parts) > 1 and len(set(names)) == len(names)


def _is_element(store: Store, own: set[str]) -> bool:
    """Whether a store is at a position of the loop that is no slice."""
    return any(
        not isinstance(p, ast.Slice) and names_below(p) & own for p in _parts_of(store)
    )


def _count(name: str, seen: Seen) -> int:
    return sum(append.name == name for append in seen.appends)


def _is_window(store: Store) -> bool:
    """Whether a store moves by slices alone."""
    return all(isinstance(p, ast.Slice) for p in index_parts(store.node.slice))


def _why(body: Body, name: str) -> str:
    try:
        kind = body.reader.kind(ast.parse(name, mode="eval").body)
    except SyntaxError:
        return ""
    return f"{name} is a tensor ({kind.how})" if kind.how and kind.is_tensor else ""


def _find_sink(
    body: Body, scope: Scope, stores: list[Store], own: set[str]
) -> tuple[str, str] | None:
    """How the results leave the loop, the most telling way first."""
    seen = body.seen
    for name in seen.grown:
        return "grow", name
    for store in stores:
        return ("scatter" if store.by_index else "store"), store.tensor
    for name in seen.sums:
        return "sum", name
    joined = find_joined(scope)
    for append in seen.appends:
        if append.name in ("", *joined) and append.kind.each and _is_of_tensor(append.kind):
            return "list", append.name
    if seen.exits and seen.syncs:
        return "search", ""
    for append in seen.appends:
        if append.kind.synced and append.kind.each:
            return "items", append.name
    return None


def _is_of_tensor(kind: Kind) -> bool:
    return kind.is_tensor or kind.synced or (kind.word is Word.LIST and kind.each)


def find_joined(scope: Scope) -> set[str]:
    """The names of lists that the function makes a tensor of: ``torch.stack(rows)``."""
    found: set[str] = set()
    for node in walk(scope.node):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Name):
            func = node.func
            word = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            if word in library.JOINERS or word in ("tensor", "as_tensor", "Tensor", "sum"):
                found.add(node.args[0].id)
    return found
