"""Values simplified before they are written: initial fills, and operands made safe in branches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from deloop.dtype import Rank, category
from deloop.frontend.expression import both, may_raise, negate, number
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.plan import Serial, Step, Vector, vectors
from deloop.ir.scalar import (
    Call,
    Cast,
    Expression,
    Index,
    Load,
    Number,
    Reduce,
    Select,
    requires_grad,
    slack_of,
)
from deloop.ir.types import Tensor
from deloop.ops.kinds import Gradient
from deloop.ops.math_functions import find_math_function
from deloop.ops.reductions import find_reduction
from deloop.ops.table import find_gradient, find_operator
from deloop.poly.dependence import Dependence, DependenceKind
from deloop.transform.reduce import fold_starts
from deloop.transform.scan import scans_of
from deloop.transform.tidy import as_logic, tidy


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

    Only for a constant that is the initial fill of a tensor: what people wrote stays as written.
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


def _is_fill(expression: Expression, value: int) -> bool:
    return (
        isinstance(expression, Cast)
        and isinstance(expression.value, Number)
        and expression.value.value == value
        and not isinstance(expression.value.value, complex)
    )


def protect(
    expression: Expression, grads: Callable[[Expression], bool] = requires_grad
) -> Expression:
    """Operands made harmless where a branch is not taken (design hazard 8).

    ``select(c, sqrt(x), 0) -> select(c, sqrt(select(c, x, 1)), 0)`` where a gradient flows into
    ``x``: the derivative of the branch not taken may be infinite, and 0 times infinity is NaN. The
    same for integer division, which raises. Source of the method: the "double where" of automatic
    differentiation practice (JAX documentation, "Gradients contain NaN where using where").
    """
    match expression:
        case Call("logical_and" | "logical_or" as word, (left, right)):
            # Python does not evaluate the right side where the left one decides.
            reached = left if word == "logical_and" else negate(left)
            guarded = _guard(protect(right, grads), reached, lambda e: False)
            return replace(expression, arguments=(protect(left, grads), guarded))
        case Select(condition, then, otherwise):
            negated = Call("logical_not", (condition,), condition.type)
            return Select(
                protect(condition, grads),
                _guard(protect(then, grads), condition, grads),
                _guard(protect(otherwise, grads), negated, grads),
            )
        case _:
            return scalar.rebuild(expression, lambda child: protect(child, grads))


def protect_under(expression: Expression, condition: Expression) -> Expression:
    """What is looked up on the way, harmless where a condition does not hold: ``a[b[i]]``."""
    return _guard(expression, condition, lambda e: False)


def _guard(
    expression: Expression, condition: Expression, grads: Callable[[Expression], bool]
) -> Expression:
    """The branch of a select, with dangerous operators given harmless operands elsewhere."""

    def recurse(child: Expression) -> Expression:
        return _guard(child, condition, grads)

    if isinstance(expression, Load):
        return _safe_read(expression, condition)
    if isinstance(expression, scalar.Scan):
        return expression  # its steps run whether or not this iteration uses them
    if isinstance(expression, Select) and expression.condition == condition:
        return expression
    if isinstance(expression, scalar.Inlined):
        if not needs_guard(expression.body, grads):
            return expression
        return recurse(expression.body)
    expression = scalar.rebuild(expression, recurse)
    if isinstance(expression, Reduce):
        if expression.at is not None and _is_looked_up(expression.at):
            expression = replace(expression, at=_safe_place(expression.at, condition))
        if _is_dangerous_row(expression, grads):
            return replace(expression, value=_safe(expression.value, condition))
        return expression
    if isinstance(expression, Call) and _is_dangerous(expression, grads):
        arguments = tuple(_safe(argument, condition) for argument in expression.arguments)
        return replace(expression, arguments=arguments)
    return expression


def needs_guard(expression: Expression, grads: Callable[[Expression], bool]) -> bool:
    """Whether a value must be kept from elements that do not reach it."""
    return any(
        (isinstance(n, Call) and _is_dangerous(n, grads))
        or (isinstance(n, Reduce) and _is_dangerous_row(n, grads))
        or (isinstance(n, Reduce) and n.at is not None and _is_looked_up(n.at))
        or (isinstance(n, Load) and any(map(_is_looked_up, n.subscripts)))
        for n in scalar.walk(expression)
    )


def _is_dangerous_row(reduce: Reduce, grads: Callable[[Expression], bool]) -> bool:
    """Whether the gradient of a row's combination may be NaN where nothing flows back into it."""
    kind = find_reduction(reduce.kind).gradient
    return kind not in (Gradient.LINEAR, Gradient.NONE) and grads(reduce.value)


def _is_looked_up(subscript: scalar.Subscript) -> bool:
    """Whether a subscript is read from data, and so may be out of bounds where it is not used."""
    return not isinstance(subscript, (Affine, Index))


def _safe_read(load: Load, condition: Expression) -> Load:
    """``x[idx[i]]`` of a branch that is not taken reads ``x[0]``, where the loop reads nothing."""
    return replace(load, subscripts=tuple(_safe_place(s, condition) for s in load.subscripts))


def _safe_place(subscript: scalar.Subscript, condition: Expression) -> scalar.Subscript:
    if isinstance(subscript, (Affine, Index)):
        return subscript
    return Select(condition, subscript, Cast(number(0), subscript.type))


def _is_dangerous(call: Call, grads: Callable[[Expression], bool]) -> bool:
    if find_math_function(call.operator) is not None or call.operator.startswith("logical_"):
        return False
    operator = find_operator(call.operator)
    if may_raise(call):
        return True
    if not any(grads(a) for a in call.arguments):
        return False
    kind = find_gradient(operator, [(a.type.dtype, a.type.rank) for a in call.arguments])
    if call.operator in ("mul", "div") and kind is Gradient.LINEAR:
        return any(a.type.rank is Rank.NUMBER and not _is_finite_literal(a) for a in call.arguments)
    return kind not in (Gradient.LINEAR, Gradient.NONE)


def _is_finite_literal(value: Expression) -> bool:
    return isinstance(value, Number) and abs(value.value) < float("inf") and value.value != 0


def _safe(argument: Expression, condition: Expression) -> Expression:
    """An operand that is 1 where the branch is not taken."""
    is_constant = isinstance(argument, Number) or (
        isinstance(argument, scalar.Invariant) and argument.type.rank is Rank.NUMBER
    )
    if is_constant or (isinstance(argument, Select) and argument.condition == condition):
        return argument
    return Select(condition, argument, Cast(number(1), argument.type))


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
            if value != plain:
                short, lost = drop_neutral(value)
                leaves_view = store.cell is not None and isinstance(short, Load)
                if leaves_view and not isinstance(value, Load):
                    short, lost = value, False  # a variable would hold the element itself
                value, lossy, augmented = short, lossy or lost, False
            value = as_condition(_reduction_first(as_logic(value), store.array))
            value = protect(value, grads)
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

    def fill_of(load: Load) -> int | float | bool | None:
        tensor = arrays[load.array]
        if not tensor.fresh or load.array in written or any(d.array == load.array for d in flows):
            return None
        return tensor.fill

    return fill_of
