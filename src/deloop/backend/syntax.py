"""Small builders of Python syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from deloop.ir.affine import Affine


def name(text: str) -> ast.expr:
    """An expression from its text: ``self.weight``."""
    return ast.parse(text, mode="eval").body


def constant(value: int | float | complex | str | None) -> ast.expr:
    """A literal; a negative number as Python writes it."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return name(f"float('{value}')")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(op=ast.USub(), operand=ast.Constant(-value))
    if isinstance(value, complex) and value.imag < 0 and str(value.real) == "-0.0":  # -2j
        return ast.UnaryOp(op=ast.USub(), operand=ast.Constant(-value))
    return ast.Constant(value)


def affine(expression: Affine) -> ast.expr:
    """An affine expression as source."""
    return name(str(expression)) if expression.terms else constant(expression.constant)


def call(function: ast.expr | str, arguments: Sequence[ast.expr], **keywords: ast.expr) -> ast.expr:
    """``function(arguments, keyword=value)``."""
    callee = name(function) if isinstance(function, str) else function
    return ast.Call(
        func=callee,
        args=list(arguments),
        keywords=[ast.keyword(arg=key, value=value) for key, value in keywords.items()],
    )


def method(receiver: ast.expr, word: str, *arguments: ast.expr, **keywords: ast.expr) -> ast.expr:
    """``receiver.word(arguments)``."""
    return call(attribute(receiver, word), arguments, **keywords)


def attribute(receiver: ast.expr, word: str) -> ast.expr:
    """``receiver.word``; a matrix turned twice is the matrix."""
    if word == "T" and isinstance(receiver, ast.Attribute) and receiver.attr == "T":
        return receiver.value
    return ast.Attribute(value=receiver, attr=word, ctx=ast.Load())


def index(base: ast.expr, entries: Sequence[ast.expr]) -> ast.expr:
    """``base[entries]``; the base itself where nothing is left to say."""
    if not entries:
        return base
    inside = entries[0] if len(entries) == 1 else ast.Tuple(elts=list(entries), ctx=ast.Load())
    return ast.Subscript(value=base, slice=inside, ctx=ast.Load())


def is_full(entry: ast.expr) -> bool:
    """Whether an index entry is ``:``."""
    return (
        isinstance(entry, ast.Slice)
        and entry.lower is None
        and entry.upper is None
        and entry.step is None
    )


def strip_full(entries: Sequence[ast.expr]) -> list[ast.expr]:
    """Index entries without the trailing ``:``."""
    kept = list(entries)
    while kept and is_full(kept[-1]):
        kept.pop()
    return kept


def set_store(node: ast.expr) -> None:
    """Make a name, an element or an attribute the target of an assignment."""
    if isinstance(node, (ast.Name, ast.Subscript, ast.Attribute)):
        node.ctx = ast.Store()


def same(left: ast.AST, right: ast.AST) -> bool:
    """Whether two trees are the same source."""
    return ast.dump(left) == ast.dump(right)


def text(node: ast.AST) -> str:
    """The source of a tree; a returned tuple goes without its parentheses."""
    match node:
        case ast.Return(value=ast.Tuple(elts=[first, second, *others])):
            return "return " + ", ".join(text(part) for part in (first, second, *others))
    return ast.unparse(ast.fix_missing_locations(node))


BINARY: dict[str, type[ast.operator]] = {
    "add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "div": ast.Div, "floor_divide": ast.FloorDiv,
    "remainder": ast.Mod, "pow": ast.Pow, "bitwise_and": ast.BitAnd, "bitwise_or": ast.BitOr,
    "bitwise_xor": ast.BitXor, "bitwise_left_shift": ast.LShift, "bitwise_right_shift": ast.RShift,
}  # fmt: skip
COMPARE: dict[str, type[ast.cmpop]] = {
    "lt": ast.Lt, "le": ast.LtE, "gt": ast.Gt, "ge": ast.GtE, "eq": ast.Eq, "ne": ast.NotEq,
}  # fmt: skip
UNARY: dict[str, type[ast.unaryop]] = {
    "neg": ast.USub,
    "positive": ast.UAdd,
    "bitwise_not": ast.Invert,
}
