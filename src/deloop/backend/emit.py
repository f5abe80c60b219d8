"""Lifted expressions to PyTorch source.

Iterators that were lifted are *named axes*. Each emitted piece knows which axes its dimensions are;
only where two pieces meet, and at the store, are axes laid out as dimensions. Each piece also knows
the dtype and rank that PyTorch will give it, so that a cast is written exactly where the lifted
operation would otherwise compute in another dtype than the loop did.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Sequence
from dataclasses import replace

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.backend.convolutions import with_bias
from deloop.backend.flat import FlatEmitter
from deloop.dtype import Rank, category, promote
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine
from deloop.ir.axis import Axis
from deloop.ir.guarded import GUARDED
from deloop.ir.scalar import (
    Call,
    Cast,
    Expression,
    Index,
    Inlined,
    Invariant,
    Load,
    Number,
    Reduce,
    Scan,
    Select,
    requires_grad,
)
from deloop.ops.kinds import DTypeRule
from deloop.ops.math_functions import find_math_function
from deloop.ops.pointwise import VIEWED
from deloop.ops.table import UnsupportedDType, find_operator, is_exact, result_dtype
from deloop.text.names import substitute

_CAST_METHODS = {
    "float32": "float", "float64": "double", "float16": "half", "bfloat16": "bfloat16",
    "int64": "long", "int32": "int", "int16": "short", "int8": "char", "uint8": "byte",
    "bool": "bool",
}  # fmt: skip
_COMPLEX = scalar.ElementType("complex128", Rank.NUMBER)
_WIDENED = "deloop_widened"
"""The attribute of a node of source that says of which piece it is the double."""
_LARGEST = 4000
_NARROWEST = ("bool", "uint8", "int8")
"""All of their values are exact in every floating dtype."""


class Emitter(FlatEmitter):
    """Emits the expressions of one statement whose `axes` loops were lifted."""

    # ------------------------------------------------------------------ dispatch
    def emit(self, expression: Expression) -> Emitted:
        """The lifted form of an expression, with axes in canonical order."""
        self.count += 1
        if self.count > _LARGEST:
            raise self.refuse("the expression is too large to be readable")
        if self.knows(expression):
            return self._named(expression)
        match expression:
            case Number(value, kind):
                return Emitted(syntax.constant(value), (), kind.dtype, Rank.NUMBER)
            case Invariant(name, kind):
                return Emitted(syntax.name(name), (), kind.dtype, kind.rank)
            case Index(affine):
                return self.index(affine)
            case Load():
                return self.load(expression)
            case Cast(value, kind):
                piece = self.cast(self.emit(value), kind, value)
                ends = kind.rank is Rank.NUMBER and requires_grad(value, self.context.with_grad)
                if ends:  # a Python number carries no gradient
                    piece = replace(piece, node=syntax.method(piece.node, "detach"), is_view=True)
                return piece
            case Select():
                return self.select(expression)
            case Inlined():
                return self.inlined(expression)
            case Reduce():
                return self.reduce(expression)
            case Scan():
                return self.scan(expression)
            case Call(operator, (place, *_)) if operator == GUARDED:
                return self.emit(place)
            case Call():
                return self.distance(expression) or self.call(expression)

    def knows(self, expression: Expression) -> bool:
        """Whether the value has a name, made over the same ranges."""
        if not self.context.names:
            return False
        key, _ = self.key(expression)
        found = self.context.names.get(key)
        return found is not None and set(found[1]) == set(self.ranges(key))

    def key(self, expression: Expression) -> tuple[Expression, dict[str, str]]:
        """What a name is kept under, and the axes that are another's there."""
        turned = rows.along_rows(expression, self.loops)
        symbols = {name: Affine.symbol(other) for name, other in turned.items()}
        return rows.bare(scalar.substitute_symbols(expression, symbols)), turned

    def ranges(self, expression: Expression) -> tuple[Axis, ...]:
        """The axes that a value varies along, with their ranges."""
        used = scalar.iterators_of(expression, frozenset(self.loops))
        found = (axis for name, axis in self.loops.items() if name in used)
        settled = self.context.canonical
        return tuple(
            replace(axis, lower=settled(axis.lower), upper=settled(axis.upper)) for axis in found
        )

    def _named(self, expression: Expression) -> Emitted:
        key, turned = self.key(expression)
        piece = self.context.names[key][0]
        back = {other: name for name, other in turned.items()}
        return self.permute(replace(piece, axes=tuple(back.get(a, a) for a in piece.axes)))

    # ------------------------------------------------------------------ types
    def cast(
        self, piece: Emitted, kind: scalar.ElementType, value: Expression | None = None
    ) -> Emitted:
        """The piece in the loop's type: nothing where it has it, a literal folded, else a cast."""
        if piece.dtype == kind.dtype:
            return replace(piece, rank=max(piece.rank, Rank.NUMBER))
        if piece.rank is Rank.NUMBER:
            return self._cast_number(piece, kind, value)
        narrow = vars(piece.node).get(_WIDENED)
        if isinstance(narrow, Emitted) and narrow.dtype == kind.dtype:
            return replace(narrow, axes=piece.axes, rank=piece.rank)  # there and back again
        if kind.dtype in ("uint8", "int8", "int16") and category(piece.dtype) == "float":
            # C++ leaves a float outside of the range undefined; one element wraps as an int32 does.
            piece = self.cast(piece, replace(kind, dtype="int32"))
        if kind.dtype not in _CAST_METHODS:
            target = syntax.name(f"{self.context.torch}.{kind.dtype}")
            return replace(
                piece, node=syntax.method(piece.node, "to", target), dtype=kind.dtype, is_view=False
            )
        made = piece.node
        plain = category(kind.dtype) in ("float", "int")
        if plain and isinstance(made, ast.Call) and _is_arange(made):
            dtype = ast.keyword("dtype", syntax.name(f"{self.context.torch}.{kind.dtype}"))
            call = ast.Call(made.func, made.args, [*made.keywords, dtype])
            return replace(piece, node=call, dtype=kind.dtype)
        node = syntax.method(piece.node, _CAST_METHODS[kind.dtype])
        if (piece.dtype, kind.dtype) == ("float32", "float64"):
            vars(node)[_WIDENED] = piece
        return replace(piece, node=node, dtype=kind.dtype, is_view=False)

    def _cast_number(
        self, piece: Emitted, kind: scalar.ElementType, value: Expression | None
    ) -> Emitted:
        group = category(kind.dtype)
        if isinstance(value, Number) and not isinstance(value.value, complex):
            number = value.value
            if group == "bool":
                return replace(piece, node=syntax.constant(bool(number)), dtype="bool")
            if group == "int" and number == number and abs(number) < 2**63:
                wrapped = _wrap(int(number), kind.dtype)
                return replace(piece, node=syntax.constant(wrapped), dtype=kind.dtype)
            if group == "float" and category(piece.dtype) != "float":
                return replace(piece, node=syntax.constant(float(number)), dtype=kind.dtype)
            if group == "complex" and category(piece.dtype) != "complex":
                return replace(piece, node=syntax.constant(complex(number)), dtype=kind.dtype)
            return replace(piece, dtype=kind.dtype)
        if group == category(piece.dtype) and group in ("float", "bool", "complex"):
            return replace(piece, dtype=kind.dtype)
        target = syntax.name(f"{self.context.torch}.{kind.dtype}")
        inner = syntax.call(f"{self.context.torch}.tensor", [piece.node], **self._device())
        node = syntax.method(inner, "to", target)
        return Emitted(node, (), kind.dtype, Rank.SCALAR)

    def _number_dtype(self, piece: Emitted) -> str:
        """What a number written in the source is to promotion, whatever the loop took it for."""
        group = category(piece.dtype)
        return {"bool": "bool", "int": "int64", "float": "float64", "complex": "complex128"}[group]

    def operand_type(self, piece: Emitted) -> tuple[str, Rank]:
        """The type that PyTorch sees."""
        if piece.rank is Rank.NUMBER:
            return self._number_dtype(piece), Rank.NUMBER
        return piece.dtype, Rank.TENSOR if piece.axes else piece.rank

    # ------------------------------------------------------------------ operators
    def call(self, call: Call) -> Emitted:
        """An operator on lifted operands, cast where promotion would differ from the loop's."""
        if find_math_function(call.operator) is not None:
            return self._math(call)
        if call.operator in ("complex", "exp") and call.type == _COMPLEX:
            return self._complex_number(call)
        if call.operator in ("logical_and", "logical_or", "logical_not"):
            return self._logical(call)
        if call.operator in ("sqrt", "pow") and (found := self.distance(call)) is not None:
            return self.permute(found)
        pieces = [self.emit(a) for a in call.arguments]
        operator = find_operator(call.operator)
        if all(p.rank is Rank.NUMBER for p in pieces):
            if all(a.type.rank is Rank.NUMBER for a in call.arguments):
                return self._number_call(call, pieces)
            pieces = [self.typed_number(pieces[0], call.arguments[0].type.dtype), *pieces[1:]]
        if call.spelling:  # a function of PyTorch may not take a number where the loop had a tensor
            pieces = [
                self.typed_number(p, a.type.dtype)
                if p.rank is Rank.NUMBER and a.type.rank is not Rank.NUMBER
                else p
                for p, a in zip(pieces, call.arguments, strict=True)
            ]
        wanted = self._loop_dtype(call)
        if wanted in ("float16", "bfloat16"):
            for argument, piece in zip(call.arguments, pieces, strict=True):
                if argument.type.rank is Rank.NUMBER and piece.rank is not Rank.NUMBER:
                    raise self.refuse(
                        f"a Python number keeps its precision beside a {wanted}, a tensor does not",
                        "VEC917",
                    )
                is_element = argument.type.rank is Rank.SCALAR and piece.rank is Rank.TENSOR
                if is_element and argument.type.dtype not in (wanted, *_NARROWEST):
                    raise self.refuse(
                        f"a 0-d {argument.type.dtype} keeps its precision beside a {wanted},"
                        " a larger tensor does not",
                        "VEC917",
                    )
        pieces = self._harmonise(pieces, wanted, call)
        types = [self.operand_type(p) for p in pieces]
        try:
            natural = result_dtype(operator, types)
        except UnsupportedDType as error:
            raise self.refuse(str(error)) from error
        integral = {category(wanted), category(call.type.dtype)} <= {"bool", "int"}
        square = call.operator == "pow" and _is_square(call)
        inverse = call.operator == "div" and self._was_number(
            call, pieces
        )  # reciprocal, then times
        exact = is_exact(operator, wanted, _constants(call))
        axes = self.sorted_axes([a for p in pieces for a in p.axes])
        if inverse or (axes and not (exact or integral or square)):
            self.context.round_off(f"{call.spelling or call.operator} on a whole tensor")
        known = self.mean(call, pieces) or self._biased(call, pieces)
        node = known or self._spell(call, [self.align(p, axes) for p in pieces])
        rank = Rank.TENSOR if axes else max(p.rank for p in pieces)
        is_view = call.operator in VIEWED and pieces[0].is_view
        result = Emitted(node, axes, natural, rank, is_view)
        return result if natural == call.type.dtype else self.cast(result, call.type)

    @staticmethod
    def _biased(call: Call, pieces: list[Emitted]) -> ast.expr | None:
        """A convolution and what is added to each of its channels, in one call."""
        return with_bias(*pieces) if call.operator == "add" and not call.keywords else None

    @staticmethod
    def _was_number(call: Call, pieces: list[Emitted]) -> bool:
        """Whether the dividend is a Python number in the loop and a tensor in its lifted form."""
        return call.arguments[0].type.rank is Rank.NUMBER and pieces[0].rank is not Rank.NUMBER

    def _loop_dtype(self, call: Call) -> str:
        """The dtype in which the loop computes the operator."""
        types = [(a.type.dtype, a.type.rank) for a in call.arguments]
        if all(rank is Rank.NUMBER for _, rank in types):
            if category(call.type.dtype) == "bool" or call.operator == "pow":
                widest = max(
                    (d for d, _ in types),
                    key=lambda d: ("bool", "int", "float", "complex").index(category(d)),
                )
                return widest if call.operator != "pow" else call.type.dtype
            return call.type.dtype
        return promote(types)

    def _harmonise(self, pieces: list[Emitted], wanted: str, call: Call) -> list[Emitted]:
        """Operands cast so that PyTorch computes in `wanted`."""
        if find_operator(call.operator).dtype_rule is DTypeRule.WHERE:
            return pieces
        if promote([self.operand_type(p) for p in pieces]) == wanted:
            return pieces
        kind = scalar.ElementType(wanted, Rank.SCALAR)
        result = [
            self.cast(p, kind) if p.rank is not Rank.NUMBER and p.dtype != wanted else p
            for p in pieces
        ]
        if promote([self.operand_type(p) for p in result]) != wanted:
            result = [self.typed_number(p, wanted) if p.rank is Rank.NUMBER else p for p in result]
        return result

    def typed_number(self, piece: Emitted, dtype: str) -> Emitted:
        """A Python number as a 0-d tensor."""
        target = syntax.name(f"{self.context.torch}.{dtype}")
        node = syntax.call(
            f"{self.context.torch}.tensor", [piece.node], dtype=target, **self._device()
        )
        return Emitted(node, (), dtype, Rank.SCALAR)

    def filled(self, piece: Emitted, sizes: Sequence[ast.expr], dtype: str) -> Emitted:
        """A Python number as a new tensor of such sizes: ``torch.zeros(n)``."""
        torch = self.context.torch
        keywords = self._device()
        if dtype != "float32":
            keywords = {"dtype": syntax.name(f"{torch}.{dtype}"), **keywords}
        value = ast.literal_eval(piece.node) if _is_literal(piece.node) else None
        if value in (0, 1) and dtype != "bool":
            word = "zeros" if value == 0 else "ones"
            node = syntax.call(f"{torch}.{word}", list(sizes), **keywords)
        else:
            shape = ast.Tuple(list(sizes), ast.Load())
            keywords = {"dtype": syntax.name(f"{torch}.{dtype}"), **self._device()}
            node = syntax.call(f"{torch}.full", [shape, piece.node], **keywords)
        return Emitted(node, (), dtype, Rank.TENSOR)

    def _number_call(self, call: Call, pieces: list[Emitted]) -> Emitted:
        node = self._spell(call, [p.node for p in pieces])
        return Emitted(node, (), call.type.dtype, Rank.NUMBER)

    def _spell(self, call: Call, operands: list[ast.expr]) -> ast.expr:
        name = call.operator
        if not call.spelling:
            if name in syntax.BINARY:
                return ast.BinOp(operands[0], syntax.BINARY[name](), operands[1])
            if name in syntax.COMPARE:
                return ast.Compare(operands[0], [syntax.COMPARE[name]()], [operands[1]])
            if name in syntax.UNARY:
                return ast.UnaryOp(syntax.UNARY[name](), operands[0])
        positional = [self.emit(v).node for k, v in call.keywords if not k]
        keywords = {k: self.emit(v).node for k, v in call.keywords if k}
        if call.spelling in (".real", ".imag"):
            return ast.Attribute(operands[0], call.operator, ast.Load())
        if call.spelling.startswith("."):
            return syntax.method(
                operands[0], call.spelling[1:], *operands[1:], *positional, **keywords
            )
        function = self.context.spelled(call.spelling)
        return syntax.call(function, [*operands, *positional], **keywords)

    def _logical(self, call: Call) -> Emitted:
        pieces = [self.emit(a) for a in call.arguments]
        axes = self.sorted_axes([a for p in pieces for a in p.axes])
        if all(p.rank is Rank.NUMBER for p in pieces):
            return Emitted(self._python_logic(call, pieces), axes, "bool", Rank.NUMBER)
        operands = [self.align(p, axes) for p in pieces]
        if call.operator == "logical_not":
            node: ast.expr = ast.UnaryOp(ast.Invert(), operands[0])
            opposite = _opposite(operands[0], call.arguments[0])
            node = opposite if opposite is not None else node
        else:
            word = ast.BitAnd() if call.operator == "logical_and" else ast.BitOr()
            node = ast.BinOp(operands[0], word, operands[1])
        rank = Rank.TENSOR if axes else max(p.rank for p in pieces)
        return Emitted(node, axes, "bool", rank)

    @staticmethod
    def _python_logic(call: Call, pieces: list[Emitted]) -> ast.expr:
        if call.operator == "logical_not":
            return ast.UnaryOp(ast.Not(), pieces[0].node)
        word = ast.And() if call.operator == "logical_and" else ast.Or()
        return ast.BoolOp(word, [p.node for p in pieces])

    def _math(self, call: Call) -> Emitted:
        """A function of `math`: Python's on numbers, torch's in double precision on tensors."""
        function = find_math_function(call.operator)
        assert function is not None
        passed = [_as_passed(a) for a in call.arguments]
        pieces = [self.emit(a) for a in passed]
        if all(p.rank is Rank.NUMBER for p in pieces):
            node = syntax.call(call.spelling, [p.node for p in pieces])
            return Emitted(node, (), call.type.dtype, Rank.NUMBER)
        pieces = [
            piece if bare is argument else self.emit(argument)
            for piece, bare, argument in zip(pieces, passed, call.arguments, strict=True)
        ]
        assert function.torch_name is not None
        double = scalar.ElementType("float64", Rank.SCALAR)
        pieces = [p if p.rank is Rank.NUMBER else self.cast(p, double) for p in pieces]
        if all(p.rank is Rank.NUMBER for p in pieces[1:]) and len(pieces) > 1:
            pieces = [pieces[0], *(self.typed_number(p, "float64") for p in pieces[1:])]
        if not function.exact:
            self.context.round_off(f"{call.operator} on a whole tensor")
        axes = self.sorted_axes([a for p in pieces for a in p.axes])
        torch_name = function.torch_name.replace("torch.", f"{self.context.torch}.", 1)
        node = syntax.call(torch_name, [self.align(p, axes) for p in pieces])
        dtype = "bool" if function.result.value == "bool" else "float64"
        result = Emitted(node, axes, dtype, Rank.TENSOR if axes else Rank.SCALAR)
        return self.cast(result, call.type)

    def _complex_number(self, call: Call) -> Emitted:
        """``complex(a, b)`` and ``cmath.exp(z)``: Python's on numbers, torch's on tensors."""
        pieces = [self.emit(a) for a in call.arguments]
        if all(p.rank is Rank.NUMBER for p in pieces):
            node = syntax.call(call.spelling, [p.node for p in pieces])
            return Emitted(node, (), call.type.dtype, Rank.NUMBER)
        wanted = "float64" if call.operator == "complex" else "complex128"
        kind = scalar.ElementType(wanted, Rank.SCALAR)
        pieces = [
            self.typed_number(p, wanted) if p.rank is Rank.NUMBER else self.cast(p, kind)
            for p in pieces
        ]
        axes = self.sorted_axes([a for p in pieces for a in p.axes])
        if call.operator == "exp":
            self.context.round_off(f"{call.spelling} on a whole tensor")
        aligned = [self.align(p, axes) for p in pieces]
        node = syntax.call(f"{self.context.torch}.{call.operator}", aligned)
        return Emitted(node, axes, call.type.dtype, Rank.TENSOR if axes else Rank.SCALAR)

    def inlined(self, call: Inlined) -> Emitted:
        """The user's function called on tensors, where its body says just that; else its body."""
        body = self.emit(call.body)
        if self.context.inline or not call.result or not body.axes:
            return body
        exactness, lossy = self.context.exactness, list(self.context.lossy)
        arguments = [self.emit(a) for a in call.arguments]
        self.context.exactness, self.context.lossy = exactness, lossy
        nodes = [self.align(a, body.axes) for a in arguments]
        returned = substitute(
            syntax.name(call.result), dict(zip(call.parameters, nodes, strict=True))
        )
        if not syntax.same(returned, body.node):
            return body
        return replace(body, node=syntax.call(call.spelling, nodes))

    # ------------------------------------------------------------------ select
    def select(self, select: Select) -> Emitted:
        """``torch.where``; a Python conditional where the condition is a number."""
        wanted = scalar.types_wanted(select)
        holds = self.decided(select.condition)
        if holds is not None:
            chosen = select.then if holds else select.otherwise
            piece = self.emit(chosen)
            return self.cast(piece, scalar.ElementType(wanted, piece.rank), chosen)
        condition = self.emit(select.condition)
        if condition.rank is not Rank.NUMBER:
            pieces_found = self.in_pieces(select, wanted)
            if pieces_found is not None:
                return pieces_found
        if condition.rank is Rank.NUMBER:
            return self._conditional(condition, select, wanted)
        bare = [self._branch(b) for b in (select.then, select.otherwise)]
        pieces = (
            bare
            if self._natural(bare) == wanted
            else [self.emit(b) for b in (select.then, select.otherwise)]
        )
        if self._natural(pieces) != wanted:
            kind = scalar.ElementType(wanted, Rank.SCALAR)
            pieces = [self.cast(p, kind) if p.rank is not Rank.NUMBER else p for p in pieces]
            if self._natural(pieces) != wanted:
                pieces = self._exact_numbers(pieces, wanted)
        axes = self.sorted_axes([*condition.axes, *(a for p in pieces for a in p.axes)])
        known = (
            self.clamped(select, pieces)
            or self.triangle(select, pieces, axes, wanted)
            or self.off_diagonal(select, pieces, axes, wanted)
        )
        if known is not None:
            return known
        extreme = self._extreme_of_integers(select, pieces)
        if extreme is not None:
            operands = [self.align(p, axes) for p in (pieces[1], pieces[0])]
            node = syntax.call(f"{self.context.torch}.{extreme}", operands)
            return Emitted(node, axes, wanted, Rank.TENSOR if axes else Rank.SCALAR)
        operands = [self.align(p, axes) for p in (condition, *pieces)]
        node = syntax.call(f"{self.context.torch}.where", operands)
        rank = Rank.TENSOR if axes else Rank.SCALAR
        result = Emitted(node, axes, self._natural(pieces), rank)
        return self.cast(result, scalar.ElementType(wanted, rank))

    def _branch(self, branch: Expression) -> Emitted:
        """The branch without a last cast: `torch.where` may convert it the same way."""
        own = isinstance(branch, Cast) and branch.type.rank is not Rank.NUMBER
        return self.emit(branch.value if own and isinstance(branch, Cast) else branch)

    def _natural(self, pieces: Sequence[Emitted]) -> str:
        return promote([self.operand_type(p) for p in pieces])

    def _exact_numbers(self, pieces: list[Emitted], wanted: str) -> list[Emitted]:
        """Two Python numbers meet: ``torch.where`` gives the default dtype, and may round them."""
        values = [ast.literal_eval(p.node) if _is_literal(p.node) else None for p in pieces]
        natural = self._natural(pieces)
        if all(v is not None for v in values) and all(_survives(v, natural) for v in values):
            return pieces
        first = self.typed_number(pieces[0], wanted) if pieces[0].rank is Rank.NUMBER else pieces[0]
        return [first, pieces[1]]

    @staticmethod
    def _extreme_of_integers(select: Select, pieces: Sequence[Emitted]) -> str | None:
        """``b if b < a else a`` is ``torch.minimum(a, b)``: no integer is NaN, equal ones are."""
        condition = select.condition
        words = {"gt": "maximum", "lt": "minimum"}
        if not isinstance(condition, Call) or condition.operator not in words:
            return None
        if condition.arguments != (select.then, select.otherwise):
            return None
        kinds = {p.dtype for p in pieces} | {b.type.dtype for b in (select.then, select.otherwise)}
        same = len(kinds) == 1 and category(min(kinds)) == "int"
        tensors = all(p.rank is not Rank.NUMBER for p in pieces)
        return words[condition.operator] if same and tensors else None

    def _extreme_of_numbers(self, select: Select, pieces: list[Emitted]) -> ast.expr | None:
        """``a if a > b else b`` of Python numbers is ``max(b, a)``: b unless a is more."""
        condition = select.condition
        words = {"gt": "max", "lt": "min"}
        if not isinstance(condition, Call) or condition.operator not in words:
            return None
        word = words[condition.operator]
        same = condition.arguments == (select.then, select.otherwise)
        if not same or any(p.rank is not Rank.NUMBER for p in pieces):
            return None
        if not self.context.is_builtin(word):
            return None
        return syntax.call(word, [pieces[1].node, pieces[0].node])

    def _where(self, condition: Expression, holds: bool, value: Expression) -> Emitted:
        """A side of a choice that Python makes: it is evaluated where the condition says so."""
        self.context.holding[condition] = holds
        try:
            return self.emit(value)
        finally:
            del self.context.holding[condition]

    @staticmethod
    def _as_number(piece: Emitted) -> Emitted:
        """``x[i] -> x[i].item()``, for the other side may be a number already."""
        if piece.rank is Rank.NUMBER:
            return piece
        return replace(piece, node=syntax.method(piece.node, "item"), rank=Rank.NUMBER)

    def _conditional(self, condition: Emitted, select: Select, wanted: str) -> Emitted:
        pieces = [self._where(select.condition, h, b)
                  for h, b in ((True, select.then), (False, select.otherwise))]  # fmt: skip
        if select.type.rank is Rank.NUMBER and not any(p.axes for p in pieces):
            pieces = [self._as_number(p) for p in pieces]
        kind = scalar.ElementType(wanted, max(p.rank for p in pieces))
        pieces = [self.cast(p, kind) for p in pieces]
        if pieces[0].axes != pieces[1].axes:
            raise self.refuse("the two sides of a condition on a number have different dimensions")
        node: ast.expr = ast.IfExp(condition.node, pieces[0].node, pieces[1].node)
        node = self._extreme_of_numbers(select, pieces) or node
        return replace(
            pieces[0],
            node=node,
            rank=max(p.rank for p in pieces),
            is_view=any(p.is_view for p in pieces),
        )


def _is_arange(node: ast.Call) -> bool:
    return (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "arange"
        and all(k.arg != "dtype" for k in node.keywords)
    )


def _constants(call: Call) -> list[object]:
    """The numbers beside the first operand: none where one of them is no literal."""
    beside = [*call.arguments[1:], *(value for _, value in call.keywords)]
    numbers = [v.value for v in beside if isinstance(v, Number)]
    return [*numbers] if len(numbers) == len(beside) else []


def _is_square(call: Call) -> bool:
    exponent = call.arguments[1]
    return isinstance(exponent, Number) and exponent.value in (1, 2)


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    )


def _survives(value: object, dtype: str) -> bool:
    """Whether a number is the same after a trip through a dtype."""
    if isinstance(value, (bool, int)):
        return abs(value) < 2**24
    if isinstance(value, float) and dtype == "float32":
        try:
            return bool(struct.unpack("f", struct.pack("f", value))[0] == value)
        except OverflowError:
            return False
    return False


def _wrap(value: int, dtype: str) -> int:
    if dtype == "int64":
        return value
    bits = int("".join(c for c in dtype if c.isdigit()))
    value &= (1 << bits) - 1
    return value if dtype.startswith("u") or value < 1 << (bits - 1) else value - (1 << bits)


def _as_passed(argument: Expression) -> Expression:
    """An int as the caller passes it: Python's `math` makes a float of it by itself."""
    if isinstance(argument, Cast) and argument.value.type.rank is Rank.NUMBER:
        return argument.value if argument.type.rank is Rank.NUMBER else argument
    return argument


def _opposite(node: ast.expr, condition: Expression) -> ast.expr | None:
    """``not (a > b) -> a <= b`` for integers only: with NaN both are false."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(condition, Call):
        return None
    if any(category(a.type.dtype) not in ("int", "bool") for a in condition.arguments):
        pairs: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
    else:
        pairs = {
            ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt,
            ast.Gt: ast.LtE, ast.LtE: ast.Gt,
        }  # fmt: skip
    other = pairs.get(type(node.ops[0]))
    return None if other is None else ast.Compare(node.left, [other()], node.comparators)
