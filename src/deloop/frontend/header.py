"""Loop headers: every way of iterating that means a counted loop."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from deloop.dtype import Rank
from deloop.errors import RefusalError
from deloop.frontend import expression as build
from deloop.frontend.calls import CallReader
from deloop.frontend.items import FlatIndex, Item, Listed, Point, Tuple, View, Whole, whole
from deloop.frontend.iterables import CUT
from deloop.frontend.pieces import Cut
from deloop.frontend.sequences import as_sequence, is_literal
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least, equal
from deloop.ir.types import Function, Integer, Object, Sequence, Shape, Tensor

_BARS = frozenset({"tqdm", "trange"})


@dataclass(frozen=True)
class Counted:
    """One counted loop: its bounds, and what the target is bound to at a given iterator.

    `stride` and `span` are as in `ir.loop.Loop`.
    """

    lower: Affine
    upper: Affine
    element: Callable[[Affine], Item]
    stride: int = 1
    span: Affine | None = None
    name: str = ""


@dataclass(frozen=True)
class Header:
    """The counted loops that a header means, outermost first, and the item its target takes."""

    loops: tuple[Counted, ...]
    element: Callable[[tuple[Affine, ...]], Item]


class HeaderReader(CallReader):
    """A reader of ``for target in iterable``."""

    delinearise = True

    def header(self, node: ast.expr) -> Header:
        """The counted loops that an iterable means."""
        call = node if isinstance(node, ast.Call) else None
        if call and isinstance(call.func, ast.Name) and call.func.id == CUT:
            return self._cut_off(call)
        name = self._callee(call) if call else ""
        if call and name == "itertools.product":
            return self._product(call)
        if call and name == "numpy.ndindex":
            return self._over_shape(self._sizes(call), node)
        if call and name == "bar":
            return self.header(self._barred(call))
        if (
            call
            and name in ("builtins.list", "builtins.tuple", "builtins.iter")
            and len(call.args) == 1
        ):
            return self.header(call.args[0])
        if call and name == "builtins.enumerate":
            return self._enumerate(call)
        counted = self._counted(node)
        factors = self.products.get(str(counted.upper)) if counted.lower == Affine() else None
        if self.delinearise and factors and len(factors) > 1 and counted.name == "range":
            return self._flat(factors)
        return Header((counted,), lambda at: counted.element(at[0]))

    def _cut_off(self, node: ast.Call) -> Header:
        """The first items of an iterable, of which there are at least as many."""
        header, stop = self.header(node.args[0]), self.evaluate(node.args[1])
        if len(header.loops) != 1 or not isinstance(stop, Integer):
            self.unsupported(node, "loop kept: an exit from a product of loops")
        counted = header.loops[0]
        upper = counted.lower + stop.affine
        return Header((replace(counted, upper=upper, stride=1, span=None),), header.element)

    def _flat(self, factors: tuple[Affine, ...]) -> Header:
        loops = tuple(Counted(Affine(), factor, Integer) for factor in factors)

        def element(at: tuple[Affine, ...]) -> Item:
            return FlatIndex(tuple(a.symbols[0] for a in at), factors)

        return Header(loops, element)

    def _callee(self, node: ast.Call) -> str:
        if isinstance(node.func, (ast.Name, ast.Attribute)):
            last = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            try:
                item = self.evaluate(node.func)
            except RefusalError:
                item = None
            qualified = (item.qualified or "") if isinstance(item, Function) else ""
            if qualified.split(".")[0] == "tqdm" or (
                last in _BARS and not qualified.startswith("torch")
            ):
                return "bar" if last != "range" else "builtins.range"
            return qualified
        return ""

    def _barred(self, node: ast.Call) -> ast.expr:
        func = node.func
        last = (
            func.id
            if isinstance(func, ast.Name)
            else func.attr
            if isinstance(func, ast.Attribute)
            else ""
        )
        if last == "trange":
            plain = ast.Call(func=ast.Name(id="range", ctx=ast.Load()), args=node.args, keywords=[])
            return ast.copy_location(
                ast.fix_missing_locations(ast.copy_location(plain, node)), node
            )
        if not node.args:
            self.unsupported(node, "a progress bar without an iterable is not read yet")
        return node.args[0]

    def _enumerate(self, node: ast.Call) -> Header:
        start = Affine()
        extra = node.args[1:] + [k.value for k in node.keywords]
        if extra:
            item = self.evaluate(extra[0])
            if not isinstance(item, Integer):
                self.unsupported(node, f"{ast.unparse(node)}: the start is not an int known before")
            start = item.affine
        inner = self.header(node.args[0])
        if len(inner.loops) != 1:
            self.unsupported(node, f"{ast.unparse(node)} counts a product of loops")
        counted = inner.loops[0]

        def element(at: tuple[Affine, ...]) -> Item:
            count = at[0] - counted.lower + start
            return Tuple((Integer(count), inner.element(at)))

        return Header((counted,), element)

    def _product(self, node: ast.Call) -> Header:
        parts: list[Counted] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                parts.extend(
                    Counted(Affine(), s, Integer, name="range")
                    for s in self._ranges(argument.value)
                )
            else:
                inner = self.header(argument)
                if len(inner.loops) != 1:
                    self.unsupported(node, f"{ast.unparse(node)} nests products")
                parts.append(inner.loops[0])
        if node.keywords or not parts:
            self.unsupported(node, f"{ast.unparse(node)} is not read yet")

        def element(at: tuple[Affine, ...]) -> Item:
            return Tuple(tuple(p.element(a) for p, a in zip(parts, at, strict=True)))

        return Header(tuple(parts), element)

    def _over_shape(self, sizes: tuple[Affine, ...], node: ast.AST) -> Header:
        if not sizes:
            self.unsupported(
                node, "a loop over the elements of a tensor without dimensions runs once"
            )
        loops = tuple(Counted(Affine(), s, Integer) for s in sizes)
        return Header(loops, lambda at: Tuple(tuple(Integer(a) for a in at)))

    def _ranges(self, node: ast.expr) -> tuple[Affine, ...]:
        """``map(range, x.shape)`` and ``[range(s) for s in x.shape]``."""
        match node:
            case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id="range"), shape]):
                return self._affines(self.evaluate(shape), node)
            case (
                ast.ListComp(
                    elt=ast.Call(func=ast.Name(id="range"), args=[ast.Name(id=name)]),
                    generators=[ast.comprehension(target=ast.Name(id=target), iter=shape, ifs=[])],
                )
                | ast.GeneratorExp(
                    elt=ast.Call(func=ast.Name(id="range"), args=[ast.Name(id=name)]),
                    generators=[ast.comprehension(target=ast.Name(id=target), iter=shape, ifs=[])],
                )
            ) if name == target:
                return self._affines(self.evaluate(shape), node)
        self.unsupported(node, f"{ast.unparse(node)} is not read yet")

    def _sizes(self, node: ast.Call) -> tuple[Affine, ...]:
        sizes: list[Affine] = []
        for argument in node.args:
            item = self.evaluate(argument.value if isinstance(argument, ast.Starred) else argument)
            sizes.extend(
                [item.affine] if isinstance(item, Integer) else self._affines(item, argument)
            )
        return tuple(sizes)

    def _affines(self, item: Item, node: ast.AST) -> tuple[Affine, ...]:
        parts = self.unpack(item, None, node)
        if all(isinstance(p, Integer) for p in parts):
            return tuple(p.affine for p in parts if isinstance(p, Integer))
        self.unsupported(node, f"{ast.unparse(node)} is not a shape")

    # ------------------------------------------------------------------ one loop
    def _counted(self, node: ast.expr) -> Counted:
        name = self._callee(node) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call):
            if name == "bar":
                return self._counted(self._barred(node))
            if name in ("builtins.range", "torch.arange"):
                return self._range(node, name)
            if name == "builtins.reversed":
                return self._reversed(self._counted(node.args[0]), node)
            if name == "builtins.zip":
                return self._zip(node)
            if name in ("builtins.enumerate", "itertools.product", "numpy.ndindex"):
                header = self.header(node)
                if len(header.loops) == 1:
                    counted = header.loops[0]
                    return Counted(
                        counted.lower,
                        counted.upper,
                        lambda a: header.element((a,)),
                        counted.stride,
                        counted.span,
                    )
                self.unsupported(node, f"{ast.unparse(node)} is nested in another iterable")
        if (cut := self.cut_of(node)) is not None:
            return self._over_pieces(cut)
        if isinstance(node, ast.Call) and (numbers := self._numbers(node)) is not None:
            return numbers
        item = self.evaluate(node)
        match item:
            case Tensor() if item.type.rank:
                view = whole(item)
            case View() if item.rank:
                view = item
            case Listed(view):
                return self._over_list(view, node)
            case Sequence() | Tuple() | Shape():
                sequence = as_sequence(item)
                if sequence is None and isinstance(item, Tuple) and is_literal(node):
                    tensors = [part for part in item.items if isinstance(part, Tensor)]
                    same = len(tensors) == len(item.items)
                    sequence = Sequence(tuple(tensors), item.is_list) if same else None
                if (steps := _steps(node)) is not None:
                    start, step, count = steps
                    return Counted(
                        Affine(), Affine.number(count), lambda at: Integer(at * step + start),
                        name="range",
                    )  # fmt: skip
                if sequence is not None and self.sequence_element(sequence, Affine(), node):
                    return self._over_sequence(sequence, node)
                self.unsupported(
                    node, f"{ast.unparse(node)} is a Python sequence, not a tensor", "VEC930"
                )
            case Object():
                self.unsupported(
                    node,
                    f"loop kept: {ast.unparse(node)} holds objects, each with what is its own",
                    "VEC930",
                )
            case _:
                self.to_expression(item, node)
                self.unsupported(
                    node, f"what {ast.unparse(node)} iterates over is not known", "VEC930"
                )
        self.note_iterated(view.tensor)
        return Counted(
            Affine(),
            view.sizes[0],
            lambda at: replace(self.fix_first(view, at), unbound=True),
            name="tensor",
        )

    def _over_sequence(self, sequence: Sequence, node: ast.expr) -> Counted:
        """``for m in mean`` over a list of numbers, or of tensors of one shape."""

        def element(at: Affine) -> Item:
            found = self.sequence_element(sequence, at, node)
            assert found is not None
            return found

        return Counted(Affine(), Affine.number(len(sequence.items)), element, name="tensor")

    def _numbers(self, node: ast.Call) -> Counted | None:
        """``for v in x.tolist()`` over elements, ``for row in x.tolist()`` over lists of them."""
        if not isinstance(node.func, ast.Attribute) or node.func.attr != "tolist" or node.args:
            return None
        item = self.evaluate(node.func.value)
        view = whole(item) if isinstance(item, Tensor) else item
        return self._over_list(view, node) if isinstance(view, View) and view.rank else None

    def _over_list(self, view: View, node: ast.expr) -> Counted:
        self.note_listed(view.tensor)
        return Counted(
            Affine(),
            view.sizes[0],
            lambda at: self.listed(self.fix_first(view, at), node),
            name="tensor",
        )

    def _over_pieces(self, cut: Cut) -> Counted:
        """``for piece in torch.chunk(x, n)``: the rows of ``x.unflatten(0, (n, -1))``."""
        tensor = self.unflattened(cut)
        self.note_iterated(tensor)
        before = tuple(Whole(Affine(), size) for size in tensor.type.shape[: cut.dim])
        behind = tuple(Whole(Affine(), size) for size in tensor.type.shape[cut.dim + 1 :])
        return Counted(
            Affine(),
            cut.count,
            lambda at: View(tensor, (*before, Point(at), *behind), unbound=True),
            name="tensor",
        )

    def note_listed(self, tensor: Tensor) -> None:
        """A loop runs over a copy of a tensor's elements; a reader of loops remembers which."""

    def note_iterated(self, tensor: Tensor) -> None:
        """A tensor is taken apart by iterating over it; a reader of loops remembers which."""

    def _range(self, node: ast.Call, name: str) -> Counted:
        if node.keywords or not 1 <= len(node.args) <= 3:
            self.unsupported(node, f"{ast.unparse(node)} is not read yet", "VEC930")
        arguments = [self._bound_of(a) for a in node.args]
        start, stop = (
            (Affine(), arguments[0]) if len(arguments) == 1 else (arguments[0], arguments[1])
        )
        step = self.fixed_step(arguments[2], node.args[2]) if len(arguments) == 3 else 1
        if step == 0:
            self.unsupported(node, "the step of a range is zero, which raises", "VEC911")

        def element(user: Affine) -> Item:
            if name == "builtins.range":
                return Integer(user)
            return build.cast(build.integer(user), scalar.ElementType("int64", Rank.SCALAR))

        if step == 1:
            moving, width = self.iterators & set(start.symbols), stop - start
            if moving and not self.iterators & set(width.symbols):  # a window that is slid along
                return Counted(Affine(), width, lambda at: element(start + at), name="range")
            return Counted(start, stop, element, name="range")
        if step == -1:
            return Counted(Affine(), start - stop, lambda at: element(start - at), name="range")
        span = stop - start if step > 0 else start - stop
        count = self.ceiling(span, abs(step))
        return Counted(
            Affine(), count, lambda at: element(start + at * step), abs(step), span, "range"
        )

    def _call_builtins_len(self, node: ast.Call) -> Item:
        """``len(range(n - 1, -1, -1))`` is `n`, as long as no end lies behind its start."""
        ranged = node.args[0] if len(node.args) == 1 else None
        if not isinstance(ranged, ast.Call) or self._callee(ranged) != "builtins.range":
            return super()._call_builtins_len(node)
        counted = self._range(ranged, "builtins.range")
        runs = at_least(counted.upper, counted.lower)
        self.require(runs, node, f"{ast.unparse(ranged)} is not cut short")
        return Integer(counted.upper - counted.lower)

    def _bound_of(self, node: ast.expr) -> Affine:
        item = self.evaluate(node)
        if isinstance(item, Integer):
            return item.affine
        if isinstance(item, (Tensor, View, *build.NODES)):
            self.unsupported(
                node, f"the trip count {ast.unparse(node)} is read from data", "VEC931"
            )
        self.to_expression(item, node)
        self.unsupported(
            node, f"the bound {ast.unparse(node)} is not an int known before the loop", "VEC931"
        )

    def _reversed(self, inner: Counted, node: ast.AST) -> Counted:
        if inner.span is not None and not inner.span.is_constant:
            self.unsupported(node, "reversed over a range with a step is not read yet", "VEC930")
        last = inner.upper - 1
        return Counted(
            Affine(),
            inner.upper - inner.lower,
            lambda at: inner.element(last - at),
            name=inner.name,
        )

    def _zip(self, node: ast.Call) -> Counted:
        flags = [k.value for k in node.keywords if k.arg == "strict"]  # lengths are alike anyway
        known = all(isinstance(f, ast.Constant) for f in flags)
        if len(flags) != len(node.keywords) or not known or not node.args:
            self.unsupported(node, f"{ast.unparse(node)} is not read yet", "VEC930")
        parts = [self._counted(a) for a in node.args]
        first = parts[0]
        for part, argument in zip(parts[1:], node.args[1:], strict=True):
            if part.stride != 1 or first.stride != 1:
                self.unsupported(node, "zip over a range with a step is not read yet", "VEC930")
            gap = (part.upper - part.lower) - (first.upper - first.lower)
            if gap != Affine():
                self.require(
                    equal(gap, 0),
                    node,
                    f"{ast.unparse(node.args[0])} and {ast.unparse(argument)} are of one length",
                )

        def element(at: Affine) -> Item:
            offset = at - first.lower
            return Tuple(tuple(p.element(p.lower + offset) for p in parts))

        return Counted(first.lower, first.upper, element, first.stride, first.span)


def _steps(node: ast.expr) -> tuple[int, int, int] | None:
    """Start, step and number of ints written out one after another: ``(0, 2, 4) -> 0, 2, 3``."""
    if not is_literal(node) or not isinstance(node, (ast.List, ast.Tuple)):
        return None
    values = [ast.literal_eval(p) for p in node.elts if not isinstance(p, ast.Name)]
    if len(values) != len(node.elts) or any(type(v) is not int for v in values):
        return None
    gaps = {b - a for a, b in pairwise(values)}
    if len(values) < 2 or len(gaps) != 1:
        return None
    return values[0], gaps.pop(), len(values)
