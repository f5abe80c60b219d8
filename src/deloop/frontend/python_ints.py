"""Python ints through int64 arithmetic: what must hold of the data so that both compute the same.

A Python int has no bound, an int64 wraps around; Python compares and divides ints exactly, a tensor
converts them to float64 first. ``int(y[i]) * n + 1`` is the loop's number where ``y[i]`` and ``n``
lie within ±2^31; ``x[i].item() / 7`` where ``x[i]`` lies within ±2^53.
"""

from __future__ import annotations

import ast

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.intervals import Bounded, Interval, bounds_of, bounds_within
from deloop.frontend.subscript import SubscriptReader
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.loop import Loop
from deloop.ops.table import find_operator

_LIMITS = (2**31, 2**20, 2**15)
"""How far from 0 numbers may be asked to lie, so that what is computed from them fits."""

_ABS = find_operator("abs")
_BEYOND = 2**63
_EXACT = 2**53
"""Up to here, every int is a float64."""

_SMALL_FACTOR = 256
_COMPARISONS = frozenset({"Lt", "LtE", "Gt", "GtE", "Eq", "NotEq"})
_GROWING = frozenset({"Add", "Sub", "Mult", "LShift", "Pow"})


class IntReader(SubscriptReader):
    """A `SubscriptReader` that asks of Python ints what int64 arithmetic takes."""

    def check_growth(self, name: str, result: scalar.Expression, node: ast.AST) -> None:
        """Ask that what is computed with Python ints from data fits an int64.

        Raises `Unsupported` where no bound on the data ensures it.
        """
        if self.is_watched:
            return
        if name not in _GROWING or result.type != build.INT or not scalar.loads(result):
            return
        assert isinstance(result, scalar.Call)
        additive = name in ("Add", "Sub")
        if additive and any(map(self.is_cell, result.arguments)):
            return
        if (additive or name == "Mult") and self._is_counter(result):
            return
        ends = self.bounds(result)
        if ends is not None and max(map(abs, ends)) < _BEYOND:
            return
        carried = any(map(self.is_cell, scalar.loads(result)))
        for limit in () if carried else _LIMITS:
            found = bounds_within(result, self.around, limit)
            if found is not None and max(map(abs, found.ends)) < _BEYOND:
                self._require_small(found, limit, node)
                return
        self.unsupported(
            node, f"{ast.unparse(node)} computes with Python ints, which have no bound", "VEC917"
        )

    def check_quotient(self, result: scalar.Expression, node: ast.AST) -> None:
        """Ask that ints that Python divides are exact as floats: its quotient rounds once."""
        if self.is_watched or not isinstance(result, scalar.Call) or not scalar.loads(result):
            return
        if all(category(a.type.dtype) in ("bool", "int") for a in result.arguments):
            for operand in result.arguments:
                self._require_exact(operand, node)

    def check_comparison(
        self, name: str, left: scalar.Expression, right: scalar.Expression, node: ast.AST
    ) -> None:
        """Ask that an int that Python compares with a float is exact as one."""
        if self.is_watched or name not in _COMPARISONS:
            return
        for whole, other in ((left, right), (right, left)):
            kinds = {k.rank for v in (whole, other) for k in build.types_of(v)}
            if kinds != {Rank.NUMBER} or isinstance(whole, scalar.Select):
                continue
            if whole.type != build.INT or category(other.type.dtype) != "float":
                continue
            constant = scalar.literal_value(other)
            if isinstance(constant, float) and abs(constant) <= _EXACT:
                continue  # rounding keeps a larger int on its side
            self._require_exact(whole, node)

    def require_whole(self, value: scalar.Expression, node: ast.AST) -> None:
        """Ask that a float which Python makes an int of fits an int64: neither infinite nor NaN."""
        ends = self.bounds(value)
        if not self.is_watched and (ends is None or max(map(abs, ends)) >= _BEYOND):
            size = build.make_call(_ABS, (value,), self.place(node), "abs")
            small = build.compare("Lt", size, build.number(float(_BEYOND)), self.place(node))
            self.require_data(small, self.place(node), f"{ast.unparse(node)} fits an int64")

    def _require_exact(self, value: scalar.Expression, node: ast.AST) -> None:
        ends = self.bounds(value)
        if ends is not None and max(map(abs, ends)) <= _EXACT:
            return
        if isinstance(value, scalar.Index) or not self.varies(value):
            return  # computed once, by Python
        if not any(map(self.is_cell, scalar.loads(value))):
            self.require_within(value, _EXACT, node, "is exact")

    def _require_small(self, found: Bounded, limit: int, node: ast.AST) -> None:
        """Ask that the ints an expression is computed from lie within ± `limit`."""
        for name in found.names:
            value, reason = Affine.symbol(name), f"{ast.unparse(node)} fits an int64"
            self.require(at_least(Affine.number(limit), value), node, reason)
            self.require(at_least(value, -limit), node, reason)
        for element in found.elements:
            self.require_within(element, limit, node, "fits an int64")

    def require_within(
        self, value: scalar.Expression, limit: int, node: ast.AST, word: str
    ) -> None:
        place = self.place(node)
        above = build.compare("GtE", value, build.number(-limit), place)
        below = build.compare("LtE", value, build.number(limit), place)
        self.require_data(build.both(above, below), place, f"{ast.unparse(node)} {word}")

    def _is_counter(self, value: scalar.Expression) -> bool:
        """Whether a Python int is a carried variable, judged later, or a small multiple of one."""
        match value:
            case scalar.Select(_, then, otherwise):
                return self._is_counter(then) and self._is_counter(otherwise)
            case scalar.Number(int() as constant):
                return abs(constant) <= _SMALL_FACTOR
            case scalar.Call("add" | "sub", arguments):
                return all(map(self._is_counter, arguments))
            case scalar.Call("mul", (first, second)):
                constant = any(isinstance(a, scalar.Number) for a in (first, second))
                return constant and self._is_counter(first) and self._is_counter(second)
        return self.is_cell(value)

    def is_real_cell(self, value: scalar.Expression) -> bool:
        """Whether a value is a carried variable that holds a Python float."""
        is_real = value.type.rank is Rank.NUMBER and value.type.dtype == "float64"
        return is_real and self.is_cell(value)

    def is_cell(self, value: scalar.Expression) -> bool:
        """Whether a value is a carried variable's; a reader of loops knows."""
        return False

    @property
    def around(self) -> list[Loop]:
        """The loops around what is read, outermost first."""
        raise NotImplementedError

    def bounds(self, value: scalar.Expression) -> Interval | None:
        """Between which finite numbers a value lies, in any iteration; None where unknown."""
        return bounds_of(value, self.around)

    def varies(self, value: scalar.Expression) -> bool:
        """Whether the value depends on an iterator or reads memory."""
        raise NotImplementedError

    def require_data(self, condition: scalar.Expression, place: object, reason: str) -> None:
        """Note that a condition must hold at every instance that reaches this point."""
        raise NotImplementedError
