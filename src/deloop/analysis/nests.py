"""Loops inside of what stays: each is a candidate, with what holds in every iteration around it.

    for epoch in range(epochs):                 for epoch in range(epochs):
        log(epoch)                       ->         log(epoch)
        for i in range(n):                          out[:] = a + b
            out[i] = a[i] + b[i]

What is known at the top of a loop that stays is what holds in front of it and at the end of each
iteration as well: the body is run on what is known until nothing more is lost (P. Cousot and
R. Cousot, "Abstract interpretation", 1977). Only then are the loops inside attempted.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deloop.analysis.bindings import have_one_shape, names_spelled, renamed, roots
from deloop.analysis.joins import are_same, joined
from deloop.analysis.types import Prefix, Results
from deloop.diagnostic import Refusal
from deloop.errors import RefusalError
from deloop.frontend import expression as build
from deloop.frontend.evaluate import Environment
from deloop.frontend.items import Item, Tuple, View
from deloop.frontend.lists import Filling
from deloop.frontend.unroll import few_items
from deloop.ir.affine import Affine, at_least
from deloop.ir.scalar import Expression
from deloop.ir.types import Integer, Literal, Scalar, Sequence, Tensor
from deloop.text.liveness import Fate, fate_of
from deloop.text.names import names_stored
from deloop.text.trees import walk

_MOST_ROUNDS = 6

Kept = ast.For | ast.While


@dataclass
class _Frame:
    """The paths that leave an iteration of a loop: to the next one, and out of the loop."""

    ends: list[Environment] = field(default_factory=list)
    breaks: list[Environment] = field(default_factory=list)


@dataclass(frozen=True)
class _Element:
    """What a header gives to a name, and where its iterator begins and ends."""

    item: Item
    ends: tuple[Affine, Affine]
    changed: frozenset[str] = frozenset()
    """What the loop binds of the names that these are spelled with."""


class Walk(Prefix):
    """The abstract run of one function that goes into what stays as it is."""

    frames: tuple[_Frame, ...] = ()
    thinking = 0
    """How many loops are being run on what is known, to see what holds in all iterations."""

    def run(self) -> None:
        """Attempt all loops of the function, from the outside in."""
        self.others: list[tuple[Refusal, ast.stmt | None]] = []
        super().run()

    # ------------------------------------------------------------------ statements
    def statement(self, node: ast.stmt, block: list[ast.stmt]) -> None:
        """Run one statement."""
        match node:
            case ast.While():
                if not self.thinking:
                    sentence = "while: the number of iterations is not known before it runs"
                    refusal = Refusal(
                        "VEC941", self.function.place(node), f"loop kept: {sentence}"
                    )
                    self.others.append((refusal, self.around))
                self._enter(node)
            case ast.Try():
                self._try(node)
            case ast.Assign(
                targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)
            ) if len(targets) == len(values) and not _are_mixed(targets, values):
                self._spoil(node)
                items = [self.value(v, t) for v, t in zip(values, targets, strict=True)]
                for target, item in zip(targets, items, strict=True):
                    self.assign(target, item, node)
            case ast.Break() if self.frames:
                self.frames[-1].breaks.append(dict(self.environment))
            case ast.Continue() if self.frames:
                self.frames[-1].ends.append(dict(self.environment))
            case ast.With() if any(_swallows(w.context_expr) for w in node.items):
                tried, self.is_tried = self.is_tried, True
                super().statement(node, block)
                self.is_tried = tried
                self._forget(node)
                self._note_jumps(node)
            case ast.Match():
                self._forget(node)
                self._note_jumps(node)
            case _:
                super().statement(node, block)

    def _candidate(
        self, node: ast.For, block: list[ast.stmt], filling: Filling | None = None
    ) -> Results:
        if self.thinking:
            return Results(kept=True)
        return super()._candidate(node, block, filling)

    def _behind(self, node: ast.For, results: Results) -> None:
        if results.kept:
            self._enter(node)
        else:
            super()._behind(node, results)

    def _try(self, node: ast.Try) -> None:
        """The loops in a ``try``; behind its body anything may have happened of what it does."""
        before = dict(self.environment)
        tried, self.is_tried = self.is_tried, True
        self.block(node.body)
        self.is_tried = tried
        self.environment = before
        self._forget(node)
        self._note_jumps(node)

    def _note_jumps(self, node: ast.stmt) -> None:
        """What is not followed may go on with the next iteration of a loop around, or end it."""
        jumps = (ast.Break, ast.Continue)
        if self.frames and any(isinstance(n, jumps) for n in walk(node)):
            self.frames[-1].ends.append(dict(self.environment))
            self.frames[-1].breaks.append(dict(self.environment))

    def assign(self, target: ast.expr, item: Item, node: ast.stmt) -> None:
        """Bind a target; ``u, new = new, u`` leaves two tensors of one shape with each other."""
        swapped = self._swapped(target, item)
        if swapped is None:
            super().assign(target, item, node)
            return
        before = dict(self.environment)
        for name, tensor in swapped.items():
            own = name if tensor.name in swapped else tensor.name
            self.environment[name] = replace(tensor, name=own)
        for key, other in before.items():
            if key not in swapped:
                for name in swapped:
                    other = renamed(other, name, key, is_as_large=True)
                self.environment[key] = other

    def _swapped(self, target: ast.expr, item: Item) -> dict[str, Tensor] | None:
        """The tensors that a tuple of names takes from each other, where each keeps its shape."""
        names = _names_of(target) if isinstance(target, (ast.Tuple, ast.List)) else None
        parts = item.items if isinstance(item, (Sequence, Tuple)) else ()
        if not names or len(names) != len(parts):
            return None
        found: dict[str, Tensor] = {}
        for name, part in zip(names, parts, strict=True):
            old = self.environment.get(name)
            is_tensor = isinstance(part, Tensor) and isinstance(old, Tensor)
            if not is_tensor or name in self.declared or not have_one_shape(old, part):
                return None
            assert isinstance(part, Tensor) and isinstance(old, Tensor)
            if part.flat_of is not None:
                return None
            found[name] = part
        return found if any(part.name in found for part in found.values()) else None

    # ------------------------------------------------------------------ loops that stay
    def _enter(self, node: Kept) -> None:
        """Run a loop that stays, and attempt those in it."""
        self._enter_header(node)
        around, self.around = self.around, self.around or node
        elements = self._elements(node) if isinstance(node, ast.For) else {}
        head = self._head(node, elements)
        if head is None:
            self._forget(node)
            self._note_jumps(node)
        else:
            frame = self._iteration(node, head, elements)
            self.environment = dict(head)
            self.block(node.orelse)
            self.environment = joined(
                [self.environment, *frame.breaks], node.lineno, self.function.parameters
            )
        self.around = around

    def _enter_header(self, node: Kept) -> None:
        """What the header's expressions do when they are evaluated."""
        header = node.iter if isinstance(node, ast.For) else node.test
        self._spoil(header)
        self._escape(header)

    def _head(self, node: Kept, elements: Mapping[str, _Element]) -> Environment | None:
        """What holds whenever an iteration begins; None where that does not settle."""
        before = dict(self.environment)
        leaves = any(isinstance(n, (ast.Return, ast.Raise)) for n in walk(node))
        asked = before if leaves else names_stored(node) & set(before)
        dead = frozenset(name for name in asked if fate_of(name, node.body) is Fate.GONE)
        head = before
        self.thinking += 1
        try:
            for _ in range(_MOST_ROUNDS):
                ends = self._iteration(node, head, elements).ends
                found = joined([before, *ends], node.lineno, self.function.parameters, dead)
                if _are_equal(found, head):
                    return head
                head = found
        finally:
            self.thinking -= 1
        self.environment = before
        return None

    def _iteration(
        self, node: Kept, head: Environment, elements: Mapping[str, _Element]
    ) -> _Frame:
        """One iteration from what holds when it begins."""
        frame = _Frame()
        frames, self.frames = self.frames, (*self.frames, frame)
        known, at_most = self.known, dict(self.at_most)
        self.environment = dict(head)
        self._enter_header(node)
        if isinstance(node, ast.For):
            self._bind_target(node, elements)
        self.block(node.body)
        frame.ends.append(self.environment)
        self.known, self.at_most, self.frames = known, at_most, frames
        return frame

    # ------------------------------------------------------------------ the loop's variable
    def _elements(self, node: ast.For) -> dict[str, _Element]:
        """What the header gives to each name of the target, seen from in front of the loop."""
        names = _names_of(node.target)
        reader = self.reader()
        reader.delinearise = False
        if names is not None and (items := few_items(reader, node.iter)) is not None:
            is_one = isinstance(node.target, ast.Name)
            rows: list[Item] = [Tuple((item,)) for item in items] if is_one else items
            return {
                name: element
                for name, element in _columns(names, rows).items()
                if self._is_bound_once(name, node)
            }
        try:
            header = reader.header(node.iter)
            if names is None or reader.requirements or len(header.loops) != 1:
                return {}
            item = header.element((Affine.symbol(_AT),))
            one = isinstance(node.target, ast.Name)
            parts = [item] if one else reader.unpack(item, len(names), node.target)
        except RefusalError:
            return {}
        counted, changed = header.loops[0], names_stored(node)
        ends = (counted.lower, counted.upper - 1)
        read = {n for end in ends for s in end.symbols for n in names_spelled(s)}
        return {
            name: _Element(part, ends, frozenset(read & changed))
            for name, part in zip(names, parts, strict=False)
            if not (roots(part) & changed) and self._is_bound_once(name, node)
        }

    def _is_bound_once(self, name: str, node: ast.For) -> bool:
        """Whether a name stands for the element all through an iteration."""
        bound = {n for s in node.body for n in names_stored(s)}
        return name not in bound and name not in self.hints and (
            name not in self.function.parameters
        )

    def _bind_target(self, node: ast.For, elements: Mapping[str, _Element]) -> None:
        """The loop's variables hold an int of a range, a row of a tensor, or what is not known."""
        self._lose(node.target)
        for name, element in elements.items():
            item = element.item
            if element.changed & self.rebound:
                continue  # its sizes are not what they were
            if isinstance(item, Integer) and item.affine.coefficient(_AT):
                self._bind_int(name, item.affine, element.ends)
            elif isinstance(item, View):
                self._bind_row(name, item)
            elif isinstance(item, build.NODES) and _is_float(item):
                self.environment[name] = Scalar("float64", name)

    def _bind_int(self, name: str, affine: Affine, ends: tuple[Affine, Affine]) -> None:
        """``for k in range(1, n)``: `k` is itself, at least 1 and at most ``n - 1``."""
        low, high = (affine.substitute({_AT: end}) for end in ends)
        if affine.coefficient(_AT) < 0:
            low, high = high, low
        value = Affine.symbol(name)
        self.known = [*self.known, at_least(value - low, 0), at_least(high - value, 0)]
        if low == Affine():
            self.at_most[name] = high
        self.environment[name] = Integer(value)
        self.rebound.discard(name)

    def _bind_row(self, name: str, view: View) -> None:
        """``for row in x``: a tensor of its own name in the memory of `x`."""
        tensor = self.environment.get(view.tensor.name)
        if isinstance(tensor, Tensor) and not any(_AT in s for z in view.sizes for s in z.symbols):
            kind = replace(tensor.type, shape=view.sizes, leaf=False, contiguous=False)
            self.environment[name] = Tensor(name, kind, f"{tensor.memory}?")


def _swallows(context: ast.expr) -> bool:
    """Whether a context ends some exceptions: ``contextlib.suppress``, or one that is not known."""
    callee = context.func if isinstance(context, ast.Call) else context
    word = ast.unparse(callee).rpartition(".")[2]
    return word not in _PLAIN_CONTEXTS


_PLAIN_CONTEXTS = frozenset(
    {"no_grad", "enable_grad", "inference_mode", "set_grad_enabled", "autocast", "profile"}
    | {"record_function", "detect_anomaly", "Timer", "tqdm", "open", "device", "errstate"}
)


def _are_mixed(targets: list[ast.expr], values: list[ast.expr]) -> bool:
    """Whether a tuple's values read names that its targets bind, or it is more than names."""
    bound = {t.id for t in targets if isinstance(t, ast.Name)}
    read = {n.id for v in values for n in walk(v) if isinstance(n, ast.Name)}
    starred = any(isinstance(v, ast.Starred) for v in values)
    return starred or len(bound) != len(targets) or bool(bound & read)


_AT = "_at"


def _is_float(value: Expression) -> bool:
    """Whether a value is a Python float."""
    return build.is_number(value) and build.types_of(value)[0].dtype == "float64"


def _columns(names: list[str], items: list[Item]) -> dict[str, _Element]:
    """What each name is of a few items, as far as it is a number in all of them.

    ``for w, k in ((0.5, 0), (0.25, 3))``: `w` is a float, `k` is at least 0 and at most 3.
    """
    found: dict[str, _Element] = {}
    for place, name in enumerate(names):
        column = [_part(item, place, len(names)) for item in items]
        whole = [c.affine.constant for c in column
                 if isinstance(c, Integer) and c.affine.is_constant]  # fmt: skip
        if column and len(whole) == len(column):
            ends = (Affine.number(min(whole)), Affine.number(max(whole)))
            found[name] = _Element(Integer(Affine.symbol(_AT)), ends)
        elif column and all(isinstance(c, Literal) and type(c.value) is float for c in column):
            found[name] = _Element(build.number(0.0), (Affine(), Affine()))
    return found


def _part(item: Item, place: int, count: int) -> Item | None:
    parts = item.items if isinstance(item, (Sequence, Tuple)) else ()
    return parts[place] if len(parts) == count else None


def _names_of(target: ast.expr) -> list[str] | None:
    """The names of a target, None where it is not a name or a flat tuple of them."""
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, (ast.Tuple, ast.List)):
        names = [e.id for e in target.elts if isinstance(e, ast.Name)]
        return names if len(names) == len(target.elts) == len(set(names)) else None
    return None


def _are_equal(first: Environment, second: Environment) -> bool:
    """Whether two environments say the same."""
    return first.keys() == second.keys() and all(
        are_same([first[name], second[name]]) for name in first
    )
