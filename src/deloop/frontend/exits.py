"""Ways out of a loop, each brought to ``if test: …; break`` at the top of the loop's body.

    for i in range(n):                     for i in range(n):
        if a[i]:                               if a[i] and x[i] > t:
            if x[i] > t:               ->          k = i
                k = i                              break
                break                          total += x[i]
        total += x[i]
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from dataclasses import dataclass

from deloop.frontend.iterables import plus
from deloop.frontend.structure import eliminate_continue
from deloop.text.names import names_in, names_read, names_stored

Block = list[ast.stmt]


@dataclass(frozen=True)
class Exit:
    """``if test: body; jump``: the loop ends here."""

    test: ast.expr
    body: tuple[ast.stmt, ...]
    jump: ast.Break | ast.Return


Item = ast.stmt | Exit


class Unreadable(Exception):
    """A way out that has no such form."""


def read_items(body: Sequence[ast.stmt]) -> list[Item]:
    """The body's statements with its exits at the top level; what no iteration reaches is left out.

    Raises `Unreadable`.
    """
    return _items(eliminate_continue(list(body)))


def _items(block: Sequence[ast.stmt]) -> list[Item]:
    found: list[Item] = []
    for statement in block:
        if isinstance(statement, (ast.Break, ast.Return)):
            found.append(Exit(ast.Constant(True), (), statement))
            return found
        if not has_exit([statement]):
            found.append(statement)
        elif isinstance(statement, ast.If):
            found.extend(_items_of_if(statement))
            last = found[-1]
            if isinstance(last, Exit) and isinstance(last.test, ast.Constant):
                return found
        else:
            raise Unreadable
    return found


def _items_of_if(node: ast.If) -> list[Item]:
    then, otherwise = node.body, node.orelse
    if _ends(then) and not has_exit(then[:-1]):
        return [Exit(node.test, tuple(then[:-1]), _jump(then[-1])), *_items(otherwise)]
    if _ends(otherwise) and not has_exit(otherwise[:-1]):
        test = negated(node.test)
        return [Exit(test, tuple(otherwise[:-1]), _jump(otherwise[-1])), *_items(then)]
    return _distributed(node)


def _ends(block: Sequence[ast.stmt]) -> bool:
    return bool(block) and isinstance(block[-1], (ast.Break, ast.Return))


def _jump(node: ast.stmt) -> ast.Break | ast.Return:
    assert isinstance(node, (ast.Break, ast.Return))
    return node


def _distributed(node: ast.If) -> list[Item]:
    """``if a: S; if b: break`` as ``if a: S`` and ``if a and b: break``; S leaves `a` alone."""
    found: list[Item] = []
    for block, test in ((node.body, node.test), (node.orelse, negated(node.test))):
        for item in _items(block):
            if isinstance(item, Exit):
                both = joined(test, item.test)
                found.append(Exit(both, item.body, item.jump))
            else:
                if not _leaves(node.test, item):
                    raise Unreadable
                guarded = ast.If(test=test, body=[item], orelse=[])
                found.append(ast.copy_location(guarded, item))
    return found


def _leaves(test: ast.expr, statement: ast.stmt) -> bool:
    """Whether a statement surely does not change what a condition says."""
    if names_stored(statement) & names_in(test):
        return False
    return is_plain(statement)


def negated(test: ast.expr) -> ast.expr:
    """``not test``."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.copy_location(ast.UnaryOp(op=ast.Not(), operand=test), test)


def joined(first: ast.expr, second: ast.expr) -> ast.expr:
    """``first and second``."""
    if isinstance(second, ast.Constant) and second.value is True:
        return first
    parts: list[ast.expr] = []
    for test in (first, second):
        is_and = isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)
        parts.extend(test.values if is_and else [test])  # type: ignore[attr-defined]
    return ast.copy_location(ast.BoolOp(op=ast.And(), values=parts), first)


def has_exit(block: Sequence[ast.stmt]) -> bool:
    """Whether a statement may end the surrounding loop: its ``break``, or a ``return``."""
    return any(_may_exit(s, own=True) for s in block)


def has_own_break(loop: ast.For) -> bool:
    """Whether a ``break`` of the loop itself stands in its body."""
    return any(_may_break(s) for s in loop.body)


def _may_break(node: ast.AST) -> bool:
    if isinstance(node, ast.Break):
        return True
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return False
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        return any(map(_may_break, node.orelse))
    inner = ast.iter_child_nodes(node)
    return any(_may_break(n) for n in inner if not isinstance(n, ast.expr))


def _may_exit(node: ast.AST, own: bool) -> bool:
    if isinstance(node, ast.Return) or (own and isinstance(node, ast.Break)):
        return True
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return False
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        return any(_may_exit(s, False) for s in node.body) or any(
            _may_exit(s, own) for s in node.orelse
        )
    inner = ast.iter_child_nodes(node)
    return any(_may_exit(n, own) for n in inner if not isinstance(n, ast.expr))


# ---------------------------------------------------------------------- plain statements
_PLAIN_CALLS = frozenset(
    {"abs", "float", "int", "bool", "min", "max", "len", "sum", "round"}
    | {"item", "sqrt", "exp", "log", "sin", "cos", "tanh", "norm", "dot", "mean", "isnan", "isinf"}
    | {"size", "dim", "numel", "pow", "sign", "any", "all", "floor", "ceil", "isfinite", "square"}
    | {"argmax", "argmin", "detach", "fabs", "equal", "double", "long", "tolist", "to"}
)


def is_plain(statement: ast.stmt) -> bool:
    """Whether all that a statement does is to bind names: leaving it out changes nothing else."""
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=targets, value=value):
            return all(map(_is_name, targets)) and is_plain_value(value)
        case ast.AnnAssign(target=ast.Name(), value=value):
            return value is None or is_plain_value(value)
        case ast.If(test=test, body=body, orelse=orelse):
            return is_plain_value(test) and all(map(is_plain, (*body, *orelse)))
    return False


def _is_name(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple):
        return all(map(_is_name, target.elts))
    return isinstance(target, ast.Name)


def may_raise(statement: ast.stmt) -> bool:
    """Whether a plain statement may raise: a look-up, a call, a division."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Subscript):
            return True
        if isinstance(node, ast.Call):
            callee = node.func
            if not (isinstance(callee, ast.Attribute) and callee.attr == "item"):
                return True
        elif isinstance(node, ast.BinOp) and isinstance(node.op, _RAISING):
            return True
    return False


_RAISING = (ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift, ast.MatMult)


def looks_up(statement: ast.stmt) -> bool:
    """Whether a statement reads at a place that data tells: ``x[idx[i]]``."""
    return any(
        isinstance(n, ast.Subscript)
        and any(isinstance(inner, (ast.Subscript, ast.Call)) for inner in ast.walk(n.slice))
        for n in ast.walk(statement)
    )


def is_plain_value(node: ast.expr) -> bool:
    """Whether an expression only looks at values, by calls that are known to do no more."""
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Lambda)):
            return False
        if isinstance(inner, ast.Call):
            callee = inner.func
            word = callee.attr if isinstance(callee, ast.Attribute) else ""
            word = callee.id if isinstance(callee, ast.Name) else word
            if word not in _PLAIN_CALLS:
                return False
    return True


# ---------------------------------------------------------------------- flags
def break_at_flags(body: Sequence[ast.stmt]) -> Block:
    """``if not found and c: found = True`` as the whole of a loop, with a ``break`` behind it.

    Later iterations do nothing any more.
    """
    *before, last = body
    if not (isinstance(last, ast.If) and not last.orelse and all(map(is_plain, before))):
        return list(body)
    bound = {n for s in before for n in names_stored(s)}
    for test in _conjuncts(last.test):
        flag = _flag_of(test)
        if flag is not None and flag[0] not in bound and _sets_flag(last.body, *flag):
            if has_exit(last.body):
                return list(body)
            return [*before, _with_break(last, [])]
    inner = last.body[0] if len(last.body) == 1 else None
    if isinstance(inner, ast.If) and not inner.orelse:
        merged = ast.If(test=joined(last.test, inner.test), body=inner.body, orelse=[])
        changed = break_at_flags([*before, ast.copy_location(merged, last)])
        if has_exit(changed):
            return changed
    return list(body)


def _with_break(node: ast.If, rest: Sequence[ast.stmt]) -> ast.If:
    leave = ast.copy_location(ast.Break(), node.body[-1])
    changed = ast.If(
        test=node.test, body=[*node.body, *copy.deepcopy(list(rest)), leave], orelse=node.orelse
    )
    return ast.copy_location(changed, node)


def _conjuncts(test: ast.expr) -> list[ast.expr]:
    is_and = isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)
    return test.values if is_and else [test]  # type: ignore[attr-defined]


def _flag_of(test: ast.expr) -> tuple[str, bool] | None:
    """A flag and the value at which ``not found`` or ``searching`` turns false."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name)):
            return name, True
        case ast.Name(id=name):
            return name, False
    return None


def _sets_flag(block: Sequence[ast.stmt], name: str, value: bool) -> bool:
    """Whether a block surely sets a flag, and to that value only."""
    mine = [s for s in block if name in names_stored(s)]
    return len(mine) == 1 and any(
        isinstance(s, ast.Assign)
        and len(s.targets) == 1
        and isinstance(s.targets[0], ast.Name)
        and isinstance(s.value, ast.Constant)
        and s.value.value is value
        for s in mine
    )


# ---------------------------------------------------------------------- while
@dataclass(frozen=True)
class Counted:
    """A loop as ``for target in iterable``; `final` is what the target holds without an exit.

    Without `final` it keeps the last item. `is_backwards` turns the order round.
    """

    target: ast.expr
    iterable: ast.expr
    body: Block
    orelse: Block
    final: ast.expr | None = None
    is_backwards: bool = False


def read_while(node: ast.While, before: Sequence[ast.stmt]) -> Counted | None:
    """``while i < n and c: …; i += 1`` as a ``for`` that breaks; None where it does not count.

    `before` are the statements in front of it, in which the counter may get a constant.
    """
    tests = list(_conjuncts(node.test))
    body = eliminate_continue(list(node.body))
    orelse = node.orelse
    if isinstance(node.test, ast.Constant) and node.test.value in (True, 1) and not orelse:
        match body[0]:
            case ast.If(test=test, body=ending, orelse=[]) if (
                _ends(ending) and not has_exit(ending[:-1])
            ):
                tests, body = [negated_comparison(test)], body[1:]
                is_return = isinstance(ending[-1], ast.Return)
                orelse = ending if is_return else ending[:-1]
    flags = [f for f in map(_flag_of, tests) if f is not None]
    step = body[-1] if body else None
    if not isinstance(step, ast.AugAssign):
        body, step = _hoisted_step(body, flags)
    if step is None or not isinstance(step.target, ast.Name):
        return None
    name = step.target.id
    is_one = isinstance(step.value, ast.Constant) and type(step.value.value) is int
    if not is_one or step.value.value != 1 or not isinstance(step.op, (ast.Add, ast.Sub)):  # type: ignore[attr-defined]
        return None
    stop = next((s for t in tests if (s := _stop_of(t, name, step.op)) is not None), None)
    if stop is None:
        return None
    bound = stop[1]
    rest = [t for t in tests if t is not stop[0] and not _starts_true(t, before)]
    body = _flag_breaks(body[:-1], step, flags)
    fixed = names_in(bound)
    try:
        plain = [s for s in read_items(body) if not isinstance(s, Exit)]
    except Unreadable:
        return None
    if any((fixed | {name}) & names_stored(s) for s in plain):
        return None
    start = _start_of(name, before)
    if rest:
        test = rest[0] if len(rest) == 1 else ast.BoolOp(op=ast.And(), values=rest)
        leave = ast.If(test=negated(test), body=[ast.Break()], orelse=[])
        body = [ast.fix_missing_locations(ast.copy_location(leave, node.test)), *body]
    is_zero = isinstance(start, ast.Constant) and start.value == 0
    down = isinstance(step.op, ast.Sub)
    arguments = [bound] if is_zero and not down else [start, bound]
    if down:
        arguments.append(ast.UnaryOp(ast.USub(), ast.Constant(1)))
    iterable = ast.Call(ast.Name("range", ast.Load()), arguments, [])
    target = ast.Name(name, ast.Store())
    return Counted(target, iterable, body or [ast.Pass()], orelse, bound)


def _starts_true(test: ast.expr, before: Sequence[ast.stmt]) -> bool:
    """Whether a condition on a flag holds until the loop sets it, which ends the loop."""
    flag = _flag_of(test)
    if flag is None:
        return False
    start = _start_of(flag[0], before)
    return isinstance(start, ast.Constant) and start.value is (not flag[1])


def _hoisted_step(
    body: Block, flags: Sequence[tuple[str, bool]]
) -> tuple[Block, ast.AugAssign | None]:
    """A step at the end of both sides of an ``if`` put behind it.

    ``if c: found = True  else: i += 1`` counts too: the loop ends where its flag is set.
    """
    last = body[-1] if body else None
    if not (isinstance(last, ast.If) and last.orelse):
        return body, None
    step, other = last.orelse[-1], last.body[-1]
    if not isinstance(step, ast.AugAssign):
        return body, None
    if ast.dump(step) == ast.dump(other):
        first = last.body[:-1] or [ast.copy_location(ast.Pass(), other)]
    elif any(_sets_flag(last.body, *flag) for flag in flags) and not (
        names_stored(step) & {n for s in last.body for n in names_stored(s)}
    ):
        first = [*last.body, ast.copy_location(ast.Break(), other)]
    else:
        return body, None
    changed = ast.copy_location(ast.If(last.test, first, last.orelse[:-1]), last)
    return [*body[:-1], changed, step], step


def _flag_breaks(body: Block, step: ast.stmt, flags: Sequence[tuple[str, bool]]) -> Block:
    """A ``break`` wherever a flag of the loop's condition is set, behind the rest of the round."""
    result: Block = []
    for position, statement in enumerate(body):
        if isinstance(statement, ast.If) and not has_exit([statement]):
            rest = [*body[position + 1 :], step]
            if any(_sets_flag(statement.body, *flag) for flag in flags):
                result.append(_with_break(statement, rest))
                continue
        result.append(statement)
    return result


def negated_comparison(test: ast.expr) -> ast.expr:
    """``i >= n`` -> ``i < n``, else ``not test``."""
    opposite: dict[type[ast.cmpop], type[ast.cmpop]] = {
        ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt,
    }  # fmt: skip
    match test:
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if (
            type(operator) in opposite
        ):
            return ast.copy_location(ast.Compare(left, [opposite[type(operator)]()], [right]), test)
    return negated(test)


def _stop_of(test: ast.expr, name: str, step: ast.operator) -> tuple[ast.expr, ast.expr] | None:
    """The end of the range that ``i < n`` allows, with the comparison itself."""
    rising = isinstance(step, ast.Add)
    match test:
        case ast.Compare(left=ast.Name(id=counter), ops=[operator], comparators=[bound]) if (
            counter == name
        ):
            pass
        case _:
            return None
    if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(bound)):
        return None
    if isinstance(operator, ast.Lt if rising else ast.Gt):
        return test, bound
    if isinstance(operator, ast.LtE if rising else ast.GtE):
        return test, plus(bound, 1 if rising else -1)
    return None


def _start_of(name: str, before: Sequence[ast.stmt]) -> ast.expr:
    """What the counter holds when the loop begins: a constant set just before, or the name."""
    for statement in reversed(before):
        if name in names_stored(statement):
            match statement:
                case ast.Assign(targets=[ast.Name()], value=ast.expr() as value) if (
                    _is_fixed(value, before, statement)
                ):
                    return value
            break
    return ast.Name(name, ast.Load())


def _is_fixed(value: ast.expr, before: Sequence[ast.stmt], made: ast.stmt) -> bool:
    """Whether an expression of sizes and constants still means what it meant at its statement."""
    allowed = (ast.Constant, ast.UnaryOp, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Name, ast.Load)
    is_len = isinstance(value, ast.BinOp) and isinstance(value.left, ast.Call)
    parts = [n for n in ast.walk(value) if not isinstance(n, allowed)]
    if is_len:
        parts = [n for n in parts if not (isinstance(n, ast.Call) and _is_len(n))]
    if parts:
        return False
    behind = list(before)[list(before).index(made) + 1 :]
    names = names_read([ast.Expr(value)])
    return not any(names & names_stored(s) or not is_plain(s) for s in behind)


def _is_len(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "len" and len(node.args) == 1
