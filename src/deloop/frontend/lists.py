"""Lists that loops fill, found on the syntax tree; comprehensions as the loops that they mean.

    outs = []                                  for i in range(n):
    for i in range(n):            is one           outs.append(x[i])      and what became of it:
        outs.append(x[i])         `Filling`    return torch.stack(outs)   one `Use`
    return torch.stack(outs)

What is only added up is never a list: ``sum(outs)`` is ``total``, with ``total = total + x[i]`` in
the place of the append.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deloop.text.trees import swap

Block = list[ast.stmt]
Qualify = Callable[[ast.expr], str]
"""The canonical name of what an expression denotes (``torch.stack``); empty where unknown."""

_TENSOR_CLASSES = {
    "torch.Tensor": "float32", "torch.FloatTensor": "float32", "torch.DoubleTensor": "float64",
    "torch.LongTensor": "int64", "torch.IntTensor": "int32", "torch.BoolTensor": "bool",
}  # fmt: skip
_JOINED = {"torch.stack": "stack", "torch.cat": "cat", "torch.concat": "cat",
           "torch.concatenate": "cat"}  # fmt: skip
_REDUCED = {"builtins.sum": "total", "builtins.any": "found", "builtins.all": "fits",
            "builtins.len": "count"}  # fmt: skip
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)
_COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp)
_HIDDEN = (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Use:
    """A place that takes a list.

    Parameters
    ----------
    statement, node:
        The simple statement, and the expression in it that takes the list.
    kind:
        ``"stack"``, ``"cat"``, ``"tensor"``, ``"row"`` (an element of another list), ``"list"``
        (the list itself is returned), or the qualified name of a builtin.
    dim, dtype, device:
        The arguments; a dtype's name may be given by the class (``torch.LongTensor``).
    symbol:
        The name of what a builtin gives.
    """

    statement: ast.stmt
    node: ast.expr
    kind: str
    dim: int = 0
    dtype: ast.expr | str | None = None
    device: ast.expr | None = None
    symbol: str = ""

    @property
    def is_reduced(self) -> bool:
        """Whether the loop computes the use itself, so that it needs no list."""
        return bool(self.symbol)


@dataclass(frozen=True)
class FilledList:
    """A list that is empty before a loop and that the loop appends to; `reason` says why not so.

    `settled` says that nothing behind the loop can change an element before the list is used.
    """

    name: str
    uses: tuple[Use, ...] = ()
    settled: bool = True
    reason: str = ""

    @property
    def kept(self) -> tuple[Use, ...]:
        """The uses that need all elements."""
        return tuple(u for u in self.uses if not u.is_reduced)


@dataclass(frozen=True)
class Filling:
    """A loop that fills lists, in the form in which it is read.

    Parameters
    ----------
    written:
        What stands in the user's text: the loop, or the statement that holds a comprehension.
    loop:
        The loop to be read.
    starts:
        Statements that must be thought of in front of it.
    lists:
        The lists by name.
    """

    written: ast.stmt
    loop: ast.For
    starts: tuple[ast.stmt, ...] = ()
    lists: Mapping[str, FilledList] = field(default_factory=dict)

    @property
    def is_comprehension(self) -> bool:
        """Whether the user wrote no loop."""
        return not isinstance(self.written, (ast.For, ast.While))

    @property
    def uses(self) -> tuple[Use, ...]:
        """Every use of every list."""
        return tuple(u for filled in self.lists.values() for u in filled.uses)

    @property
    def symbols(self) -> frozenset[str]:
        """Names of reduced uses, which the code behind the loop reads."""
        return frozenset(u.symbol for u in self.uses if u.symbol)

    def block(self, block: Block) -> Block:
        """The block around it, with what is thought of in front of the loop in it."""
        position = next(k for k, s in enumerate(block) if s is self.written)
        behind = block[position:] if self.is_comprehension else block[position + 1 :]
        return [*block[:position], *self.starts, self.loop, *behind]


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
        self.names = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
        arguments = getattr(function, "args", None)
        self.names |= {a.arg for a in ast.walk(arguments or ast.Pass()) if isinstance(a, ast.arg)}

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
                found.extend(self._of_statement(statement))
        return found

    def _of_loop(self, block: Block, position: int) -> Filling | None:
        loop = block[position]
        assert isinstance(loop, ast.For)
        lists: dict[str, FilledList] = {}
        starts: list[ast.stmt] = []
        for name in sorted(appended_names(loop)):
            start = next(
                (k for k in range(position - 1, -1, -1) if _binds(block[k], name)), None
            )
            target = None if start is None else _empty_list(block[start], name)
            if start is not None and target is not None:
                lists[name] = self._filled(name, block, start, position, target)
                if not _binds_plainly(block[start], name):
                    starts.append(_located(f"{name} = []", block[start]))
        return self._reduced(Filling(loop, loop, tuple(starts), lists)) if lists else None

    def _filled(
        self, name: str, block: Block, start: int, position: int, target: ast.Name
    ) -> FilledList:
        """What becomes of a list that ``block[start]`` makes and ``block[position]`` fills."""
        end = next(
            (k for k in range(position + 1, len(block)) if _binds_plainly(block[k], name)),
            len(block) - 1,
        )
        rebound = _binds_plainly(block[end], name) and end > position
        segment = block[start : end + 1]
        own = {id(n) for s in segment for n in ast.walk(s)}
        if not rebound and self._is_seen_elsewhere(name, own):
            return FilledList(name, reason=f"{name} is read elsewhere too")
        allowed = {id(target)}
        for statement in ast.walk(block[position]):
            if isinstance(statement, ast.stmt) and _appended(statement, name) is not None:
                allowed.update(id(n) for n in _list_names(statement, name))
        uses: list[Use] = []
        for statement in block[position + 1 : end + 1]:
            for inner in ast.walk(statement):
                use = self._use_in(inner, name)
                if use is None or not isinstance(statement, _SIMPLE):
                    continue
                uses.append(replace(use, statement=statement))
                allowed.update(id(n) for n in ast.walk(use.node)
                               if isinstance(n, ast.Name) and n.id == name)  # fmt: skip
        if rebound and isinstance(block[end], ast.Assign):
            allowed.update(id(t) for t in block[end].targets)  # type: ignore[attr-defined]
        hidden = {id(n) for s in segment for h in ast.walk(s) if isinstance(h, _HIDDEN)
                  for n in ast.walk(h)}  # fmt: skip
        for statement in segment:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and node.id == name:
                    if id(node) in hidden:
                        return FilledList(name, reason=f"{name} is read by a function inside")
                    if id(node) not in allowed:
                        inside = statement is block[position]
                        return FilledList(name, reason=_other_use(name, statement, inside))
        if not uses:
            return FilledList(name, reason=f"nobody takes the elements of {name} together")
        last = max(k for k, s in enumerate(block) for u in uses if u.statement is s)
        settled = all(self.is_quiet(s) for s in block[position + 1 : last + 1])
        return FilledList(name, tuple(uses), settled)

    def _is_seen_elsewhere(self, name: str, own: set[int]) -> bool:
        """Whether code outside of a segment reads the name before it has set it itself."""
        return any(
            isinstance(node, ast.Name)
            and node.id == name
            and id(node) not in own
            and not isinstance(node.ctx, ast.Store)
            for block in _blocks(self.function)
            for statement in _until_bound(block, name)
            for node in _shallow(statement)
        )

    # ------------------------------------------------------------------ uses
    def _use_in(self, node: ast.AST, name: str) -> Use | None:
        """How an expression takes the list `name`."""
        if isinstance(node, ast.Return) and _is_name(node.value, name) and not self.is_inner:
            assert node.value is not None
            return Use(ast.Pass(), node.value, "list")
        if not isinstance(node, ast.Call) or not node.args or not _is_name(node.args[0], name):
            return None
        return self._use_of(node)

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
        if callee in _REDUCED and not keywords:
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
        if callee:
            return callee.startswith(("torch.", "math.", "builtins.")) and callee[-1] != "_"
        return isinstance(node.func, ast.Attribute) and node.func.attr in _QUIET_METHODS

    # ------------------------------------------------------------------ comprehensions
    def _of_statement(self, statement: ast.stmt) -> Iterator[Filling]:
        """The comprehensions of a simple statement that a known call takes."""
        calls = [n for n in _always_evaluated(statement) if isinstance(n, ast.Call)]
        taken = [c for c in calls if c.args and isinstance(c.args[0], _COMPREHENSIONS)]
        if not taken:
            return
        if any(isinstance(c.func, ast.Attribute) and c.func.attr.endswith("_") for c in calls):
            return
        inside = {id(n) for c in taken for n in ast.walk(c)}
        others = [n for n in ast.walk(statement) if isinstance(n, ast.Call) and id(n) not in inside]
        around = [c for c in others if any(t is n for t in taken for n in ast.walk(c))]
        if not all(self._is_quiet_call(c) for c in others if c not in around):
            return
        for call in taken:
            use = self._use_of(call)
            comprehension = call.args[0]
            assert isinstance(comprehension, _COMPREHENSIONS)
            is_generator = isinstance(comprehension, ast.GeneratorExp)
            if use is None or (is_generator and use.kind not in _REDUCED):
                continue
            if is_generator and use.kind == "builtins.len":
                continue
            name = self.fresh("items")
            loop = self._loop_of(comprehension, name)
            if loop is None:
                continue
            filled = FilledList(name, (replace(use, statement=statement),))
            empty = ast.Assign([ast.Name(name, ast.Store())], ast.List([], ast.Load()))
            located = ast.fix_missing_locations(ast.copy_location(empty, call))
            yield self._reduced(Filling(statement, loop, (located,), {name: filled}))

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
        if any(g.is_async for g in node.generators) or targets & _names(first.iter):
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
                if use.kind in _REDUCED and use.kind not in symbols:
                    symbols[use.kind] = self.fresh(_REDUCED[use.kind])
            uses = tuple(replace(u, symbol=symbols.get(u.kind, "")) for u in filled.uses)
            lists[name] = replace(filled, uses=uses)
            if not symbols:
                continue
            stays = bool(lists[name].kept)
            for kind, symbol in symbols.items():
                starts.append(_located(f"{symbol} = {_STARTS[kind]}", loop))
            item = self.fresh(f"{name}_item")
            loop = _replace_appends(loop, name, symbols, item, stays)
        return replace(filling, loop=loop, starts=tuple(starts), lists=lists)


_STARTS = {"builtins.sum": "0", "builtins.any": "False", "builtins.all": "True",
           "builtins.len": "0"}  # fmt: skip
_UPDATES = {
    "builtins.sum": "{symbol} = {symbol} + {item}",
    "builtins.any": "if {item}:\n    {symbol} = True",
    "builtins.all": "if not {item}:\n    {symbol} = False",
    "builtins.len": "{symbol} = {symbol} + 1",
}
_QUIET_METHODS = frozenset(
    {"size", "dim", "numel", "item", "mean", "sum", "max", "min", "std", "var", "norm", "abs",
     "float", "long", "int", "double", "to", "cpu", "detach", "clone", "view", "reshape", "flatten",
     "unsqueeze", "squeeze", "transpose", "permute", "t", "sqrt", "exp", "log", "append", "tolist"}
)  # fmt: skip


# ---------------------------------------------------------------------- a loop's own blocks
def apply_fillings(block: Sequence[ast.stmt], fillings: Sequence[Filling]) -> Block:
    """The block as it is read: fillings in their places, reduced uses as names."""
    result: Block = []
    for statement in block:
        own = [f for f in fillings if f.written is statement]
        for filling in own:
            result.extend([*filling.starts, filling.loop])
        if not own or own[0].is_comprehension:
            swaps = {}
            for filling in fillings:
                for name, filled in filling.lists.items():
                    for use in filled.uses:
                        if use.statement is statement:
                            swaps[id(use.node)] = swapped_use(use, name, filling)
            result.append(swap(statement, swaps) if swaps else statement)
    return result


def swapped_use(use: Use, name: str, filling: Filling) -> ast.expr:
    """A use as it reads in the body of a loop: ``sum(x for …) -> total``."""
    if use.is_reduced:
        return ast.copy_location(ast.Name(use.symbol, ast.Load()), use.node)
    if not filling.is_comprehension or not isinstance(use.node, ast.Call):
        return use.node
    call = copy.copy(use.node)
    first = ast.copy_location(ast.Name(name, ast.Load()), use.node.args[0])
    call.args = [first, *use.node.args[1:]]
    return call


def join_appends(body: Sequence[ast.stmt]) -> Block:
    """One append behind a condition whose sides append once each.

    ``if c: outs.append(a)  else: outs.append(b)   ->   if c: item = a  else: item = b`` and
    ``outs.append(item)``. Also ``outs += [a]`` as ``outs.append(a)``.
    """
    result: Block = []
    for statement in body:
        if isinstance(statement, ast.If) and statement.orelse:
            names = [n for n in sorted(appended_names(statement)) if _appends_once(statement, n)]
            for name in names:
                item = f"{name}_item"
                joined = _assign_instead(statement, name, item)
                assert isinstance(joined, ast.If)
                statement = joined
            result.append(statement)
            result.extend(_located(f"{n}.append({n}_item)", statement) for n in names)
            continue
        value = next((v for n in appended_names(statement)
                      if (v := _appended(statement, n)) is not None), None)  # fmt: skip
        if isinstance(statement, ast.AugAssign) and value is not None:
            assert isinstance(statement.target, ast.Name)
            call = _located(f"{statement.target.id}.append(0)", statement)
            assert isinstance(call, ast.Expr) and isinstance(call.value, ast.Call)
            call.value.args = [value]
            statement = call
        result.append(statement)
    return result


def _appends_once(node: ast.If, name: str) -> bool:
    """Whether both sides of a condition append to the list once, as their last word on it."""
    for block in (node.body, node.orelse):
        own = [s for s in block if name in _names(s)]
        if len(own) != 1:
            return False
        only = own[0]
        if isinstance(only, ast.If):
            if not _appends_once(only, name) or name in _names(only.test):
                return False
        elif _appended(only, name) is None:
            return False
    return True


def _assign_instead(node: ast.stmt, name: str, item: str) -> ast.stmt:
    if isinstance(node, ast.If):
        changed = copy.copy(node)
        changed.body = [_assign_instead(s, name, item) for s in node.body]
        changed.orelse = [_assign_instead(s, name, item) for s in node.orelse]
        return changed
    value = _appended(node, name)
    if value is None:
        return node
    assign = _located(f"{item} = 0", node)
    assert isinstance(assign, ast.Assign)
    assign.value = value
    return assign


def _replace_appends(
    loop: ast.For, name: str, symbols: Mapping[str, str], item: str, stays: bool
) -> ast.For:
    """The loop with updates beside each append to `name`, or in its place."""

    def change(block: Block) -> Block:
        result: Block = []
        for statement in block:
            value = _appended(statement, name)
            if value is None:
                if name in _names(statement):
                    statement = copy.copy(statement)
                    for part in ("body", "orelse"):
                        if getattr(statement, part, None):
                            setattr(statement, part, change(getattr(statement, part)))
                result.append(statement)
                continue
            if stays or len(symbols) > 1:
                assign = _located(f"{item} = 0", statement)
                assert isinstance(assign, ast.Assign)
                assign.value = value
                result.append(assign)
                value = ast.copy_location(ast.Name(item, ast.Load()), statement)
            if stays:
                append = _located(f"{name}.append({item})", statement)
                result.append(append)
            for kind, symbol in symbols.items():
                text = _UPDATES[kind].format(symbol=symbol, item="_deloop_item")
                update = _located(text, statement)
                swaps = {id(n): value for n in ast.walk(update) if _is_name(n, "_deloop_item")}
                result.append(swap(update, swaps))
        return result

    changed = copy.copy(loop)
    changed.body = change(loop.body)
    return changed


def needs_preparing(node: ast.AST) -> bool:
    """Whether a statement fills a list, or holds a comprehension."""
    return any(
        isinstance(inner, _COMPREHENSIONS)
        or (isinstance(inner, ast.Attribute) and inner.attr == "append")
        or (isinstance(inner, ast.AugAssign) and isinstance(inner.value, ast.List))
        for inner in ast.walk(node)
    )


# ---------------------------------------------------------------------- small questions
def appended_names(node: ast.AST) -> set[str]:
    """Names of lists that a statement may append to."""
    found: set[str] = set()
    for inner in ast.walk(node):
        match inner:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append")):
                found.add(name)
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=ast.List(elts=[_])):
                found.add(name)
    return found


def _appended(node: ast.stmt, name: str) -> ast.expr | None:
    """What a statement appends to a list."""
    match node:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=found), attr="append"),
                args=[value],
                keywords=[],
            )
        ) if found == name and name not in _names(value) and not isinstance(value, ast.Starred):
            return value
        case ast.AugAssign(
            target=ast.Name(id=found), op=ast.Add(), value=ast.List(elts=[value])
        ) if found == name and name not in _names(value) and not isinstance(value, ast.Starred):
            return value
    return None


def _list_names(node: ast.stmt, name: str) -> list[ast.Name]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name]


def _binds_plainly(node: ast.stmt, name: str) -> bool:
    return (
        isinstance(node, ast.Assign) and len(node.targets) == 1 and _is_name(node.targets[0], name)
    )


def _binds(node: ast.stmt, name: str) -> bool:
    """Whether an assignment binds the name, alone or in a tuple."""
    return isinstance(node, ast.Assign) and any(
        isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
        for t in node.targets
        for n in ast.walk(t)
    )


def _empty_list(node: ast.stmt, name: str) -> ast.Name | None:
    """The target of ``name = []``, ``name = list()`` or ``name, other = [], []``."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return None
    targets, values = [node.targets[0]], [node.value]
    if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
        targets, values = node.targets[0].elts, node.value.elts
    if len(targets) != len(values):
        return None
    for target, value in zip(targets, values, strict=True):
        if isinstance(target, ast.Name) and target.id == name:
            match value:
                case ast.List(elts=[]):
                    return target
                case ast.Call(func=ast.Name(id="list"), args=[], keywords=[]):
                    return target
    return None


def _is_name(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


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


def _located(text: str, where: ast.AST) -> ast.stmt:
    """A statement made of text, that stands where another node does."""
    node = ast.parse(text).body[0]
    for inner in ast.walk(node):
        if isinstance(inner, (ast.stmt, ast.expr)):
            ast.copy_location(inner, where)
    return node


def _always_evaluated(statement: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement that are evaluated once, whatever the values are."""
    yield statement
    if isinstance(statement, (*_COMPREHENSIONS, *_HIDDEN, ast.SetComp, ast.DictComp)):
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


def _blocks(node: ast.AST) -> Iterator[Block]:
    """Every list of statements below a node."""
    for inner in ast.walk(node):
        for part in ("body", "orelse", "finalbody"):
            block = getattr(inner, part, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def _until_bound(block: Block, name: str) -> Iterator[ast.stmt]:
    """The statements of a block up to the one that binds the name, its value included."""
    for statement in block:
        if _binds_plainly(statement, name):
            assert isinstance(statement, ast.Assign)
            yield ast.copy_location(ast.Expr(statement.value), statement)
            return
        yield statement


def _shallow(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement without those of blocks inside of it."""
    yield statement
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            continue
        yield from ast.walk(child)


class _Renaming(ast.NodeTransformer):
    """Names replaced by others, whatever is done with them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def of(self, node: ast.expr) -> ast.expr:
        """A copy with the names replaced; the very node where there are none."""
        if not self.names.keys() & _names(node):
            return node
        found: ast.expr = self.visit(copy.deepcopy(node))
        return found

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(self.names.get(node.id, node.id), node.ctx), node)
