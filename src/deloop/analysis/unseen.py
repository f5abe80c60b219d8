"""Variables of which nobody sees that they begin as a Python number.

``s = 0; for j: s += x[i, j]; out[i] = s`` leaves the same whether `s` was 0 or a tensor of 0 before
the first iteration, or where there is none: it is only stored, and computed with exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deloop.diagnostic import Refusal
from deloop.dtype import RANGES, Rank, category
from deloop.errors import Unsupported
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import LIST, Cell, Nest, expressions_of
from deloop.ir.plan import Statement
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Index, Load, Number, Select

_EXACT = frozenset({"add", "sub", "mul", "neg"})
_COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
_DIGITS = {"float16": 2**10, "bfloat16": 2**7, "float32": 2**23, "float64": 2**52}


def forget_first_types(nest: Nest, statements: Sequence[Statement]) -> Nest:
    """The nest with such variables as if they had the type of their updates from the beginning."""
    cells = tuple(
        replace(c, changes_type=False, resets=())
        if (c.changes_type or c.resets) and _is_unseen(c, nest, statements)
        else c
        for c in nest.cells
    )
    for cell in nest.cells:
        if cell.changes_type and (
            _is_listed(cell, nest, statements) or _is_signed(cell, statements)
        ):
            sentence = f"loop kept: {cell.name} begins as another type than it has later"
            raise Unsupported(Refusal("VEC918", nest.place, sentence))
    for cell in cells:
        if cell.resets:
            sentence = f"loop kept: the type of {cell.name} differs between paths"
            raise Unsupported(Refusal("VEC918", nest.place, sentence))
    return nest if cells == nest.cells else replace(nest, cells=cells)


def _is_listed(cell: Cell, nest: Nest, statements: Sequence[Statement]) -> bool:
    """Whether a list takes a variable that begins as a number, of which alone a tensor is float32.

    ``prev = 0.0; for i: out.append(prev); prev = x[i]`` for one element of float64.
    """
    if not isinstance(cell.start, Number) or cell.kind.dtype == "float32":
        return False
    return any(
        nest.arrays[s.store.array].storage.startswith(LIST)
        and isinstance(s.store.value, Load)
        and s.store.value.array == cell.key
        for s in statements
    )


def _is_unseen(cell: Cell, nest: Nest, statements: Sequence[Statement]) -> bool:
    if cell.key in nest.live or cell.starts_unset or cell.starts_beyond or cell.starts_shared:
        return False
    if any(not isinstance(n, Number) or not _is_exact(n, cell.kind) for n in _numbers_of(cell)):
        return False
    for statement in statements:
        store = statement.store
        if not any(scalar.reads(e, cell.key) for e in expressions_of(store)):
            continue
        if any(not isinstance(s, Affine) and scalar.reads(s, cell.key) for s in store.subscripts):
            return False
        if store.cell is not None and store.array != cell.key:
            return False  # what another variable takes from it, it may hand on
        if cell.resets and nest.arrays[store.array].storage.startswith(LIST):
            return False  # a list of numbers alone is a tensor of another dtype
        value = store.value
        if isinstance(value, Cast) and value.type.rank is not Rank.NUMBER:
            value = value.value  # the store's own
        if not _is_harmless(value, cell):
            return False
    return True


def _numbers_of(cell: Cell) -> tuple[Expression | None, ...]:
    """The numbers that a cell may hold where its type is an element's."""
    if cell.resets and not cell.changes_type:
        return cell.resets
    return (cell.start, *cell.resets)


def check_widened(nest: Nest, statements: Sequence[Statement]) -> None:
    """Ask that all that reads a tensor which an update widens computes in the wider dtype anyway.

    ``h = torch.zeros(()); h = 0.5 * h + x[i]`` of float64. Raises `Unsupported` where it is not so.
    """
    for cell in nest.cells:
        start = cell.start
        if not cell.changes_type or start is None or start.type.rank is Rank.NUMBER:
            continue
        values = [s.store.value for s in statements if scalar.reads(s.store.value, cell.key)]
        if not all(_is_computed_wider(v, cell) for v in values):
            sentence = f"loop kept: {cell.name} begins as another type than it has later"
            raise Unsupported(Refusal("VEC918", nest.place, sentence))


def _is_computed_wider(value: Expression, cell: Cell) -> bool:
    """Whether a value is the same where the cell has its later dtype from the beginning."""
    if not scalar.reads(value, cell.key):
        return True
    match value:
        case Load(array):
            return array == cell.key
        case Cast(inner):
            return _is_computed_wider(inner, cell)
        case Select(condition, then, otherwise):
            return all(_is_computed_wider(e, cell) for e in (condition, then, otherwise))
        case Call(operator, arguments, _, _, ()):
            if not all(_is_computed_wider(a, cell) for a in arguments):
                return False
            beside = [a.type for a in arguments if not scalar.reads(a, cell.key)]
            wider = any(
                t.dtype == cell.kind.dtype and t.rank is not Rank.NUMBER for t in beside
            )
            settled = all(isinstance(a, Call) for a in arguments if scalar.reads(a, cell.key))
            return wider or settled or operator.startswith("logical_") or operator in _COMPARISONS
    return False


def _is_exact(start: Number, kind: ElementType) -> bool:
    """Whether the number is one of the type's, and small enough to be computed with exactly."""
    value = start.value
    if kind.rank is Rank.NUMBER or isinstance(value, complex):
        return False
    if category(kind.dtype) == "float":
        if value - value != 0:
            return isinstance(value, float)  # an infinity
        scaled = float(value) * 256
        return scaled.is_integer() and abs(scaled) <= _DIGITS[kind.dtype]
    low, high = RANGES.get(kind.dtype, (0, -1))
    return isinstance(value, int) and max(low, -(2**31)) <= value <= min(high, 2**31)


def _is_harmless(value: Expression, cell: Cell) -> bool:
    """Whether a value is the same with the tensor as with the number that the cell may hold.

    Sums and products of them are exact beside whole numbers, and beside elements of the cell's own
    dtype; a quotient is not, nor what an infinity meets.
    """
    if not scalar.reads(value, cell.key):
        return True
    match value:
        case Load(array):
            return array == cell.key
        case Select(condition, then, otherwise):
            return all(_is_harmless(e, cell) for e in (condition, then, otherwise))
        case Call(_, arguments, _, _, ()) if all(
            _is_settled(a, cell) for a in arguments if scalar.reads(a, cell.key)
        ):
            return True
        case Call(operator, arguments, _, "", ()):
            if not all(_is_harmless(a, cell) for a in arguments):
                return False
            if operator in _COMPARISONS or operator.startswith("logical_"):
                return True
            is_scaled = operator == "mul" and _is_zero(cell)
            return operator in _EXACT and not _has_sign(value, cell) and all(
                scalar.reads(a, cell.key)
                or _goes_with(a, cell)
                or (is_scaled and a.type.rank is Rank.NUMBER)
                for a in arguments
            )
    return False


def _is_signed(cell: Cell, statements: Sequence[Statement]) -> bool:
    """Whether some value shows that a zero was an int at first, which has no sign."""
    if category(cell.kind.dtype) not in ("float", "complex"):
        return False
    return any(
        isinstance(node, Call) and scalar.reads(node, cell.key) and _has_sign(node, cell)
        for statement in statements
        for node in scalar.walk(statement.store.value)
    )


def _has_sign(value: Call, cell: Cell) -> bool:
    """Whether a zero gets a sign that it has not as an int: ``-3 * 0`` beside ``-3 * 0.0``."""
    if not any(isinstance(n, Number) and type(n.value) is int for n in _numbers_of(cell)):
        return False
    own = [a for a in value.arguments if scalar.reads(a, cell.key) and not _is_settled(a, cell)]
    if not own or value.operator != "mul":
        return bool(own) and value.operator == "neg"
    for operand in value.arguments:
        if isinstance(operand, Load) and operand.array == cell.key:
            continue
        is_float = category(operand.type.dtype) == "float" and (
            not scalar.reads(operand, cell.key) or _is_settled(operand, cell)
        )
        is_positive = isinstance(operand, Number) and not operand.value < 0  # type: ignore[operator]
        if not is_float and not is_positive:
            return True
    return False


def _is_settled(value: Expression, cell: Cell) -> bool:
    """Whether a value is a tensor of the cell's dtype, the number or the tensor in it alike."""
    match value:
        case Select(condition, then, otherwise):
            sides = (then, otherwise)
            return _is_harmless(condition, cell) and all(_is_settled(s, cell) for s in sides)
        case Call(operator, arguments, _, "", ()) if operator in _EXACT:
            beside = [a for a in arguments if not scalar.reads(a, cell.key)]
            is_tensor = any(
                a.type.dtype == cell.kind.dtype and a.type.rank is not Rank.NUMBER for a in beside
            )
            return (is_tensor and _is_harmless(value, cell)) or all(
                _is_settled(a, cell) for a in arguments if a not in beside
            )
    return not scalar.reads(value, cell.key) and value.type.rank is not Rank.NUMBER


def _is_zero(cell: Cell) -> bool:
    """Whether the number is 0, which is 0 times any other, too."""
    return all(isinstance(n, Number) and n.value == 0 for n in _numbers_of(cell))


def _goes_with(value: Expression, cell: Cell) -> bool:
    """Whether an operand makes the same of the number as of the tensor."""
    match value:
        case Number(int() as whole):
            return abs(whole) <= 256
        case Number(float() as real):
            return float(real * 256).is_integer() and abs(real) <= 256
        case Index():
            return True
    return value.type.dtype == cell.kind.dtype and value.type.rank is not Rank.NUMBER
