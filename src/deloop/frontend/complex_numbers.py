"""Complex numbers: their parts, and Python's own ``complex(a, b)`` and `cmath`.

``x[k].real`` is ``torch.real`` of an element, ``X.real`` of a tensor is a tensor by that name.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from deloop.dtype import Rank, category, real_dtype
from deloop.frontend import expression as build
from deloop.frontend.items import Item, View
from deloop.frontend.pieces import PieceReader
from deloop.ir import scalar
from deloop.ir.types import Literal, Scalar, Tensor
from deloop.ops.table import find_operator

COMPLEX = scalar.ElementType("complex128", Rank.NUMBER)
_KEEPS_FINITE = frozenset({"add", "sub", "mul", "neg"})


class ComplexReader(PieceReader):
    """A reader of complex numbers."""

    def _read_Attribute(self, node: ast.Attribute) -> Item:
        if node.attr not in ("real", "imag"):
            return super()._read_Attribute(node)
        base = self.evaluate(node.value)
        if not isinstance(base, (Literal, Scalar, Tensor, View, *build.NODES)):
            return super()._read_Attribute(node)
        return self._part_of(base, node)

    def _part_of(self, base: Item, node: ast.Attribute) -> Item:
        """``X[k].real -> torch.real(X[k])``, spelled as it was."""
        if isinstance(base, Tensor) and base.type.rank and category(base.type.dtype) == "complex":
            kind = replace(base.type, dtype=real_dtype(base.type.dtype), leaf=False)
            return Tensor(f"{base.name}.{node.attr}", kind, base.storage)
        value = self.to_expression(base, node)
        part = build.make_call(
            find_operator(node.attr), [value], self.place(node), f".{node.attr}"
        )
        if isinstance(part, scalar.Call) and build.is_number(part):
            dtype = "int64" if category(value.type.dtype) in ("bool", "int") else "float64"
            return replace(part, type=scalar.ElementType(dtype, Rank.NUMBER))
        return part

    def _call_builtins_complex(self, node: ast.Call) -> Item | None:
        """``complex(a, b)`` of real numbers: ``torch.complex(a, b)`` of doubles."""
        if len(node.args) != 2 or node.keywords:
            return None
        parts = [self.element(a) for a in node.args]
        if any(category(t.dtype) == "complex" for p in parts for t in build.types_of(p)):
            return None
        numbers = tuple(self._as_number(p, "float64") for p in parts)
        return scalar.Call("complex", numbers, COMPLEX, "complex")

    def _call_cmath_exp(self, node: ast.Call) -> Item | None:
        """``cmath.exp(z)``, which raises where the result would be infinite or NaN."""
        if len(node.args) != 1 or node.keywords:
            return None
        value = self._as_number(self.element(node.args[0]), "complex128")
        result = scalar.Call("exp", (value,), COMPLEX, ast.unparse(node.func))
        if self.varies(value) and not self._turns(value):
            finite = scalar.Call("isfinite", (result,), build.BOOL, "torch.isfinite")
            reason = f"{ast.unparse(node)} does not raise"
            self.require_data(finite, self.place(node), reason)
        return result

    def _turns(self, value: scalar.Expression) -> bool:
        """Whether a number is imaginary and small for certain: ``2j * math.pi * k / n``.

        A division raises by itself where its divisor is zero.
        """
        while isinstance(value, scalar.Cast):
            value = value.value
        match value:
            case scalar.Number(complex() as number):
                return not number.real and abs(number.imag) < 1e9
            case scalar.Call("neg", (inner,)):
                return self._turns(inner)
            case scalar.Call("mul" | "div" as word, (left, right)):
                if self._is_small(right):
                    return self._turns(left)
                return word == "mul" and self._is_small(left) and self._turns(right)
        return False

    def _is_small(self, value: scalar.Expression) -> bool:
        ends = self.bounds(value)
        return ends is not None and max(map(abs, ends)) < 1e30
