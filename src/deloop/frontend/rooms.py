"""Whether a tensor that a loop fills counting has room for all of it, and is filled whole.

The size, as the call that makes the tensor says, is compared with how often the loops count: by
their form, or as polynomials in the sizes, which are the same where they agree at enough places.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from itertools import product

from deloop.frontend.text_edits import Block
from deloop.ir.types import Integer, Scalar, Tensor, Value
from deloop.text.names import is_name, names_in, names_stored

_SAMPLES = {1: 9, 2: 6, 3: 4}
"""Of one to three names, so many sizes of each tell apart a count and a size of low degree."""


def rank_of(node: ast.expr, loop: ast.AST, arguments: Mapping[str, Value]) -> int | None:
    """How many dimensions an expression of an iteration has; None where its form does not say."""
    match node:
        case ast.Constant(value=int() | float()):
            return 0
        case ast.BinOp(left=left, right=right):
            ranks = [rank_of(n, loop, arguments) for n in (left, right)]
            known = [r for r in ranks if r is not None]
            return max(known) if len(known) == 2 else None
        case ast.UnaryOp(operand=operand):
            return rank_of(operand, loop, arguments)
        case ast.Call(func=ast.Name(id="float" | "int" | "len")):
            return 0
        case ast.Call(func=ast.Attribute(value=base, attr=word), args=args, keywords=[]):
            rank = rank_of(base, loop, arguments)
            if rank is not None and word in _ELEMENTWISE and not args:
                return rank
            if rank is not None and word in _WHOLE and not args:
                return 0
            is_torch = is_name(base, "torch") and len(args) == 1 and word in _ELEMENTWISE
            return rank_of(args[0], loop, arguments) if is_torch else None
        case ast.Subscript(value=base, slice=index):
            rank = rank_of(base, loop, arguments)
            entries = index.elts if isinstance(index, ast.Tuple) else [index]
            slices = [e for e in entries if isinstance(e, ast.Slice)]
            places = [rank_of(e, loop, arguments) for e in entries if e not in slices]
            return rank - len(places) if rank is not None and set(places) <= {0} else None
        case ast.Name(id=name):
            return _rank_of_name(name, loop, arguments)
    return None


def _rank_of_name(name: str, loop: ast.AST, arguments: Mapping[str, Value]) -> int | None:
    """Of a parameter, of what a header binds, or of what the iteration sets once."""
    found: list[int | None] = []
    for node in ast.walk(loop):
        match node:
            case ast.For(target=target, iter=given) if name in names_stored(target):
                found.append(_rank_of_item(name, target, given, loop, arguments))
            case ast.Assign(targets=[ast.Name(id=same)], value=value) if same == name:
                found.append(None if name in names_in(value) else rank_of(value, loop, arguments))
            case ast.AugAssign(target=ast.Name(id=same)) if same == name:
                found.append(None)
    if found:
        return found[0] if len(found) == 1 else None
    held = arguments.get(name)
    if isinstance(held, Tensor):
        return held.type.rank
    return 0 if isinstance(held, (Integer, Scalar)) else None


def _rank_of_item(
    name: str, target: ast.expr, given: ast.expr, loop: ast.AST, arguments: Mapping[str, Value]
) -> int | None:
    match target, given:
        case ast.Name(), ast.Call(func=ast.Name(id="range")):
            return 0
        case ast.Name(), ast.Call(func=ast.Attribute(attr="tolist")):
            return None
        case ast.Name(), _:
            rank = rank_of(given, loop, arguments) if isinstance(given, ast.Name) else None
            return None if not rank else rank - 1
        case (
            ast.Tuple(elts=[first, item]),
            ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]),
        ):
            if is_name(first, name):
                return 0
            return _rank_of_item(name, item, inner, loop, arguments)
        case ast.Tuple(elts=items), ast.Call(func=ast.Name(id="zip"), args=args):
            for item, inner in zip(items, args, strict=False):
                if name in names_stored(item):
                    return _rank_of_item(name, item, inner, loop, arguments)
    return None


_ELEMENTWISE = frozenset(
    {"abs", "exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "neg", "square"}
    | {"float", "double", "long", "int", "bool", "half", "clone", "detach", "log1p", "expm1"}
)
_WHOLE = frozenset({"sum", "mean", "max", "min", "prod", "norm", "item", "any", "all", "std"})


class Room:
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
        asked = {n for part in (size, *self._asked()) for n in names_in(part)}
        if not all(self._is_settled(name, function) for name in asked - names_stored(loop)):
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
        return dtype_of(made, name) in (given.type.dtype, name) and name not in {
            n for s in self.before for n in names_stored(s)
        }

    @property
    def is_used_before(self) -> bool:
        """Whether the code up to the loop asks for more than the making of the tensor."""
        return any(
            self.array in names_in(s) for s in self.before if s is not self.made
        )

    def _asked(self) -> list[ast.expr]:
        """What says how often the loops run."""
        tests = [n.test for n in ast.walk(self.loop) if isinstance(n, ast.If)]
        return [*(n.iter for n in ast.walk(self.loop) if isinstance(n, ast.For)), *tests]

    def _is_settled(self, name: str, function: ast.FunctionDef) -> bool:
        """Whether a name means one thing from the making of the tensor to the end of the loop."""
        stores = [s for s in ast.walk(function) if isinstance(s, ast.stmt)
                  and not hasattr(s, "body") and name in names_stored(s)]  # fmt: skip
        headers = [n for n in ast.walk(function) if isinstance(n, (ast.For, ast.With, ast.Try))
                   and name in names_stored(getattr(n, "target", n))
                   and not isinstance(n, (ast.With, ast.Try))]  # fmt: skip
        given = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
        if name in given:
            return not stores and not headers
        return not headers and (not stores or (len(stores) == 1 and stores[0] in self.before))

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
                    return size_of(call, place)
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
                is_other = isinstance(meaning, ast.Call) and not _is_size(meaning)
                if meaning is None or is_other:
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


def size_of(call: ast.Call, place: int) -> ast.expr | None:
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


def count_of_sizes(call: ast.Call, arguments: Mapping[str, Value]) -> int | None:
    """How many dimensions the tensor has that a call makes."""
    word = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    args = call.args
    if word.endswith("_like"):
        given = arguments.get(args[0].id) if args and isinstance(args[0], ast.Name) else None
        return given.type.rank if isinstance(given, Tensor) else None
    if word in ("full", "new_full"):
        args = args[:1]
    if len(args) == 1 and isinstance(args[0], (ast.Tuple, ast.List)):
        args = args[0].elts
    elif word in ("full", "new_full"):
        return None
    if any(isinstance(a, ast.Starred) for a in args):
        return None
    scalar = (ast.Constant, ast.BinOp, ast.Call, ast.Subscript, ast.Name)
    return len(args) if all(isinstance(a, scalar) for a in args) else None


def dtype_of(call: ast.Call, like: str) -> str:
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
