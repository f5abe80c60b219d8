"""A candidate loop to a nest of loop IR, or a refusal that says where reading stopped."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from deloop.diagnostic import Refusal
from deloop.dtype import Rank, category
from deloop.errors import Unliftable, Unsupported
from deloop.frontend import expression as build
from deloop.frontend.conditions import opposite
from deloop.frontend.evaluate import Environment
from deloop.frontend.header import Counted, Header
from deloop.frontend.items import Carried, Finished, FlatIndex, Item, Tuple, View
from deloop.frontend.private import PrivateReader
from deloop.frontend.ragged import Bounded, bounded_loop, sliced_store
from deloop.frontend.selections import is_choice
from deloop.frontend.structure import assigned_names, eliminate_continue, target_names
from deloop.frontend.unroll import unrolled
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, Sign, at_least, equal
from deloop.ir.loop import (
    TOUCH,
    AffineBranch,
    Branch,
    Loop,
    Nest,
    Node,
    Store,
    expressions_of,
    stores,
)
from deloop.ir.scalar import Expression
from deloop.ir.types import Integer, Literal, Opaque, Scalar, Tensor

_MAX_READINGS = 8
_COMPARISONS: dict[type[ast.cmpop], Callable[..., bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


class NestBuilder(PrivateReader):
    """Reads one ``for`` statement into loop IR."""

    def _flat_expression(self, flat: FlatIndex, node: ast.AST) -> Expression:
        self.flat_as_number = True
        return super()._flat_expression(flat, node)

    def nest(self, node: ast.For) -> Nest:
        """The whole loop; `live` names are read behind it.

        Raises `Unsupported` or `Unliftable` with the reason.
        """
        body = self.block([node])
        self.keep_last(node, self.live)
        body.extend(self.out)
        body = self.put_numbers(body)
        self._check_snapshots(body)
        self._check_choices(body)
        for cell in self.cells.values():
            self.arrays[cell.key] = replace(self.arrays[cell.key], name=cell.name)
        return Nest(
            tuple(body),
            self.place(node),
            dict(self.arrays),
            frozenset(self.locals),
            tuple(self.cells.values()),
            steps=self.steps,
        )

    def _check_choices(self, body: list[Node]) -> None:
        """Refuse a part of a row that data chooses where nothing combines its elements."""
        for store in stores(tuple(body)):
            if any(is_choice(n) for e in expressions_of(store) for n in scalar.walk(e)):
                sentence = "loop kept: how many elements a mask or a slice selects is data"
                raise Unsupported(Refusal("VEC916", store.place, sentence))

    def _check_snapshots(self, body: list[Node]) -> None:
        written = {store.array for store in stores(tuple(body))}
        storages = {self.arrays[a].storage for a in written if a in self.arrays}
        self.check_appended(storages)
        for array, place in self.snapshots:
            if self.arrays[array].storage in storages:
                sentence = (
                    f"loop kept: a name is a view of {array}, perhaps on one path only, "
                    f"and {array} is written in the loop"
                )
                raise Unliftable(Refusal("VEC905", place, sentence))
        if storages & self.listed_from:
            sentence = "loop kept: it writes the tensor that its header took a list of"
            self.unliftable(self.function.node, sentence, "VEC905")
        if self.unbound_store is None and storages & self.iterated:
            self.unbound_store = self.function.place(self.function.node)
        if self.unbound_store and any(t.type.requires_grad for t in self.arrays.values()):
            sentence = (
                "loop kept: a row taken by iterating or unpacking is written "
                "while a gradient is recorded, which raises"
            )
            raise Unliftable(Refusal("VEC903", self.unbound_store, sentence))
        for name, tensor in self.arrays.items():
            if tensor.made_of & storages:
                sentence = f"loop kept: what {name} is computed from is written in the loop"
                self.unliftable(self.function.node, sentence, "VEC905")
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
        for statement in self.prepare(list(body)):
            self.statement(statement)
        nodes, self.out = self.out, outer
        return nodes

    def statement(self, node: ast.stmt) -> None:
        """Read one statement; stores go to `out`, names to the environment."""
        match node:
            case ast.For():
                if self.loops and (copies := unrolled(self, node)) is not None:
                    self._unrolled(node, copies)
                elif self.loops and (bounded := bounded_loop(self, node)) is not None:
                    self._bounded(bounded)
                    self._forget_last(node)
                else:
                    self._loop(node)
            case ast.Assign() | ast.AugAssign() if (sliced := sliced_store(self, node)) is not None:
                self._bounded(sliced)
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
            case ast.Assert(test=test) if self._is_certain(test):
                pass
            case ast.Expr(value=ast.Call() as call):
                self._effect(call)
            case _:
                self._refuse_statement(node)

    def _unrolled(self, node: ast.For, copies: list[tuple[Item, list[ast.stmt]]]) -> None:
        """A loop over a few known items: its body once for each of them."""
        around, self.copies = self.copies, self.copies * max(len(copies), 1)
        try:
            for item, body in copies:
                self.assign(node.target, item, node)
                self.out.extend(self.block(eliminate_continue(body)))
        finally:
            self.copies = around

    def _bounded(self, bounded: Bounded) -> None:
        """A loop whose end is data: what it was read from, once, stays as it is."""
        before = len(self.out)
        self._loop(bounded.loop)
        written = {self.arrays[s.array].storage for s in stores(tuple(self.out[before:]))}
        for load in (load for e in bounded.reads for load in scalar.loads(e)):
            if self.arrays[load.array].storage in written:
                self.unsupported(
                    bounded.loop,
                    f"loop kept: {load.array} is read once before it, and is written in it",
                    "VEC931",
                )

    def _forget_last(self, node: ast.For) -> None:
        """The last value of a loop's variable is not known, where data says how often it runs."""
        for name in target_names(node):
            self.environment[name] = Opaque("how many iterations set it depends on data")

    def _refuse_statement(self, node: ast.stmt) -> None:
        reasons = {
            ast.Break: (
                "VEC940",
                "break: how many iterations run is not known before the loop does",
            ),
            ast.Return: (
                "VEC940",
                "return inside the loop: how many iterations run is not known before the loop does",
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

    def _is_certain(self, test: ast.expr) -> bool:
        """Whether a comparison of numbers, that the function computes itself, holds."""
        match test:
            case ast.Compare(left=first, ops=[word], comparators=[second]):
                values = [self._number_of(e) for e in (first, second)]
                compare = _COMPARISONS.get(type(word))
                return compare is not None and None not in values and compare(*values)
        return False

    def _number_of(self, node: ast.expr) -> int | float | None:
        item = self.evaluate(node)
        if isinstance(item, Integer) and item.affine.is_constant:
            return item.affine.constant
        value = item.value if isinstance(item, (Scalar, Literal)) else None
        return value if isinstance(value, (int, float)) else None

    # ------------------------------------------------------------------ loops
    def _loop(self, node: ast.For) -> None:
        if node.orelse:
            self.unsupported(node, "loop kept: for … else is not read yet", "VEC940")
        header = self.header(node.iter)
        names = self._iterator_names(node.target, header)
        header = self.cut(node, header, names)
        self.open_loops.append(id(node))
        self.changed_in_place(node)
        opened = self.open_cells(node)
        first = {name: self.environment.get(name) for name in assigned_names(node)}
        self.scope_iterators = (*self.scope_iterators, *names)
        nodes = tuple(self._settled_body(node, header, names))
        self.scope_iterators = self.scope_iterators[: -len(names)]
        for counted, name in reversed(list(zip(header.loops, names, strict=True))):
            nodes = (self._loop_node(counted, name, nodes, node),)
        self.out.extend(nodes)
        in_place = self.changed_in_place(node)
        for name in (*assigned_names(node), *target_names(node)):
            if name not in in_place:
                self.environment[name] = Finished(name, self.place(node), node)
        for name in assigned_names(node):
            counted = header.loops[0]
            last = self._induction(node, name, first[name], counted, counted.upper)
            if last is not None:
                runs = at_least(counted.upper, counted.lower)
                self.require(runs, node, f"the loop takes {name} no step back")
                self.environment[name] = last
        self.close_cells(opened, node)
        self.open_loops.pop()

    def _induction(
        self, node: ast.For, name: str, first: Item | None, counted: Counted, at: Affine
    ) -> Integer | None:
        """What an induction variable holds when an iteration begins: ``first + step * i``."""
        step = self.carrying.steps.get((id(node), name))
        if step is None or not isinstance(first, Integer):
            return None
        return Integer(first.affine + (at - counted.lower) * step)

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
        counted: dict[str, Integer] = {}
        for name, place_node in assigned_names(node).items():
            last = self._induction(
                node, name, self.environment.get(name), header.loops[0], Affine.symbol(names[0])
            )
            in_place = name in self.changed_in_place(node)
            if last is not None:
                self.environment[name] = counted[name] = last
            elif not in_place and not self.is_kept(node, name):
                self.environment[name] = Carried(name, self.place(place_node), node)
        depth = len(self.loops)
        pairs = zip(header.loops, names, strict=True)
        self.loops.extend([self._loop_node(counted, name, (), node) for counted, name in pairs])
        at = tuple(Affine.symbol(name) for name in names)
        try:
            outer, self.out = self.out, []
            self.assign(node.target, header.element(at), node)
            self.out.extend(self.block(self.body_of(node)))
            self.flush_cells(node)
            self._check_steps(node, counted)
            nodes, self.out = self.out, outer
            return nodes
        finally:
            del self.loops[depth:]

    def _check_steps(self, node: ast.For, counted: Mapping[str, Integer]) -> None:
        """Whether an iteration leaves its induction variables one step further, all told."""
        for name, began in counted.items():
            after = Integer(began.affine + self.carrying.steps[id(node), name])
            if self.environment.get(name) != after:
                sentence = f"loop kept: {name} does not grow by the same number in each iteration"
                self.unsupported(self.written_at(name, node), sentence, "VEC902")

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
        memory = {self.arrays[a].storage for a in written}
        for name, item in before.items():
            if isinstance(item, Tuple) and self.storages_read(item) & memory:
                sentence = f"loop kept: {name} holds values of what the loop overwrites"
                self.unsupported(self.function.node, sentence, "VEC918")
        return [
            name
            for name, item in before.items()
            if isinstance(item, build.NODES)
            and not (name in self.active and item == self.read_cell(name, self.function.node))
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
                opposite(guards[0]),
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
        opposites = tuple(map(opposite, guards)) if guards and len(guards) == 1 else ()
        if any(g.sign is Sign.ZERO for g in guards or ()):
            opposites = ()
        for block, guard, holding in (
            (then, condition, guards or ()),
            (otherwise, build.negate(condition), opposites),
        ):
            self.environment = dict(before)
            self.guards.append(guard)
            known = len(self.holding)
            self.holding.extend(holding)
            sides.append((self.block(block), self.environment))
            del self.holding[known:]
            self.guards.pop()
        (then_nodes, then_names), (else_nodes, else_names) = sides
        written = {
            s.array for s in stores((*then_nodes, *else_nodes)) if s.array not in self.locals
        }
        needless = self._needless(condition, then_nodes, else_nodes, node)
        then_nodes = [n for n in then_nodes if n not in needless]
        else_nodes = [n for n in else_nodes if n not in needless]
        if any(load.array in written for load in scalar.loads(condition)):
            condition = self._temporary("mask", condition, node, own=False)
        if then_nodes or else_nodes:
            kind: Node = (
                Branch(condition, tuple(then_nodes), tuple(else_nodes), self.place(node))
                if guards is None
                else AffineBranch(guards, tuple(then_nodes), tuple(else_nodes), self.place(node))
            )
            self.out.append(kind)
        self.out.extend(needless)
        self.environment = before
        for name in (*then_names, *(n for n in else_names if n not in then_names)):
            self._merge(name, condition, then_names.get(name), else_names.get(name), node)

    def _needless(
        self, condition: Expression, then: list[Node], otherwise: list[Node], node: ast.If
    ) -> list[Node]:
        """Stores of one side that do nothing where the other is taken, if nothing else is there."""
        read = {load.array for load in scalar.loads(condition)}
        if bool(then) == bool(otherwise) or any(
            s.array in read for s in stores((*then, *otherwise))
        ):
            return []
        test = condition if then else build.negate(condition)
        found: list[Node] = []
        for each in then or otherwise:
            if isinstance(each, Store) and each.array == TOUCH:
                found.append(each)  # what is there for all iterations is there for these
                continue
            target = next((t for s, t in self.chosen_stores if s is each), None)
            if target is None or not self.chooses_some(test, target, node):
                return []
            found.append(each)
        return found if any(isinstance(n, Store) and n.array != TOUCH for n in found) else []

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
            if isinstance(item, (Carried, Finished)):
                self.environment[name] = item
                return
        if then is None or otherwise is None:
            self.environment[name] = Carried(name, self.place(node))
            return
        for item in (then, otherwise):
            if isinstance(item, (View, Tensor)):
                tensor = item if isinstance(item, Tensor) else item.tensor
                self.snapshots.append((tensor.name, self.place(node)))
        values = self.to_expression(then, node), self.to_expression(otherwise, node)
        self._check_sizes(name, *values, node)
        added = _added(condition, *values)
        self.environment[name] = build.select(condition, *values) if added is None else added

    def _check_sizes(
        self, name: str, then: Expression, otherwise: Expression, node: ast.If
    ) -> None:
        """Whether a name holds rows of one shape on both paths, whichever an iteration takes."""
        kinds = {kind.rank for value in (then, otherwise) for kind in build.types_of(value)}
        if kinds != {Rank.TENSOR}:
            return
        shapes = [self.row_shape(value, node) for value in (then, otherwise)]
        is_alike = len(shapes[0]) == len(shapes[1])
        for mine, theirs in zip(*shapes, strict=False):
            if mine != theirs and not (mine - theirs).is_constant:
                self.require(equal(mine, theirs), node, f"{name} has one shape on both paths")
            is_alike &= mine == theirs or not (mine - theirs).is_constant
        if not is_alike:
            self.unsupported(
                node, f"loop kept: the shape of {name} differs between paths", "VEC918"
            )


def _added(condition: Expression, then: Expression, otherwise: Expression) -> Expression | None:
    """``select(c, v | 4, v)`` as ``v | select(c, 4, 0)``, so that choices do not double in size.

    For ints, where adding nothing changes nothing.
    """
    match then:
        case scalar.Call("add" | "bitwise_or" | "bitwise_xor", (value, term)) if (
            value == otherwise
            and not isinstance(value, scalar.Load)
            and value.type == term.type == then.type
            and category(then.type.dtype) == "int"
        ):
            nothing = build.cast(build.number(0), term.type)
            if scalar.literal_value(value) == 0:
                return build.select(condition, term, nothing)
            return replace(then, arguments=(value, build.select(condition, term, nothing)))
    return None
