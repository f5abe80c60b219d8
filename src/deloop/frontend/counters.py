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
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from deloop.frontend.stand_ins import Standing
from deloop.frontend.tested_lists import SOME
from deloop.frontend.text_edits import Block, TextEdits, parsed
from deloop.frontend.writes import writes_only_own, written_in
from deloop.ir.source import SourceFunction
from deloop.ir.types import Tensor, Value
from deloop.text.names import is_name, names_captured, names_in, names_stored

_SAMPLES = {1: 9, 2: 6, 3: 4}
"""Of one to three names, so many sizes of each tell apart a count and a size of low degree."""
_SIMPLE_INDEX = (ast.Constant, ast.Slice, ast.UnaryOp)


def append_counted(
    function: SourceFunction, arguments: Mapping[str, Value], torch: str
) -> Standing | None:
    """The function with appends for what it fills counting; None where it does not."""
    if not isinstance(function.node, ast.FunctionDef):
        return None
    node = parsed(function.text)
    edits = TextEdits(node, names_in(node) | set(function.parameters))
    for block in _blocks(node):
        for position, loop in enumerate(block):
            if isinstance(loop, ast.For):
                for found in _find(block, position, node, arguments):
                    _write(found, loop, edits, torch)
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
        start = _start_of(name, block[:position])
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
        rooms = [_Room(block[:position], loop, step, s, function) for s in stores]
        if not all(r.is_enough for r in rooms):
            continue
        behind = any(name in names_in(s) for s in block[position + 1 :])
        exact = all(r.is_exact for r in rooms)
        alone = None
        if len(stores) == 1 and (room := rooms[0]).has_dtype(stores[0], arguments):
            cuts = list(_cuts(block[position + 1 :], room.array, name))
            if exact or cuts:
                assert room.made is not None
                alone = room.made, cuts
        yield _Counted(name, start, tuple(stores), step, behind, exact, alone)


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


def _start_of(name: str, before: Block) -> ast.stmt | None:
    """``k = 0``, where nothing else names the counter up to the loop."""
    for statement in reversed(before):
        match statement:
            case ast.Assign(targets=[ast.Name(id=same)], value=ast.Constant(value=0)) if (
                same == name
            ):
                return statement
        if name in names_in(statement):
            return None
    return None


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


class _Room:
    """Whether a tensor has room for all that is counted, and for nothing else."""

    def __init__(
        self, before: Block, loop: ast.For, step: ast.AugAssign, store: ast.Assign,
        function: ast.FunctionDef,
    ) -> None:  # fmt: skip
        self.loop = loop
        self.step = step
        self.before = before
        self._loops: list[ast.For] = []
        self.tests: list[ast.expr] = []
        """The conditions under which it is counted."""
        self.made: ast.stmt | None = None
        """What makes the tensor."""
        target = store.targets[0]
        assert isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)
        index = target.slice
        entries = index.elts if isinstance(index, ast.Tuple) else [index]
        place = next(k for k, e in enumerate(entries) if isinstance(e, ast.Name))
        self.array = target.value.id
        size = self._size(place)
        stored = names_stored(loop)
        self.is_enough = self.is_exact = False
        if size is None or stored & names_in(size) or self._is_used_otherwise(store):
            return
        around = self._around()
        if around is None:
            return
        trips, is_sure = around
        self._loops = trips
        self.is_exact = is_sure and self._counts(trips, size)
        self.is_exact = self.is_exact or (is_sure and self._is_sum(trips, size))
        self.is_enough = self.is_exact or self._is_as_long(trips, size)

    def has_dtype(self, store: ast.Assign, arguments: Mapping[str, Value]) -> bool:
        """Whether the elements that are stored have the tensor's own dtype and device."""
        match store:
            case ast.Assign(
                targets=[ast.Subscript(slice=ast.Name())],
                value=ast.Subscript(value=ast.Name(id=name), slice=index),
            ):
                entries = index.elts if isinstance(index, ast.Tuple) else [index]
                given = arguments.get(name)
            case _:
                return False
        counters = {t.target.id for t in self._loops if isinstance(t.target, ast.Name)}
        is_element = all(isinstance(e, ast.Name) and e.id in counters for e in entries)
        made = self.made.value if isinstance(self.made, ast.Assign) else None
        if not isinstance(given, Tensor) or not isinstance(made, ast.Call) or not is_element:
            return False
        if given.type.device != "cpu" or given.type.rank != len(entries):
            return False
        return _dtype_of(made, name) in (given.type.dtype, name) and name not in {
            n for s in self.before for n in names_stored(s)
        }

    def _is_used_otherwise(self, store: ast.Assign) -> bool:
        """Whether the loop does more with the tensor than to fill it."""
        own = {id(n) for n in ast.walk(self.loop) if isinstance(n, ast.Assign)
               and isinstance(n.targets[0], ast.Subscript) and is_name(n.targets[0].value,
               self.array) for n in [n.targets[0].value]}  # fmt: skip
        return any(is_name(n, self.array) and id(n) not in own for n in ast.walk(self.loop))

    def _size(self, place: int) -> ast.expr | None:
        """The size along a dimension of the tensor, as the call that makes it says."""
        for statement in reversed(self.before):
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if (
                    name == self.array
                ):
                    self.made = statement
                    return _size_of(call, place)
            if self.array in names_in(statement) and not self._only_sizes(statement):
                return None
        return None

    def _only_sizes(self, statement: ast.stmt) -> bool:
        sized = {id(n.value) for n in ast.walk(statement) if isinstance(n, ast.Attribute)
                 and n.attr in ("shape", "dtype", "device")}  # fmt: skip
        return all(id(n) in sized for n in ast.walk(statement) if is_name(n, self.array))

    def _around(self) -> tuple[list[ast.For], bool] | None:
        """The loops around the step, and whether each of their iterations counts."""
        path = _path_to(self.loop, self.step)
        if path is None or any(isinstance(n, (ast.While, ast.Try, ast.With)) for n in path):
            return None
        jumps = (ast.Break, ast.Continue, ast.Return, ast.Raise)
        self.tests = [n.test for n in path if isinstance(n, ast.If)]
        sure = not any(isinstance(n, jumps) for n in ast.walk(self.loop))
        return [n for n in path if isinstance(n, ast.For)], sure

    def _is_as_long(self, trips: list[ast.For], size: ast.expr) -> bool:
        """A tensor as long as the loop: ``torch.zeros(len(x))``, ``for i in range(len(x))``."""
        if len(trips) != 1:
            return False
        lengths = _spelled_lengths(trips[0].iter)
        same = _spelled(size)
        named = self._meaning(size)
        return bool(lengths & same) or (named is not None and bool(lengths & _spelled(named))) or (
            any(self._meaning_of(n) == t for n in lengths for t in same)
        )

    def _meaning(self, node: ast.expr) -> ast.expr | None:
        """What a name of a size was set to, the only time that it is."""
        if not isinstance(node, ast.Name):
            return None
        found = [s for s in self.before if node.id in names_stored(s)]
        match found:
            case [ast.Assign(targets=[ast.Name()], value=value)]:
                return value
            case [ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Attribute(attr="shape")
                             as shape)]:  # fmt: skip
                k = next(k for k, p in enumerate(parts) if is_name(p, node.id))
                return ast.Subscript(shape, ast.Constant(k), ast.Load())
        return None

    def _meaning_of(self, text: str) -> str:
        named = self._meaning(ast.parse(text, mode="eval").body)
        return "" if named is None else min(_spelled(named))

    def _is_sum(self, trips: list[ast.For], size: ast.expr) -> bool:
        """``torch.zeros(int((x > 0).sum()))`` where ``x[i] > 0`` is what is asked."""
        value = self._meaning(size) or size
        match value:
            case ast.Call(func=ast.Name(id="int"), args=[inner]):
                value = inner
            case ast.Call(func=ast.Attribute(value=inner, attr="item"), args=[]):
                value = inner
        path = _path_to(self.loop, self.step) or []
        tests = [n.test for n in path if isinstance(n, ast.If)]
        match value:
            case ast.Call(func=ast.Attribute(value=mask, attr="sum"), args=[], keywords=[]):
                pass
            case _:
                return False
        header = trips[0]
        if len(tests) != 1 or len(trips) != 1 or not isinstance(header.target, ast.Name):
            return False
        lifted = _lifted(tests[0], header.target.id)
        base = {f"len({n})" for n in names_in(mask)} | {f"{n}.shape[0]" for n in names_in(mask)}
        long_enough = bool(_spelled_lengths(header.iter) & base)
        return lifted is not None and ast.unparse(mask) == lifted and long_enough and (
            not any(names_in(mask) & names_stored(s) for s in self.before[1:])
        )

    def _counts(self, trips: list[ast.For], size: ast.expr) -> bool:
        """Whether the loops run as often as the tensor is long, for every size that is tried.

        Both are polynomials of low degree: what agrees at so many places is the same.
        """
        value = self._expanded(size)
        headers = [self._expanded(t.iter) for t in trips]
        spelled = {n for e in (value, *headers) for n in _sizes_in(e)}
        counters = [t.target.id for t in trips if isinstance(t.target, ast.Name)]
        if len(counters) != len(trips) or len(spelled) not in _SAMPLES:
            return False
        if not all(_is_arithmetic(e, spelled, set(counters)) for e in (value, *headers)):
            return False
        if not all(_is_comparison(t, set(counters)) for t in self.tests):
            return False
        for sample in product(range(_SAMPLES[len(spelled)]), repeat=len(spelled)):
            known = dict(zip(sorted(spelled), sample, strict=True))
            loops = list(zip(counters, headers, strict=True))
            if _count(loops, self.tests, known) != _value(value, known):
                return False
        return True

    def _expanded(self, node: ast.expr) -> ast.expr:
        """An expression with the names of sizes written out, each shape as its own subscripts."""
        room = self

        class Expand(ast.NodeTransformer):
            def visit_Name(self, name: ast.Name) -> ast.expr:
                meaning = room._meaning(name)
                if meaning is None or isinstance(meaning, ast.Call) and not _is_size(meaning):
                    return name
                return Expand().visit(meaning)  # type: ignore[no-any-return]

            def visit_Call(self, call: ast.Call) -> ast.expr:
                self.generic_visit(call)
                return _as_shape(call)

        return Expand().visit(ast.parse(ast.unparse(node), mode="eval").body)  # type: ignore[no-any-return]


def _is_size(call: ast.Call) -> bool:
    return is_name(call.func, "len") or (
        isinstance(call.func, ast.Attribute) and call.func.attr == "size"
    )


def _as_shape(call: ast.Call) -> ast.expr:
    """``len(x)`` and ``x.size(0)`` as ``x.shape[0]``."""
    match call:
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name() as base], keywords=[]):
            return ast.parse(f"{base.id}.shape[0]", mode="eval").body
        case ast.Call(func=ast.Attribute(value=ast.Name() as base, attr="size"), args=[
            ast.Constant(value=int(k))
        ], keywords=[]):  # fmt: skip
            return ast.parse(f"{base.id}.shape[{k}]", mode="eval").body
    return call


def _sizes_in(node: ast.expr) -> set[str]:
    """The sizes of tensors and the plain names in an expression, as text."""
    found: set[str] = set()
    inside: set[int] = set()
    for n in ast.walk(node):
        match n:
            case ast.Subscript(value=ast.Attribute(value=ast.Name(), attr="shape")):
                found.add(ast.unparse(n))
                inside.update(map(id, ast.walk(n)))
    free = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and id(n) not in inside}
    ranges = {n.func.id for n in ast.walk(node) if isinstance(n, ast.Call)
              and isinstance(n.func, ast.Name)}  # fmt: skip
    bound = free - ranges
    return found | {n for n in bound if not n.startswith("_")}


def _is_arithmetic(node: ast.expr, sizes: set[str], counters: set[str]) -> bool:
    """Whether an expression is ``+ - * //`` of sizes and ints, perhaps in a range."""
    if ast.unparse(node) in sizes:
        return True
    match node:
        case ast.Constant(value=int()):
            return True
        case ast.Name(id=name):
            return name in sizes | counters
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv(),
                       right=right):  # fmt: skip
            constant = isinstance(right, ast.Constant) and right.value == 2
            is_half = constant or not isinstance(node.op, ast.FloorDiv)
            return is_half and all(_is_arithmetic(n, sizes, counters) for n in (left, right))
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]):
            return len(args) < 3 and all(_is_arithmetic(a, sizes, counters) for a in args)
    return False


def _value(node: ast.expr, known: Mapping[str, int]) -> int:
    """An arithmetic expression where the sizes are known."""
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.BinOp(left=left, op=word, right=right):
            return _OPERATIONS[type(word)](_value(left, known), _value(right, known))
    return known[ast.unparse(node)]


def _is_comparison(node: ast.expr, counters: set[str]) -> bool:
    """``i != j`` of the loops' counters."""
    match node:
        case ast.Compare(left=ast.Name(id=left), ops=[word], comparators=[ast.Name(id=right)]):
            return {left, right} <= counters and type(word) in _COMPARISONS
    return False


def _count(
    loops: list[tuple[str, ast.expr]], tests: list[ast.expr], known: dict[str, int]
) -> int:
    """How often the innermost of some loops runs, under conditions on their counters."""
    if not loops:
        return int(all(_holds(test, known) for test in tests))
    (counter, header), *inner = loops
    assert isinstance(header, ast.Call)
    ends = [_value(a, known) for a in header.args]
    return sum(_count(inner, tests, {**known, counter: k}) for k in range(*ends))


def _holds(test: ast.expr, known: Mapping[str, int]) -> bool:
    assert isinstance(test, ast.Compare)
    sides = _value(test.left, known), _value(test.comparators[0], known)
    return _COMPARISONS[type(test.ops[0])](*sides)


_COMPARISONS: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


_OPERATIONS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}  # fmt: skip


def _size_of(call: ast.Call, place: int) -> ast.expr | None:
    """``torch.zeros(2, n)``: `n` along dimension 1."""
    word = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    args = call.args
    if word in ("full", "new_full"):
        args = args[:1]
    if word in ("zeros_like", "empty_like", "ones_like", "full_like") and args and place == 0:
        return ast.parse(f"{ast.unparse(args[0])}.shape[0]", mode="eval").body
    if word not in ("zeros", "ones", "empty", "full", "new_zeros", "new_ones", "new_empty",
                    "new_full"):  # fmt: skip
        return None
    sizes = args[0].elts if len(args) == 1 and isinstance(args[0], (ast.Tuple, ast.List)) else args
    if any(isinstance(s, ast.Starred) for s in sizes) or place >= len(sizes):
        return None
    return sizes[place]


def _dtype_of(call: ast.Call, like: str) -> str:
    """The dtype of what a call makes; the name `like`, where it is that tensor's."""
    word = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    asked = [ast.unparse(k.value) for k in call.keywords]
    if len(call.args) > 1 and isinstance(call.args[0], (ast.Tuple, ast.List)) and word != "full":
        return ""
    own = call.func.value if isinstance(call.func, ast.Attribute) else None
    source = call.args[0] if word.endswith("_like") and call.args else own
    if word.startswith("new_") or word.endswith("_like"):
        return like if is_name(source, like) and not asked else ""
    if word not in ("zeros", "ones", "empty") or len(asked) > 1:
        return ""
    if not asked:
        return "float32"
    return {f"{like}.dtype": like, "torch.long": "int64"}.get(
        asked[0], asked[0].removeprefix("torch.")
    )


def _path_to(root: ast.AST, wanted: ast.AST) -> list[ast.AST] | None:
    """The nodes from one to another inside of it."""
    if root is wanted:
        return []
    for child in ast.iter_child_nodes(root):
        found = _path_to(child, wanted)
        if found is not None:
            return [root, *found]
    return None


def _spelled(node: ast.expr) -> set[str]:
    text = ast.unparse(_as_shape(node) if isinstance(node, ast.Call) else node)
    return {text}


def _spelled_lengths(header: ast.expr) -> set[str]:
    """How often a header runs at most: ``x.shape[0]`` of ``range(len(x))``, ``enumerate(x)``."""
    match header:
        case ast.Call(func=ast.Name(id="range"), args=[end], keywords=[]):
            return _spelled(end)
        case ast.Call(func=ast.Name(id="enumerate"), args=[ast.Name(id=name)]):
            return {f"{name}.shape[0]"}
        case ast.Call(func=ast.Name(id="zip"), args=args):
            return {f"{a.id}.shape[0]" for a in args if isinstance(a, ast.Name)}
        case ast.Name(id=name):
            return {f"{name}.shape[0]"}
    return set()


def _lifted(test: ast.expr, counter: str) -> str | None:
    """``x[i] > 0`` as ``x > 0``; None where the counter is used otherwise."""

    class Lift(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
            if is_name(node.slice, counter):
                return node.value
            self.generic_visit(node)
            return node

    lifted = Lift().visit(ast.parse(ast.unparse(test), mode="eval").body)
    return None if counter in names_in(lifted) else ast.unparse(lifted)


def _write(found: _Counted, loop: ast.For, edits: TextEdits, torch: str) -> None:
    """Put appends and what takes them in the place of stores."""
    before = edits.before.setdefault(loop, [])
    behind = edits.behind.setdefault(loop, [])
    edits.statements[found.start] = []
    edits.statements[found.step] = []
    if found.alone is not None:
        _write_alone(found, found.alone, loop, edits, torch)
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
            taken = f"{SOME}({torch}.stack({name}{f', {dim}' if dim else ''}))"
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
    width = _size_of(made.value, 1 - place) if made and isinstance(made.value, ast.Call) else None
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
    if _dtype_of(made.value, "") == "int64":
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
    torch: str,
) -> None:  # fmt: skip
    """``out = _deloop_some(torch.stack(out))``: what is appended is all of the tensor."""
    made, cuts = alone
    (store,) = found.stores
    target = store.targets[0]
    assert isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)
    name = target.value.id
    edits.statements[made] = [f"{name} = []"]
    edits.statements[store] = [f"{name}.append({ast.unparse(store.value)})"]
    edits.behind[loop].append(f"{name} = {SOME}({torch}.stack({name}))")
    edits.bound.append(name)
    edits.parts += [(cut, name) for cut in cuts]
    assert isinstance(made, ast.Assign) and isinstance(made.value, ast.Call)
    size = _size_of(made.value, 0)
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
