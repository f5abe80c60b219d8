"""A candidate loop to a nest of loop IR, or a refusal that says where reading stopped."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from deloop.diagnostic import Place, Refusal
from deloop.dtype import Rank, can_cast, category
from deloop.errors import RefusalError, Unliftable
from deloop.frontend import expression as build
from deloop.frontend.evaluate import Environment
from deloop.frontend.header import Counted, Header, HeaderReader
from deloop.frontend.items import Carried, Finished, FlatIndex, Item, Point, View, Whole, whole
from deloop.frontend.structure import assigned_names, eliminate_continue
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, at_least, equal, less_than
from deloop.ir.loop import TOUCH, AffineBranch, Branch, Loop, Nest, Node, Store, stores
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.source import SourceFunction
from deloop.ir.types import Function, Integer, Tensor, TensorType
from deloop.ops.table import find_in_place_function, find_in_place_method

_MAX_READINGS = 8
_NARROW = frozenset({"uint8", "int8", "int16", "int32", "float16"})
_RANGES: dict[str, tuple[float, float]] = {
    "uint8": (0, 255), "int8": (-128, 127), "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1),
    "float16": (-65504, 65504), "bfloat16": (-3.38e38, 3.38e38),
    "float32": (-3.4e38, 3.4e38), "float64": (-1.79e308, 1.79e308),
}  # fmt: skip


class NestBuilder(HeaderReader):
    """Reads one ``for`` statement into loop IR."""

    def __init__(self, function: SourceFunction, environment: Environment) -> None:
        super().__init__(function, environment)
        self.loops: list[Loop] = []
        self.used_symbols: set[str] = set(environment)
        self.locals: set[str] = set()
        self.implicit_count = 0
        self.out: list[Node] = []
        self.snapshots: list[tuple[str, Place]] = []
        self.flat_as_number = False
        self.temporaries: dict[Expression, str] = {}
        self.unbound_store: Place | None = None
        self.iterated: set[str] = set()
        self.speculative = 0

    def _flat_expression(self, flat: FlatIndex, node: ast.AST) -> Expression:
        self.flat_as_number = True
        return super()._flat_expression(flat, node)

    def nest(self, node: ast.For) -> Nest:
        """The whole loop. Raises `Unsupported` or `Unliftable` with the reason."""
        body = self.block([node])
        self._check_snapshots(body)
        return Nest(tuple(body), self.place(node), dict(self.arrays), frozenset(self.locals))

    def _check_snapshots(self, body: list[Node]) -> None:
        written = {store.array for store in stores(tuple(body))}
        storages = {self.arrays[a].storage for a in written if a in self.arrays}
        for array, place in self.snapshots:
            if self.arrays[array].storage in storages:
                sentence = (
                    f"loop kept: the name is a view of {array} on one path only, "
                    f"and {array} is written in the loop"
                )
                raise Unliftable(Refusal("VEC905", place, sentence))
        if self.unbound_store is None and storages & self.iterated:
            self.unbound_store = self.function.place(self.function.node)
        if self.unbound_store and any(t.type.requires_grad for t in self.arrays.values()):
            sentence = (
                "loop kept: a row taken by iterating or unpacking is written "
                "while a gradient is recorded, which raises"
            )
            raise Unliftable(Refusal("VEC903", self.unbound_store, sentence))
        for name, tensor in self.arrays.items():
            if tensor.storage.endswith("?") and tensor.storage[:-1] in storages:
                self.unliftable(
                    self.function.node,
                    f"loop kept: {name} may be a copy or a view, and its tensor is written in the "
                    "loop",
                    "VEC905",
                )

    # ------------------------------------------------------------------ blocks
    def block(self, body: Iterable[ast.stmt]) -> list[Node]:
        """The nodes of a list of statements."""
        outer, self.out = self.out, []
        for statement in eliminate_continue(list(body)):
            self.statement(statement)
        nodes, self.out = self.out, outer
        return nodes

    def statement(self, node: ast.stmt) -> None:
        """Read one statement; stores go to `out`, names to the environment."""
        match node:
            case ast.For():
                self._loop(node)
            case ast.If():
                self._branch(node)
            case ast.Assign(targets=targets, value=value):
                item = self.evaluate(value)
                for target in targets:
                    self.assign(target, item, node)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.evaluate(value), node)
            case ast.AnnAssign():
                pass
            case ast.AugAssign():
                self._augmented(node)
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr(value=ast.Call() as call):
                self._effect(call)
            case _:
                self._refuse_statement(node)

    def _refuse_statement(self, node: ast.stmt) -> None:
        reasons = {
            ast.Break: (
                "VEC940",
                "break: how many iterations run depends on what earlier ones computed",
            ),
            ast.Return: (
                "VEC940",
                "return inside the loop: how many iterations run depends on the data",
            ),
            ast.While: ("VEC941", "while: the number of iterations is not known before it runs"),
            ast.Raise: ("VEC923", "an iteration may raise an exception"),
            ast.Assert: ("VEC923", "an iteration may raise an AssertionError"),
            ast.Try: ("VEC923", "exceptions are caught inside the loop"),
            ast.With: ("VEC923", "a context is entered in every iteration"),
            ast.Global: ("VEC923", "a global variable is written inside the loop"),
            ast.Nonlocal: ("VEC923", "a variable of the outer function is written inside the loop"),
            ast.FunctionDef: ("VEC941", "a function is defined inside the loop"),
            ast.Delete: ("VEC941", "a name is deleted inside the loop"),
        }
        for kind, (code, reason) in reasons.items():
            if isinstance(node, kind):
                self.unliftable(node, f"loop kept: {reason}", code)
        self.unsupported(
            node, f"loop kept: {ast.unparse(node).splitlines()[0]} is not read yet", "VEC941"
        )

    # ------------------------------------------------------------------ loops
    def _loop(self, node: ast.For) -> None:
        if node.orelse:
            self.unsupported(node, "loop kept: for … else is not read yet", "VEC940")
        header = self.header(node.iter)
        names = self._iterator_names(node.target, header)
        self.scope_iterators = (*self.scope_iterators, *names)
        nodes = tuple(self._settled_body(node, header, names))
        self.scope_iterators = self.scope_iterators[: -len(names)]
        for counted, name in reversed(list(zip(header.loops, names, strict=True))):
            nodes = (self._loop_node(counted, name, nodes, node),)
        self.out.extend(nodes)
        for name in (*assigned_names(node), *_target_names(node.target)):
            self.environment[name] = Finished(name, self.place(node))

    def _settled_body(self, node: ast.For, header: Header, names: tuple[str, ...]) -> list[Node]:
        """The body, read again as long as it overwrites what values made before the loop read.

        Such values become temporaries in front of the loop, so that the body reads those instead.
        """
        before = dict(self.environment)
        for _ in range(_MAX_READINGS):
            self.environment = dict(before)
            body = self._body(node, header, names)
            conflicts = self._conflicts(before, body)
            if not conflicts:
                return body
            self.environment = before
            for name in conflicts:
                self._materialise(name, node)
        self.unsupported(node, "loop kept: what its body overwrites does not settle", "VEC902")

    def _body(self, node: ast.For, header: Header, names: tuple[str, ...]) -> list[Node]:
        """The body once; what it sets itself is, at its top, what the iteration before left."""
        for name, place_node in assigned_names(node).items():
            self.environment[name] = Carried(name, self.place(place_node))
        depth = len(self.loops)
        pairs = zip(header.loops, names, strict=True)
        self.loops.extend([self._loop_node(counted, name, (), node) for counted, name in pairs])
        at = tuple(Affine.symbol(name) for name in names)
        try:
            self.assign(node.target, header.element(at), node)
            return self.block(node.body)
        finally:
            del self.loops[depth:]

    def _loop_node(
        self, counted: Counted, name: str, body: tuple[Node, ...], node: ast.For
    ) -> Loop:
        item = counted.element(Affine.symbol(name))
        variable = None
        if (
            isinstance(item, Integer)
            and isinstance(node.target, ast.Name)
            and item.affine != Affine.symbol(name)
        ):
            variable = (node.target.id, item.affine)
        return Loop(
            name,
            counted.lower,
            counted.upper,
            body,
            self.place(node),
            counted.stride,
            counted.span,
            variable,
        )

    def _conflicts(self, before: Environment, body: list[Node]) -> list[str]:
        """Names whose values, computed before the loop, read what the loop writes."""
        written = {s.array for s in stores(tuple(body))}
        return [
            name
            for name, item in before.items()
            if isinstance(item, build.NODES)
            and any(load.array in written for load in scalar.loads(item))
        ]

    def _iterator_names(self, target: ast.expr, header: Header) -> tuple[str, ...]:
        wanted: list[str] = []
        if isinstance(target, ast.Name) and len(header.loops) == 1:
            wanted = [target.id]
        elif isinstance(target, ast.Tuple) and all(isinstance(e, ast.Name) for e in target.elts):
            if len(target.elts) == len(header.loops):
                wanted = [e.id for e in target.elts if isinstance(e, ast.Name)]
            elif len(header.loops) == 1:
                wanted = [target.elts[0].id]  # type: ignore[attr-defined]
        base = wanted or [
            f"{target.id if isinstance(target, ast.Name) else 'i'}_{k}"
            for k in range(len(header.loops))
        ]
        names = []
        for name in base:
            unique, count = name, 1
            while unique in self.used_symbols:
                count += 1
                unique = f"{name}_{count}"
            self.used_symbols.add(unique)
            names.append(unique)
        return tuple(names)

    # ------------------------------------------------------------------ conditions
    def _branch(self, node: ast.If) -> None:
        affine = self._affine_condition(node.test)
        if affine is not None:
            guards, swapped = affine
            then, otherwise = (node.orelse, node.body) if swapped else (node.body, node.orelse)
            if not any(set(g.expression.symbols) & self.iterators for g in guards):
                self._invariant_branch(node, guards, then, otherwise)
                return
            condition = build.truth(self.element(node.test), self.place(node.test))
            self._two_ways(node, condition, then, otherwise, guards)
            return
        if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And):
            first, rest = node.test.values[0], node.test.values[1:]
            if self._affine_condition(first) is not None:
                later = rest[0] if len(rest) == 1 else ast.BoolOp(op=ast.And(), values=rest)
                inner = ast.If(
                    test=ast.copy_location(later, node.test), body=node.body, orelse=node.orelse
                )
                ast.copy_location(inner, node)
                outer = ast.If(test=first, body=[inner], orelse=node.orelse)
                self._branch(ast.copy_location(outer, node))
                return
        condition = build.truth(self.element(node.test), self.place(node.test))
        if isinstance(condition, scalar.Number):
            for statement in eliminate_continue(node.body if condition.value else node.orelse):
                self.statement(statement)
            return
        self._two_ways(node, condition, node.body, node.orelse, None)

    def _invariant_branch(
        self,
        node: ast.If,
        guards: tuple[Constraint, ...],
        then: list[ast.stmt],
        otherwise: list[ast.stmt],
    ) -> None:
        """A condition on sizes alone: keep to the side that the sizes at hand take."""
        decided = self.decide(guards)
        if decided is None:
            self.unsupported(
                node,
                f"loop kept: {ast.unparse(node.test)} is not known before the loop runs",
                "VEC942",
            )
        if decided:
            for guard in guards:
                self.require(
                    guard, node, f"the condition {ast.unparse(node.test)} stays as it was seen"
                )
        elif len(guards) == 1:
            self.require(
                _opposite(guards[0]),
                node,
                f"the condition {ast.unparse(node.test)} stays as it was seen",
            )
        else:
            self.unsupported(
                node,
                f"loop kept: {ast.unparse(node.test)} is not known before the loop runs",
                "VEC942",
            )
        for statement in eliminate_continue(then if decided else otherwise):
            self.statement(statement)

    def decide(self, guards: tuple[Constraint, ...]) -> bool | None:
        """Whether the guards hold for the sizes seen; None where those are not known."""
        answers = []
        for guard in guards:
            value = guard.expression.evaluate(self.hints)
            if value is None:
                return None
            answers.append(value >= 0 if guard.sign.name == "NONNEGATIVE" else value == 0)
        return all(answers)

    def _two_ways(
        self,
        node: ast.If,
        condition: Expression,
        then: list[ast.stmt],
        otherwise: list[ast.stmt],
        guards: tuple[Constraint, ...] | None,
    ) -> None:
        before = dict(self.environment)
        sides: list[tuple[list[Node], Environment]] = []
        if guards is not None and then is node.orelse:
            condition = build.negate(condition)
        for block, guard in ((then, condition), (otherwise, build.negate(condition))):
            self.environment = dict(before)
            self.guards.append(guard)
            sides.append((self.block(block), self.environment))
            self.guards.pop()
        (then_nodes, then_names), (else_nodes, else_names) = sides
        written = {
            s.array for s in stores((*then_nodes, *else_nodes)) if s.array not in self.locals
        }
        if any(load.array in written for load in scalar.loads(condition)):
            condition = self._temporary("mask", condition, node, own=False)
        if then_nodes or else_nodes:
            kind: Node = (
                Branch(condition, tuple(then_nodes), tuple(else_nodes), self.place(node))
                if guards is None
                else AffineBranch(guards, tuple(then_nodes), tuple(else_nodes), self.place(node))
            )
            self.out.append(kind)
        self.environment = before
        for name in (*then_names, *(n for n in else_names if n not in then_names)):
            self._merge(name, condition, then_names.get(name), else_names.get(name), node)

    def _merge(
        self,
        name: str,
        condition: Expression,
        then: Item | None,
        otherwise: Item | None,
        node: ast.If,
    ) -> None:
        if then is otherwise or then == otherwise:
            if then is not None:
                self.environment[name] = then
            return
        for item in (then, otherwise):
            if item is None or isinstance(item, (Carried, Finished)):
                place = item.written if isinstance(item, Carried) else self.place(node)
                self.environment[name] = Carried(name, place)
                return
        assert then is not None and otherwise is not None
        for item in (then, otherwise):
            if isinstance(item, (View, Tensor)):
                tensor = item if isinstance(item, Tensor) else item.tensor
                self.snapshots.append((tensor.name, self.place(node)))
        self.environment[name] = build.select(
            condition, self.to_expression(then, node), self.to_expression(otherwise, node)
        )

    def _affine_condition(self, test: ast.expr) -> tuple[tuple[Constraint, ...], bool] | None:
        """The condition as a conjunction of affine constraints; whether the sides are swapped."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._affine_condition(operand)
                return None if inner is None else (inner[0], not inner[1])
            case ast.BoolOp(op=junction, values=values):
                return self._affine_junction(isinstance(junction, ast.Or), values)
            case ast.Compare(left=first, ops=ops, comparators=comparators):
                items = [self._integer(e) for e in (first, *comparators)]
                affines = [i for i in items if i is not None]
                if len(affines) != len(items) or not any(a.symbols for a in affines):
                    return None
                if len(ops) == 1 and isinstance(ops[0], ast.NotEq):
                    return (equal(affines[0], affines[1]),), True
                steps = zip(ops, affines[:-1], affines[1:], strict=True)
                guards = [_constraint(operator, left, right) for operator, left, right in steps]
                found = tuple(g for g in guards if g is not None)
                if len(found) != len(guards) or all(g.expression.is_constant for g in found):
                    return None
                return found, False
        return None

    def _affine_junction(
        self, is_or: bool, values: list[ast.expr]
    ) -> tuple[tuple[Constraint, ...], bool] | None:
        guards: list[Constraint] = []
        for value in values:
            inner = self._affine_condition(value)
            if inner is None:
                return None
            constraints, swapped = inner
            if is_or:  # a or b is not (not a and not b)
                if not swapped and (len(constraints) != 1 or constraints[0].sign.name == "ZERO"):
                    return None
                guards.extend(constraints if swapped else [_opposite(constraints[0])])
            else:
                if swapped and (len(constraints) != 1 or constraints[0].sign.name == "ZERO"):
                    return None
                guards.extend([_opposite(constraints[0])] if swapped else constraints)
        return tuple(guards), is_or

    def _integer(self, node: ast.expr) -> Affine | None:
        self.speculative += 1
        try:
            item = self.evaluate(node)
        except RefusalError:
            return None
        finally:
            self.speculative -= 1
        return item.affine if isinstance(item, Integer) else None

    # ------------------------------------------------------------------ assignments
    def assign(self, target: ast.expr, item: Item, node: ast.AST) -> None:
        """``target = item``: a name, an element, a row or a tuple of these."""
        match target:
            case ast.Name(id=name):
                current = self.environment.get(name)
                if isinstance(current, Tensor) and current.name in self.locals:
                    self.store(whole(current), item, node)
                    return
                self.environment[name] = item
                if isinstance(item, (scalar.Call, scalar.Select)):
                    self.temporaries.setdefault(item, name)
                    if self.loops and any(map(build.may_raise, scalar.walk(item))):
                        self._materialise(name, node)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                parts = self.unpack(item, len(targets), target)
                if len(parts) != len(targets):
                    self.unsupported(
                        target, f"{ast.unparse(target)} does not match what is assigned"
                    )
                for part_target, part in zip(targets, parts, strict=True):
                    self.assign(part_target, part, node)
            case ast.Subscript():
                view = self.evaluate(target)
                if not isinstance(view, View):
                    self.unsupported(target, f"{ast.unparse(target)} is not an element of a tensor")
                self.store(view, item, node)
            case ast.Attribute():
                self.unliftable(
                    target, f"loop kept: the attribute {ast.unparse(target)} is written", "VEC923"
                )
            case _:
                self.unsupported(target, f"{ast.unparse(target)} as a target is not read yet")

    def note_iterated(self, tensor: Tensor) -> None:
        """As every reader's, and remembered."""
        self.iterated.add(tensor.storage)

    def subscript(self, view: View, node: ast.Subscript) -> View:
        """As every reader's, and noted: a read out of bounds raises even where nobody uses it."""
        found = super().subscript(view, node)
        if self.loops and not self.speculative:
            self._touch(found, node)
        return found

    def _touch(self, view: View, node: ast.AST) -> None:
        if view.tensor.name in self.locals:
            return
        self.arrays.setdefault(view.tensor.name, view.tensor)
        subscripts = tuple(d.subscript if isinstance(d, Point) else None for d in view.dimensions)
        kept = tuple(Affine() if s is None else s for s in subscripts)
        fixed = [k for k, s in enumerate(subscripts) if isinstance(s, Affine)]
        if not fixed:
            return
        kind = ElementType(view.tensor.type.dtype, Rank.SCALAR)
        value = scalar.Load(view.tensor.name, kept[: fixed[-1] + 1], kind)
        if any(s is None for s in subscripts[: fixed[-1] + 1]):
            value = self._partial(view, fixed, kind)
        touch = Store(TOUCH, (), value, kind.dtype, self.place(node), local=True)
        if touch not in self.out:
            self.arrays.setdefault(TOUCH, Tensor(TOUCH, TensorType("bool", ()), TOUCH, fresh=True))
            self.locals.add(TOUCH)
            self.out.append(touch)

    @staticmethod
    def _partial(view: View, fixed: list[int], kind: ElementType) -> scalar.Load:
        """A read that fixes later dimensions and leaves earlier ones whole: ``x[:, j]``."""
        subscripts: list[scalar.Subscript] = []
        for dimension in view.dimensions[: fixed[-1] + 1]:
            # A whole dimension needs no element; an index tensor is not checked for bounds.
            whole_dimension = not isinstance(dimension, Point)
            subscripts.append(scalar.Index(Affine()) if whole_dimension else dimension.subscript)  # type: ignore[union-attr]
        return scalar.Load(view.tensor.name, tuple(subscripts), kind)

    def _augmented(self, node: ast.AugAssign) -> None:
        name = type(node.op).__name__
        if isinstance(node.target, ast.Name):
            current = self.lookup(node.target.id, node.target)
            if isinstance(current, Carried):
                self.to_expression(current, node)  # refuses
            if not isinstance(current, (View, Tensor)):
                self._augmented_value(node, node.target.id, name, current)
                return
            view = whole(current) if isinstance(current, Tensor) else current
        else:
            item = self.evaluate(node.target)
            if not isinstance(item, View):
                self.unsupported(node, f"{ast.unparse(node.target)} is not an element of a tensor")
            view = item
        self._in_place(view, name, self.evaluate(node.value), node)

    def _augmented_value(
        self, node: ast.AugAssign, name: str, operator: str, current: Item
    ) -> None:
        """``v += e`` on a computed value: a tensor keeps its dtype, a number takes the result's."""
        value = self.binary(operator, current, self.evaluate(node.value), node)
        if isinstance(current, build.NODES) and not build.is_number(current):
            holders = [n for n, item in self.environment.items() if item is current]
            if len(holders) > 1:
                self.unliftable(
                    node,
                    f"loop kept: {' and '.join(holders)} are one tensor, changed in place",
                    "VEC905",
                )
            result = self.to_expression(value, node)
            self._check_in_place(current.type.dtype, result, node)
            value = build.cast(result, ElementType(current.type.dtype, result.type.rank))
        self.environment[name] = value

    def _in_place(self, view: View, operator: str, operand: Item, node: ast.AST) -> None:
        current = self.load(view, node)
        if build.is_number(current):  # a carried Python number
            self.store(view, self.binary(operator, current, operand, node), node)
            return
        result = self.to_expression(self.binary(operator, current, operand, node), node)
        self._check_in_place(view.tensor.type.dtype, result, node)
        self.store(view, result, node, augmented=True)

    def _check_in_place(self, dtype: str, result: Expression, node: ast.AST) -> None:
        for kind in build.types_of(result):
            if not can_cast(kind.dtype, dtype):
                self.unliftable(
                    node,
                    f"loop kept: {ast.unparse(node)} raises, a {kind.dtype} result cannot be put "
                    f"into a {dtype} tensor in place",
                    "VEC911",
                )

    def _effect(self, node: ast.Call) -> None:
        """A call as a statement: an in-place method, or an effect that keeps the loop."""
        if isinstance(node.func, ast.Attribute):
            base = self.evaluate(node.func.value)
            name = node.func.attr
            if isinstance(base, (View, Tensor)):
                view = whole(base) if isinstance(base, Tensor) else base
                self._in_place_method(view, name, node)
                return
        callee = self.evaluate(node.func)
        if isinstance(callee, Function) and find_in_place_function(callee.qualified or "") is None:
            if callee.source is None and not callee.qualified:
                self._refuse_call(callee, node)
            if callee.qualified not in ("builtins.print",):
                self.evaluate(node)  # refuses with the reason, where it is not a pure function
        text = ast.unparse(node)
        self.unliftable(node, f"loop kept: the call {text} is made for its effect", "VEC923")

    def _in_place_method(self, view: View, name: str, node: ast.Call) -> None:
        if name in ("copy_", "fill_") and len(node.args) == 1:
            self.store(view, self.evaluate(node.args[0]), node)
            return
        if name == "zero_" and not node.args:
            self.store(view, Integer(Affine()), node)
            return
        operator = find_in_place_method(name)
        if operator is None or not operator.kind.is_elementwise:
            self.unsupported(node, f"loop kept: what .{name} changes is not known", "VEC923")
        current = self.load(view, node)
        result = self._operator(operator, [current, *node.args], node, f".{name[:-1]}")
        self._check_in_place(view.tensor.type.dtype, result, node)
        self.store(view, result, node, augmented=True)

    # ------------------------------------------------------------------ stores
    def store(self, view: View, item: Item, node: ast.AST, augmented: bool = False) -> None:
        """``view = item`` as a `Store`, once values that still need the old element are saved."""
        tensor = view.tensor
        if tensor.type.requires_grad and tensor.type.leaf:
            self.unliftable(
                node,
                f"loop kept: {tensor.name} is a leaf that requires grad, "
                "and writing into it raises",
                "VEC903",
            )
        if tensor.storage.endswith("?"):
            self.unliftable(
                node, f"loop kept: {tensor.name} may be a copy, so the write may be lost", "VEC905"
            )
        if tensor.type.overlapping:
            self.unliftable(
                node,
                f"loop kept: elements of {tensor.name} share memory, so the order of writes counts",
                "VEC905",
            )
        if view.unbound:
            self.unbound_store = self.place(node)
        self.arrays[tensor.name] = tensor
        value = self.to_expression(item, node)
        self._check_number(value, tensor.type.dtype, node)
        self._save_before(tensor, node)
        value, subscripts, implicit = self._align(view, value, node)
        for kind in build.types_of(value):
            if category(kind.dtype) == "complex" and category(tensor.type.dtype) != "complex":
                self.unliftable(
                    node,
                    f"loop kept: a complex value is stored into a {tensor.type.dtype} tensor",
                    "VEC911",
                )
        self.out.append(
            Store(tensor.name, subscripts, value, tensor.type.dtype, self.place(node), implicit,
                  local=tensor.name in self.locals, augmented=augmented)
        )  # fmt: skip

    def _check_number(self, value: Expression, dtype: str, node: ast.AST) -> None:
        """A Python number that does not fit the dtype raises in a store; ask that each fits."""
        if isinstance(value, scalar.Select):
            self._check_number(value.then, dtype, node)
            self._check_number(value.otherwise, dtype, node)
            return
        if value.type.rank is not Rank.NUMBER or dtype in ("bool", "complex64", "complex128"):
            return
        lowest, highest = _RANGES[dtype]
        if isinstance(value, scalar.Number):
            plain = not isinstance(value.value, complex) and lowest <= value.value <= highest
            special = isinstance(value.value, float) and value.value - value.value != 0  # inf, NaN
            if not plain and not (special and category(dtype) == "float"):
                self.unliftable(
                    node,
                    f"loop kept: {value.value} does not fit a {dtype}, and the store raises",
                    "VEC911",
                )
        elif isinstance(value, scalar.Index):
            if dtype in _NARROW:
                self.require(
                    at_least(value.affine, int(lowest)), node, f"{ast.unparse(node)} fits a {dtype}"
                )
                self.require(
                    at_least(Affine.number(int(highest)), value.affine),
                    node,
                    f"{ast.unparse(node)} fits a {dtype}",
                )
        elif dtype in ("float32", "bfloat16"):
            if self._may_overflow(value):
                single = scalar.Cast(value, ElementType(dtype, Rank.SCALAR))
                finite = scalar.Call("isfinite", (single,), build.BOOL, "torch.isfinite")
                self.require_data(finite, self.place(node), f"the number fits a {dtype}")
        else:
            is_cut = category(value.type.dtype) == "float" and category(dtype) == "int"
            counts = self.varies(value) or category(dtype) == "int"
            if counts and (is_cut or dtype in _NARROW):
                self.unsupported(
                    node,
                    f"loop kept: whether the number fits a {dtype} is not known, "
                    "and the store raises where it does not",
                    "VEC917",
                )

    def _may_overflow(self, value: Expression) -> bool:
        """Whether a computed Python float may be beyond what a float32 holds."""
        if isinstance(value, scalar.Cast):
            return value.value.type.dtype == "float64" and self.varies(value)
        return isinstance(value, scalar.Call) and bool(scalar.loads(value))

    def _align(
        self, view: View, value: Expression, node: ast.AST
    ) -> tuple[Expression, tuple[scalar.Subscript, ...], tuple[Loop, ...]]:
        """Iterators for the dimensions that the statement treats whole, on both sides."""
        sizes = view.sizes
        renamed: dict[str, Affine] = {}
        loops: list[Loop] = []
        for offset, size in enumerate(sizes):
            self.implicit_count += 1
            name = f"_d{len(sizes) - offset}_{self.implicit_count}"
            renamed[f"_d{len(sizes) - offset}"] = Affine.symbol(name)
            loops.append(Loop(name, Affine(), size, (), self.place(node)))
        extents = {f"_d{len(sizes) - k}": size for k, size in enumerate(sizes)}
        for load in scalar.loads(value):
            for iterator, extent in load.implicit:
                if iterator not in extents:
                    self.unliftable(
                        node,
                        f"loop kept: {ast.unparse(node)} stores a row into fewer dimensions, "
                        "which raises",
                        "VEC911",
                    )
                if extent != extents[iterator]:
                    self.require(
                        equal(extent, extents[iterator]),
                        node,
                        f"{ast.unparse(node)} stores as many elements as there are",
                    )
        value = scalar.substitute_symbols(_rename_implicit(value, renamed), renamed)
        subscripts: list[scalar.Subscript] = []
        queue = iter(loops)
        for dimension in view.dimensions:
            if isinstance(dimension, Point):
                subscripts.append(dimension.subscript)
            elif isinstance(dimension, Whole):
                subscripts.append(dimension.start + Affine.symbol(next(queue).iterator))
        return value, tuple(subscripts), tuple(loops)

    def _save_before(self, tensor: Tensor, node: ast.AST) -> None:
        """Values computed from what is about to be written become temporaries."""
        for name, item in list(self.environment.items()):
            if not isinstance(item, build.NODES):
                continue
            if any(
                self.arrays[load.array].storage == tensor.storage for load in scalar.loads(item)
            ):
                self._materialise(name, node)

    def _materialise(self, name: str, node: ast.AST) -> None:
        item = self.environment[name]
        if isinstance(item, build.NODES):
            fresh = self._temporary(name, item, node)
            for other, held in list(self.environment.items()):
                if held is item:
                    self.environment[other] = fresh

    def _temporary(
        self, name: str, value: Expression, node: ast.AST, own: bool = True
    ) -> Expression:
        """A value kept in an array over the iterators around it: ``v[i, j] = value``.

        A name of our `own` making must not be one of the user's.
        """
        kinds = build.types_of(value)
        if len(kinds) != 1 or any(load.implicit for load in scalar.loads(value)):
            self.unsupported(
                node,
                f"loop kept: {name} must be kept, and its type differs between paths "
                "or it is a row",
                "VEC918",
            )
        unique, count = name, 1
        users = {n.id for n in ast.walk(self.function.node) if isinstance(n, ast.Name)}
        users |= set(self.function.parameters)
        while (
            unique in self.arrays
            or (not own and unique in users)
            or (unique in self.used_symbols and unique not in self.environment)
        ):
            count += 1
            unique = f"{name}_{count}"
        iterators = tuple(Affine.symbol(loop.iterator) for loop in self.loops)
        kind = TensorType(kinds[0].dtype, tuple(Affine() for _ in iterators))
        self.arrays[unique] = Tensor(unique, kind, f"local:{unique}", fresh=True)
        self.locals.add(unique)
        self.out.append(
            Store(unique, iterators, value, kinds[0].dtype, self.place(node), local=True)
        )
        return scalar.Load(unique, iterators, kinds[0], (), scalar.requires_grad(value))


def _rename_implicit(value: Expression, renamed: dict[str, Affine]) -> Expression:
    if isinstance(value, scalar.Load) and value.implicit:
        pairs = tuple((str(renamed[i]), extent) for i, extent in value.implicit)
        return replace(value, implicit=pairs)
    return scalar.rebuild(value, lambda child: _rename_implicit(child, renamed))


def _constraint(operator: ast.cmpop, left: Affine, right: Affine) -> Constraint | None:
    match operator:
        case ast.Lt():
            return less_than(left, right)
        case ast.LtE():
            return at_least(right, left)
        case ast.Gt():
            return less_than(right, left)
        case ast.GtE():
            return at_least(left, right)
        case ast.Eq():
            return equal(left, right)
    return None


def _opposite(constraint: Constraint) -> Constraint:
    return Constraint(-constraint.expression - 1)


def _target_names(target: ast.expr) -> tuple[str, ...]:
    return tuple(n.id for n in ast.walk(target) if isinstance(n, ast.Name))
