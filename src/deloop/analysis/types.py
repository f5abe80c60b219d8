"""What is known of every name when a loop begins: an abstract run of the statements before it."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass, field, replace
from typing import cast

from deloop.analysis.bindings import (
    have_one_shape,
    is_consistent,
    names_spelled,
    renamed,
    roots,
    spellings,
)
from deloop.analysis.decided import decide, is_of_absence
from deloop.analysis.inference import OWN, Inference
from deloop.analysis.joins import joined
from deloop.analysis.layers import layer_of
from deloop.analysis.operands import with_name
from deloop.diagnostic import Refusal
from deloop.dtype import category
from deloop.errors import RefusalError, Unsupported
from deloop.frontend import expression as build
from deloop.frontend.build import NestBuilder
from deloop.frontend.evaluate import Environment
from deloop.frontend.find_lists import find_fillings
from deloop.frontend.items import Item, Requirement, Tuple, View, whole
from deloop.frontend.lists import Filling
from deloop.frontend.made import read_filled
from deloop.frontend.making import read_made
from deloop.frontend.search import Search
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, Constraint, at_least
from deloop.ir.source import SourceFunction
from deloop.ir.types import (
    Function,
    Integer,
    Literal,
    Module,
    Object,
    Opaque,
    Scalar,
    Sequence,
    Tensor,
    TensorType,
    Value,
)
from deloop.ops.kinds import Kind, Operator
from deloop.ops.table import find_function, find_method
from deloop.text.names import names_bound_by, names_captured, names_in, names_stored
from deloop.text.trees import walk


@dataclass(frozen=True)
class Candidate:
    """A loop, where it stands, and what is known where it begins.

    `block` is the statement list that holds it; `environment` the names; `rebound` names whose
    sizes can no longer be spelled, since they now hold something else. `filling` tells of the lists
    that it appends to.
    """

    node: ast.For
    block: list[ast.stmt]
    environment: Environment
    rebound: frozenset[str]
    products: dict[str, tuple[Affine, ...]]
    function_body: list[ast.stmt]
    filling: Filling | None = None
    known: tuple[Constraint, ...] = ()
    at_most: tuple[tuple[str, Affine], ...] = ()
    """What holds of numbers that the code before has computed, and what they do not exceed."""
    around: ast.stmt | None = None
    """The outermost loop that stays and has this one inside: all of it may have run before."""
    is_tried: bool = False
    """Whether it stands in a ``try``, so that somebody may see what an exception leaves behind."""
    required: tuple[Requirement, ...] = ()
    """What the values of variables set before it rely on."""

    @property
    def reach(self) -> ast.stmt:
        """The statement that ends the code which may have run before an iteration."""
        return self.written if self.around is None else self.around

    @property
    def written(self) -> ast.stmt:
        """What stands in the user's text: the loop, or the statement with a comprehension."""
        return self.node if self.filling is None else self.filling.written


_BINDING_METHODS = frozenset(
    {"set_", "resize_", "resize_as_", "swapaxes_", "swapdims_", "transpose_", "t_", "squeeze_"}
    | {"unsqueeze_", "requires_grad_", "detach_", "as_strided_", "share_memory_", "rename_"}
    | {"retain_grad", "apply_", "map_", "map2_"}
)
"""Methods that change what a tensor is, not only its elements."""

_HARMLESS = frozenset(
    {"len", "range", "enumerate", "zip", "print", "isinstance", "sum", "tuple", "list", "type"}
    | {"min", "max", "abs", "float", "int", "bool", "str", "repr", "id"}
)


@dataclass(frozen=True)
class Results:
    """What is known behind a rewritten loop.

    `names` are its variables, `taken` the types of the tensors that lists become, by the identity
    of the expression that takes the list. A loop that is `kept` leaves what its own code does.
    """

    names: Environment = field(default_factory=dict)
    taken: Mapping[int, TensorType] = field(default_factory=dict)
    kept: bool = False


Attempt = Callable[[Candidate], Results]
"""Tries to rewrite a loop."""


class Prefix:
    """The abstract run of one function: names to values, and the loops met on the way."""

    def __init__(
        self,
        function: SourceFunction,
        arguments: Environment,
        hints: dict[str, int],
        attempt: Attempt,
        searches: SequenceOf[Search] = (),
    ) -> None:
        self.function = function
        self.hits = {s.hits: s for s in searches if s.hits}
        self.stops = {s.stop: s for s in searches if s.stop}
        self.known: list[Constraint] = []
        self.at_most: dict[str, Affine] = {}
        self.environment: Environment = dict(arguments)
        self.hints = hints
        self.rebound: set[str] = set()
        self.bound: set[str] = set(arguments)
        self.products: dict[str, tuple[Affine, ...]] = {}
        self.stored = names_stored(function.node)
        self.captured = names_captured(function.node)
        self.measured: dict[str, ast.stmt] = {}
        """Names whose own sizes are not known otherwise, and the statement that binds each."""
        self.attempt = attempt
        self.taken: dict[int, TensorType] = {}
        """Types of the tensors that lists become, by the expression that takes the list."""
        self.around: ast.stmt | None = None
        self.required: list[Requirement] = []
        self.is_tried = False
        self.declared = {
            name
            for n in walk(function.node)
            if isinstance(n, (ast.Global, ast.Nonlocal))
            for name in n.names
        }
        for name in self.declared:
            self.environment[name] = Opaque(f"{name} is global or nonlocal, and others may set it")

    def run(self) -> None:
        """Attempt all outermost loops of the function, each with its environment."""
        self.block(self.function.body)

    def reader(self) -> NestBuilder:
        """A reader of expressions in the present environment."""
        reader = NestBuilder(self.function, dict(self.environment))
        reader.products = self.products
        reader.hints = self.hints
        return reader

    def block(self, body: list[ast.stmt]) -> None:
        """Run a list of statements."""
        fillings = find_fillings(body, self.function.node, self._qualified)
        for statement in body:
            own = [f for f in fillings if f.written is statement]
            found = [self._candidate(filling.loop, body, filling) for filling in own]
            if own and isinstance(statement, ast.For):
                self._behind(statement, Results(kept=all(r.kept for r in found)))
            else:
                self.statement(statement, body)

    def _behind(self, node: ast.For, results: Results) -> None:
        """What is known behind a loop that was attempted."""
        self._forget(node)
        self.environment.update(results.names)

    def _candidate(
        self, node: ast.For, block: list[ast.stmt], filling: Filling | None = None
    ) -> Results:
        """Attempt a loop, with what is known where it begins; what it leaves in its variables."""
        environment = dict(self.environment)
        for start in filling.starts if filling is not None else ():
            assert isinstance(start, ast.Assign) and isinstance(start.targets[0], ast.Name)
            environment[start.targets[0].id] = self.reader().evaluate(start.value)
        candidate = Candidate(
            node,
            block if filling is None else filling.block(block),
            environment,
            frozenset(self.rebound),
            dict(self.products),
            self.function.body,
            filling,
            tuple(self.known),
            tuple(self.at_most.items()),
            self.around,
            self.is_tried,
            tuple(self.required),
        )
        results = self.attempt(candidate)
        self.taken.update(results.taken)
        return results

    def _qualified(self, node: ast.expr) -> str:
        """The canonical name of a function or class that no local name hides."""
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id in self.stored:
            return ""
        item = self._known(node)
        return (item.qualified or "") if isinstance(item, (Function, Module)) else ""

    def statement(self, node: ast.stmt, block: list[ast.stmt]) -> None:
        """Run one statement."""
        if not isinstance(node, (ast.For, ast.While, ast.Try, ast.If, ast.With)):
            self._spoil(node)
        match node:
            case ast.For():
                self._behind(node, self._candidate(node, block))
            case ast.Assign(targets=[ast.Name(id=name)]) if name in self.hits or name in self.stops:
                self._sought(name, node)
            case ast.Assign(targets=targets, value=value):
                item = self.value(value, targets[0])
                for target in targets:
                    self.assign(target, item, node)
                    if isinstance(target, ast.Name):  # a = b = value: one object, two names
                        item = self.environment[target.id]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.value(value, target), node)
            case ast.If(test=test, body=then, orelse=otherwise):
                self._spoil(test)
                known = list(self.known)
                if isinstance(test, ast.Name) and test.id in self.stops:
                    self.known.append(at_least(Affine.symbol(test.id), 1))
                decided = decide(test, self._evaluated)
                if decided is None:
                    self._branches(then, otherwise)
                else:
                    self._one_branch(then if decided else otherwise, is_of_absence(test))
                self.known = known
            case ast.With(body=inner):
                for entered in node.items:
                    self._spoil(entered.context_expr)
                    self._escape(entered.context_expr)
                    if entered.optional_vars is not None:
                        self._lose(entered.optional_vars)
                self.block(inner)
            case ast.While() | ast.Try():
                self._forget(node)
            case ast.AugAssign(target=ast.Name(id=name)):
                current = self.environment.get(name)
                if isinstance(current, Tensor):
                    self._escape(node.target)
                else:
                    self.assign(node.target, self._augmented(node, name), node)
            case ast.FunctionDef(name=name):
                inner_function = replace(self.function, name=name, node=node, resolve=self._resolve)
                self.rebind(name)
                self.environment[name] = Function(name, None, inner_function)
            case ast.Import() | ast.ImportFrom() if self._is_at_top(node):
                pass  # the function's scope knows what its names stand for
            case _:
                self._lose(node)
                self._escape(node)

    def _sought(self, name: str, node: ast.Assign) -> None:
        """What a search finds: a tensor of hits, or how many iterations run before the first."""
        search = self.hits.pop(name, None)
        is_stop = name in self.stops and search is None
        search = self.stops[name] if is_stop else search
        if search is None:
            return
        try:
            headers = [self.reader().header(h).loops for h in search.headers]
        except RefusalError:
            headers = []
        self.rebind(name)
        self.environment[name] = Opaque(f"{name} is what a search finds")
        if not headers or any(len(loops) != 1 for loops in headers):
            return
        counts = tuple(loops[0].upper - loops[0].lower for loops in headers)
        if is_stop:
            stop = Affine.symbol(name)
            self.environment[name] = Integer(stop)
            self.known.extend([at_least(stop, 0), at_least(counts[0], stop)])
            self.at_most[name] = counts[0]
            return
        for counted in (loop for loops in headers for loop in loops):
            if counted.span is not None:  # how many steps of a range there are
                steps = (counted.upper - counted.lower) * counted.stride
                self.known.append(at_least(steps, counted.span))
                self.known.append(at_least(counted.span + counted.stride - 1, steps))
        kind = TensorType("bool", counts, self._device_in(search.seeker))
        self.environment[name] = Tensor(name, kind, f"fresh:{name}", fresh=True, fill=False)

    def _device_in(self, node: ast.AST) -> str:
        """The device of the tensors that a statement names, not the CPU if there is another."""
        names = names_in(node)
        held = [self.environment.get(name) for name in sorted(names)]
        tensors = [i.tensor if isinstance(i, View) else i for i in held]
        devices = {t.type.device for t in tensors if isinstance(t, Tensor)} - {"cpu"}
        return min(devices, default="cpu")

    def _resolve(self, name: str) -> Value:
        item = self.environment.get(name)
        # A nested function sees the front end's items too; `Reader.lookup` takes them as such.
        return self.function.resolve(name) if item is None else cast(Value, item)

    def _augmented(self, node: ast.AugAssign, name: str) -> Item:
        plain = ast.BinOp(left=ast.Name(id=name, ctx=ast.Load()), op=node.op, right=node.value)
        ast.copy_location(plain.left, node)
        return self.value(ast.copy_location(plain, node), node.target)

    def _one_branch(self, body: list[ast.stmt], is_of_absence: bool) -> None:
        """The side of a condition that the arguments at hand take.

        Code that rests on what a default makes, ``if mask is None: mask = torch.ones(n)``, would
        look odd beside the condition: nothing but the type is taken from there.
        """
        before = dict(self.environment)
        self.block(body)
        for name, item in self.environment.items() if is_of_absence else ():
            if isinstance(item, Tensor) and before.get(name) is not item:
                self.environment[name] = replace(item, fill=None, fresh=False)

    def _branches(self, then: list[ast.stmt], otherwise: list[ast.stmt]) -> None:
        before, known = dict(self.environment), list(self.known)
        self.block(then)
        first = self.environment
        self.environment, self.known = before, known
        self.block(otherwise)
        second = self.environment
        leaving = (ast.Return, ast.Raise, ast.Break, ast.Continue)
        if then and isinstance(then[-1], leaving):
            return  # nobody comes from there
        if otherwise and isinstance(otherwise[-1], leaving):
            self.environment = first
            return
        self.environment = joined(
            [first, second], then[0].lineno, self.function.parameters
        )

    def _forget(self, node: ast.AST) -> None:
        """Behind a statement that is not followed: what it binds is unknown, what it wrote too."""
        self._lose(node)
        self._spoil(node)
        self._escape(node)

    def _is_at_top(self, node: ast.stmt) -> bool:
        body = self.function.node.body
        return isinstance(body, list) and any(node is statement for statement in body)

    def _lose(self, node: ast.AST) -> None:
        """Names that a statement binds or deletes hold what is not known."""
        for inner in walk(node):
            for name in names_bound_by(inner):
                self.rebind(name)
                self.environment[name] = Opaque(f"{name} is set by the loop or block before")

    def _spoil(self, node: ast.AST) -> None:
        """Objects whose attributes or items a statement may bind anew are not looked into again."""
        for inner in walk(node):
            held: ast.expr | None = None
            if isinstance(inner, ast.NamedExpr):
                self._lose(inner.target)
            elif isinstance(inner, ast.Attribute) and not isinstance(inner.ctx, ast.Load):
                held = inner.value
            elif isinstance(inner, ast.Subscript) and not isinstance(inner.ctx, ast.Load):
                if not self._is_tensor(inner.value):
                    held = inner.value
            elif isinstance(inner, ast.Call):
                self._spoil_call(inner)
            if held is not None:
                self._spoil_root(held)

    def _spoil_call(self, node: ast.Call) -> None:
        callee = node.func
        if layer_of(self._known(callee)) is not None:
            return
        if self.captured and not self._is_of_library(callee):
            self._escape_names(self.captured)
        if isinstance(callee, ast.Attribute):
            item = self._known(callee.value)
            binding = callee.attr in _BINDING_METHODS
            if isinstance(item, (Object, Sequence, Tuple)) or binding:
                self._spoil_root(callee.value)
        elif isinstance(callee, ast.Name) and callee.id in _HARMLESS:
            return
        for argument in (*node.args, *(k.value for k in node.keywords)):
            if isinstance(argument, ast.Starred):
                argument = argument.value
            is_name = isinstance(argument, (ast.Name, ast.Attribute))
            if is_name and isinstance(self._known(argument), Object):
                self._spoil_root(argument)
            elif is_name and isinstance(self._known(argument), Sequence):
                item = self._known(callee)
                if not (isinstance(item, Function) and item.qualified):
                    self._spoil_root(argument)

    def _is_of_library(self, callee: ast.expr) -> bool:
        """Whether a call certainly runs none of the function's own inner functions."""
        owner = self._known(callee.value) if isinstance(callee, ast.Attribute) else None
        if isinstance(owner, (Tensor, View, *build.NODES)):
            return True
        item = self._known(callee)
        return isinstance(item, Function) and bool(item.qualified) and item.source is None

    def _known(self, node: ast.expr) -> Item:
        try:
            return self.reader().evaluate(node)
        except RefusalError:
            return Opaque("it is not known")

    def _is_tensor(self, node: ast.expr) -> bool:
        return isinstance(self._known(node), (Tensor, View))

    def _spoil_root(self, node: ast.expr) -> None:
        """Everything that hangs on the object is unknown, its aliases too."""
        root = names_in(node)
        reason = Opaque("its attributes or items may be set before the loop")
        for key, item in list(self.environment.items()):
            is_part = any(c in s for s in spellings(item) for c in ".[" if ".shape[" not in s)
            if key in root or roots(item) & root or isinstance(item, Object) or is_part:
                self.environment[key] = reason

    def _escape(self, node: ast.AST) -> None:
        """Every tensor named in a statement may have been written, or be held by someone else."""
        changed = {
            name
            for inner in walk(node)
            if isinstance(inner, ast.Subscript) and isinstance(inner.ctx, ast.Store)
            for name in names_in(inner.value)
        }
        self._escape_names(names_in(node), changed)

    def _escape_names(self, names: Iterable[str], changed: Iterable[str] = ()) -> None:
        memory, written = self._memory_of(names), self._memory_of(changed)
        for name, item in self.environment.items() if memory else ():
            if isinstance(item, Tensor) and item.memory in memory:
                kind = self._with_grad(item, item.memory in written)
                self.environment[name] = replace(item, fill=None, type=kind)

    def _memory_of(self, names: Iterable[str]) -> set[str]:
        held = [self.environment.get(name) for name in names]
        tensors = [i.tensor if isinstance(i, View) else i for i in held]
        return {t.memory for t in tensors if isinstance(t, Tensor)}

    def _with_grad(self, tensor: Tensor, is_changed: bool) -> TensorType:
        """A tensor may have got a gradient by what was written into it."""
        known = [item for item in self.environment.values() if isinstance(item, Tensor)]
        floating = category(tensor.type.dtype) in ("float", "complex")
        if (tensor.fresh or is_changed) and floating and any(t.type.requires_grad for t in known):
            unsure = tensor.type.unsure or not tensor.type.requires_grad
            return replace(tensor.type, requires_grad=True, leaf=False, unsure=unsure)
        return tensor.type

    # ------------------------------------------------------------------ bindings
    def rebind(self, name: str, item: Item | None = None) -> None:
        """A name is about to hold something else: sizes cannot be spelled through it any more.

        They can if the new `item` has the sizes of the tensor before: ``u = new``.
        """
        is_as_large = have_one_shape(self.environment.get(name), item)
        if name in self.bound and not is_as_large:
            self.rebound.add(name)
        self.bound.add(name)
        self.known = [k for k in self.known if not _mentions(k, name)]
        for key, other in list(self.environment.items()):
            if key != name and name in roots(other):
                self.environment[key] = renamed(other, name, key, is_as_large)

    def assign(self, target: ast.expr, item: Item, node: ast.stmt) -> None:
        """Bind a target."""
        match target:
            case ast.Name(id=name):
                known = item if not isinstance(item, build.NODES) else self._computed(name, item)
                held = known.items if isinstance(known, Tuple) else ()
                if any(isinstance(part, build.NODES) for part in held):
                    known = Opaque("it is a tuple of computed values")
                known = _in_its_own_name(name, known)
                if isinstance(known, Tensor) and known.name == "":
                    known = self._called(known, name, node)
                elif isinstance(known, Integer) and OWN in known.affine.symbols:
                    known = self._counted(name, node)
                if isinstance(known, Function) and known.spelling == "<lambda>":
                    known = replace(known, spelling=name)
                if name in self.declared:
                    known = Opaque(f"{name} is global or nonlocal, and others may set it")
                if not is_consistent(name, known):
                    known = Opaque(f"{name} was made from itself, and means something else by now")
                if self.environment.get(name) is not known:
                    self.rebind(name, known)
                self.environment[name] = known
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                try:
                    parts = self.reader().unpack(item, len(targets), target)
                except RefusalError:
                    parts = []
                if len(parts) != len(targets):
                    parts = [Opaque("it is a part of something that is not known")] * len(targets)
                names = {t.id for t in targets if isinstance(t, ast.Name)}
                swapped = any(roots(part) & names for part in parts)
                for part_target, part in zip(targets, parts, strict=True):
                    stale = Opaque("it was made from a name that the same statement sets")
                    self.assign(part_target, stale if swapped else part, node)
            case _:
                self._escape(target)

    def _called(self, tensor: Tensor, name: str, node: ast.stmt) -> Item:
        """A tensor that gets its name; sizes that are not known are spelled through that."""
        storage = tensor.storage or f"fresh:{name}:{node.lineno}"
        is_own = any(OWN in symbol for size in tensor.type.shape for symbol in size.symbols)
        if is_own and not self._is_measured(name, node):
            return Opaque(f"{name} is bound anew, with sizes that are not known")
        return replace(with_name(tensor, name, OWN), storage=storage)

    def _counted(self, name: str, node: ast.stmt) -> Item:
        """An int of which nothing else is known."""
        is_new = self._is_measured(name, node)
        return Integer(Affine.symbol(name)) if is_new else Opaque("it is set twice")

    def _is_measured(self, name: str, node: ast.stmt) -> bool:
        """Whether what is not known of a name is spelled through it at one statement alone."""
        before = self.measured.get(name)
        if before is not node and (before is not None or name in self.bound):
            return False
        self.measured[name] = node
        return True

    def _computed(self, name: str, value: scalar.Expression) -> Item:
        """A value computed from tensors: a new tensor, or a Python number."""
        if build.is_number(value):
            dtype = build.types_of(value)[0].dtype
            if dtype != "int64":
                return Scalar(dtype, name, self._constant(value))
            is_new = name not in self.bound
            return Integer(Affine.symbol(name)) if is_new else Opaque("it is set twice")
        kinds = build.types_of(value)
        if len(kinds) != 1:
            return Opaque("its type differs between paths")
        shared = build.aliased_arrays(value)
        if shared:
            return self._alias(name, value, shared)
        grad = scalar.requires_grad(value)
        kind = TensorType(kinds[0].dtype, _shape_of(value), self._device(value), grad, not grad)
        fill = _fill_of(value)
        if fill is None and isinstance(value, scalar.Cast):
            fill = self.reader().infinity_of(value.value)
        return Tensor(name, kind, f"fresh:{name}", fresh=True, fill=fill)

    def _constant(self, value: scalar.Expression) -> int | float | None:
        """The number that an expression of constants gives."""
        match value:
            case scalar.Number(number) if isinstance(number, (int, float)):
                return number
            case scalar.Index(affine) if affine.is_constant:
                return affine.constant
            case scalar.Invariant(name):
                item = self.environment.get(name)
                return item.value if isinstance(item, Scalar) else None
            case scalar.Call(word, (first, second)) if word in _ARITHMETIC:
                left, right = self._constant(first), self._constant(second)
                if left is None or right is None or (word == "div" and right == 0):
                    return None
                return _ARITHMETIC[word](left, right)
        return None

    def _alias(self, name: str, value: scalar.Expression, shared: set[str]) -> Item:
        """A value that may be the memory of a tensor known by another name."""
        held = [i for i in self.environment.values() if isinstance(i, Tensor) and i.name in shared]
        if len(shared) == 1 and held and isinstance(value, scalar.Load) and value.implicit:
            whole_tensor = held[0]
            if tuple(extent for _, extent in value.implicit) == whole_tensor.type.shape:
                return whole_tensor
        memory = {i.memory for i in held}
        if len(memory) != 1 or {i.name for i in held} != shared:
            return Opaque(f"it may be {' or '.join(sorted(shared))} under another name")
        kind = TensorType(
            build.types_of(value)[0].dtype, _shape_of(value), self._device(value),
            scalar.requires_grad(value), leaf=False, overlapping=True,
        )  # fmt: skip
        return Tensor(name, kind, f"{memory.pop()}?")

    def _device(self, value: scalar.Expression) -> str:
        for load in scalar.loads(value):
            for item in self.environment.values():
                if isinstance(item, Tensor) and item.name == load.array:
                    return item.type.device
        return "cpu"

    def value(self, node: ast.expr, target: ast.expr) -> Item:
        """The item of an expression, creation of tensors included; `Opaque` where unknown."""
        if id(node) in self.taken:
            return Tensor("", self.taken[id(node)], "", fresh=True)
        try:
            return self._read(node)
        except RefusalError as error:
            inferred = Inference(self._evaluated, self._settled, self.environment).infer(node)
            if not isinstance(inferred, Opaque):
                return inferred
            self._escape(node)
            what = ast.unparse(node).splitlines()[0]
            return Opaque(f"what {what} gives is not known ({error.refusal.sentence})")

    def _read(self, node: ast.expr) -> Item:
        """The item of an expression that is read as a whole."""
        if isinstance(node, ast.Call):
            if layer_of(self._known(node.func)) is not None:
                sentence = f"what {ast.unparse(node.func)} makes is told from what it is given"
                raise Unsupported(Refusal("VEC921", self.function.place(node), sentence))
            reader = self.reader()
            created = read_made(reader, node) or self._created(node)
            if created is not None:
                self._require(reader)
                # No tensor is made of a negative size: the call would have raised.
                self.known.extend(at_least(s, 0) for s in created.type.shape if s.symbols)
                return created
        infinity = self._infinity(node)
        reader = self.reader()
        item = infinity if infinity is not None else reader.evaluate(node)
        self._require(reader)
        return item

    def _require(self, reader: NestBuilder) -> None:
        """What was read relies on this, in all loops that follow."""
        self.required.extend(r for r in reader.requirements if r not in self.required)

    def _evaluated(self, node: ast.expr) -> Item:
        """The item of a part of an expression; `Opaque` where it is not read."""
        try:
            return self._read(node)
        except RefusalError as error:
            return Opaque(error.refusal.sentence)

    def _settled(self, name: str, value: scalar.Expression) -> Item:
        """The tensor of a computed value."""
        return self._computed(name, value)

    def _infinity(self, node: ast.expr) -> Literal | None:
        """``math.inf`` or ``-math.inf`` as the number, which extremes may start from."""
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._infinity(operand)
                return None if inner is None else Literal(-float("inf"))
            case ast.Attribute(value=base, attr="inf"):
                module = self.reader().evaluate(base)
                known = isinstance(module, Module) and module.qualified in ("math", "torch")
                return Literal(float("inf")) if known else None
        return None

    # ------------------------------------------------------------------ creation
    def _created(self, node: ast.Call) -> Tensor | None:
        """A tensor that the call makes: ``torch.zeros(n, m)``, ``x.new_ones(3)``, ``x.clone()``."""
        reader = self.reader()
        like: Tensor | None = None
        operator: Operator | None = None
        if isinstance(node.func, ast.Attribute):
            base = reader.evaluate(node.func.value)
            if isinstance(base, View):
                return self._part(base, node)
            if isinstance(base, Tensor):
                if node.func.attr in ("clone", "contiguous") and not node.args:
                    return self._copy(base) if node.func.attr == "clone" else None
                like, operator = base, find_method(node.func.attr)
                if operator is None or operator.kind is not Kind.CREATION:
                    return self._reduced(base, node)
            elif isinstance(base, (View, *build.NODES)):
                return None  # a method of an element
        if operator is None:
            callee = reader.evaluate(node.func)
            if not isinstance(callee, Function) or not callee.qualified:
                return None
            operator = find_function(callee.qualified)
            if callee.qualified in ("torch.clone",):
                first = reader.evaluate(node.args[0])
                return self._copy(first) if isinstance(first, Tensor) else None
        if operator is None or operator.kind is not Kind.CREATION or operator.fill is None:
            return None
        made = read_filled(reader, node, operator, like)
        if made is not None:
            self._require(reader)
        return made

    def _reduced(self, base: Tensor, node: ast.Call) -> Tensor | None:
        """A reduction of the whole tensor: ``x.mean()`` is a 0-d tensor of known dtype."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        group = category(base.type.dtype)
        if name not in _REDUCTIONS or node.args or node.keywords:
            return None
        dtype = base.type.dtype
        if name in ("any", "all"):
            dtype = "bool"
        elif (name in ("sum", "prod") and group in ("bool", "int")) or name in ("argmax", "argmin"):
            dtype = "int64"
        grad = base.type.requires_grad and category(dtype) in ("float", "complex")
        return Tensor("", TensorType(dtype, (), base.type.device, grad, not grad), "", fresh=True)

    def _part(self, view: View, node: ast.Call) -> Tensor | None:
        """A copy or a reduction of part of a tensor: ``x[0].clone()``."""
        kind = replace(view.tensor.type, shape=view.sizes, leaf=False, contiguous=False)
        part = Tensor("", kind, "", fresh=True)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "clone" and not node.args:
            return self._copy(part)
        return self._reduced(part, node)

    @staticmethod
    def _copy(base: Tensor) -> Tensor:
        kind = replace(base.type, leaf=not base.type.requires_grad, overlapping=False)
        return Tensor("", kind, "", fresh=True)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
}  # fmt: skip

_REDUCTIONS = frozenset(
    {
        "sum", "prod", "mean", "std", "var", "norm", "max", "min", "amax", "amin", "median",
        "any", "all", "argmax", "argmin",
    }
)  # fmt: skip


def _mentions(known: Constraint, name: str) -> bool:
    return any(name in names_spelled(symbol) for symbol in known.expression.symbols)


_TURNED = re.compile(r"\.(?:m?T|transpose\(\d+, \d+\)|permute\([\d, ]+\))$")
"""How a view with its dimensions in another order is spelled."""


def _in_its_own_name(name: str, item: Item) -> Item:
    """What is spelled by an expression as the name that it gets: ``d = torch.diff(x)`` is `d`.

    Indices are not: what is asked of them at each call is asked of the expression.
    """
    tensor = item.tensor if isinstance(item, View) else item
    if not isinstance(tensor, Tensor) or tensor.flat_of is not None or len(tensor.made_of) > 1:
        return item
    if isinstance(item, View) and item.dimensions != whole(tensor).dimensions:
        return item
    is_turned = _TURNED.search(tensor.name) is not None and not tensor.made_of
    is_index = bool(tensor.made_of) and category(tensor.type.dtype) == "int"
    is_spelled = (tensor.made_of or is_turned) and not is_index
    if not is_spelled or name in names_in(ast.parse(tensor.name)):
        return item
    (memory,) = tensor.made_of or {tensor.memory}
    kind = replace(tensor.type, leaf=False, contiguous=False)
    return Tensor(name, kind, f"{memory}?")


def _shape_of(value: scalar.Expression) -> tuple[Affine, ...]:
    """The shape of a computed tensor: of operands that meet, those of size 1 give way."""
    one = Affine.number(1)
    return tuple(next((s for s in sizes if s != one), one) for sizes in rows.shape(value))


def _fill_of(value: scalar.Expression) -> int | float | bool | None:
    """The number that a new 0-d tensor holds: ``torch.tensor(0.0)``."""
    match value:
        case scalar.Cast(scalar.Number(number)) if not isinstance(number, complex):
            return number if number == 0 or abs(number) in (1, float("inf")) else None
    return None
