"""Loops and comprehensions that fill lists, found among the statements of a block."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from deloop.frontend.append_forms import STARTS, masked, plain_loop, replace_appends
from deloop.frontend.guarded_appends import straightened
from deloop.frontend.lists import (
    COMPREHENSIONS,
    REDUCED,
    Block,
    FilledList,
    Filling,
    Qualify,
    Use,
    appended_names,
    appended_value,
    binds,
    binds_plainly,
    empty_list,
    is_insert,
    list_names,
    located,
    needs_preparing,
    whole_list,
)
from deloop.frontend.started_lists import FILLED
from deloop.frontend.tested_lists import SOME
from deloop.frontend.wide_loops import widened
from deloop.text.names import is_name, names_in

_TENSOR_CLASSES = {
    "torch.Tensor": "float32", "torch.FloatTensor": "float32", "torch.DoubleTensor": "float64",
    "torch.LongTensor": "int64", "torch.IntTensor": "int32", "torch.BoolTensor": "bool",
}  # fmt: skip
_ARRAYS = ("numpy.array", "numpy.asarray")
_JOINED = {"torch.stack": "stack", "torch.cat": "cat", "torch.concat": "cat",
           "torch.concatenate": "cat"}  # fmt: skip
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)
_HIDDEN = (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def find_fillings(block: Block, function: ast.AST, qualify: Qualify) -> list[Filling]:
    """The loops and comprehensions of one of a function's own blocks that fill lists."""
    if not any(map(needs_preparing, block)):
        return []
    return ListFinder(function, qualify).find(block)


class ListFinder:
    """Finds what fills lists in the blocks of one function.

    Parameters
    ----------
    function:
        The function's definition.
    qualify:
        What callees are.
    is_inner:
        Whether the block is the body of a loop that is read: there a list may be a list's element.
    """

    def __init__(self, function: ast.AST, qualify: Qualify, is_inner: bool = False) -> None:
        self.function = function
        self.qualify = qualify
        self.is_inner = is_inner

    @cached_property
    def names(self) -> set[str]:
        """The names that the function uses; few blocks need another one."""
        arguments = getattr(self.function, "args", None) or ast.Pass()
        return names_in(self.function) | {
            a.arg for a in ast.walk(arguments) if isinstance(a, ast.arg)
        }

    def fresh(self, name: str) -> str:
        """A name that the function does not use."""
        unique, count = name, 1
        while unique in self.names:
            count += 1
            unique = f"{name}_{count}"
        self.names.add(unique)
        return unique

    # ------------------------------------------------------------------ finding
    def find(self, block: Block) -> list[Filling]:
        """Every loop and comprehension of the block (not of blocks inside) that fills lists."""
        found: list[Filling] = []
        for position, statement in enumerate(block):
            if isinstance(statement, ast.For):
                filling = self._of_loop(block, position)
                if filling is not None:
                    found.append(filling)
            elif isinstance(statement, _SIMPLE):
                named = self._of_named(block, position)
                found.extend(self._of_statement(statement) if named is None else [named])
        return found

    def _of_named(self, block: Block, position: int) -> Filling | None:
        """``outs = [f(a) for a in x]`` as ``outs = []`` and the loop that fills it."""
        match block[position]:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.ListComp() as made):
                loop = self._loop_of(made, name)
                if loop is None or name in names_in(made):
                    return None
                target = block[position].targets[0]  # type: ignore[attr-defined]
                filled = self._filled(name, block, position, position, target)
                if not filled.uses:
                    return None
                start = located(f"{name} = []", block[position])
                filling = Filling(block[position], loop, (start,), {name: filled})
                return masked(self._reduced(filling), self.fresh)
        return None

    def _of_loop(self, block: Block, position: int) -> Filling | None:
        loop = block[position]
        assert isinstance(loop, ast.For)
        lists: dict[str, FilledList] = {}
        starts: list[ast.stmt] = []
        for name in sorted(appended_names(loop)):
            start = next(
                (k for k in range(position - 1, -1, -1) if binds(block[k], name)), None
            )
            target = None if start is None else empty_list(block[start], name)
            if start is not None and target is not None:
                lists[name] = self._filled(name, block, start, position, target)
                if not binds_plainly(block[start], name):
                    starts.append(located(f"{name} = []", block[start]))
        if not lists:
            return None
        plain = widened(plain_loop(loop))
        filling = self._reduced(Filling(loop, plain, tuple(starts), lists))
        return masked(straightened(filling, self.function), self.fresh)

    def _filled(
        self, name: str, block: Block, start: int, position: int, target: ast.Name
    ) -> FilledList:
        """What becomes of a list that ``block[start]`` makes and ``block[position]`` fills."""
        end = next(
            (k for k in range(position + 1, len(block)) if binds_plainly(block[k], name)),
            len(block) - 1,
        )
        rebound = binds_plainly(block[end], name) and end > position
        segment = block[start : end + 1]
        own = {id(n) for s in segment for n in ast.walk(s)}
        if not rebound and self._is_seen_elsewhere(name, own):
            return FilledList(name, reason=f"{name} is read elsewhere too")
        allowed = {id(target)}
        for statement in ast.walk(block[position]):
            if isinstance(statement, ast.stmt) and appended_value(statement, name) is not None:
                allowed.update(id(n) for n in list_names(statement, name))
        uses: list[Use] = []
        seen: set[int] = set()
        for statement in block[position + 1 : end + 1]:
            for inner in ast.walk(statement):
                use = self._use_in(inner, name) if id(inner) not in seen else None
                if use is None or not isinstance(statement, _SIMPLE):
                    continue
                seen |= {id(n) for n in ast.walk(use.node)}
                uses.append(replace(use, statement=statement))
                allowed.update(id(n) for n in ast.walk(use.node)
                               if isinstance(n, ast.Name) and n.id == name)  # fmt: skip
        if rebound and isinstance(block[end], ast.Assign):
            allowed.update(id(t) for t in block[end].targets)  # type: ignore[attr-defined]
        again = (*_HIDDEN, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        hidden = {id(n) for s in segment for h in ast.walk(s) if isinstance(h, again)
                  and s is not block[position] for n in ast.walk(h)}  # fmt: skip
        for statement in segment:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and node.id == name:
                    if id(node) in hidden:
                        return FilledList(name, reason=f"{name} is read by code that runs later")
                    if id(node) not in allowed:
                        inside = statement is block[position]
                        return FilledList(name, reason=_other_use(name, statement, inside))
        if not uses:
            return FilledList(name, reason=f"nobody takes the elements of {name} together")
        if len([u for u in uses if u.kind not in REDUCED]) > 1 and any(map(_is_passed, uses)):
            return FilledList(name, reason=f"{name} is taken twice, and its tensors may be changed")
        if len({_form(u) for u in uses if u.kind not in REDUCED}) > 1:
            return FilledList(name, reason=f"{name} is taken in two ways")
        turned = {is_insert(n) for s in ast.walk(block[position]) if isinstance(s, ast.Expr)
                  and appended_value(s, name) is not None for n in (s.value,)}  # fmt: skip
        taken = {_is_turned(u) for u in uses}
        if len(turned) > 1 or len(taken) > 1:
            return FilledList(name, reason=f"{name} is filled, or taken, from both ends")
        last = max(k for k, s in enumerate(block) for u in uses if u.statement is s)
        held = [u.statement for u in uses if u.kind == "row"]  # to be put into a list is no change
        settled = all(s in held or self.is_quiet(s) for s in block[position + 1 : last + 1])
        from_front = turned != taken and True in turned | taken
        return FilledList(name, tuple(uses), settled, turned=from_front)

    def _is_seen_elsewhere(self, name: str, own: set[int]) -> bool:
        """Whether code outside of a segment reads the name before it has set it itself."""
        body = getattr(self.function, "body", [])
        return isinstance(body, list) and _is_read(body, name, own)

    # ------------------------------------------------------------------ uses
    def _use_in(self, node: ast.AST, name: str) -> Use | None:
        """How an expression takes the list `name`."""
        if isinstance(node, ast.Return) and is_name(node.value, name) and not self.is_inner:
            assert node.value is not None
            return Use(ast.Pass(), node.value, "list")
        match node:
            case ast.Subscript(value=base, slice=ast.Name(id=same) as index, ctx=ast.Load()) if (
                same == name and name not in names_in(base)
            ):
                return Use(ast.Pass(), index, "index", 0, "int64", start=base)
        if not isinstance(node, ast.Call) or not node.args:
            return None
        joined = self._joined_behind(node, name)
        if joined is not None:
            return joined
        is_marked = is_name(node.func, SOME) or is_name(node.func, FILLED)
        if is_marked and isinstance(node.args[0], ast.Call):
            taken = self._use_in(node.args[0], name)
            is_some = is_name(node.func, SOME)
            return None if taken is None else replace(taken, node=node, may_be_empty=is_some)
        return self._use_of(node) if is_name(whole_list(node.args[0])[0], name) else None

    def _joined_behind(self, node: ast.Call, name: str) -> Use | None:
        """``torch.cat([first, *rows])``."""
        match node.args[0]:
            case ast.List(elts=[first, ast.Starred(value=ast.Name(id=same))]) if same == name:
                plain = ast.copy_location(ast.Call(node.func, node.args, node.keywords), node)
                plain.args = [first, *node.args[1:]]
                use = self._use_of(plain) if name not in names_in(first) else None
                if use is not None and use.kind == "cat":
                    return replace(use, node=node, start=first)
        return None

    def _use_of(self, node: ast.Call) -> Use | None:
        """How a call takes the list that is its first argument."""
        here = ast.Pass()
        if any(isinstance(a, ast.Starred) for a in node.args) or not node.args:
            return None
        keywords = {k.arg: k.value for k in node.keywords}
        if isinstance(node.func, ast.Attribute) and node.func.attr == "append" and self.is_inner:
            return Use(here, node, "row") if len(node.args) == 1 and not keywords else None
        callee = self.qualify(node.func)
        if callee in _JOINED:
            given = keywords.pop("dim", None) or keywords.pop("axis", None)
            given = node.args[1] if len(node.args) == 2 else given
            dim = 0 if given is None else _constant(given)
            is_plain = dim is not None and len(node.args) <= 2 and not keywords
            return Use(here, node, _JOINED[callee], dim or 0) if is_plain else None
        if len(node.args) != 1:
            return None
        if callee in ("torch.tensor", "torch.as_tensor"):
            dtype, device = keywords.pop("dtype", None), keywords.pop("device", None)
            return None if keywords else Use(here, node, "tensor", 0, dtype, device)
        if callee in _TENSOR_CLASSES and not keywords:
            return Use(here, node, "tensor", 0, _TENSOR_CLASSES[callee])
        if callee in _ARRAYS and not keywords:
            return Use(here, node, "array")
        if callee in REDUCED and not keywords:
            return Use(here, node, callee)
        return None

    def is_quiet(self, node: ast.AST) -> bool:
        """Whether a statement changes no tensor in place, as far as can be told."""
        for inner in ast.walk(node):
            if isinstance(inner, (ast.AugAssign, ast.Await, ast.Yield, ast.NamedExpr)):
                return False
            if isinstance(inner, (ast.Subscript, ast.Attribute)):
                if not isinstance(inner.ctx, ast.Load):
                    return False
            elif isinstance(inner, ast.Call) and not self._is_quiet_call(inner):
                return False
        return True

    def _is_quiet_call(self, node: ast.Call) -> bool:
        if any(k.arg in ("out", "inplace", None) for k in node.keywords):
            return False
        callee = self.qualify(node.func)
        if is_name(node.func, SOME) or is_name(node.func, FILLED):
            return True
        if callee:
            return callee.startswith(("torch.", "math.", "builtins.")) and callee[-1] != "_"
        return isinstance(node.func, ast.Attribute) and node.func.attr in _QUIET_METHODS

    # ------------------------------------------------------------------ comprehensions
    def _of_statement(self, statement: ast.stmt) -> Iterator[Filling]:
        """The comprehensions of a simple statement that a known call takes."""
        if isinstance(statement, ast.Return) and isinstance(statement.value, ast.ListComp):
            yield from self._of_comprehension(statement, statement.value, statement.value)
            return
        calls = [n for n in _always_evaluated(statement) if isinstance(n, ast.Call)]
        taken = [c for c in calls if c.args and isinstance(c.args[0], COMPREHENSIONS)]
        if not taken:
            return
        if any(isinstance(n, (ast.NamedExpr, ast.Await)) for n in ast.walk(statement)):
            return
        if any(isinstance(c.func, ast.Attribute) and c.func.attr.endswith("_") for c in calls):
            return
        inside = {id(n) for c in taken for n in ast.walk(c)}
        others = [n for n in ast.walk(statement) if isinstance(n, ast.Call) and id(n) not in inside]
        around = [c for c in others if any(t is n for t in taken for n in ast.walk(c))]
        if not all(self._is_quiet_call(c) for c in others if c not in around):
            return
        for call in taken:
            comprehension = call.args[0]
            assert isinstance(comprehension, COMPREHENSIONS)
            yield from self._of_comprehension(statement, call, comprehension)

    def _of_comprehension(
        self, statement: ast.stmt, taker: ast.expr, node: ast.ListComp | ast.GeneratorExp
    ) -> Iterator[Filling]:
        """The loop that a comprehension means, where it is known how `taker` takes it."""
        use = Use(statement, taker, "list")
        if isinstance(taker, ast.Call):
            known = self._use_of(taker)
            if known is None:
                return
            use = replace(known, statement=statement)
        elif self.is_inner:
            return
        if isinstance(node, ast.GeneratorExp) and use.kind not in REDUCED.keys() - {"builtins.len"}:
            return
        name = self.fresh("items")
        loop = self._loop_of(node, name)
        if loop is None:
            return
        start = located(f"{name} = []", taker)
        lists = {name: FilledList(name, (use,))}
        filling = Filling(statement, loop, (start,), lists, whole=False)
        yield masked(self._reduced(filling), self.fresh)

    def _loop_of(self, node: ast.ListComp | ast.GeneratorExp, name: str) -> ast.For | None:
        """``[e for a in x if c]  ->  for a in x: if c: name.append(e)``."""
        if any(isinstance(n, (ast.NamedExpr, ast.Await)) for n in ast.walk(node)):
            return None
        own = {id(n) for n in ast.walk(node)}
        outside = {n.id for n in ast.walk(self.function)
                   if isinstance(n, ast.Name) and id(n) not in own}  # fmt: skip
        targets = {n.id for g in node.generators for n in ast.walk(g.target)
                   if isinstance(n, ast.Name)}  # fmt: skip
        first = node.generators[0]
        if any(g.is_async for g in node.generators) or targets & names_in(first.iter):
            return None
        renamed = _Renaming({t: self.fresh(t) for t in sorted(targets & outside)})
        list_name = ast.Name(name, ast.Load())
        call = ast.Call(ast.Attribute(list_name, "append", ast.Load()), [renamed.of(node.elt)], [])
        body: ast.stmt = ast.Expr(call)
        for generator in reversed(node.generators):
            for test in reversed(generator.ifs):
                body = ast.If(renamed.of(test), [body], [])
            iterable = generator.iter if generator is first else renamed.of(generator.iter)
            body = ast.For(renamed.of(generator.target), iterable, [body], [], None)
        for inner in ast.walk(body):
            if isinstance(inner, ast.stmt):
                ast.copy_location(inner, node)
        body = ast.fix_missing_locations(ast.copy_location(body, node))
        assert isinstance(body, ast.For)
        return body

    # ------------------------------------------------------------------ what is only added up
    def _reduced(self, filling: Filling) -> Filling:
        """The loop with sums, ``any``, ``all`` and lengths in the place of appends."""
        loop, starts = filling.loop, list(filling.starts)
        lists: dict[str, FilledList] = {}
        for name, filled in filling.lists.items():
            symbols: dict[str, str] = {}
            for use in filled.uses:
                if use.kind in REDUCED and use.kind not in symbols:
                    symbols[use.kind] = self.fresh(REDUCED[use.kind])
            uses = tuple(replace(u, symbol=symbols.get(u.kind, "")) for u in filled.uses)
            lists[name] = replace(filled, uses=uses)
            if not symbols:
                continue
            stays = bool(lists[name].kept)
            for kind, symbol in symbols.items():
                starts.append(located(f"{symbol} = {STARTS[kind]}", loop))
            item = self.fresh(f"{name}_item")
            loop = replace_appends(loop, name, symbols, item, stays)
        return replace(filling, loop=loop, starts=tuple(starts), lists=lists)


_QUIET_METHODS = frozenset(
    {"size", "dim", "numel", "item", "mean", "sum", "max", "min", "std", "var", "norm", "abs",
     "float", "long", "int", "double", "to", "cpu", "detach", "clone", "view", "reshape", "flatten",
     "unsqueeze", "squeeze", "transpose", "permute", "t", "sqrt", "exp", "log", "tolist", "flip",
     "roll", "cumsum", "softmax", "log_softmax", "sigmoid", "tanh", "relu", "argmax", "argmin",
     "any", "all", "prod", "median", "expand", "repeat", "contiguous", "bool", "argsort", "diff"}
)  # fmt: skip


def _is_turned(use: Use) -> bool:
    """Whether a use takes the elements from behind."""
    node = use.node
    return isinstance(node, ast.Call) and bool(node.args) and whole_list(node.args[0])[1]


def _form(use: Use) -> tuple[object, ...]:
    """What a use makes of the elements: uses of one form make the same tensor."""
    dtype = use.dtype if use.dtype is None or isinstance(use.dtype, str) else ast.dump(use.dtype)
    device = None if use.device is None else ast.dump(use.device)
    start = "" if use.start is None or use.kind == "index" else ast.dump(use.start)
    return use.kind, use.dim, dtype, device, start


def _is_passed(use: Use) -> bool:
    """Whether the tensor that a use gives may be held by somebody, and not only be looked at."""
    if use.kind in REDUCED:
        return False
    for node in ast.walk(use.statement):
        match node:
            case ast.Call(func=ast.Attribute(value=receiver, attr=word)) if receiver is use.node:
                return word not in _FRESH_METHODS
    return True


_FRESH_METHODS = frozenset(
    {"mean", "sum", "std", "var", "max", "min", "norm", "prod", "median", "item", "tolist", "any"}
    | {"all", "argmax", "argmin", "abs", "exp", "log", "sqrt", "clone"}
)




def _constant(node: ast.expr) -> int | None:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -1
    is_int = isinstance(node, ast.Constant) and type(node.value) is int
    return sign * node.value if is_int else None  # type: ignore[attr-defined]


def _other_use(name: str, statement: ast.stmt, inside: bool) -> str:
    """A sentence for a use that is not known."""
    if inside:
        return f"{name} is read in the loop that appends to it"
    if isinstance(statement, ast.Return):
        return f"the list {name} itself is returned"
    text = ast.unparse(statement).splitlines()[0]
    return f"{name} is used as a list: {text}"


def _always_evaluated(statement: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement that are evaluated once, whatever the values are."""
    yield statement
    if isinstance(statement, (*COMPREHENSIONS, *_HIDDEN, ast.SetComp, ast.DictComp)):
        return
    if isinstance(statement, ast.IfExp):
        yield from _always_evaluated(statement.test)
        return
    if isinstance(statement, ast.BoolOp):
        yield from _always_evaluated(statement.values[0])
        return
    if isinstance(statement, ast.Compare) and len(statement.ops) > 1:
        yield from _always_evaluated(statement.left)
        return
    for child in ast.iter_child_nodes(statement):
        yield from _always_evaluated(child)


def _is_read(block: Block, name: str, own: set[int]) -> bool:
    """Whether statements read a name that the block has not bound before, nodes in `own` aside."""
    for statement in block:
        for child in ast.iter_child_nodes(statement):
            if not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)) and any(
                is_name(n, name) and id(n) not in own and not isinstance(n.ctx, ast.Store)  # type: ignore[attr-defined]
                for n in ast.walk(child)
            ):
                return True
        if any(_is_read(inner, name, own) for inner in _blocks_of(statement)):
            return True
        if binds_plainly(statement, name):
            return False
    return False


def _blocks_of(statement: ast.AST) -> Iterator[Block]:
    """The lists of statements of a statement, those of its handlers and cases included."""
    for part in ("body", "orelse", "finalbody"):
        block = getattr(statement, part, None)
        if isinstance(block, list):
            yield block
    for part in ("handlers", "cases"):
        for inner in getattr(statement, part, []):
            yield inner.body


class _Renaming(ast.NodeTransformer):
    """Names replaced by others, whatever is done with them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def of(self, node: ast.expr) -> ast.expr:
        """A copy with the names replaced; the very node where there are none."""
        if not self.names.keys() & names_in(node):
            return node
        found: ast.expr = self.visit(copy.deepcopy(node))
        return found

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(self.names.get(node.id, node.id), node.ctx), node)
