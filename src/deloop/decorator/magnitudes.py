"""Guards on values that are computed of tensors, by a bound on how large those can be at all.

That no distance between two sets of points is NaN takes all distances to see. It takes two numbers
to know: the largest magnitudes of the points, of which the largest distance follows. Where even
that is finite, no value is NaN or infinite; where it is not, the guard itself decides.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

_LOOKS = frozenset({"unsqueeze", "unfold", "permute", "T", "mT", "expand"})
_FLOATS = frozenset({"float32", "float64"})


def bounded(test: str, dtypes: Mapping[str, str]) -> str | None:
    """A test that is true only where the guard is, for a fraction of its cost; None for others.

    ``bool((~torch.isnan((x[:, None] - y) ** 2)).all())``  ->
    ``bool(((x.abs().amax() + y.abs().amax()) ** 2).isfinite())``

    Parameters
    ----------
    test:
        An expression that asks of computed values that they are no NaN, or below an infinity.
    dtypes:
        The dtypes of the arguments' tensors by their spelling.
    """
    asked = _asked(ast.parse(test.strip(), mode="eval").body)
    if asked is None or not isinstance(asked[0], (ast.BinOp, ast.Call)):
        return None
    value, wants_some = asked
    reading = _Bounding(dtypes, wants_some)
    found = reading.bound(value)
    roots = list(dict.fromkeys(reading.roots))
    used = {dtypes[root] for root in roots}
    if found is None or len(roots) + reading.count < 2 or len(used) != 1 or not used <= _FLOATS:
        return None
    filled = " and ".join(f"{root}.numel()" for root in roots)
    return f"({filled} and bool((2 * ({found})).isfinite()))"


def _asked(test: ast.expr) -> tuple[ast.expr, bool] | None:
    """What a guard asks to be no NaN, or below infinity; whether there must be some of it."""
    if not (isinstance(test, ast.Call) and ast.unparse(test.func) == "bool" and test.args):
        return None
    inner, wants_some = test.args[0], False
    while isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
        if inner.func.attr not in ("all", "any"):
            return None
        wants_some |= inner.func.attr == "any"
        inner = inner.func.value
    match inner:
        case ast.UnaryOp(ast.Invert(), ast.Call(func, [value], [])):
            return (value, wants_some) if ast.unparse(func) == "torch.isnan" else None
        case ast.Compare(value, [ast.Lt() | ast.Gt() as sign], [beyond]):
            wanted = "float('inf')" if isinstance(sign, ast.Lt) else "float('-inf')"
            return (value, wants_some) if ast.unparse(beyond) == wanted else None
    return None


class _Bounding:
    def __init__(self, dtypes: Mapping[str, str], wants_some: bool) -> None:
        self.dtypes = dtypes
        self.wants_some = wants_some
        """Whether a part of a tensor may not be empty."""
        self.roots: list[str] = []
        self.count = 0
        """Operations that take more than a look at each element."""

    def bound(self, node: ast.expr) -> str | None:
        """What no magnitude of a value exceeds, where all elements of its tensors are finite."""
        text = ast.unparse(node)
        if text in self.dtypes:
            self.roots.append(text)
            return f"{text}.abs().amax()"
        match node:
            case ast.Constant(int() | float() as number) if not isinstance(number, bool):
                return str(abs(number))
            case ast.UnaryOp(ast.USub(), operand):
                return self.bound(operand)
            case ast.BinOp(left, ast.Add() | ast.Sub(), right):
                return self._joined(left, " + ", right)
            case ast.BinOp(left, ast.Mult(), right):
                return self._joined(left, " * ", right)
            case ast.BinOp(left, ast.MatMult(), right):
                return self._summed(self._joined(left, " * ", right))
            case ast.BinOp(left, ast.Pow(), ast.Constant(int() as power)) if power > 0:
                return self._powered(left, power)
            case ast.Subscript(base, index) if _is_view(index, self.wants_some):
                return self.bound(base)
            case ast.Attribute(base, word) if word in _LOOKS:
                return self.bound(base)
            case ast.Call(ast.Attribute(ast.Name("torch"), "cdist"), [left, right], keywords):
                return self._measured(self._joined(left, " + ", right), keywords)
            case ast.Call(ast.Attribute(base, "norm"), arguments, keywords):
                is_plain = all(ast.unparse(a) in ("1", "2") for a in arguments[:1])
                return self._measured(self.bound(base), keywords) if is_plain else None
            case ast.Call(ast.Attribute(base, word), arguments):
                return self._method(base, word, arguments)
        return None

    def _method(self, base: ast.expr, word: str, arguments: list[ast.expr]) -> str | None:
        match word, arguments:
            case "pow", [ast.Constant(int() as power)] if power > 0:
                return self._powered(base, power)
            case "sum" | "mean", _:
                return self._summed(self.bound(base))
            case "abs" | "amax" | "amin", _:
                self.count += 1
                return self.bound(base)
            case "sqrt", [] if _is_no_less_than_zero(base):
                found = self.bound(base)
                return found and f"({found} + 1)"
            case _ if word in _LOOKS:
                return self.bound(base)
        return None

    def _powered(self, base: ast.expr, power: int) -> str | None:
        self.count += 1
        found = self.bound(base)
        return found and f"({found}) ** {power}"

    def _joined(self, left: ast.expr, sign: str, right: ast.expr) -> str | None:
        self.count += 1
        one, other = self.bound(left), self.bound(right)
        return None if one is None or other is None else f"({one}{sign}{other})"

    def _measured(self, found: str | None, keywords: list[ast.keyword]) -> str | None:
        """The bound of a length, which is a root of a sum of squares or less."""
        powers = [ast.unparse(k.value) for k in keywords if k.arg == "p"]
        if found is None or any(power not in ("1", "2", "float('inf')") for power in powers):
            return None
        return f"({found} + {self._summed(f'({found}) ** 2')})"

    def _summed(self, found: str | None) -> str | None:
        """The bound of a sum: of no more elements than all its tensors together have pairs of."""
        self.count += 1
        counts = " * ".join(f"{root}.numel()" for root in dict.fromkeys(self.roots))
        return found and f"({found}) * ({counts})"


def _is_view(index: ast.expr, wants_some: bool) -> bool:
    """Whether a subscript only looks at a part, which is not empty where that counts."""
    entries = index.elts if isinstance(index, ast.Tuple) else [index]
    cuts = any(isinstance(e, ast.Slice) and (e.lower or e.upper or e.step) for e in entries)
    return all(isinstance(e, (ast.Slice, ast.Constant)) for e in entries) and not (
        cuts and wants_some
    )


def _is_no_less_than_zero(node: ast.expr) -> bool:
    match node:
        case ast.BinOp(_, ast.Pow(), ast.Constant(2)):
            return True
        case ast.Call(ast.Attribute(_, "abs"), [], []):
            return True
        case ast.Call(ast.Attribute(_, "pow"), [ast.Constant(2)], []):
            return True
        case ast.Call(ast.Attribute(base, "sum" | "mean"), _, _):
            return _is_no_less_than_zero(base)
    return False
