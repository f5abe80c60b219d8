"""Operators of Python: arithmetic, comparisons, logic; affine where they can be."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.items import Carried, Finished, FlatIndex, Item, Tuple, View
from deloop.frontend.python_ints import IntReader
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.loop import NUMBERS
from deloop.ir.types import Integer, Literal, Opaque, Sequence, Tensor
from deloop.ops.table import find_unary

_FOLD: dict[str, Callable[[int, int], int | None]] = {
    "Mult": lambda a, b: a * b,
    "FloorDiv": lambda a, b: a // b,
    "Mod": lambda a, b: a % b,
    "Pow": lambda a, b: a**b if 0 <= b < 64 else None,
}
_DECIDE: dict[str, Callable[[int], bool]] = {
    "Lt": lambda gap: gap < 0,
    "LtE": lambda gap: gap <= 0,
    "Gt": lambda gap: gap > 0,
    "GtE": lambda gap: gap >= 0,
    "Eq": lambda gap: gap == 0,
    "NotEq": lambda gap: gap != 0,
}


class OperatorReader(IntReader):
    """An `IntReader` that also reads operators."""

    def _read_BinOp(self, node: ast.BinOp) -> Item:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        return self.binary(type(node.op).__name__, left, right, node)

    def binary(self, name: str, left: Item, right: Item, node: ast.AST) -> Item:
        """A Python binary operator; affine where it can be."""
        if isinstance(left, Integer) and isinstance(right, Integer):
            affine = self._affine_binary(name, left.affine, right.affine)
            if affine is not None:
                return Integer(affine)
        if isinstance(left, FlatIndex) and isinstance(right, Integer) and not left.is_tensor:
            split = self._split_flat(name, left, right.affine)
            if split is not None:
                return split
        sequences = (Sequence, Tuple)
        if isinstance(left, sequences) and isinstance(right, sequences) and name == "Add":
            return Tuple((*left.items, *right.items), left.is_list)
        first, second = self.to_expression(left, node), self.to_expression(right, node)
        if name in ("Add", "Sub") and self.is_real_cell(first):
            second = _as_real(second)
        result = build.binary(name, first, second, self.place(node))
        return self.check_number_division(name, result, node)

    def check_number_division(
        self, name: str, result: scalar.Expression, node: ast.AST
    ) -> scalar.Expression:
        """Python raises where a number is divided by zero, tensors do not: ask that it is not."""
        if isinstance(result, scalar.Select):
            for branch in (result.then, result.otherwise):
                self.check_number_division(name, branch, node)
            return result
        if name in ("Div", "FloorDiv", "Mod") and isinstance(result, scalar.Call):
            divisor = result.arguments[1]
            if result.type.rank is Rank.NUMBER and not (
                isinstance(divisor, scalar.Number) and divisor.value
            ):
                self.nonzero(divisor, node)
        if name == "Div":
            self.check_quotient(result, node)
        self.check_growth(name, result, node)
        if name == "Pow" and isinstance(result, scalar.Call) and self._may_be_negative(result):
            self.unsupported(
                node, f"{ast.unparse(node)} raises where the exponent is negative", "VEC911"
            )
        if name == "Pow" and isinstance(result, scalar.Call) and result.type.rank is Rank.NUMBER:
            base, exponent = result.arguments
            growing = result.type.dtype == "int64" and isinstance(base, scalar.Number)
            fixed = isinstance(exponent, scalar.Number) and exponent.value in (0, 1, 2, 3)
            if self._is_root_of_size(base, exponent, node):
                return result
            if not fixed and self._is_root_of_count(base, exponent):
                assert isinstance(base, scalar.Index)
                reason = f"{ast.unparse(node)} is a real number"
                self.require(at_least(base.affine, 0), node, reason)
                fixed = True  # computed once, by Python
            is_real = result.type.dtype == "float64"
            if not fixed and (growing or not (is_real or isinstance(base, scalar.Number))):
                self.unsupported(
                    node, f"{ast.unparse(node)} may leave the range of a tensor's numbers", "VEC917"
                )
            watched = self.is_watched or not self.varies(result)
            if is_real and not watched and self.bounds(result) is None:
                finite = scalar.Call("isfinite", (result,), build.BOOL, "torch.isfinite")
                self.require_data(finite, self.place(node), f"{ast.unparse(node)} does not raise")
        return result

    def _is_root_of_size(
        self, base: scalar.Expression, exponent: scalar.Expression, node: ast.AST
    ) -> bool:
        """Whether a power is one of a size, ``d ** 0.5``: Python computes it once, as a float."""
        if not isinstance(base, scalar.Index) or not isinstance(exponent, scalar.Number):
            return False
        symbols = base.affine.symbols
        is_size = base.affine == Affine.symbol(symbols[0]) and symbols[0].endswith(("]", ")"))
        if not is_size or not isinstance(exponent.value, float):
            return False
        if exponent.value < 0:
            self.nonzero(base, node)
        return True

    def _is_root_of_count(self, base: scalar.Expression, exponent: scalar.Expression) -> bool:
        """``D ** 0.5`` of an int that no loop changes: a number in the new code too."""
        if not isinstance(base, scalar.Index) or set(base.affine.symbols) & self.iterators:
            return False
        return isinstance(exponent, scalar.Number) and exponent.value in (0.25, 0.5)

    @staticmethod
    def _may_be_negative(power: scalar.Call) -> bool:
        """Whether an integer tensor may meet a negative Python exponent, which raises."""
        base, exponent = power.arguments
        if base.type.rank is Rank.NUMBER or category(base.type.dtype) == "float":
            return False
        known = isinstance(exponent, scalar.Number) and not isinstance(exponent.value, complex)
        if exponent.type.rank is not Rank.NUMBER or category(exponent.type.dtype) != "int":
            return False
        return not (known and exponent.value >= 0)  # type: ignore[union-attr, operator]

    def nonzero(self, divisor: scalar.Expression, node: ast.AST) -> None:
        """Ask that a Python number is not zero wherever the division is reached."""
        if self.is_watched:
            return
        if isinstance(divisor, scalar.Index):
            self.require(
                at_least(divisor.affine, 1), node, f"{ast.unparse(node)} does not divide by zero"
            )
            return
        nonzero = build.compare("NotEq", divisor, build.number(0), self.place(node))
        self.require_data(nonzero, self.place(node), f"{ast.unparse(node)} does not divide by zero")

    def _affine_binary(self, name: str, left: Affine, right: Affine) -> Affine | None:
        if name == "Add":
            return left + right
        if name == "Sub":
            return left - right
        if name == "Mult" and (left.is_constant or right.is_constant):
            return left * right.constant if right.is_constant else right * left.constant
        if left.is_constant and right.is_constant:
            try:
                folded = _FOLD[name](left.constant, right.constant)
            except (KeyError, ArithmeticError, ValueError):
                return None
            return None if folded is None else Affine.number(folded)
        invariant = not (set(left.symbols) | set(right.symbols)) & self.iterators
        if invariant and name in ("Mult", "FloorDiv"):
            symbol = f"{_atom(left)} {'*' if name == 'Mult' else '//'} {_atom(right)}"
            if name == "Mult":
                self.products[symbol] = (*self._factors(left), *self._factors(right))
            return Affine.symbol(symbol)
        return None

    def _factors(self, affine: Affine) -> tuple[Affine, ...]:
        if len(affine.terms) == 1 and affine.constant == 0 and affine.terms[0][1] == 1:
            return self.products.get(affine.terms[0][0], (affine,))
        return (affine,)

    def _split_flat(self, name: str, flat: FlatIndex, divisor: Affine) -> Item | None:
        """``k // m`` and ``k % m`` of ``k = i * m + j`` are ``i`` and ``j``."""
        for cut in range(1, len(flat.factors)):
            inner = flat.factors[cut:]
            if self._factors(divisor) == inner:
                part = slice(0, cut) if name == "FloorDiv" else slice(cut, None)
                if name not in ("FloorDiv", "Mod"):
                    return None
                iterators, factors = flat.iterators[part], flat.factors[part]
                if len(iterators) == 1:
                    return Integer(Affine.symbol(iterators[0]))
                return FlatIndex(iterators, factors)
        return None

    def _read_UnaryOp(self, node: ast.UnaryOp) -> Item:
        operand = self.evaluate(node.operand)
        if isinstance(operand, Integer) and isinstance(node.op, ast.USub):
            return Integer(-operand.affine)
        if isinstance(operand, Literal) and isinstance(operand.value, (int, float, complex)):
            if isinstance(node.op, ast.USub):
                return Literal(-operand.value)
            if isinstance(node.op, ast.Not):
                return Literal(not operand.value)
        value = self.to_expression(operand, node)
        if isinstance(node.op, ast.Not):
            return build.negate(build.truth(value, self.place(node)))
        if isinstance(node.op, ast.UAdd):
            return value
        operator = find_unary(type(node.op).__name__)
        if operator is None:
            self.unsupported(node, f"{ast.unparse(node)} is not read yet")
        return build.make_call(operator, (value,), self.place(node))

    def _read_Compare(self, node: ast.Compare) -> Item:
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
            return self._identity(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            return self._membership(node)
        left = self.evaluate(node.left)
        parts: list[scalar.Expression] = []
        for operator, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(right_node)
            parts.append(self._compare(operator, left, right, node))
            left = right
        result = parts[0]
        for later in parts[1:]:  # a < b < c is (a < b) and (b < c)
            result = build.both(
                build.truth(result, self.place(node)), build.truth(later, self.place(node))
            )
        return result

    def _compare(
        self, operator: ast.cmpop, left: Item, right: Item, node: ast.Compare
    ) -> scalar.Expression:
        if isinstance(left, Integer) and isinstance(right, Integer):
            gap = left.affine - right.affine
            if gap.is_constant and type(operator).__name__ in _DECIDE:
                return build.number(_DECIDE[type(operator).__name__](gap.constant))
        if (
            isinstance(left, Literal)
            and isinstance(right, Literal)
            and isinstance(operator, (ast.Eq, ast.NotEq))
        ):
            return build.number((left.value == right.value) == isinstance(operator, ast.Eq))
        name = type(operator).__name__
        sides = self.to_expression(left, node), self.to_expression(right, node)
        self.check_comparison(name, *sides, node)
        return build.compare(name, *sides, self.place(node))

    def _membership(self, node: ast.Compare) -> Item:
        """``v in (1, 3)`` is ``v == 1 or v == 3``, and ``v in t`` is ``(t == v).any()``.

        A set finds tensors by what they are, not by what they hold.
        """
        (among,) = node.comparators
        if isinstance(among, (ast.Set, ast.Tuple, ast.List)):
            items: list[Item] = [self.evaluate(e) for e in among.elts]
        else:
            whole = self.evaluate(among)
            is_row = isinstance(whole, build.NODES) and whole.type.rank is Rank.TENSOR
            if isinstance(whole, (Tensor, View)) or is_row:
                equal = ast.Compare(among, [ast.Eq()], [node.left])
                called = ast.Call(ast.Attribute(equal, "any", ast.Load()), [], [])
                fresh = ast.fix_missing_locations(ast.copy_location(called, node))
                found = build.cast(self.element(fresh), build.BOOL)
                return build.negate(found) if isinstance(node.ops[0], ast.NotIn) else found
            if not isinstance(whole, (Tuple, Sequence)):
                self.unsupported(node, f"{ast.unparse(node)} is not read yet")
            items = self.unpack(whole, None, node)
        left = self.evaluate(node.left)
        value = self.to_expression(left, node)
        if isinstance(among, ast.Set) and not build.is_number(value):
            self.unsupported(node, f"{ast.unparse(node)} compares objects, not numbers", "VEC914")
        found = build.number(False)
        for item in items:
            self._require_apart(value, item, node)
            same = self._compare(ast.Eq(), left, item, node)
            found = build.both(found, build.truth(same, self.place(node)), "logical_or")
        return build.negate(found) if isinstance(node.ops[0], ast.NotIn) else found

    def _require_apart(self, value: scalar.Expression, item: Item, node: ast.Compare) -> None:
        """Refuse a float that may be the very object looked for: a NaN is found by what it is."""
        if value.type.rank is not Rank.NUMBER or category(value.type.dtype) != "float":
            return
        is_kept = isinstance(value, scalar.Invariant) or value == item
        if is_kept or any(load.array.startswith(NUMBERS) for load in scalar.loads(value)):
            self.unsupported(node, f"{ast.unparse(node)} may find the very object", "VEC914")

    def _identity(self, node: ast.Compare) -> Item:
        left, right = self.evaluate(node.left), self.evaluate(node.comparators[0])
        if isinstance(right, Literal) and right.value is None and not isinstance(left, Opaque):
            if isinstance(left, (Carried, Finished)):
                left = self.to_expression(left, node)
            if isinstance(left, build.NODES) and (unset := self.unset_of(left)) is not None:
                return unset if isinstance(node.ops[0], ast.Is) else build.negate(unset)
            is_none = isinstance(left, Literal) and left.value is None
            return build.number(is_none == isinstance(node.ops[0], ast.Is))
        self.unsupported(node, f"{ast.unparse(node)} is not decided before the loop runs")

    def unset_of(self, value: scalar.Expression) -> scalar.Expression | None:
        """The condition under which a value is None still; None where it never is."""
        return None

    def _read_BoolOp(self, node: ast.BoolOp) -> Item:
        is_and = isinstance(node.op, ast.And)
        result = self.element(node.values[0])
        for value_node in node.values[1:]:
            with self.choosing():
                right = self.element(value_node)
            result = self._bool_op(is_and, result, right, node)
        return result

    def _bool_op(
        self, is_and: bool, left: scalar.Expression, right: scalar.Expression, node: ast.AST
    ) -> scalar.Expression:
        place = self.place(node)
        are_bools = all(t.dtype == "bool" for e in (left, right) for t in build.types_of(e))
        if are_bools and not any(isinstance(e, scalar.Select) for e in (left, right)):
            return build.both(left, right, "logical_and" if is_and else "logical_or")
        condition = build.truth(left, place)
        if is_and:
            return build.select(condition, right, left)
        return build.select(condition, left, right)

    def _read_IfExp(self, node: ast.IfExp) -> Item:
        condition = build.truth(self.element(node.test), self.place(node))
        if isinstance(condition, scalar.Number):
            return self.evaluate(node.body if condition.value else node.orelse)
        with self.choosing():
            return build.select(condition, self.side(node, True), self.side(node, False))

    @contextmanager
    def choosing(self) -> Iterator[None]:
        """Around operands that are not always evaluated."""
        self.choices += 1
        try:
            yield
        finally:
            self.choices -= 1

    def side(self, node: ast.IfExp, taken: bool) -> scalar.Expression:
        """One of the two values of a conditional expression."""
        return self.element(node.body if taken else node.orelse)


def _as_real(value: scalar.Expression) -> scalar.Expression:
    """A literal as the float that it becomes beside one: ``total += 1``."""
    match value:
        case scalar.Number(int() as whole) if not isinstance(whole, bool) and abs(whole) < 2**53:
            return build.number(float(whole))
    return value


def _atom(affine: Affine) -> str:
    text = str(affine)
    return text if len(affine.terms) + bool(affine.constant) == 1 else f"({text})"
