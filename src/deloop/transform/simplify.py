"""Values simplified before they are written: initial fills, and operands made safe in branches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from deloop.dtype import Rank, category
from deloop.frontend.expression import both, number
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.plan import Serial, Step, Vector, vectors
from deloop.ir.scalar import (
    Call,
    Cast,
    Expression,
    Load,
    Number,
    Reduce,
    Select,
    requires_grad,
    slack_of,
)
from deloop.ir.types import Tensor
from deloop.poly.dependence import Dependence, DependenceKind
from deloop.transform.protect import always_inside, protect
from deloop.transform.reduce import fold_starts
from deloop.transform.scan import scans_of
from deloop.transform.tidy import as_logic, as_stored, tidy


def forward_fill(
    expression: Expression, fill_of: Callable[[Load], int | float | bool | None]
) -> Expression:
    """Reads of elements that still hold their initial number: ``out[i] -> 0``."""
    match expression:
        case Load():
            fill = fill_of(expression)
            return expression if fill is None else Cast(number(fill), expression.type)
        case Select(condition, then, otherwise):
            return Select(condition, forward_fill(then, fill_of), forward_fill(otherwise, fill_of))
        case Call(operator, (first, second), kind, "") if operator in ("add", "mul", "sub"):
            if category(kind.dtype) == "complex":
                return expression  # PyTorch's own sum has a NaN beside an infinity
            left, right = forward_fill(first, fill_of), forward_fill(second, fill_of)
            changed = (left != first) + (right != second)
            if changed == 2 or (changed and (_is_number(left) or _is_number(right))):
                return expression  # two numbers would be computed by Python, not in the dtype
            return replace(expression, arguments=(left, right))
    return expression  # elsewhere a number would not do for a tensor


def _fold_fills(
    expression: Expression, fill_of: Callable[[Load], int | float | bool | None]
) -> Expression:
    """``out[i] + sum over j of x[i, j] -> sum over j of x[i, j]``, `out` being full of 0."""
    match expression:
        case Call(_, (Load() as start, reduced)) | Select(Call(_, (reduced, Load() as start))):
            fill = fill_of(start)
            if fill is not None and any(isinstance(n, Reduce) for n in scalar.walk(reduced)):
                filled = Cast(number(fill), start.type)
                known = scalar.rebuild(expression, lambda e: _exchanged(e, start, filled))
                folded = fold_starts(known)
                if folded != known or isinstance(known, Select):
                    return folded
        case Reduce():
            return expression
    return scalar.rebuild(expression, lambda child: _fold_fills(child, fill_of))


def _reduction_first(value: Expression, array: str) -> Expression:
    """``b + x @ w -> x @ w + b``, unless `b` is what the statement changes."""
    match value:
        case Call("add", (Load(name) as start, Reduce() as reduced), _, "", ()) if name != array:
            return replace(value, arguments=(reduced, start))
    return value


def _exchanged(expression: Expression, old: Expression, new: Expression) -> Expression:
    if expression == old:
        return new
    return scalar.rebuild(expression, lambda e: _exchanged(e, old, new))


def drop_neutral(expression: Expression) -> tuple[Expression, bool]:
    """``0 + x -> x`` and ``1 * x -> x`` where the type stays; whether a zero's sign may be lost.

    Only for what was there at first, a tensor's fill or the 0 of a sum: what people wrote stays.
    """
    lossy = False

    def change(node: Expression) -> Expression:
        nonlocal lossy
        node = scalar.rebuild(node, change)
        if (
            not isinstance(node, Call)
            or node.operator not in ("add", "mul")
            or len(node.arguments) != 2
        ):
            return node
        neutral = 0 if node.operator == "add" else 1
        first, second = node.arguments
        if _is_fill(first, neutral) and second.type.dtype == node.type.dtype:
            if node.operator == "add" and category(node.type.dtype) in ("float", "complex"):
                lossy = True  # 0 + -0.0 is 0.0
            return second
        return node

    return change(expression), lossy


def _is_number(expression: Expression) -> bool:
    """Whether no tensor is left in an operand: a number, or a fill beside which one is needed."""
    return expression.type.rank is Rank.NUMBER


def named_plainly(temporaries: Mapping[Expression, str]) -> dict[Expression, str]:
    """The user's names for values, also for those values as `drop_neutral` leaves them."""
    plain = {drop_neutral(e)[0]: name for e, name in temporaries.items() if _begins_with_zero(e)}
    return {**plain, **temporaries}


def _begins_with_zero(expression: Expression) -> bool:
    """Whether a sum of several terms begins with the 0 that its variable held: ``0 + a + b``."""
    sums = [n for n in scalar.walk(expression) if isinstance(n, Call) and n.operator == "add"]
    return any(
        _is_sum_of_one(n)
        or (isinstance(n.arguments[0], Call) and _is_zero_and_term(n.arguments[0]))
        for n in sums
    )


def _is_sum_of_one(call: Call) -> bool:
    """Whether the 0 to which a single product is added is that of a sum of products."""
    first, second = call.arguments
    is_typed = isinstance(first, Cast) and first.type == second.type == call.type
    return is_typed and _is_fill(first, 0) and second.type.rank is Rank.TENSOR


def _is_zero_and_term(call: Call) -> bool:
    return call.operator == "add" and not call.keywords and _is_fill(call.arguments[0], 0)


def _is_fill(expression: Expression, value: int) -> bool:
    if expression == number(0) and value == 0:
        return True
    return (
        isinstance(expression, Cast)
        and isinstance(expression.value, Number)
        and expression.value.value == value
        and not isinstance(expression.value.value, complex)
    )


def as_condition(expression: Expression) -> Expression:
    """``select(c, True, False) -> c`` and ``select(c, d, False) -> c and d``, of bools alone."""
    expression = scalar.rebuild(expression, as_condition)
    if not isinstance(expression, Select) or slack_of(expression.condition) is not None:
        return expression  # a triangle is written as one
    condition, then, otherwise = expression.condition, expression.then, expression.otherwise
    if {condition.type.dtype, then.type.dtype, otherwise.type.dtype} != {"bool"}:
        return expression
    if not _is_bool(otherwise, False) or isinstance(then, Select):
        return expression
    found = condition if _is_bool(then, True) else both(condition, then)
    is_same = expression.is_mixed or found.type == expression.type
    return found if is_same else Cast(found, expression.type)


def _is_bool(expression: Expression, value: bool) -> bool:
    while isinstance(expression, Cast) and expression.type.dtype == "bool":
        expression = expression.value
    return isinstance(expression, Number) and expression.value is value


def simplify_plan(
    plan: tuple[Step, ...], dependences: Sequence[Dependence], arrays: Mapping[str, Tensor]
) -> tuple[tuple[Step, ...], bool]:
    """Every statement's value simplified; whether a zero's sign may be lost on the way."""
    grown = arrays_with_grad(plan, arrays)

    def grads(expression: Expression) -> bool:
        return requires_grad(expression, grown)

    lossy = False
    written: set[str] = set()

    def visit(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        nonlocal lossy
        result: list[Step] = []
        for step in steps:
            if isinstance(step, Serial):
                written.update(_written_again(step, dependences))
                result.append(Serial(step.loop, visit(step.body)))
                continue
            store = step.statement.store
            fill = _fill_reader(step, dependences, arrays, frozenset(written))
            written.add(store.array)
            plain = tidy(store.value)
            value = forward_fill(_fold_fills(plain, fill), fill)
            if requires_grad(value, grown) != requires_grad(plain, grown):
                # A gradient recorded elsewhere in the tensor makes this read carry one.
                value = plain
            augmented = store.augmented
            if value != plain or _begins_with_zero(value):
                short, lost = drop_neutral(value)
                leaves_view = store.cell is not None and isinstance(short, Load)
                if leaves_view and not isinstance(value, Load):
                    short, lost = value, False  # a variable would hold the element itself
                value, lossy, augmented = short, lossy or lost, False
            value = as_stored(value, store.dtype)
            value = as_condition(_reduction_first(as_logic(value), store.array))
            inside = always_inside(value, lambda name: arrays[name].type.shape)
            value = protect(value, grads, inside)
            changed = replace(store, value=value, augmented=augmented)
            result.append(replace(step, statement=replace(step.statement, store=changed)))
        return tuple(result)

    return visit(plan), lossy


def drop_empty(plan: tuple[Step, ...]) -> tuple[Step, ...]:
    """The plan without statements of which no instance runs: ``out[:0] = x[:0] * 2``."""
    result: list[Step] = []
    for step in plan:
        if isinstance(step, Serial):
            body = drop_empty(step.body)
            if body and not _is_empty(step.loop.axis.extent):
                result.append(replace(step, body=body))
        elif not any(_is_empty(loop.axis.extent) for loop in step.axes):
            result.append(step)
    return tuple(result)


def _is_empty(extent: Affine) -> bool:
    return extent.is_constant and extent.constant <= 0


def arrays_with_grad(plan: tuple[Step, ...], arrays: Mapping[str, Tensor]) -> frozenset[str]:
    """Arrays into which a gradient flows by the plan's own stores."""
    found = frozenset(name for name, tensor in arrays.items() if tensor.type.requires_grad)
    while True:
        more = {
            v.statement.store.array
            for v in vectors(plan)
            if requires_grad(v.statement.store.value, found)
        }
        if more <= found:
            return found
        found |= more


def _written_again(step: Serial, dependences: Sequence[Dependence]) -> set[str]:
    """What an iteration of a loop that stays finds written by those before it.

    All that the loop writes, but where one statement alone writes each element once.
    """
    inside = vectors(step.body)
    writers = Counter(v.statement.store.array for v in inside)
    return {
        v.statement.store.array
        for v in inside
        if writers[v.statement.store.array] > 1 or not _writes_once(v, step, dependences)
    }


def _writes_once(vector: Vector, step: Serial, dependences: Sequence[Dependence]) -> bool:
    """Whether no element that a statement writes is written in two iterations of a loop."""
    statement = vector.statement
    if step.loop.stays:  # pieces of one range: what moves with that is in one of them
        ends = {x.iterator: {*x.lower.symbols, *x.upper.symbols} for x in vector.axes}
        own = [x for x in vector.axes if step.loop.iterator in ends[x.iterator]]
        own += [x for x in statement.loops if x.iterator == step.loop.iterator and not own]
        return any(s == Affine.symbol(x.iterator) for s in statement.store.subscripts for x in own)
    levels = [k for k, x in enumerate(statement.loops, 1) if x.iterator == step.loop.iterator]
    return bool(levels) and not any(
        d.source == d.sink == statement.name
        and d.kind is DependenceKind.OUTPUT
        and d.level == levels[0]
        for d in dependences
    )


def _fill_reader(
    vector: Vector,
    dependences: Sequence[Dependence],
    arrays: Mapping[str, Tensor],
    written: frozenset[str],
) -> Callable[[Load], int | float | bool | None]:
    name = vector.statement.name
    # Under a loop that stays, it reads what that loop's earlier iterations have left.
    all_at_once = not vector.level and (
        vector.accumulation is not None or scans_of(vector.statement.store.value)
    )
    flows = [
        d
        for d in dependences
        if d.sink == name
        and d.kind is DependenceKind.FLOW
        and not (all_at_once and d.source == name)  # it reads itself no more
    ]

    # A variable that begins as a Python number would stay one: ``total + res[i]`` is a tensor.
    is_variable = vector.statement.store.cell is not None and not vector.axes

    def fill_of(load: Load) -> int | float | bool | None:
        tensor = arrays[load.array]
        if is_variable and load.array != vector.statement.store.array:
            return None
        if not tensor.fresh or load.array in written or any(d.array == load.array for d in flows):
            return None
        return tensor.fill

    return fill_of
